//! `camctl notify`

use std::ffi::OsString;

use camctl_shared::ipc::message::Request;
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;

/// Be told when files are free, without waiting in line
///
/// Whoever was refused a file is told for a day anyway, once; this is for longer, and for files
/// that one has not asked for. You are told once, also when that happened while your agent was
/// off. It ends when you get the file, or with --off.
///
/// Examples:
///   camctl notify 4801247.mcam
///   camctl notify 4801247.mcam --off            do not tell me
///   camctl status                               what you wait for
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Notify {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// Do not be told, not even after a refusal today
    #[arg(long)]
    off: bool,
}

impl Verb for Notify {
    const NAME: &'static str = "notify";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        let request = |files| Request::Notify { files, on: !self.off };
        batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        Ok(batch.finish(app))
    }
}
