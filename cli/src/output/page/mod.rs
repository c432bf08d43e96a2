//! The past in numbers as one page of HTML: charts, and all numbers in tables.
//!
//! It needs nothing but itself: no network, no script, no font. It follows the reader's choice of light or dark, and can be
//! printed. Everything that a person has written is escaped.

mod chart;
mod markup;

use std::fmt::Write as _;

use camctl_shared::ipc::message::{SpreadInfo, TallyInfo};

use self::chart::{Bar, classes, over_time, ranked};
use self::markup::{Column, escape, folded, section, table};
use crate::output::past::held;
use crate::output::past::stats::{Numbers, most_wanted};
use crate::output::text::person;
use crate::output::time::{Times, about};

/// So many bars a chart of files or people has.
const SHOWN: usize = 8;
/// More days than this are shown by weeks.
const DAYS: usize = 120;
/// Bars that are marked below, at most.
const MARKS: usize = 8;

/// The page.
pub fn page(numbers: &Numbers, times: &Times) -> String {
    let place = numbers.place();
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{0}: locks in numbers</title>\n<style>\n{1}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{0}</h1>\n<p>Locks from {2} to {3}</p>\n</header>\n",
        escape(&place),
        include_str!("style.css"),
        escape(&times.full(numbers.since)),
        escape(&times.full(times.now())),
    );
    html.push_str(&tiles(numbers));
    html.push_str(&by_day(numbers, times));
    html.push_str("<div class=\"pair\">\n");
    html.push_str(&files(numbers));
    html.push_str(&wanted(numbers));
    html.push_str("</div>\n<div class=\"pair\">\n");
    html.push_str(&held_classes(numbers));
    html.push_str(&endings(numbers));
    html.push_str("</div>\n");
    html.push_str(&people(numbers));
    html.push_str(&standing(numbers, times));
    html.push_str(FOOTER);
    html
}

const FOOTER: &str = "<footer>\n<p>A conflict is somebody who wanted a file that somebody else had: who waited in line, asked for it, or ended the other's lock. Whoever was refused and went away is not in the log. The median is what half of all do not exceed; 90 % is what nine of ten do not exceed. Lengths are measured by the clocks of those who took and ended a lock.</p>\n<p>Made by camctl stats --html.</p>\n</footer>\n</main>\n</body>\n</html>\n";

fn tiles(numbers: &Numbers) -> String {
    let report = &numbers.report;
    let all = &report.all;
    let spread = |of: &SpreadInfo| match of.count {
        0 => ("–".to_owned(), "none ended yet".to_owned()),
        _ => (
            about(of.median_ms),
            format!("90 % {} · longest {}", about(of.ninety_ms), about(of.longest_ms)),
        ),
    };
    let (held, held_more) = spread(&all.held);
    let (waited, waited_more) = match all.waited.count {
        0 => ("–".to_owned(), "nobody waited in line".to_owned()),
        _ => spread(&all.waited),
    };
    let tiles = [
        (
            "Locks",
            all.locks.to_string(),
            format!("{} held now", report.standing_in_all),
        ),
        ("Held for, median", held, held_more),
        ("Waited in line, median", waited, waited_more),
        (
            "Conflicts",
            all.conflicts.to_string(),
            format!("{} a day", numbers.conflicts_a_day()),
        ),
    ];
    let mut html = String::from("<dl class=\"numbers\">\n");
    for (title, number, more) in tiles {
        let _ = writeln!(
            html,
            "<div><dt>{}</dt><dd><b>{}</b><span>{}</span></dd></div>",
            escape(title),
            escape(&number),
            escape(&more)
        );
    }
    html.push_str("</dl>\n");
    html
}

