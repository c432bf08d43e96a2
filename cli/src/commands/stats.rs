//! `camctl stats`

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use camctl_shared::ipc::message::{Reply, Request, SlotInfo, SpreadInfo, StatsReport, TallyInfo};
use clap::Args;

use crate::app::{ANSWER_LIMIT, App, out_of_place};
use crate::args::{Verb, words};
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::clean::clean;
use crate::output::csv::Csv;
use crate::output::json::past::StatsShape;
use crate::output::page::page;
use crate::output::past::stats::{Numbers, tables};

/// How long files are held and waited for, and where people get in each other's way
///
/// Numbers from the repository's log: how long locks were held and waited for (the median; what
/// nine of ten did not exceed; the longest), the busiest files, people, and what is held longest
/// now. A conflict is somebody who wanted a file that somebody else had: who waited in line, asked
/// for it, or ended the other's lock. Whoever was refused and went away is not in the log.
///
/// Examples:
///   camctl stats                                the repository of the current folder
///   camctl stats /mnt/cam/fixtures --since 90d
///   camctl stats --html report.html             a page with charts, to send or to print
///   camctl stats --csv > numbers.csv
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Stats {
    /// A repository, or a folder in one
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: OsString,
    /// Only what ended, or began, since then: 30d (ago), 2026-01-01, "2026-01-01 09:30"
    #[arg(long, value_name = "TIME", value_parser = words)]
    since: Option<String>,
    /// Answer in comma-separated values: a row for everything, each file, person and day
    #[arg(long, conflicts_with_all = ["json", "html"])]
    csv: bool,
    /// Write a page with charts into this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Verb for Stats {
    const NAME: &'static str = "stats";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let since = app.out.times().since_when(self.since.as_deref())?;
        let asked = Asked::new(Self::NAME, &self.folder)?;
        let numbers = ask(app, &asked, since)?;
        if let Some(path) = &self.html {
            write(app, path, &numbers)?;
        }
        if self.csv {
            let text = csv(&numbers);
            app.out.deliver(Self::NAME, &text);
        } else if app.out.is_json() {
            let shape = StatsShape::new(&numbers.report, numbers.since, &numbers.days, app.out.times());
            app.out.answer(Self::NAME, shape, None);
        } else if self.html.is_none() {
            tables(&mut app.out, &numbers);
        }
        Ok(Exit::Done)
    }
}

fn ask(app: &mut App, asked: &Asked, since: Option<i64>) -> Result<Numbers, Failure> {
    let about = asked.about(Stats::NAME);
    app.send(&Request::Stats {
        folder: asked.absolute.clone(),
        since_us: since,
    })?;
    let mut report: Option<StatsReport> = None;
    let mut slots: Vec<SlotInfo> = Vec::new();
    while let Some(reply) = app.next(&about, Some(ANSWER_LIMIT))? {
        match reply {
            Reply::Stats(came) => report = Some(*came),
            Reply::Slots(came) => slots.extend(came),
            other => return Err(out_of_place(&about, &other)),
        }
    }
    let report = report.ok_or_else(|| Failure::unexpected(about, "an answer without numbers"))?;
    Ok(Numbers::new(report, &slots, since, app.out.times()))
}

/// Writes the page, which is for others too: not as private as local state.
fn write(app: &mut App, path: &Path, numbers: &Numbers) -> Result<(), Failure> {
    let page = page(numbers, app.out.times());
    fs::write(path, page).map_err(|error| Failure::Local {
        problem: format!("cannot write {}: {error}", path.display()),
    })?;
    app.out
        .say(&format!("written to {}", clean(&path.display().to_string())));
    Ok(())
}

/// One row for each subject, all with the same columns.
fn csv(numbers: &Numbers) -> String {
    let mut csv = Csv::new(&[
        "what",
        "name",
        "locks",
        "held_count",
        "held_median_ms",
        "held_ninety_ms",
        "held_longest_ms",
        "held_total_ms",
        "waits",
        "waited_count",
        "waited_median_ms",
        "waited_ninety_ms",
        "waited_longest_ms",
        "waited_total_ms",
        "conflicts",
        "had",
    ]);
    let report = &numbers.report;
    let all = std::iter::once(("all", &report.all));
    let files = report.files.iter().map(|one| ("file", one));
    let people = report.people.iter().map(|one| ("person", one));
    for (what, one) in all.chain(files).chain(people) {
        csv.row(&row(what, one));
    }
    for (day, locks, conflicts) in &numbers.days {
        let mut row = vec![String::new(); 16];
        "day".clone_into(&mut row[0]);
        row[1].clone_from(day);
        row[2] = locks.to_string();
        row[14] = conflicts.to_string();
        csv.row(&row);
    }
    csv.text().to_owned()
}

fn row(what: &str, one: &TallyInfo) -> Vec<String> {
    let spread = |spread: &SpreadInfo| {
        [
            spread.count,
            spread.median_ms,
            spread.ninety_ms,
            spread.longest_ms,
            spread.total_ms,
        ]
        .map(|number| number.to_string())
    };
    let mut row = vec![what.to_owned(), one.name.clone(), one.locks.to_string()];
    row.extend(spread(&one.held));
    row.push(one.waits.to_string());
    row.extend(spread(&one.waited));
    row.push(one.conflicts.to_string());
    row.push(one.had.to_string());
    row
}
