//! `camctl init`

use std::ffi::OsString;

use camctl_shared::ipc::message::{Initialised, Reply, Request};
use clap::Args;

use crate::app::{App, out_of_place};
use crate::args::{Verb, words};
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::clean::clean;
use crate::output::json::agent::InitShape;

/// Make a shared folder a repository
///
/// Looks first whether the folder's file system lets exactly one machine win when two create
/// the same file; where it does not, nothing is made. A locks.json of older tools is taken
/// over, with its locks. In a folder that is a repository already, nothing changes.
///
/// Examples:
///   camctl init                                 the current folder
///   camctl init /mnt/cam --ext mcam,vnc,nc      files of three kinds
///   camctl init Z:\cam --admin boss             boss may end live locks
///   camctl init --locks-file ../locks.json      the table beside the folder
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Init {
    /// The folder
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: OsString,
    /// Which files have locks, by their extensions [default: mcam,vnc]
    #[arg(long, value_name = "EXT,…", value_delimiter = ',', value_parser = words)]
    ext: Vec<String>,
    /// Where the table for people lies, from the folder [default: locks.json]
    #[arg(long, value_name = "PATH", value_parser = words)]
    locks_file: Option<String>,
    /// Who may end live locks; may be given several times
    #[arg(long, value_name = "USER", value_parser = words)]
    admin: Vec<String>,
}

impl Verb for Init {
    const NAME: &'static str = "init";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let asked = Asked::new(Self::NAME, &self.folder)?;
        let about = asked.about(Self::NAME);
        let request = Request::Init {
            folder: asked.absolute,
            extensions: self.ext,
            locks_file: self.locks_file,
            administrators: self.admin,
        };
        match app.ask(&request, &about)? {
            Some(Reply::Initialised(made)) => {
                app.out.say(&sentence(&made));
                for warning in &made.warnings {
                    app.out.note(&format!("warning: {}", clean(warning)));
                }
                app.out.answer(Self::NAME, InitShape::from(&made), None);
                Ok(Exit::Done)
            }
            Some(other) => Err(out_of_place(&about, &other)),
            None => Err(Failure::unexpected(about, "an empty answer")),
        }
    }
}

fn sentence(made: &Initialised) -> String {
    let folder = clean(&made.folder);
    if made.existed {
        return format!("{folder} is a repository already; nothing was changed");
    }
    let adopted = match made.adopted {
        0 => String::new(),
        1 => "; one lock of an older tool was taken over".to_owned(),
        count => format!("; {count} locks of older tools were taken over"),
    };
    format!(
        "{folder} is a repository now ({}, names are case-{}, created exclusively by {}){adopted}",
        clean(&made.file_system),
        clean(&made.case),
        clean(&made.exclusive),
    )
}
