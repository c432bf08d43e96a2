//! `camctl request`

use std::ffi::OsString;

use camctl_shared::ipc::message;
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;

/// Ask whoever has a file for it
///
/// The owner gets a notification with answers to choose from; if nobody sits there, it waits
/// for them. You are told the answer, and when the file is free. A request is kept as long as
/// the file is checked out; who asks again asks anew. It gives no place in line.
///
/// Examples:
///   camctl request 4801247.mcam -m "the customer waits"
///   camctl status                               what you have asked for, and the answers
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Request {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// Why you need it
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
}

impl Verb for Request {
    const NAME: &'static str = "request";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        let request = |files| message::Request::Request {
            files,
            message: self.message.clone(),
        };
        batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        Ok(batch.finish(app))
    }
}
