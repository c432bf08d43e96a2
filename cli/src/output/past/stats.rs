//! The past in numbers, as tables.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use camctl_shared::ipc::message::{EpisodeInfo, SlotInfo, SpreadInfo, StatsReport, TallyInfo};

use super::held;
use crate::output::Output;
use crate::output::clean::clean;
use crate::output::style::Paint;
use crate::output::table::Cell;
use crate::output::text::person;
use crate::output::time::{Times, about};

/// So many files, people, days and standing locks are shown.
const SHOWN: usize = 10;
const DAY: i64 = 86_400_000_000;

/// All that is shown of the past in numbers.
#[derive(Debug)]
pub struct Numbers {
    /// What the agent said.
    pub report: StatsReport,
    /// From when on it is counted.
    pub since: i64,
    /// Days of the person's time zone with the locks and the conflicts that began in them, in order.
    pub days: Vec<(String, u64, u64)>,
    /// How many days lie between `since` and now, at least one.
    pub length: f64,
}

impl Numbers {
    /// `asked`: from when on it was to be counted.
    pub fn new(report: StatsReport, slots: &[SlotInfo], asked: Option<i64>, times: &Times) -> Self {
        let since = asked.map_or(report.begins_us, |asked| asked.max(report.begins_us));
        let mut days: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for slot in slots {
            let (taken, conflicts) = days.entry(times.day(slot.at_us())).or_default();
            *taken += u64::from(slot.taken);
            *conflicts += u64::from(slot.conflicts);
        }
        let days = days
            .into_iter()
            .map(|(day, (locks, conflicts))| (day, locks, conflicts));
        #[expect(clippy::cast_precision_loss, reason = "to be shown with one digit")]
        let length = (times.now().saturating_sub(since) as f64 / DAY as f64).max(1.0);
        Self {
            days: days.collect(),
            since,
            length,
            report,
        }
    }

    /// Conflicts a day, in words.
    pub fn conflicts_a_day(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "to be shown with one digit")]
        let each = self.report.all.conflicts as f64 / self.length;
        format!("{each:.1}")
    }

    /// The repository, or the folder in it.
    pub fn place(&self) -> String {
        let StatsReport {
            repository, folder, ..
        } = &self.report;
        if folder.is_empty() {
            repository.clone()
        } else {
            std::path::Path::new(repository)
                .join(folder)
                .display()
                .to_string()
        }
    }

    /// How many locks ended so; `None`: how is not known.
    pub fn ended(&self, how: Option<&str>) -> u64 {
        let found = self.report.ended.iter().find(|one| one.how.as_deref() == how);
        found.map_or(0, |one| one.count)
    }
}

/// A median and the like, and how many there are.
fn spread(spread: &SpreadInfo) -> [String; 4] {
    if spread.count == 0 {
        return ["0".to_owned(), String::new(), String::new(), String::new()];
    }
    [
        spread.count.to_string(),
        about(spread.median_ms),
        about(spread.ninety_ms),
        about(spread.longest_ms),
    ]
}

/// Those with the most conflicts first, those without left out.
pub fn most_wanted(subjects: &[TallyInfo]) -> Vec<&TallyInfo> {
    let mut wanted: Vec<&TallyInfo> = subjects.iter().filter(|one| one.conflicts > 0).collect();
    wanted.sort_by_key(|one| Reverse(one.conflicts));
    wanted
}

/// Shows all of it.
pub fn tables(out: &mut Output, numbers: &Numbers) {
    let report = &numbers.report;
    let since = out.times().at(numbers.since);
    let place = numbers.place();
    out.say(&format!("{}, since {since}", clean(&place)));
    out.say("");
    totals(out, numbers);
    let of = |shown: usize, all: u64| match all {
        all if all > shown as u64 => format!(" ({shown} of {all})"),
        _ => String::new(),
    };
    let files: Vec<&TallyInfo> = report.files.iter().take(SHOWN).collect();
    let title = format!("busiest files{}", of(files.len(), report.files_in_all));
    subjects(out, &title, "FILE", &files);
    let wanted = most_wanted(&report.files);
    let first = &wanted[..wanted.len().min(SHOWN)];
    let title = format!("most wanted files{}", of(first.len(), wanted.len() as u64));
    subjects(out, &title, "FILE", first);
    people(out, report, &of);
    standing(out, report, &of);
    days(out, numbers);
}

fn heading(out: &mut Output, text: &str) {
    out.say("");
    out.say(&format!("{text}:"));
}

