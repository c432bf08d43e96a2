//! Why the agent could not do what was asked, typed; turned into the protocol's faults in `wire`.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::{Ended, Lock, NameError, Owner, Refusal, ShareError, StoreError};
use thiserror::Error;

/// Why one file of a request, or a request as a whole, failed.
#[derive(Debug, Clone, Error)]
pub enum Problem {
    /// The rules said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// One's own lock was ended by somebody else.
    #[error("the lock was {} by {by}", ended.how.as_str())]
    Lost {
        /// How it ended.
        ended: Ended,
        /// By whom.
        by: Arc<Owner>,
        /// The lock that stands now.
        lock: Option<Arc<Lock>>,
    },
    /// The name cannot be a file of the repository.
    #[error("the name cannot be used: {0}")]
    Name(#[from] NameError),
    /// There is no such file.
    #[error("there is no such file")]
    NoSuchFile,
    /// It is a folder, or something else that is no file.
    #[error("it is not a file")]
    NotAFile,
    /// No folder above the path is a repository.
    #[error("{path} is in no repository")]
    NoRepository {
        /// What was looked at.
        path: String,
    },
    /// The share answered badly.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The table could not be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The share did not answer in time.
    #[error("{folder} has not answered for {waited:?}")]
    NoAnswer {
        /// The repository's folder, or the path that was looked for.
        folder: String,
        /// How long it was waited for.
        waited: Duration,
        /// It was sent already: whether it was done is being settled.
        unsettled: bool,
    },
    /// The time that the asker gave is up.
    #[error("the time is up")]
    TimedOut {
        /// The lock that still stands.
        lock: Option<Arc<Lock>>,
        /// How long one waited.
        waited: Duration,
    },
    /// The request makes no sense, or is too large.
    #[error("{0}")]
    BadRequest(String),
    /// The folder cannot be made a repository.
    #[error("{0}")]
    CannotInit(String),
    /// So many requests wait for this share that no more are taken.
    #[error("too many requests wait for {folder}")]
    TooBusy {
        /// The repository's folder.
        folder: String,
    },
    /// A file outside the repository cannot be read or written.
    #[error("{0}")]
    Elsewhere(String),
    /// A file was changed while it was read, again and again.
    #[error("it changed while it was read")]
    Changing {
        /// Which, when it is not the repository's file.
        path: Option<String>,
    },
    /// A program has the file open.
    #[error("{0}")]
    InUse(String),
    /// The share failed in the middle: the file's name stands for nothing now.
    #[error("{problem}; its old content is {old}")]
    Torn {
        /// What was tried.
        problem: String,
        /// Where its old content is.
        old: String,
    },
    /// Nobody waited any more; whoever comes later begins anew.
    #[error("nobody waited for it any more")]
    Cancelled,
    /// There is a table, and no folder.
    #[error("this repository has no folder")]
    NoFiles,
    /// The agent is stopping.
    #[error("the agent is stopping")]
    Stopping,
    /// Something that should not happen.
    #[error("{0}")]
    Internal(String),
}

impl Problem {
    /// Whether the same may succeed later without anybody mending anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused(Refusal::Held { .. } | Refusal::Guarded { .. })
            | Self::NoAnswer { .. }
            | Self::TooBusy { .. } => true,
            Self::Store(error) => error.is_passing(),
            Self::Share(error) => StoreError::Share(error.clone()).is_passing(),
            _ => false,
        }
    }
}
