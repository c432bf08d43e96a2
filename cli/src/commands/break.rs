//! `camctl break`

use std::ffi::OsString;

use camctl_shared::ipc::message::Request;
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::{Verb, words};
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;

/// End somebody else's locks
///
/// Anybody may end a lock whose owner has shown no sign of life for long enough; a live one
/// needs an administrator (see `administrators` in .camctl/repo.toml). The owner is told who
/// did it and why, and the history keeps it.
///
/// Examples:
///   camctl break 4801247.mcam --reason "CAM-03 is being repaired"
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Break {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// Why; the owner is told
    #[arg(long, value_name = "TEXT", required = true, value_parser = words)]
    reason: String,
}

impl Verb for Break {
    const NAME: &'static str = "break";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        let request = |files| Request::Break {
            files,
            reason: self.reason.clone(),
        };
        batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        Ok(batch.finish(app))
    }
}
