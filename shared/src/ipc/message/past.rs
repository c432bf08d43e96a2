//! What is said of the past.

use serde::{Deserialize, Serialize};

/// One lock, from its grant to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeInfo {
    /// The file's name in the repository.
    pub file: String,
    /// Whose lock.
    pub user: String,
    /// Where; `None` for older tools' records.
    pub machine: Option<String>,
    /// "checkout", "guard", "lease"; `None` when its beginning is not known any more.
    pub kind: Option<String>,
    /// Why.
    pub message: String,
    /// Which; `None` for older tools' records.
    pub token: Option<u64>,
    /// Since when, by the owner's clock.
    pub taken_us: i64,
    /// How long its owner had waited in line for it.
    pub waited_ms: Option<u64>,
    /// Its end; `None` while it stands.
    pub end: Option<EpisodeEnd>,
}

/// How a lock ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeEnd {
    /// When, by the clock of whoever ended it.
    pub at_us: i64,
    /// "released", "broken", "forced", "expired"; `None` when that is not known any more.
    pub how: Option<String>,
    /// Who ended it.
    pub by_user: Option<String>,
    /// Where.
    pub by_machine: Option<String>,
    /// Why.
    pub reason: String,
    /// Who got the file in the same moment.
    pub next_user: Option<String>,
    /// Where.
    pub next_machine: Option<String>,
}

/// A part of the answer to `History`, the newest locks first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// The repository's folder.
    pub repository: String,
    /// When what is known of it begins.
    pub begins_us: i64,
    /// The locks.
    pub episodes: Vec<EpisodeInfo>,
    /// How many older ones there are that were not asked for.
    pub more: u64,
}

/// Lengths of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpreadInfo {
    /// How many.
    pub count: u64,
    /// Half of them are not longer.
    pub median_ms: u64,
    /// Nine of ten are not longer.
    pub ninety_ms: u64,
    /// The longest.
    pub longest_ms: u64,
    /// All together.
    pub total_ms: u64,
}

/// The numbers of a file, a person, or of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TallyInfo {
    /// Which; empty: everything.
    pub name: String,
    /// Locks that ended, or stand.
    pub locks: u64,
    /// How long those that ended were held.
    pub held: SpreadInfo,
    /// Waits in line that ended.
    pub waits: u64,
    /// How long those waited who got the file.
    pub waited: SpreadInfo,
    /// Conflicts; of a person, those in which they wanted the file.
    pub conflicts: u64,
    /// Of a person: conflicts in which they had it.
    pub had: u64,
}

/// How many locks ended so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedCount {
    /// "released", "broken", "forced", "expired"; `None`: not known any more.
    pub how: Option<String>,
    /// How many.
    pub count: u64,
}

/// The answer to `Stats`, but for [`SlotInfo`]s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsReport {
    /// The repository's folder.
    pub repository: String,
    /// The folder in it that was asked for; empty: all of it.
    pub folder: String,
    /// When what is known begins.
    pub begins_us: i64,
    /// Everything.
    pub all: TallyInfo,
    /// How locks ended.
    pub ended: Vec<EndedCount>,
    /// How many were held for up to so many milliseconds, ascending; `None`: longer than all of these.
    pub held: Vec<(Option<u64>, u64)>,
    /// The files with the most locks, and those with the most conflicts; those with the most locks first.
    pub files: Vec<TallyInfo>,
    /// How many files there are in all.
    pub files_in_all: u64,
    /// The people with the most locks, and those with the most conflicts; those with the most locks first.
    pub people: Vec<TallyInfo>,
    /// How many people there are in all.
    pub people_in_all: u64,
    /// The locks that stand, those held longest first.
    pub standing: Vec<EpisodeInfo>,
    /// How many stand in all.
    pub standing_in_all: u64,
}

/// What began in a quarter of an hour. Those in which nothing did are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotInfo {
    /// Quarters of an hour since 1970, in UTC: days begin at one of them wherever they are counted.
    pub quarter: i64,
    /// Locks that were granted.
    pub taken: u32,
    /// Conflicts that began.
    pub conflicts: u32,
}

impl SlotInfo {
    /// When it begins, in microseconds of Unix time.
    pub fn at_us(&self) -> i64 {
        self.quarter.saturating_mul(15 * 60 * 1_000_000)
    }
}
