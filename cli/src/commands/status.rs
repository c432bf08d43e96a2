//! `camctl status`

use std::ffi::OsString;

use camctl_shared::ipc::message::{LockInfo, NoteInfo, Outcome, Presence, Request};
use camctl_shared::model::Said;
use clap::Args;

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb;
use crate::batch::{Batch, Entry, Tell};
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::shown;
use crate::gui::show_standing;
use crate::output::clean::clean;
use crate::output::quote::command;
use crate::output::style::Paint;
use crate::output::table::Cell;
use crate::output::text::{holder, question, requested};
use crate::output::time::Times;

/// What you hold and wait for, or all about the files you name
///
/// Without files: everything that you hold on this machine, what others ask you for, what you
/// have asked others for, and what you wait for, in all repositories. With files: who has each,
/// since when, why, whether the owner is there, who waits for it, and your own place in line.
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
            show_standing(app, batch.entries());
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
    let held = entries.iter().filter_map(|entry| match &entry.result {
        Ok(Outcome::Stands {
            lock: Some(lock),
            requests,
            ..
        }) => Some((entry, lock, requests)),
        _ => None,
    });
    let held: Vec<(&Entry, &LockInfo, &Vec<NoteInfo>)> = held.collect();
    if held.is_empty() && entries.iter().all(|entry| entry.result.is_ok()) {
        app.out.say("you hold nothing");
    }
    if !held.is_empty() {
        let mut table = app.out.table(["FILE", "SINCE", "STATE", "MESSAGE"]);
        let page = table.page(&held, |(entry, lock, _), row| {
            *row = [
                Cell::plain(path(entry)),
                Cell::plain(app.out.times().at(lock.since_us)),
                state(lock, app.out.times()),
                Cell::plain(clean(&lock.message)),
            ];
        });
        app.out.page(&page);
    }
    for (entry, _, requests) in &held {
        let open = requests.iter().filter(|note| is_open(note));
        let lines: Vec<String> = open.map(|note| question(&path(entry), note)).collect();
        for line in lines {
            app.out.say(&line);
        }
    }
    let asked = held.iter().find(|(_, _, requests)| requests.iter().any(is_open));
    if let Some((entry, lock, _)) = asked {
        let answer = command("answer", &path(entry));
        // What a program needs is not given back under it.
        let words = if lock.kind == "guard" {
            "later|no"
        } else {
            "yes|later|no"
        };
        app.out.say(&format!("  to answer:  {answer} {words}"));
    }
    show_requested(app, entries);
    show_awaited(app, entries);
}

/// Whether it still waits for a word.
fn is_open(note: &NoteInfo) -> bool {
    Said::leaves_open(note.answer.as_deref())
}

fn show_requested(app: &mut App, entries: &[Entry]) {
    let asked = entries.iter().filter_map(|entry| match &entry.result {
        Ok(Outcome::Requested { lock, note }) => Some(requested(&path(entry), lock, note)),
        _ => None,
    });
    for line in asked.collect::<Vec<_>>() {
        app.out.say(&line);
    }
}

fn show_awaited(app: &mut App, entries: &[Entry]) {
    let awaited = entries.iter().filter_map(|entry| match &entry.result {
        Ok(Outcome::Awaited { lock, .. }) => Some((entry, lock.as_ref())),
        _ => None,
    });
    let awaited: Vec<(&Entry, Option<&LockInfo>)> = awaited.collect();
    if awaited.is_empty() {
        return;
    }
    app.out.say("waiting for:");
    let mut table = app.out.table(["FILE", "PLACE", "OWNER", "SINCE", "MESSAGE"]);
    let page = table.page(&awaited, |(entry, lock), row| {
        let place = lock.and_then(|lock| Some(format!("{} of {}", lock.place?, lock.waiting)));
        *row = [
            Cell::plain(path(entry)),
            Cell::plain(place.unwrap_or_else(|| "you will be told".to_owned())),
            lock.map_or_else(
                || Cell::painted("free", Paint::Good),
                |lock| Cell::plain(holder(lock)),
            ),
            Cell::plain(lock.map_or_else(String::new, |lock| app.out.times().at(lock.since_us))),
            Cell::plain(lock.map_or_else(Default::default, |lock| clean(&lock.message))),
        ];
    });
    app.out.page(&page);
}

/// As it would be typed where the person stands.
fn path(entry: &Entry) -> String {
    let current = std::env::current_dir().ok();
    let file = match &entry.about.repository {
        Some(repository) => shown(current.as_deref(), repository, &entry.about.name),
        None => entry.asked.clone(),
    };
    clean(&file).into_owned()
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
