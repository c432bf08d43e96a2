//! Why something failed.

use serde::{Deserialize, Serialize};

use super::{EndedInfo, LockInfo};

/// Why something failed; worded by the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Somebody else has the file.
    Held {
        /// The lock that stands.
        lock: LockInfo,
        /// The place one would have in the queue, counted from 1.
        place: u32,
    },
    /// It is held by oneself for a running program.
    Guarded {
        /// The lock that stands.
        lock: LockInfo,
    },
    /// Nobody holds it.
    NotHeld,
    /// Somebody else holds it, so it is not yours to release.
    NotYours {
        /// The lock that stands.
        lock: LockInfo,
    },
    /// The lock is over.
    OldToken {
        /// The lock that stands now.
        lock: Option<LockInfo>,
    },
    /// One's lock was lost: ended by somebody else.
    Lost {
        /// How it ended.
        ended: EndedInfo,
        /// By whom.
        by: String,
        /// The lock that stands now.
        lock: Option<LockInfo>,
    },
    /// The lock is alive, and you are no administrator.
    Alive {
        /// The lock that stands.
        lock: LockInfo,
        /// How long its session has been silent, as far as this agent has watched.
        silent_ms: Option<u64>,
        /// How long it must be silent.
        stale_after_ms: u64,
        /// Who may.
        administrators: Vec<String>,
    },
    /// A reason is needed.
    NoReason,
    /// The time is up.
    TimedOut {
        /// The lock that still stands.
        lock: Option<LockInfo>,
        /// How long one waited.
        waited_ms: u64,
    },
    /// There is no such file.
    NoSuchFile,
    /// It is a folder, or something else that is no file.
    NotAFile,
    /// The name cannot be used.
    BadName {
        /// Why.
        problem: String,
    },
    /// No folder above it is a repository.
    NoRepository {
        /// What was looked at.
        path: String,
    },
    /// The share does not answer, or not as it should.
    Share {
        /// What was tried.
        problem: String,
        /// Whether trying again may help.
        passing: bool,
    },
    /// The share has not answered in time.
    NoAnswer {
        /// The repository's folder.
        repository: String,
        /// How long it was waited for.
        waited_ms: u64,
        /// It was sent already: whether it was done is being settled.
        unsettled: bool,
    },
    /// The lock table is damaged, lost, or newer than this version.
    Table {
        /// What is wrong, with the file.
        problem: String,
    },
    /// The folder cannot be made a repository.
    CannotInit {
        /// Why.
        problem: String,
    },
    /// The request cannot be understood or is too large.
    BadRequest {
        /// Why.
        problem: String,
    },
    /// The agent is stopping.
    Stopping,
    /// Something that should not happen.
    Internal {
        /// What.
        problem: String,
    },
    /// One has the file already: there is nothing to wait for or to ask for.
    Yours {
        /// The lock that stands.
        lock: LockInfo,
    },
    /// You are not in line for it, or not any more.
    NotWaiting {
        /// The lock that stands.
        lock: Option<LockInfo>,
    },
    /// Nobody asks for it whom you could answer, or not any more.
    NotAsked {
        /// The lock that stands.
        lock: LockInfo,
    },
    /// So many ask for it already that no more requests are kept.
    Crowded {
        /// The lock that stands.
        lock: LockInfo,
    },
    /// A file outside the repository cannot be read or written.
    Elsewhere {
        /// What was tried.
        problem: String,
    },
    /// A file was changed while it was read, again and again.
    Changing {
        /// Which, when it is not the file itself.
        path: Option<String>,
        /// How often it was read.
        tries: u32,
    },
    /// It cannot be replaced, because a program has it open.
    InUse {
        /// What was tried.
        problem: String,
    },
    /// The share failed in the middle: the file's name stands for nothing now.
    Torn {
        /// What was tried.
        problem: String,
        /// Where its old content is.
        old: String,
    },
}