fn by_day(numbers: &Numbers, times: &Times) -> String {
    let days = times.days(numbers.since, times.now());
    let counted = |day: &String| {
        let found = numbers.days.binary_search_by(|(other, ..)| other.cmp(day));
        found.map_or((0, 0), |at| (numbers.days[at].1, numbers.days[at].2))
    };
    let group = if days.len() > DAYS { 7 } else { 1 };
    let groups: Vec<&[String]> = days.chunks(group).collect();
    let every = groups.len().div_ceil(MARKS).max(1);
    let bars: Vec<Bar> = groups
        .iter()
        .enumerate()
        .map(|(at, days)| {
            let counts = days.iter().map(counted);
            let counts = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            let first = days.first().cloned().unwrap_or_default();
            Bar {
                mark: (at % every == every / 2).then(|| first.clone()),
                name: if group > 1 {
                    format!("week from {first}")
                } else {
                    first
                },
                counts,
            }
        })
        .collect();
    let what = if group > 1 { "week" } else { "day" };
    let rows: Vec<Vec<String>> = bars
        .iter()
        .rev()
        .filter(|bar| bar.counts != (0, 0))
        .map(|bar| {
            vec![
                bar.name.clone(),
                bar.counts.0.to_string(),
                bar.counts.1.to_string(),
            ]
        })
        .collect();
    let columns = [
        (if group > 1 { "Week" } else { "Day" }, Column::Head),
        ("Locks", Column::Number),
        ("Conflicts", Column::Number),
    ];
    let title = format!("Locks and conflicts by {what}");
    let body = format!(
        "{}<div class=\"key\"><span><i class=\"locks\"></i>locks</span><span><i class=\"wanted\"></i>conflicts</span></div>\n{}",
        over_time(&title, &bars),
        folded("Numbers", table(&columns, &rows))
    );
    section("days", &title, &format!("What began in each {what}"), &body)
}

fn bars(subjects: &[&TallyInfo]) -> Vec<Bar> {
    subjects
        .iter()
        .take(SHOWN)
        .map(|one| Bar {
            name: one.name.clone(),
            mark: None,
            counts: (one.locks, one.conflicts),
        })
        .collect()
}

fn subject_table(what: &'static str, subjects: &[&TallyInfo]) -> Option<String> {
    let columns = [
        (what, Column::Head),
        ("Locks", Column::Number),
        ("Conflicts", Column::Number),
        ("Median", Column::Number),
        ("90 %", Column::Number),
        ("Longest", Column::Number),
    ];
    let length = |of: &SpreadInfo, ms: u64| {
        if of.count == 0 {
            "–".to_owned()
        } else {
            about(ms)
        }
    };
    let row = |one: &&TallyInfo| {
        vec![
            one.name.clone(),
            one.locks.to_string(),
            one.conflicts.to_string(),
            length(&one.held, one.held.median_ms),
            length(&one.held, one.held.ninety_ms),
            length(&one.held, one.held.longest_ms),
        ]
    };
    let rows: Vec<Vec<String>> = subjects.iter().map(row).collect();
    table(&columns, &rows)
}

fn files(numbers: &Numbers) -> String {
    let files: Vec<&TallyInfo> = numbers.report.files.iter().collect();
    if files.is_empty() {
        return section("files", "Busiest files", "No file was taken in this time.", "");
    }
    let title = "Busiest files";
    let says = format!("By locks; {} files in all", numbers.report.files_in_all);
    let body = ranked(title, &bars(&files), false) + &folded("Numbers", subject_table("File", &files));
    section("files", title, &says, &body)
}

fn wanted(numbers: &Numbers) -> String {
    let wanted = most_wanted(&numbers.report.files);
    let title = "Most wanted files";
    if wanted.is_empty() {
        return section(
            "wanted",
            title,
            "Nobody wanted a file that somebody else had.",
            "",
        );
    }
    let body = ranked(title, &bars(&wanted), true) + &folded("Numbers", subject_table("File", &wanted));
    section(
        "wanted",
        title,
        "By conflicts: where people get in each other's way",
        &body,
    )
}