fn totals(out: &mut Output, numbers: &Numbers) {
    let report = &numbers.report;
    let rows = [("held", &report.all.held), ("waited in line", &report.all.waited)];
    let mut table = out.table(["", "COUNT", "MEDIAN", "90 %", "LONGEST"]);
    let page = table.page(&rows, |(what, of), row| {
        let [count, median, ninety, longest] = spread(of);
        *row = [
            Cell::plain(*what),
            Cell::number(count),
            Cell::number(median),
            Cell::number(ninety),
            Cell::number(longest),
        ];
    });
    out.page(&page);
    out.say("");
    let ends = [
        (Some("released"), "given back"),
        (Some("broken"), "broken"),
        (Some("forced"), "forced"),
        (Some("expired"), "ran out"),
        (None, "ended not known how"),
    ];
    let ends: Vec<String> = ends
        .iter()
        .map(|(how, word)| (numbers.ended(*how), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .chain([format!("{} held now", report.standing_in_all)])
        .collect();
    out.say(&format!("{} locks: {}", report.all.locks, ends.join(", ")));
    out.say(&format!(
        "{} conflicts, {} a day",
        report.all.conflicts,
        numbers.conflicts_a_day()
    ));
}

fn subjects(out: &mut Output, title: &str, what: &'static str, subjects: &[&TallyInfo]) {
    if subjects.is_empty() {
        return;
    }
    heading(out, title);
    let mut table = out.table(["LOCKS", "CONFLICTS", "HELD: MEDIAN", "90 %", "LONGEST", what]);
    let page = table.page(subjects, |one, row| {
        let [_, median, ninety, longest] = spread(&one.held);
        *row = [
            Cell::number(one.locks.to_string()),
            Cell::number(one.conflicts.to_string()),
            Cell::number(median),
            Cell::number(ninety),
            Cell::number(longest),
            Cell::plain(clean(&one.name)),
        ];
    });
    out.page(&page);
}

fn people(out: &mut Output, report: &StatsReport, of: &dyn Fn(usize, u64) -> String) {
    let people = &report.people[..report.people.len().min(SHOWN)];
    if people.is_empty() {
        return;
    }
    heading(out, &format!("people{}", of(people.len(), report.people_in_all)));
    let mut table = out.table([
        "LOCKS",
        "HELD: MEDIAN",
        "WAITS",
        "WAITED: MEDIAN",
        "WANTED",
        "IN THE WAY",
        "USER",
    ]);
    let page = table.page(people, |one, row| {
        *row = [
            Cell::number(one.locks.to_string()),
            Cell::number(spread(&one.held)[1].clone()),
            Cell::number(one.waits.to_string()),
            Cell::number(spread(&one.waited)[1].clone()),
            Cell::number(one.conflicts.to_string()),
            Cell::number(one.had.to_string()),
            Cell::plain(clean(&one.name)),
        ];
    });
    out.page(&page);
}

fn standing(out: &mut Output, report: &StatsReport, of: &dyn Fn(usize, u64) -> String) {
    let standing: &[EpisodeInfo] = &report.standing[..report.standing.len().min(SHOWN)];
    if standing.is_empty() {
        return;
    }
    heading(
        out,
        &format!("held longest now{}", of(standing.len(), report.standing_in_all)),
    );
    let mut table = out.table(["HELD", "SINCE", "OWNER", "FILE", "MESSAGE"]);
    let page = table.page(standing, |one, row| {
        *row = [
            Cell::number(about(held(one, out.times()))),
            Cell::plain(out.times().at(one.taken_us)),
            Cell::plain(person(&one.user, one.machine.as_deref())),
            Cell::painted(clean(&one.file), Paint::Command),
            Cell::plain(clean(&one.message)),
        ];
    });
    out.page(&page);
}

fn days(out: &mut Output, numbers: &Numbers) {
    let from = numbers.days.len().saturating_sub(SHOWN);
    let days = &numbers.days[from..];
    if days.is_empty() {
        return;
    }
    let title = if from > 0 {
        "the last days with locks"
    } else {
        "days"
    };
    heading(out, title);
    let mut table = out.table(["DAY", "LOCKS", "CONFLICTS"]);
    let page = table.page(days, |(day, locks, conflicts), row| {
        *row = [
            Cell::plain(day.as_str()),
            Cell::number(locks.to_string()),
            Cell::number(conflicts.to_string()),
        ];
    });
    out.page(&page);
}
