//! Episodes, waits and conflicts in numbers.

use std::collections::HashMap;

use super::{Conflict, Episode, Listener, Name, Wait, length};
use crate::model::How;

/// A quarter of an hour in microseconds. Every time zone's days begin at one.
pub const QUARTER: i64 = 15 * 60 * 1_000_000;

/// Which part of the past is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Only what ended, or began, at or after this; what stands counts.
    pub since: Option<i64>,
}

impl Period {
    fn has(&self, at: i64) -> bool {
        self.since.is_none_or(|since| at >= since)
    }
}

/// Lengths of time, in microseconds. The value that a share of them does not exceed is one of them: the nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measure {
    /// How many.
    pub count: u64,
    /// Half of them are not longer.
    pub median: u64,
    /// Nine of ten are not longer.
    pub ninety: u64,
    /// The longest.
    pub longest: u64,
    /// All together.
    pub total: u64,
}

impl Measure {
    /// Measures `lengths`, and sorts them.
    pub fn of(lengths: &mut [u64]) -> Self {
        lengths.sort_unstable();
        let rank = |hundredths: usize| {
            let rank = (lengths.len() * hundredths).div_ceil(100);
            lengths.get(rank.saturating_sub(1)).copied().unwrap_or(0)
        };
        Self {
            count: lengths.len() as u64,
            median: rank(50),
            ninety: rank(90),
            longest: rank(100),
            total: lengths.iter().fold(0, |sum, one| sum.saturating_add(*one)),
        }
    }
}

/// Of a file, of a person, or of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Locks that ended, or stand.
    pub locks: u64,
    /// How long those that ended were held.
    pub held: Measure,
    /// Waits in line that ended.
    pub waits: u64,
    /// How long those waited who got the file.
    pub waited: Measure,
    /// Conflicts; of a person, those in which they wanted the file.
    pub conflicts: u64,
    /// Of a person: conflicts in which they had it.
    pub had: u64,
}

/// A file or a person, with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Which.
    pub name: Name,
    /// Its numbers.
    pub tally: Tally,
}

/// What began in a quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slot {
    /// Quarters of an hour since 1970.
    pub quarter: i64,
    /// Locks that were granted.
    pub taken: u32,
    /// Conflicts that began.
    pub conflicts: u32,
}

#[derive(Debug, Default)]
struct Lengths {
    locks: u64,
    held: Vec<u64>,
    waits: u64,
    waited: Vec<u64>,
    conflicts: u64,
    had: u64,
}

impl Lengths {
    fn tally(mut self) -> Tally {
        Tally {
            locks: self.locks,
            held: Measure::of(&mut self.held),
            waits: self.waits,
            waited: Measure::of(&mut self.waited),
            conflicts: self.conflicts,
            had: self.had,
        }
    }
}

/// Adds up what a reckoner tells.
#[derive(Debug)]
pub struct Counts {
    period: Period,
    all: Lengths,
    files: HashMap<Name, Lengths>,
    people: HashMap<Name, Lengths>,
    slots: HashMap<i64, Slot>,
    /// How many ended how: released, broken, forced, expired, not known.
    ended: [u64; 5],
    /// What stands, in no order.
    pub standing: Vec<Episode>,
}

impl Counts {
    /// Nothing yet.
    pub fn new(period: Period) -> Self {
        Self {
            period,
            all: Lengths::default(),
            files: HashMap::new(),
            people: HashMap::new(),
            slots: HashMap::new(),
            ended: [0; 5],
            standing: Vec::new(),
        }
    }

    /// How many locks ended so; `None`: how is not known.
    pub fn ended(&self, how: Option<How>) -> u64 {
        self.ended[place(how)]
    }

    /// How many of the locks that ended were held for at most so long, for each of these ascending limits, and not counted
    /// under the one before; the last number is of those above all limits.
    pub fn classes(&self, limits: &[u64]) -> Vec<u64> {
        let mut classes = vec![0; limits.len() + 1];
        for held in &self.all.held {
            let class = limits.partition_point(|limit| limit < held);
            if let Some(count) = classes.get_mut(class) {
                *count += 1;
            }
        }
        classes
    }

    /// What began when, in the order of time.
    pub fn slots(&mut self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = std::mem::take(&mut self.slots).into_values().collect();
        slots.sort_unstable_by_key(|slot| slot.quarter);
        slots
    }

    /// Of everything.
    pub fn all(&mut self) -> Tally {
        std::mem::take(&mut self.all).tally()
    }

    /// Every file, those with the most locks first.
    pub fn files(&mut self) -> Vec<Subject> {
        subjects(std::mem::take(&mut self.files))
    }

    /// Every person, those with the most locks first.
    pub fn people(&mut self) -> Vec<Subject> {
        subjects(std::mem::take(&mut self.people))
    }

    fn slot(&mut self, at: i64) -> &mut Slot {
        let quarter = at.div_euclid(QUARTER);
        let slot = self.slots.entry(quarter).or_default();
        slot.quarter = quarter;
        slot
    }

    fn of(&mut self, file: Name, user: Name, add: impl Fn(&mut Lengths)) {
        add(&mut self.all);
        add(self.files.entry(file).or_default());
        add(self.people.entry(user).or_default());
    }
}

fn subjects(all: HashMap<Name, Lengths>) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = all
        .into_iter()
        .map(|(name, lengths)| Subject {
            name,
            tally: lengths.tally(),
        })
        .collect();
    subjects.sort_unstable_by_key(|subject| (std::cmp::Reverse(subject.tally.locks), subject.name));
    subjects
}

fn place(how: Option<How>) -> usize {
    match how {
        Some(How::Released) => 0,
        Some(How::Broken) => 1,
        Some(How::Forced) => 2,
        Some(How::Expired) => 3,
        None => 4,
    }
}

impl Listener for Counts {
    fn episode(&mut self, episode: Episode) {
        if self.period.has(episode.taken) {
            self.slot(episode.taken).taken += 1;
        }
        let user = episode.owner.user;
        match &episode.ending {
            Some(ending) if self.period.has(ending.at) => {
                self.ended[place(ending.how)] += 1;
                let held = length(episode.taken, ending.at);
                self.of(episode.file, user, |to| {
                    to.locks += 1;
                    to.held.push(held);
                });
            }
            Some(_) => {}
            None => {
                self.of(episode.file, user, |to| to.locks += 1);
                self.standing.push(episode);
            }
        }
    }

    fn wait(&mut self, wait: Wait) {
        if !self.period.has(wait.until) {
            return;
        }
        let waited = length(wait.from, wait.until);
        self.of(wait.file, wait.who.user, |to| {
            to.waits += 1;
            if wait.served {
                to.waited.push(waited);
            }
        });
    }

    fn conflict(&mut self, conflict: Conflict) {
        if !self.period.has(conflict.at) {
            return;
        }
        self.slot(conflict.at).conflicts += 1;
        self.of(conflict.file, conflict.user, |to| to.conflicts += 1);
        self.people.entry(conflict.holder).or_default().had += 1;
    }
}
