//! `camctl answer`

use std::ffi::OsString;

use camctl_shared::ipc::message::{Request, Said};
use clap::{Args, ValueEnum};

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::Batch;
use crate::errors::Failure;
use crate::exit::Exit;

/// Answer those who ask for a file of yours
///
/// "yes" checks it in at once; "later" and "no" leave it as it is. All who still wait for a word
/// get the answer, with your text; "later" is not the last word. From another machine of yours
/// it works too.
///
/// Examples:
///   camctl answer 4801247.mcam yes
///   camctl answer 4801247.mcam later -m "at noon"
///   camctl answer 4801247.mcam no --for bob     answer bob alone, also if he was answered before
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Answer {
    /// The file
    #[arg(required = true, value_name = "FILE")]
    file: OsString,
    /// What you say
    #[arg(
        required = true,
        value_enum,
        value_name = "yes|later|no",
        hide_possible_values = true
    )]
    said: Word,
    /// Words to go with it
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Whom to answer, once for each; all who wait for a word, if nobody is named
    #[arg(long = "for", value_name = "USER")]
    users: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    Yes,
    Later,
    No,
}

impl Verb for Answer {
    const NAME: &'static str = "answer";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, std::slice::from_ref(&self.file));
        let said = match self.said {
            Word::Yes => Said::Yes,
            Word::Later => Said::Later,
            Word::No => Said::No,
        };
        let request = |files| Request::Answer {
            files,
            said,
            message: self.message.clone(),
            to: self.users.clone(),
        };
        batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
        Ok(batch.finish(app))
    }
}
