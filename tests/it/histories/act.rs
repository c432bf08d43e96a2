//! What is written down of a request and its answer.

use testkit::ledger::Desk;

/// A request, whoever asked it, and what was told.
#[derive(Debug, Clone)]
pub struct Act {
    /// Who asked.
    pub desk: Desk,
    /// File by file; a list tells of many at once.
    pub told: Vec<(String, Told)>,
    /// Just before it was asked.
    pub asked: Edge,
    /// Just after it was answered; `None` when it never was.
    pub answered: Option<Edge>,
}

/// A moment. The test's own process counts them, so that any two have an order.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Which.
    pub turn: u64,
    /// For [`Act::asked`] a commit that was in the log before that, for [`Act::answered`] the newest one after that.
    pub newest: u64,
}

/// A lock that an answer names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lock {
    /// Which.
    pub token: u64,
    /// Whose.
    pub desk: Desk,
}

/// What became of a file, or how it stood.
#[derive(Debug, Clone)]
pub enum Told {
    /// A lock was granted.
    Took {
        /// It.
        lock: Lock,
        /// The lock that had to end for it.
        after: Option<u64>,
    },
    /// A lock ended.
    Ended {
        /// Which.
        token: u64,
        /// "released" or "broken".
        how: String,
        /// Who has the file now.
        next: Option<Lock>,
    },
    /// So it stands: told by a look, a refusal, or to somebody who has the file already.
    Saw(Option<Lock>),
    /// Nobody knows whether this was done, or will be.
    Unknown(Wish),
}

/// What somebody wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To have it; whoever has it loses it if they are stale.
    Take,
    /// To give it back.
    GiveBack,
    /// To end somebody else's stale lock.
    Break,
}