fn held_classes(numbers: &Numbers) -> String {
    let bars: Vec<Bar> = numbers
        .report
        .held
        .iter()
        .map(|(limit, count)| Bar {
            name: limit.map_or_else(|| "longer".to_owned(), |limit| format!("≤ {}", round(limit))),
            mark: None,
            counts: (*count, 0),
        })
        .collect();
    let rows: Vec<Vec<String>> = bars
        .iter()
        .map(|bar| vec![bar.name.clone(), bar.counts.0.to_string()])
        .collect();
    let columns = [("Held for", Column::Head), ("Locks", Column::Number)];
    let title = "How long files are held";
    let body = classes(title, &bars) + &folded("Numbers", table(&columns, &rows));
    section(
        "held",
        title,
        "Locks that ended, by how long they were held",
        &body,
    )
}

/// `15 min`, `4 h`, `7 d`.
fn round(ms: u64) -> String {
    match ms / 60_000 {
        minutes @ ..60 => format!("{minutes} min"),
        minutes @ 60..1440 => format!("{} h", minutes / 60),
        minutes => format!("{} d", minutes / 1440),
    }
}

fn endings(numbers: &Numbers) -> String {
    let ends = [
        (Some("released"), "given back", "by who had it"),
        (Some("broken"), "broken", "its owner fell silent"),
        (Some("forced"), "forced", "by an administrator"),
        (Some("expired"), "ran out", "a lease whose time was over"),
        (None, "not known", "not in the log any more"),
    ];
    let total: u64 = numbers.report.ended.iter().map(|one| one.count).sum();
    let rows: Vec<Vec<String>> = ends
        .iter()
        .map(|(how, word, why)| (numbers.ended(*how), word, why))
        .filter(|(count, ..)| *count > 0)
        .map(|(count, word, why)| {
            let tenths = (count.saturating_mul(1000) + total / 2) / total.max(1);
            let share = format!("{}.{} %", tenths / 10, tenths % 10);
            vec![(*word).to_owned(), count.to_string(), share, (*why).to_owned()]
        })
        .collect();
    let columns = [
        ("Ended", Column::Head),
        ("Locks", Column::Number),
        ("Share", Column::Number),
        ("", Column::Text),
    ];
    let body = table(&columns, &rows).unwrap_or_default();
    section("ended", "How locks end", "Most should be given back", &body)
}

fn people(numbers: &Numbers) -> String {
    let columns = [
        ("Person", Column::Head),
        ("Locks", Column::Number),
        ("Held for, median", Column::Number),
        ("Waits", Column::Number),
        ("Waited, median", Column::Number),
        ("Wanted others' files", Column::Number),
        ("Had what others wanted", Column::Number),
    ];
    let length = |of: &SpreadInfo| {
        if of.count == 0 {
            "–".to_owned()
        } else {
            about(of.median_ms)
        }
    };
    let row = |one: &TallyInfo| {
        vec![
            one.name.clone(),
            one.locks.to_string(),
            length(&one.held),
            one.waits.to_string(),
            length(&one.waited),
            one.conflicts.to_string(),
            one.had.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = numbers.report.people.iter().map(row).collect();
    let says = format!(
        "{} in all, by locks; the last two count conflicts",
        numbers.report.people_in_all
    );
    let body = table(&columns, &rows).unwrap_or_default();
    section("people", "People", &says, &body)
}

fn standing(numbers: &Numbers, times: &Times) -> String {
    let standing = &numbers.report.standing;
    let title = "Held longest now";
    if standing.is_empty() {
        return section("standing", title, "Nobody holds a file.", "");
    }
    let columns = [
        ("File", Column::Head),
        ("Held for", Column::Number),
        ("Since", Column::Number),
        ("Owner", Column::Text),
        ("Message", Column::Text),
    ];
    let rows: Vec<Vec<String>> = standing
        .iter()
        .map(|one| {
            vec![
                one.file.clone(),
                about(held(one, times)),
                times.full(one.taken_us),
                person(&one.user, one.machine.as_deref()),
                one.message.clone(),
            ]
        })
        .collect();
    let body = table(&columns, &rows).unwrap_or_default();
    let says = format!("{} held in all", numbers.report.standing_in_all);
    section("standing", title, &says, &body)
}
