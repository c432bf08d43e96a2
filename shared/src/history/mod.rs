//! What the log tells of the past: each lock from its grant to its end, each wait in line, each conflict; and numbers.
//!
//! [`Reckoner`] is fed with what commits did to files, a [`Step`] each, and tells a [`Listener`] what that adds up to. It
//! keeps what stands at the moment and nothing else, so that a log of any length can be gone through. [`Newest`] and
//! [`Counts`] are listeners: one keeps the newest locks, one adds up.
//!
//! Names are numbers here: a year of locks names the same few people and files again and again. [`Names`] has the texts.
//!
//! Times are microseconds of Unix time as the authors' clocks showed them. A lock that one machine took and another ended
//! is measured by two clocks: such lengths are as good as these, never below zero, and nothing is decided by them.
//!
//! Never here: I/O, a clock, a decision about locks.

mod counts;
mod newest;
mod reckon;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::model::{How, Token};

pub use counts::{Counts, Measure, Period, QUARTER, Slot, Subject, Tally};
pub use newest::Newest;
pub use reckon::Reckoner;
pub use steps::{locks, steps};

/// A text that [`Names`] knows.
pub type Name = u32;

/// Texts that are named again and again, each once.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, Name>,
}

impl Names {
    /// The number of `text`.
    pub fn number(&mut self, text: &str) -> Name {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = Name::try_from(self.texts.len()).unwrap_or(Name::MAX);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// All texts, in the order of their numbers.
    pub fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    /// The text of `name`; empty for one that was never given a number.
    pub fn text(&self, name: Name) -> &str {
        let at = usize::try_from(name).unwrap_or(usize::MAX);
        self.texts.get(at).map_or("", |text| text)
    }
}

/// A person at a machine; through which session does not matter for the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Desk {
    /// The person.
    pub user: Name,
    /// The machine; `None` in records of older tools.
    pub machine: Option<Name>,
}

/// What one commit did to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The commit.
    pub n: u64,
    /// When.
    pub at: i64,
    /// Which file.
    pub file: Name,
    /// Who did it.
    pub by: Desk,
    /// The lock that ended.
    pub ended: Option<End>,
    /// The lock that stands afterwards.
    pub lock: Option<Held>,
}

/// The end of a lock, as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Whose it was.
    pub owner: Desk,
    /// Which.
    pub token: Option<Token>,
    /// Since when it had been held.
    pub since: i64,
    /// How it ended.
    pub how: How,
    /// Why.
    pub reason: Box<str>,
}

/// A lock that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Whose.
    pub owner: Desk,
    /// Which.
    pub token: Option<Token>,
    /// Since when.
    pub since: i64,
    /// What for: "checkout", "guard", "lease".
    pub kind: Name,
    /// Why.
    pub message: Box<str>,
    /// Those in line.
    pub line: Vec<Place>,
    /// Those who asked the owner for it.
    pub asked: Vec<Place>,
}

/// Somebody who wants a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Who.
    pub who: Desk,
    /// Since when.
    pub since: i64,
}

/// One lock, from its grant to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Which file.
    pub file: Name,
    /// Whose lock.
    pub owner: Desk,
    /// Which; `None` for one of an older tool.
    pub token: Option<Token>,
    /// What for; `None` when its beginning is not in the log any more.
    pub kind: Option<Name>,
    /// Why.
    pub message: Box<str>,
    /// When it was granted.
    pub taken: i64,
    /// How long its owner had waited in line for it.
    pub waited: Option<u64>,
    /// Its end; `None` while it stands.
    pub ending: Option<Ending>,
}

/// How a lock ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: i64,
    /// How; `None` when that is not in the log any more.
    pub how: Option<How>,
    /// By whom; `None` when that is not in the log any more.
    pub by: Option<Desk>,
    /// Why.
    pub reason: Box<str>,
    /// Who got the file in the same commit.
    pub next: Option<Desk>,
}

/// One person's time in the line for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// For which file.
    pub file: Name,
    /// Who.
    pub who: Desk,
    /// From when.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Whether they got the file; else they left the line.
    pub served: bool,
}

/// Somebody wanted a file that somebody else had.
///
/// The log knows of those who waited in line, asked the owner, or ended the owner's lock (but for a lease that was over);
/// whoever was refused and went away left no trace. It counts once from the first of these until they have the file,
/// leave the line, or, out of line, the lock that they wanted ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// About which file.
    pub file: Name,
    /// When it began.
    pub at: i64,
    /// Who wanted it.
    pub user: Name,
    /// Who had it then.
    pub holder: Name,
}

/// Is told what a [`Reckoner`] finds.
pub trait Listener {
    /// A lock ended; or it stands, when everything was gone through.
    fn episode(&mut self, episode: Episode);
    /// A wait ended.
    fn wait(&mut self, wait: Wait);
    /// A conflict began.
    fn conflict(&mut self, conflict: Conflict);
}

/// From `from` to `until`; clocks that disagree never make it less than nothing.
pub fn length(from: i64, until: i64) -> u64 {
    u64::try_from(until.saturating_sub(from)).unwrap_or(0)
}
