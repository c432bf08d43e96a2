//! `camctl get`

use std::ffi::OsString;

use camctl_shared::ipc::message::Request;
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::Asked;

/// Copy a file of the repository to somewhere else, whoever has it
///
/// The copy is what the file held at one moment: a file that is being written is read again.
/// It needs no lock; when somebody has the file checked out, you are told, because what they
/// have not saved yet is not in the copy. TO is a file, which is replaced, or a folder;
/// without it, the copy goes into the current folder.
///
/// Examples:
///   camctl get /mnt/cam/4801247.mcam
///   camctl get 4801247.mcam ~/backup/4801247-before.mcam
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Get {
    /// The file
    #[arg(value_name = "FILE")]
    file: OsString,
    /// Where to
    #[arg(value_name = "TO", default_value = ".", hide_default_value = true)]
    to: OsString,
}

impl Verb for Get {
    const NAME: &'static str = "get";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let to = Asked::new(Self::NAME, &self.to)?.absolute;
        let (mut batch, asked) = Batch::start(app, Self::NAME, &[self.file]);
        let request = |files: Vec<String>| Request::Get {
            file: files.into_iter().next().unwrap_or_default(),
            to: to.clone(),
        };
        batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        Ok(batch.finish(app))
    }
}
