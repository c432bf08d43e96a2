//! `camctl status`

use std::ffi::OsString;

use camctl_shared::ipc::message::{LockInfo, Outcome, Presence, Request};
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::{Batch, Entry, Tell};
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::shown;
use crate::output::clean::clean;
use crate::output::style::Paint;
use crate::output::table::Cell;
use crate::output::time::Times;

/// What you hold, or all about the files you name
///
/// Without files: everything that you hold on this machine, in all repositories. With files:
/// who has each, since when, why, and whether the owner is there.
///
/// Examples:
///   camctl status
///   camctl status 4801247.mcam
///   camctl status --json                        for scripts
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Status {
    /// The files
    #[arg(value_name = "FILE")]
    files: Vec<OsString>,
}

impl Verb for Status {
    const NAME: &'static str = "status";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (mut batch, asked) = Batch::start(app, Self::NAME, &self.files);
        let request = |files| Request::Status { files };
        if !self.files.is_empty() {
            batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
            return Ok(batch.finish(app));
        }
        batch.run_all(app, &request(Vec::new()), Tell::Later)?;
        if app.out.is_human() {
            show(app, batch.entries());
        }
        Ok(batch.finish(app))
    }
}

fn show(app: &mut App, entries: &[Entry]) {
    let current = std::env::current_dir().ok();
    let held = entries.iter().filter_map(|entry| match &entry.result {
        Ok(Outcome::Stands { lock: Some(lock), .. }) => Some((entry, lock)),
        _ => None,
    });
    let held: Vec<(&Entry, &LockInfo)> = held.collect();
    if held.is_empty() {
        if entries.iter().all(|entry| entry.result.is_ok()) {
            app.out.say("you hold nothing");
        }
        return;
    }
    let mut table = app.out.table(["FILE", "SINCE", "STATE", "MESSAGE"]);
    let page = table.page(&held, |(entry, lock), row| {
        let file = match &entry.about.repository {
            Some(repository) => shown(current.as_deref(), repository, &entry.about.name),
            None => entry.asked.clone(),
        };
        *row = [
            Cell::plain(clean(&file).into_owned()),
            Cell::plain(app.out.times().at(lock.since_us)),
            state(lock, app.out.times()),
            Cell::plain(clean(&lock.message)),
        ];
    });
    app.out.page(&page);
}

fn state<'a>(lock: &'a LockInfo, times: &Times) -> Cell<'a> {
    let until = lock.expires_us.map(|at| times.at(at));
    match (lock.presence, until) {
        (Presence::Unsafe, _) => Cell::painted("not confirmed by the share", Paint::Error),
        (Presence::Expired, _) => Cell::painted("over", Paint::Warning),
        (Presence::Stale, _) => Cell::painted("stale", Paint::Warning),
        (Presence::Parked, _) => Cell::painted("away", Paint::Warning),
        (Presence::Alive | Presence::Unknown, Some(until)) => Cell::plain(format!("until {until}")),
        (Presence::Alive | Presence::Unknown, None) => match lock.kind.as_str() {
            "checkout" => Cell::plain("checked out"),
            "guard" => Cell::plain("a program runs"),
            other => Cell::plain(clean(other)),
        },
    }
}
