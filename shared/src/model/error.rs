//! What can go wrong, typed: what, which file, who. Worded for people once, at the edge (`cli/src/errors.rs`).

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::{FileName, Lock, OWN_FOLDER, Token};

/// Why the rules said no. Never an accident: the table was read, and this is what it says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Somebody else has the file.
    #[error("{file} is held by {}", lock.owner)]
    Held {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Arc<Lock>,
        /// The place that one would have in the queue, counted from 1.
        place: usize,
    },
    /// The file is held by oneself, for a program that is running.
    #[error("{file} is guarded by a running program of {}", lock.owner)]
    Guarded {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Arc<Lock>,
    },
    /// Nobody holds the file, so there is nothing to give back or to break.
    #[error("{file} is not checked out")]
    NotHeld {
        /// Which file.
        file: FileName,
    },
    /// Somebody else holds it, so it is not yours to release.
    #[error("{file} is held by {}, not by you", lock.owner)]
    NotYours {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Arc<Lock>,
    },
    /// The lock that was to be released is over; the file has a newer one, or none.
    #[error("the lock {token} on {file} is over")]
    OldToken {
        /// Which file.
        file: FileName,
        /// The token that was given.
        token: Token,
        /// The lock that stands now.
        lock: Option<Arc<Lock>>,
    },
    /// The lock is alive, and whoever wants to end it is no administrator.
    #[error("{file} is held by {}, whose session is alive", lock.owner)]
    Alive {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Arc<Lock>,
        /// How long its session has been silent, as far as this machine has watched.
        silent: Option<Duration>,
    },
    /// One has the file already: there is nothing to wait for or to ask for.
    #[error("{file} is yours already")]
    Yours {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Arc<Lock>,
    },
    /// One does not stand in line for it, so there is no place to give up.
    #[error("you are not in line for {file}")]
    NotWaiting {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Option<Arc<Lock>>,
    },
    /// Nobody asks for it, or not any more, so there is nothing to answer.
    #[error("nobody asks for {file}")]
    NotAsked {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Arc<Lock>,
    },
    /// So many ask for it already that no more requests are kept.
    #[error("too many people ask for {file} already")]
    Crowded {
        /// Which file.
        file: FileName,
        /// The lock that stands.
        lock: Arc<Lock>,
    },
    /// The reason is missing.
    #[error("a reason is needed")]
    NoReason {
        /// Which file.
        file: FileName,
    },
}

impl Refusal {
    /// Which file was asked for.
    pub fn file(&self) -> &FileName {
        match self {
            Self::Held { file, .. }
            | Self::Guarded { file, .. }
            | Self::NotHeld { file }
            | Self::NotYours { file, .. }
            | Self::OldToken { file, .. }
            | Self::Alive { file, .. }
            | Self::Yours { file, .. }
            | Self::NotWaiting { file, .. }
            | Self::NotAsked { file, .. }
            | Self::Crowded { file, .. }
            | Self::NoReason { file } => file,
        }
    }
}

/// What kind of answer the share gave; the rest is in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShareErrorKind {
    /// There is no such file or folder (or the client remembers that there was none).
    NotFound,
    /// The name is taken.
    Exists,
    /// Somebody has it open or locked; worth trying again.
    Busy,
    /// No permission.
    Denied,
    /// The disk or the quota is full.
    Full,
    /// Mounted or set read-only.
    ReadOnly,
    /// Longer than what may be read here.
    TooLarge,
    /// The share cannot do this at all.
    Unsupported,
    /// Anything else, time-outs and lost connections among it: whether it was done is not known.
    Unknown,
}

/// What the share answered, to what, about which file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot {action} {path}: {cause}")]
pub struct ShareError {
    /// Read, list, create, publish, …
    pub action: &'static str,
    /// The whole path.
    pub path: Box<str>,
    /// What kind of answer it was.
    pub kind: ShareErrorKind,
    /// The system's own words.
    pub cause: Box<str>,
}

impl ShareError {
    /// That the folder `path` is no repository, although it was one before: what it lies on is away.
    pub fn vanished(path: &str) -> Self {
        Self {
            action: "find",
            path: format!("{path}/{OWN_FOLDER}").into(),
            // Nothing that is missed below it says anything about the files.
            kind: ShareErrorKind::Unknown,
            cause: "it was there before; is the share connected?".into(),
        }
    }
}

/// Why the lock table could not be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The share does not answer as it should.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The log has a gap, or a commit that does not parse. The table is read-only until a person mends it.
    #[error("the lock table is damaged: {path}: {problem}")]
    Damaged {
        /// The file that is wrong.
        path: Box<str>,
        /// What is wrong with it.
        problem: Box<str>,
    },
    /// The folder was initialised, and its log is gone.
    #[error("{path} was a repository, but its log is missing")]
    Lost {
        /// The folder that should hold the log.
        path: Box<str>,
    },
    /// There is no repository here.
    #[error("{path} is not a camctl repository")]
    NoRepository {
        /// The folder.
        path: Box<str>,
    },
    /// Written by a newer version.
    #[error("{path} has format {found}; this camctl writes {known}: a newer version is needed")]
    Newer {
        /// The file that says so.
        path: Box<str>,
        /// Its format.
        found: u32,
        /// The newest that this version writes.
        known: u32,
    },
    /// `repo.toml` is wrong.
    #[error("{path}, line {line}: {problem}")]
    Policy {
        /// The whole path of `repo.toml`.
        path: Box<str>,
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        problem: Box<str>,
    },
    /// A commit was sent, and whether it was applied is not known yet. It goes on being settled.
    #[error("whether commit {n} was written to {path} is not known yet; it is being settled")]
    Unsettled {
        /// The number it was sent under.
        n: u64,
        /// The file.
        path: Box<str>,
    },
    /// The share offers no creation that only one of two can win.
    #[error("{path} is on a file system ({kind}) where two machines can create the same file: {problem}")]
    NotExclusive {
        /// The folder.
        path: Box<str>,
        /// The file system's name.
        kind: Box<str>,
        /// What was tried.
        problem: Box<str>,
    },
    /// Others were faster again and again, until the time was up.
    #[error("other machines changed {path} {attempts} times while this change was tried")]
    Contended {
        /// The log's folder.
        path: Box<str>,
        /// How often it was tried.
        attempts: u32,
    },
}

impl StoreError {
    /// Whether the same call may succeed later without anybody mending anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Share(error) => !matches!(
                error.kind,
                ShareErrorKind::Denied | ShareErrorKind::ReadOnly | ShareErrorKind::Unsupported
            ),
            Self::Unsettled { .. } | Self::Contended { .. } => true,
            Self::Damaged { .. }
            | Self::Lost { .. }
            | Self::NoRepository { .. }
            | Self::Newer { .. }
            | Self::Policy { .. }
            | Self::NotExclusive { .. } => false,
        }
    }
}
