//! `camctl checkin`

use std::ffi::OsString;

use camctl_shared::ipc::message::Request;
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::{Batch, Tell};
use crate::errors::Failure;
use crate::exit::Exit;

/// Give files back; the next in line gets them
///
/// Says whether the file has changed since its checkout. A lock that was broken meanwhile is
/// reported as lost, with who has the file now: keep a copy of your changes then.
///
/// Examples:
///   camctl checkin 4801247.mcam
///   camctl ci fixtures/*.mcam -m "new clamps"
///   camctl ci --all                             everything that I hold on this machine
///   camctl ci --all /mnt/cam                    … below this folder
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Checkin {
    /// The files; with --all, folders
    #[arg(required_unless_present = "all", value_name = "FILE")]
    files: Vec<OsString>,
    /// Everything that you hold on this machine
    #[arg(long)]
    all: bool,
    /// What was done
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
}

impl Verb for Checkin {
    const NAME: &'static str = "checkin";
    const ALIASES: &'static [&'static str] = &["ci"];

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        let message = self.message;
        let request = |files| Request::Checkin {
            files,
            all: self.all,
            message: message.clone(),
        };
        if self.all {
            if asked.is_empty() && !self.files.is_empty() {
                return Ok(batch.finish(app));
            }
            let folders = asked.into_iter().map(|folder| folder.absolute).collect();
            batch.run_all(app, &request(folders), Tell::AtOnce)?;
            if batch.is_empty() {
                app.out.say("you hold nothing here");
            }
        } else {
            batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        }
        Ok(batch.finish(app))
    }
}
