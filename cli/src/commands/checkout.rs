//! `camctl checkout`

use std::ffi::OsString;
use std::time::Duration;

use camctl_shared::ipc::message::{Fault, Patience, Request};
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::{Verb, milliseconds, time, words};
use crate::batch::{Batch, Entry};
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::Asked;

/// Take files to edit them; nobody else gets them until checkin
///
/// A file that somebody else has is refused with their name; --wait waits in line instead,
/// and Ctrl-C leaves the line. A lock whose owner has shown no sign of life for long enough
/// is broken without more ado; --steal ends one that is not stale, for administrators.
///
/// Examples:
///   camctl checkout 4801247.mcam -m "revision C"
///   camctl co fixtures/*.mcam                   several at once
///   camctl co 4801247.mcam --wait               wait until it is free, then take it
///   camctl co 4801247.mcam --wait=30m           … for at most half an hour
///   camctl co probe.vnc --for 20m               give it back by itself after 20 minutes
///   camctl co 4801247.mcam --steal --reason "Alice is on holiday"
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Checkout {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    /// Why, for those who find it taken
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Wait in line while somebody else has it, at most for TIME ("30s", "5m", "2h")
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, value_parser = time)]
    #[expect(clippy::option_option, reason = "absent, without a time, with a time")]
    wait: Option<Option<Duration>>,
    /// Take it for TIME only; it is given back by itself
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    lease: Option<Duration>,
    /// End somebody else's lock and take the file, in one step
    #[arg(long, requires = "reason", conflicts_with = "wait")]
    steal: bool,
    /// Why it has to be ended; its owner is told
    #[arg(long, value_name = "TEXT", requires = "steal", value_parser = words)]
    reason: Option<String>,
}

impl Checkout {
    fn request(&self, files: Vec<String>, wait: Option<Patience>) -> Request {
        Request::Checkout {
            files,
            message: self.message.clone(),
            wait,
            lease_ms: self.lease.map(milliseconds),
            steal: self.reason.clone(),
        }
    }
}

impl Verb for Checkout {
    const NAME: &'static str = "checkout";
    const ALIASES: &'static [&'static str] = &["co"];

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        // First without waiting: then it is known for whom one waits.
        let mut taken: Vec<Entry> = Vec::new();
        batch.run(
            app,
            &asked,
            Some(ANSWER_LIMIT),
            |files| self.request(files, None),
            |entry| {
                let wait = self.wait.is_some() && is_taken(entry);
                if wait {
                    taken.push(entry.clone());
                }
                wait
            },
        );
        if let Some(at_most) = self.wait
            && !taken.is_empty()
        {
            say_whom(app, &taken);
            let taken: Vec<Asked> = taken
                .into_iter()
                .map(|entry| Asked {
                    typed: entry.about.typed,
                    absolute: entry.asked,
                })
                .collect();
            let patience = Patience {
                at_most_ms: at_most.map(milliseconds),
            };
            batch.run(
                app,
                &taken,
                None,
                |files| self.request(files, Some(patience)),
                |_| false,
            );
        }
        Ok(batch.finish(app))
    }
}

fn is_taken(entry: &Entry) -> bool {
    let Err(Failure::Fault { fault, .. }) = &entry.result else {
        return false;
    };
    matches!(**fault, Fault::Held { .. } | Fault::Guarded { .. })
}

fn say_whom(app: &mut App, taken: &[Entry]) {
    if !app.out.is_human() {
        return;
    }
    for entry in taken {
        if let Err(failure) = &entry.result {
            let text = failure.wording(app.out.times()).text;
            app.out.note(&format!("waiting (Ctrl-C leaves the line): {text}"));
        }
    }
}
