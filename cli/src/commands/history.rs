//! `camctl history`

use std::ffi::OsString;

use camctl_shared::ipc::message::{HistoryPage, Reply, Request};
use clap::Args;

use crate::app::{ANSWER_LIMIT, App, out_of_place};
use crate::args::{Verb, words};
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::csv::Csv;
use crate::output::json::past::HistoryShape;
use crate::output::json::rfc3339;
use crate::output::past::{HEADER, held, history};

/// Who had which file, from when to when, and how it ended
///
/// One line for each lock of the past, and for those that stand, the newest first: when it was
/// taken and by whom, how long it was held, how it ended and by whom, and why. FILE may also be a
/// file that is gone, or a folder for all below it; without FILE it is the current folder.
///
/// The first time, the agent reads the repository's log, and keeps a digest of it on this
/// machine. History is kept on the share for as long as `keep_history` in repo.toml says.
///
/// Examples:
///   camctl history 4801247.mcam
///   camctl history --since 30d --user alice
///   camctl history --since 2026-01-01 --limit 0 --csv > locks.csv
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct History {
    /// Files, folders or repositories
    #[arg(default_value = ".", value_name = "FILE")]
    files: Vec<OsString>,
    /// Only what stands, or ended since then: 30d (ago), 2026-01-01, "2026-01-01 09:30"
    #[arg(long, value_name = "TIME", value_parser = words)]
    since: Option<String>,
    /// Only locks of this person, or ended by them
    #[arg(long, value_name = "NAME", value_parser = words)]
    user: Option<String>,
    /// At most so many, of each repository; 0: all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,
    /// Answer in comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Verb for History {
    const NAME: &'static str = "history";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let since = app.out.times().since_when(self.since.as_deref())?;
        let asked: Vec<Asked> = self
            .files
            .iter()
            .map(|file| Asked::new(Self::NAME, file))
            .collect::<Result<_, _>>()?;
        let about = match asked.as_slice() {
            [one] => one.about(Self::NAME),
            _ => About::command(Self::NAME),
        };
        let limit = if self.limit == 0 { u64::MAX } else { self.limit };
        app.send(&Request::History {
            paths: asked.into_iter().map(|one| one.absolute).collect(),
            since_us: since,
            user: self.user,
            limit,
        })?;
        let mut pages = Vec::new();
        while let Some(reply) = app.next(&about, Some(ANSWER_LIMIT))? {
            match reply {
                Reply::History(page) => pages.push(page),
                other => return Err(out_of_place(&about, &other)),
            }
        }
        if self.csv {
            let text = csv(&pages, app);
            app.out.deliver(Self::NAME, &text);
        } else if app.out.is_json() {
            let shape = HistoryShape::new(&pages, app.out.times());
            app.out.answer(Self::NAME, shape, None);
        } else {
            show(app, &pages);
        }
        Ok(Exit::Done)
    }
}

fn show(app: &mut App, pages: &[HistoryPage]) {
    let many = pages
        .windows(2)
        .any(|pair| pair[0].repository != pair[1].repository);
    let mut last: Option<&str> = None;
    let mut table = app.out.table(HEADER);
    for page in pages {
        let begins = last != Some(page.repository.as_str());
        if begins && many {
            app.out
                .say(&format!("{}:", crate::output::clean::clean(&page.repository)));
            table = app.out.table(HEADER);
        }
        last = Some(&page.repository);
        if page.episodes.is_empty() {
            if begins {
                let since = app.out.times().at(page.begins_us);
                app.out
                    .note(&format!("no such locks; what is known begins at {since}"));
            }
            continue;
        }
        let lines = history(&mut table, &page.episodes, app.out.times());
        app.out.page(&lines);
    }
    let more: u64 = pages
        .iter()
        .enumerate()
        .filter(|(at, page)| *at == 0 || pages[at - 1].repository != page.repository)
        .map(|(_, page)| page.more)
        .sum();
    if more > 0 {
        app.out
            .note(&format!("{more} older ones are not shown; --limit 0 shows all"));
    }
}

fn csv(pages: &[HistoryPage], app: &App) -> String {
    let mut csv = Csv::new(&[
        "repository",
        "file",
        "user",
        "machine",
        "kind",
        "message",
        "token",
        "taken",
        "waited_ms",
        "held_ms",
        "ended",
        "how",
        "by",
        "by_machine",
        "reason",
        "next",
        "next_machine",
    ]);
    for page in pages {
        for one in &page.episodes {
            let end = one.end.as_ref();
            let text = |text: Option<&String>| text.cloned().unwrap_or_default();
            let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
            let how = |end: &camctl_shared::ipc::message::EpisodeEnd| {
                end.how.clone().unwrap_or_else(|| "unknown".to_owned())
            };
            csv.row(&[
                page.repository.clone(),
                one.file.clone(),
                one.user.clone(),
                text(one.machine.as_ref()),
                text(one.kind.as_ref()),
                one.message.clone(),
                number(one.token),
                rfc3339(one.taken_us).unwrap_or_default(),
                number(one.waited_ms),
                held(one, app.out.times()).to_string(),
                end.and_then(|end| rfc3339(end.at_us)).unwrap_or_default(),
                end.map(how).unwrap_or_default(),
                text(end.and_then(|end| end.by_user.as_ref())),
                text(end.and_then(|end| end.by_machine.as_ref())),
                end.map(|end| end.reason.clone()).unwrap_or_default(),
                text(end.and_then(|end| end.next_user.as_ref())),
                text(end.and_then(|end| end.next_machine.as_ref())),
            ]);
        }
    }
    csv.text().to_owned()
}
