//! The record that one owner holds one file.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Extra, Owner, RequestId};

/// The fencing number of a lock: the commit at which it was granted. It only grows.
pub type Token = u64;

/// What a lock is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A person's edit; kept while the agent is away.
    Checkout,
    /// Held while one program runs.
    Guard,
    /// Ends by itself when it was not renewed for as long as it lasts.
    Lease,
    /// A kind that a newer version knows: treated as held by its owner, never ended by this version's rules.
    Other(Box<str>),
}

impl Kind {
    /// The word that is written for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Checkout => "checkout",
            Self::Guard => "guard",
            Self::Lease => "lease",
            Self::Other(word) => word,
        }
    }

    /// The kind that a written word means; never fails, because unknown means held.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "checkout" => Self::Checkout,
            "guard" => Self::Guard,
            "lease" => Self::Lease,
            other => Self::Other(other.into()),
        }
    }
}

/// The file as it was when it was checked out; what a checkin is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Bytes.
    pub size: u64,
    /// The share's own time of the last change.
    pub modified: Option<Timestamp>,
    /// Hex; `None` where it was not computed.
    pub sha256: Option<Box<str>>,
    /// Unknown keys.
    pub extra: Extra,
}

/// The program that a guard is held for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The process number on the owner's machine.
    pub pid: u32,
    /// When it started, as its machine counts; tells a reused number from the same process.
    pub started: u64,
    /// Names the run of the system that both numbers belong to (and the part of it, where there are several): elsewhere
    /// they mean nothing. `None` when that was not known: then nobody but the owner judges it.
    pub boot: Option<Box<str>>,
    /// The agent that took the guard; on the same run of the same system.
    pub agent: Option<Agent>,
    /// Unknown keys.
    pub extra: Extra,
}

/// The agent that took a guard, by its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    /// As [`Process::pid`].
    pub pid: u32,
    /// As [`Process::started`].
    pub started: u64,
}

impl Process {
    /// Whether both are the same process, whichever agent answers for it.
    pub fn is(&self, other: &Self) -> bool {
        (self.pid, self.started, &self.boot) == (other.pid, other.started, &other.boot)
    }
}

/// One person in line for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiter {
    /// Who waits.
    pub owner: Arc<Owner>,
    /// Since when, for people.
    pub since: Timestamp,
    /// What they will do with it.
    pub message: Box<str>,
    /// They want it as a lease of this length.
    pub lease: Option<Duration>,
    /// They want it as a guard, for this program, which waits to be let run.
    pub guard: Option<Process>,
    /// The request that put them in line.
    pub request: RequestId,
    /// Unknown keys.
    pub extra: Extra,
}

/// What is answered to somebody who needs a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Yes: it is checked in at once.
    Yes,
    /// Not now.
    Later,
    /// No.
    No,
}

impl Said {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Yes, Self::Later, Self::No];

    /// The word that is written for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Later => "later",
            Self::No => "no",
        }
    }

    /// The answer as it is kept in [`Note::answer`]: the word, and what was said with it.
    #[must_use]
    pub fn with(self, text: Option<&str>) -> Box<str> {
        match text.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => format!("{}: {text}", self.as_str()).into(),
            None => self.as_str().into(),
        }
    }

    /// Which of them an answer is that was kept; `None` for what only a newer version says.
    #[must_use]
    pub fn of(answer: &str) -> Option<Self> {
        let word = answer.split(':').next().unwrap_or(answer).trim();
        Self::ALL.into_iter().find(|said| said.as_str() == word)
    }

    /// Whether somebody who was answered so, or not at all, still waits for a word: "later" is not the last one.
    #[must_use]
    pub fn leaves_open(answer: Option<&str>) -> bool {
        matches!(answer.map(Self::of), None | Some(Some(Self::Later)))
    }
}

/// "I need this file": a message to the owner, kept with the lock until it is answered or the lock ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Who asks.
    pub from: Arc<Owner>,
    /// When, for people.
    pub at: Timestamp,
    /// Why.
    pub message: Box<str>,
    /// The owner's answer, once there is one.
    pub answer: Option<Box<str>>,
    /// Unknown keys.
    pub extra: Extra,
}

impl Note {
    /// Whether it still waits for a word.
    pub fn is_open(&self) -> bool {
        Said::leaves_open(self.answer.as_deref())
    }
}

/// The record that one owner holds one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Who holds it.
    pub owner: Arc<Owner>,
    /// Since when, for people: the owner's wall clock, compared with nothing.
    pub since: Timestamp,
    /// Why.
    pub message: Box<str>,
    /// What for.
    pub kind: Kind,
    /// The commit that granted it. `None` only in records adopted from older tools.
    pub token: Option<Token>,
    /// The commit that last granted or renewed it; a lease is measured from when an observer saw this change.
    pub renewed: u64,
    /// How long a lease lasts after its last renewal.
    pub lease: Option<Duration>,
    /// When a lease ends by the owner's wall clock; for people and older tools, decides nothing.
    pub expires: Option<Timestamp>,
    /// The file as it was at checkout.
    pub base: Option<Base>,
    /// The program that a guard is held for.
    pub process: Option<Process>,
    /// People in line, first come first served.
    pub queue: Vec<Waiter>,
    /// What others asked of the owner.
    pub requests: Vec<Note>,
    /// Unknown keys.
    pub extra: Extra,
}

impl Lock {
    /// A checkout that commit `token` grants, of which nothing else is said.
    pub fn new(owner: Arc<Owner>, since: Timestamp, token: Token) -> Self {
        Self {
            owner,
            since,
            message: Box::default(),
            kind: Kind::Checkout,
            token: Some(token),
            renewed: token,
            lease: None,
            expires: None,
            base: None,
            process: None,
            queue: Vec::new(),
            requests: Vec::new(),
            extra: Extra::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_kept_says_which_it_was() {
        for said in Said::ALL {
            for text in [None, Some(""), Some("at noon: perhaps")] {
                assert_eq!(Said::of(&said.with(text)), Some(said));
            }
        }
        assert_eq!(&*Said::No.with(Some(" the table runs ")), "no: the table runs");
        assert_eq!(Said::of("in 10 minutes"), None);
    }
}
