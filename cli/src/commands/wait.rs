//! `camctl wait`

use std::ffi::OsString;
use std::time::Duration;

use camctl_shared::ipc::message::Request;
use clap::Args;

use crate::app::App;
use crate::args::{Verb, milliseconds, time};
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;

/// Wait until files are free, without taking them
///
/// Ends when all of them have been free once. Somebody else may be faster: to be sure to get
/// a file, use `camctl checkout --wait`.
///
/// Examples:
///   camctl wait 4801247.mcam && notify-send "it is free"
///   camctl wait a.mcam b.mcam --timeout 10m     exit code 13 when the time is up
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Wait {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// At most so long ("30s", "5m", "2h")
    #[arg(long, value_name = "TIME", value_parser = time)]
    timeout: Option<Duration>,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        let timeout_ms = self.timeout.map(milliseconds);
        batch.run(
            app,
            &asked,
            None,
            |files| Request::Wait { files, timeout_ms },
            |_| false,
        );
        Ok(batch.finish(app))
    }
}
