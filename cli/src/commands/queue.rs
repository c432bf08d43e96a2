//! `camctl queue`

use std::ffi::OsString;

use camctl_shared::ipc::message::{InLine, Request};
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;

/// Who waits in line for files; wait in line in the background, or leave
///
/// The line is first come, first served: whoever is first gets the file in the same moment in
/// which it is given back. Whoever is not there at that moment, because their agent is off, is
/// passed over and keeps the place. `camctl checkout --wait` waits in line too, for as long as
/// the command runs; with --join you have a place until you get the file or leave, and are told
/// when it is yours.
///
/// Examples:
///   camctl queue 4801247.mcam                   who waits
///   camctl queue 4801247.mcam --join -m "Op 30" wait in line, without a terminal
///   camctl queue 4801247.mcam --leave
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Queue {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// Wait in line, or take the file when it is free
    #[arg(long, conflicts_with = "leave")]
    join: bool,
    /// What for, for those who look at the line
    #[arg(long, short, value_name = "TEXT", requires = "join")]
    message: Option<String>,
    /// Do not wait any more, here and in every terminal of this machine
    #[arg(long)]
    leave: bool,
}

impl Verb for Queue {
    const NAME: &'static str = "queue";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        let wish = match (self.join, self.leave) {
            (true, _) => InLine::Join {
                message: self.message,
            },
            (false, true) => InLine::Leave,
            (false, false) => InLine::Show,
        };
        let request = |files| Request::Queue {
            files,
            wish: wish.clone(),
        };
        batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        Ok(batch.finish(app))
    }
}
