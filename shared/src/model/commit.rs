//! One atomic step of the lock table.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Extra, FileName, Lock, Owner, SessionId, Token};

/// A random number that tells one attempt to commit from every other; 128 bits as hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Nonce(Box<str>);

impl Nonce {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(crate::random::uuid().simple().to_string().into())
    }

    /// Takes `text` for a nonce.
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The nonce as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one request of one client, so that a lost reply can be looked up: it is applied once, whatever happens.
/// Cheap to clone: the table remembers thousands of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(crate::random::uuid_by_age().simple().to_string().into())
    }

    /// Takes `text` for a request id.
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a change was called by whoever asked for it; for people and the history, decides nothing.
///
/// A reader that does not know the word still knows what the change did: [`Change::ended`] and [`Change::lock`]
/// say that. So new verbs need no new format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verb(pub std::borrow::Cow<'static, str>);

impl Verb {
    /// A lock granted, or its message or lease renewed.
    pub const CHECKOUT: Self = Self::word("checkout");
    /// A lock given back.
    pub const CHECKIN: Self = Self::word("checkin");
    /// A lock ended against its owner's will.
    pub const BREAK: Self = Self::word("break");
    /// A lock broken or forced, and granted to whoever asked, in one step.
    pub const STEAL: Self = Self::word("steal");
    /// Somebody waits in line.
    pub const JOIN: Self = Self::word("join");
    /// Somebody took up what the line had handed over.
    pub const TAKE: Self = Self::word("take");
    /// Somebody left the line.
    pub const LEAVE: Self = Self::word("leave");
    /// Somebody asked the owner for the file.
    pub const REQUEST: Self = Self::word("request");
    /// The owner answered; with "yes" the lock ends.
    pub const ANSWER: Self = Self::word("answer");
    /// A session stopped cleanly.
    pub const PARK: Self = Self::word("park");
    /// A session is back.
    pub const REVIVE: Self = Self::word("revive");
    /// Taken over from an older tool's `locks.json`, at `init`.
    pub const ADOPT: Self = Self::word("adopt");

    /// The verb of that name.
    pub const fn word(word: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(word))
    }

    /// The word that is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a lock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By its owner.
    Released,
    /// It was stale, and somebody wanted the file.
    Broken,
    /// An administrator ended a live one.
    Forced,
    /// It was a lease, and its time was over.
    Expired,
}

impl How {
    /// The word that is written for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Broken => "broken",
            Self::Forced => "forced",
            Self::Expired => "expired",
        }
    }

    /// The reason that a written word means.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Released, Self::Broken, Self::Forced, Self::Expired]
            .into_iter()
            .find(|how| how.as_str() == word)
    }
}

/// The end of a lock, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Whose lock it was.
    pub owner: Arc<Owner>,
    /// Which lock it was; `None` for one adopted from an older tool.
    pub token: Option<Token>,
    /// Since when it had been held.
    pub since: Timestamp,
    /// Why it ended.
    pub how: How,
    /// What the one who ended it gave as a reason.
    pub reason: Option<Box<str>>,
}

/// What one commit does to one file. At most one per file and commit.
///
/// `ended` says that the lock that was there is over; `lock` is what stands afterwards. Both together are a
/// hand-over; `lock` alone is a grant or an update; `ended` alone frees the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which file.
    pub file: FileName,
    /// What it was called.
    pub verb: Verb,
    /// Who did it.
    pub by: Arc<Owner>,
    /// The lock that ended.
    pub ended: Option<Ended>,
    /// The lock that stands after the commit; `None` means that the file is free.
    pub lock: Option<Arc<Lock>>,
    /// Unknown keys.
    pub extra: Extra,
}

impl Change {
    /// Whether this change gave the file to a new holder, and so made a new token.
    pub fn grants(&self, commit: u64) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.token == Some(commit))
    }
}

/// What one commit says of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    /// Which session.
    pub session: SessionId,
    /// [`Verb::PARK`] or [`Verb::REVIVE`].
    pub verb: Verb,
    /// Since when it is away; `None` says that it is back.
    pub parked: Option<Timestamp>,
}

/// What somebody wants to commit; the store gives it its number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// What happens to files; at most one change each.
    pub changes: Vec<Change>,
    /// What happens to sessions.
    pub sessions: Vec<SessionChange>,
    /// The requests that this settles.
    pub requests: Vec<RequestId>,
}

impl Draft {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.sessions.is_empty()
    }
}

/// One atomic step of the lock table, as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its number; without gaps, for ever.
    pub n: u64,
    /// The nonce of commit `n - 1`.
    pub previous: Nonce,
    /// Its own nonce.
    pub nonce: Nonce,
    /// Whose agent wrote it; a sign of life of that session.
    pub author: Arc<Owner>,
    /// When, by the author's wall clock; for people.
    pub time: Timestamp,
    /// What it does.
    pub draft: Draft,
    /// Unknown keys.
    pub extra: Extra,
}
