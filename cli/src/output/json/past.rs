//! The past in JSON.

use camctl_shared::ipc::message::{EpisodeInfo, HistoryPage, SpreadInfo, StatsReport, TallyInfo};
use serde::Serialize;

use super::rfc3339;
use crate::output::past::held;
use crate::output::time::Times;

/// `"locks": […]` and what is said of the repositories.
#[derive(Debug, Serialize)]
pub struct HistoryShape {
    repositories: Vec<BeginsShape>,
    locks: Vec<PastShape>,
}

#[derive(Debug, Serialize)]
struct BeginsShape {
    folder: String,
    begins: Option<String>,
    more: u64,
}

/// A lock of the past.
#[derive(Debug, Serialize)]
pub struct PastShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    file: String,
    user: String,
    machine: Option<String>,
    kind: Option<String>,
    message: String,
    token: Option<u64>,
    taken: Option<String>,
    waited_ms: Option<u64>,
    held_ms: u64,
    ended: Option<String>,
    how: Option<String>,
    by: Option<String>,
    by_machine: Option<String>,
    reason: Option<String>,
    next: Option<String>,
    next_machine: Option<String>,
}

impl PastShape {
    fn new(episode: &EpisodeInfo, repository: Option<&str>, times: &Times) -> Self {
        let end = episode.end.as_ref();
        Self {
            repository: repository.map(str::to_owned),
            file: episode.file.clone(),
            user: episode.user.clone(),
            machine: episode.machine.clone(),
            kind: episode.kind.clone(),
            message: episode.message.clone(),
            token: episode.token,
            taken: rfc3339(episode.taken_us),
            waited_ms: episode.waited_ms,
            held_ms: held(episode, times),
            ended: end.and_then(|end| rfc3339(end.at_us)),
            how: end.map(|end| end.how.clone().unwrap_or_else(|| "unknown".to_owned())),
            by: end.and_then(|end| end.by_user.clone()),
            by_machine: end.and_then(|end| end.by_machine.clone()),
            reason: end.map(|end| end.reason.clone()),
            next: end.and_then(|end| end.next_user.clone()),
            next_machine: end.and_then(|end| end.next_machine.clone()),
        }
    }
}

impl HistoryShape {
    /// Of all pages that came.
    pub fn new(pages: &[HistoryPage], times: &Times) -> Self {
        let mut repositories: Vec<BeginsShape> = Vec::new();
        let mut locks = Vec::new();
        for page in pages {
            if repositories
                .last()
                .is_none_or(|last| last.folder != page.repository)
            {
                repositories.push(BeginsShape {
                    folder: page.repository.clone(),
                    begins: rfc3339(page.begins_us),
                    more: page.more,
                });
            }
            let shape = |one| PastShape::new(one, Some(&page.repository), times);
            locks.extend(page.episodes.iter().map(shape));
        }
        Self { repositories, locks }
    }
}

/// The past in numbers.
#[derive(Debug, Serialize)]
pub struct StatsShape {
    repository: String,
    folder: String,
    begins: Option<String>,
    since: Option<String>,
    until: Option<String>,
    all: TallyShape,
    ended: Vec<EndedShape>,
    held: Vec<ClassShape>,
    files: Vec<TallyShape>,
    files_in_all: u64,
    people: Vec<TallyShape>,
    people_in_all: u64,
    standing: Vec<PastShape>,
    standing_in_all: u64,
    days: Vec<DayShape>,
}

#[derive(Debug, Serialize)]
struct EndedShape {
    how: String,
    count: u64,
}

#[derive(Debug, Serialize)]
struct ClassShape {
    up_to_ms: Option<u64>,
    count: u64,
}

#[derive(Debug, Serialize)]
struct DayShape {
    day: String,
    locks: u64,
    conflicts: u64,
}

#[derive(Debug, Serialize)]
struct SpreadShape {
    count: u64,
    median_ms: u64,
    ninety_ms: u64,
    longest_ms: u64,
    total_ms: u64,
}

#[derive(Debug, Serialize)]
struct TallyShape {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    locks: u64,
    held: SpreadShape,
    waits: u64,
    waited: SpreadShape,
    conflicts: u64,
    had: u64,
}

impl From<&SpreadInfo> for SpreadShape {
    fn from(spread: &SpreadInfo) -> Self {
        Self {
            count: spread.count,
            median_ms: spread.median_ms,
            ninety_ms: spread.ninety_ms,
            longest_ms: spread.longest_ms,
            total_ms: spread.total_ms,
        }
    }
}

impl From<&TallyInfo> for TallyShape {
    fn from(tally: &TallyInfo) -> Self {
        Self {
            name: tally.name.clone(),
            locks: tally.locks,
            held: (&tally.held).into(),
            waits: tally.waits,
            waited: (&tally.waited).into(),
            conflicts: tally.conflicts,
            had: tally.had,
        }
    }
}

impl StatsShape {
    /// Of a report, from `since` to now, with its days.
    pub fn new(report: &StatsReport, since: i64, days: &[(String, u64, u64)], times: &Times) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            repository: report.repository.clone(),
            folder: report.folder.clone(),
            begins: rfc3339(report.begins_us),
            since: rfc3339(since),
            until: rfc3339(times.now()),
            all: (&report.all).into(),
            ended: report
                .ended
                .iter()
                .map(|one| EndedShape {
                    how: one.how.clone().unwrap_or_else(unknown),
                    count: one.count,
                })
                .collect(),
            held: report
                .held
                .iter()
                .map(|(up_to_ms, count)| ClassShape {
                    up_to_ms: *up_to_ms,
                    count: *count,
                })
                .collect(),
            files: report.files.iter().map(TallyShape::from).collect(),
            files_in_all: report.files_in_all,
            people: report.people.iter().map(TallyShape::from).collect(),
            people_in_all: report.people_in_all,
            standing: report
                .standing
                .iter()
                .map(|one| PastShape::new(one, None, times))
                .collect(),
            standing_in_all: report.standing_in_all,
            days: days
                .iter()
                .map(|(day, locks, conflicts)| DayShape {
                    day: day.clone(),
                    locks: *locks,
                    conflicts: *conflicts,
                })
                .collect(),
        }
    }
}
