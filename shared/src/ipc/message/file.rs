//! What is said of files and their locks.

use serde::{Deserialize, Serialize};

use super::Fault;

/// What became of one file of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// As it was asked for.
    pub asked: String,
    /// The repository's folder, when it was found.
    pub repository: Option<String>,
    /// The name in the repository, when there is one.
    pub file: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// You have it now.
    Granted {
        /// Your lock.
        lock: LockInfo,
        /// The lock that had to end for it.
        after: Option<EndedInfo>,
    },
    /// You had it already; message or lease are renewed.
    Renewed {
        /// Your lock.
        lock: LockInfo,
    },
    /// It was given back.
    Released {
        /// The lock that was.
        was: LockInfo,
        /// Whether the file differs from what it was at checkout; `None` when that is not known.
        changed: Option<bool>,
        /// The next in line, who has it now.
        next: Option<LockInfo>,
    },
    /// The lock was ended for its owner.
    Broken {
        /// The lock that was.
        was: LockInfo,
        /// How.
        ended: EndedInfo,
        /// The next in line, who has it now.
        next: Option<LockInfo>,
    },
    /// This is how it stands; the file may be free (`lock` is `None`).
    Stands {
        /// Its lock.
        lock: Option<LockInfo>,
        /// Its size in bytes, when it was looked at.
        size: Option<u64>,
        /// Whether the file is there.
        exists: Option<bool>,
        /// People in line, first come first served; the first hundred.
        line: Vec<WaiterInfo>,
        /// What others asked of the owner, oldest first; the first hundred.
        requests: Vec<NoteInfo>,
        /// Whether you will be told when it is free.
        notify: bool,
    },
    /// It is free now (the answer to `Wait`).
    Free,
    /// No.
    Failed(Fault),
    /// You do not have it, and wait for it in one way or the other; or you asked how the line stands.
    Awaited {
        /// Its lock, with your place in line; `None`: it is free.
        lock: Option<LockInfo>,
        /// People in line, first come first served; the first hundred.
        line: Vec<WaiterInfo>,
        /// Whether you will be told when it is free.
        notify: bool,
    },
    /// You will be told when it is free, or will not.
    Noted {
        /// Its lock.
        lock: Option<LockInfo>,
        /// Whether you will be told.
        on: bool,
    },
    /// You do not wait in line for it any more.
    Left {
        /// Its lock.
        lock: Option<LockInfo>,
    },
    /// You have asked its owner for it.
    Requested {
        /// Its lock.
        lock: LockInfo,
        /// What you have asked, and the answer.
        note: NoteInfo,
    },
    /// You have answered those who ask for it, and keep it.
    Answered {
        /// Your lock.
        lock: LockInfo,
        /// What they have asked, with your answer.
        notes: Vec<NoteInfo>,
    },
    /// It was copied.
    Got {
        /// Its lock: whoever has it may have changes that are not in the copy.
        lock: Option<LockInfo>,
        /// Where the copy is.
        to: String,
        /// Bytes.
        size: u64,
        /// Of its content, as hex.
        sha256: String,
    },
    /// It has its new content.
    Replaced {
        /// Your lock.
        lock: LockInfo,
        /// Bytes.
        size: u64,
        /// Of its content, as hex.
        sha256: String,
        /// Where the old content is kept, in the repository.
        kept: Option<String>,
    },
}

/// Whose lock it is, from the asker's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    /// This user's, on this machine.
    Mine,
    /// This user's, on another machine.
    MineElsewhere,
    /// Somebody else's.
    Theirs,
}

/// How sure it is that the owner is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// The session is alive, or nobody can say otherwise.
    Alive,
    /// The session has been silent too long; the lock may be broken.
    Stale,
    /// The agent stopped cleanly; away since then.
    Parked,
    /// A lease that is over.
    Expired,
    /// A record of an older tool, without a session.
    Unknown,
    /// One's own lock, while the share is away: it may have been broken meanwhile.
    Unsafe,
}

/// A lock, as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockInfo {
    /// Who.
    pub user: String,
    /// Where; `None` for older tools' records.
    pub machine: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// Since when, by the owner's clock.
    pub since_us: i64,
    /// Why.
    pub message: String,
    /// "checkout", "guard", "lease".
    pub kind: String,
    /// The fencing token.
    pub token: Option<u64>,
    /// When a lease ends, by the owner's clock.
    pub expires_us: Option<i64>,
    /// Whose.
    pub whose: Whose,
    /// How sure.
    pub presence: Presence,
    /// Away since when, by the owner's clock.
    pub parked_us: Option<i64>,
    /// How many people are in line.
    pub waiting: u32,
    /// Your own place among them, counted from 1.
    pub place: Option<u32>,
    /// How many have asked the owner for it and were not answered.
    pub asked: u32,
}

/// Somebody in line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiterInfo {
    /// Who.
    pub user: String,
    /// Where.
    pub machine: Option<String>,
    /// Since when, by their clock.
    pub since_us: i64,
    /// What for.
    pub message: String,
    /// Who, from the asker's point of view.
    pub whose: Whose,
    /// How sure it is that they are there: those who are not are passed over.
    pub presence: Presence,
}

/// What somebody asked of a lock's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteInfo {
    /// Who.
    pub user: String,
    /// Where.
    pub machine: Option<String>,
    /// When, by their clock.
    pub at_us: i64,
    /// Why.
    pub message: String,
    /// The owner's answer.
    pub answer: Option<String>,
    /// Who asked, from the reader's point of view.
    pub whose: Whose,
}

/// The end of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedInfo {
    /// Whose it was.
    pub user: String,
    /// Where.
    pub machine: Option<String>,
    /// Which.
    pub token: Option<u64>,
    /// Since when.
    pub since_us: i64,
    /// "released", "broken", "forced", "expired".
    pub how: String,
    /// Why.
    pub reason: Option<String>,
}

/// What a list had to leave out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its path in the repository, as well as it can be written.
    pub path: String,
    /// A folder: all that is in it is left out too.
    pub folder: bool,
    /// Why; the end of a sentence.
    pub why: String,
}
