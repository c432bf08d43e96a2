//! The seam to the person's desktop: telling something, and showing how things stand.
//!
//! Everything above speaks to [`Desktop`] in typed notices; how they are worded and shown is decided behind it.
//! Never here: a decision about locks, or anything that waits. Both calls return at once.

use std::sync::Arc;

use camctl_shared::model::{Ended, FileName, Owner};

#[cfg(test)]
pub mod fake;

/// Something that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The repository's folder.
    pub folder: String,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// One's own lock was ended by somebody else: broken, forced, expired, or released from another machine.
    LockEnded {
        /// Which file.
        file: FileName,
        /// How and why.
        ended: Ended,
        /// By whom.
        by: Arc<Owner>,
    },
    /// A lock that one held is gone, and nothing says how it ended.
    LockGone {
        /// Which file.
        file: FileName,
        /// Who has it now.
        holder: Option<Arc<Owner>>,
    },
    /// A checkout was granted after whoever asked for it had given up; the lock is held.
    GrantedLate {
        /// Which file.
        file: FileName,
    },
    /// Heartbeats have failed for so long that others may soon take one's locks for stale.
    Unsafe {
        /// How many locks are concerned.
        locks: usize,
    },
    /// One's locks are known to stand again.
    SafeAgain {
        /// How many locks are concerned.
        locks: usize,
    },
    /// The share cannot be reached.
    Away {
        /// Why.
        cause: String,
    },
    /// It can be reached again.
    Back,
    /// A remark of the store ("locks.json was edited by hand …").
    Remark(String),
}

/// How things stand, for a tray.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// One for each repository.
    pub repositories: Vec<RepositoryView>,
}

/// How one repository stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RepositoryView {
    /// Its folder.
    pub folder: String,
    /// Why it is not well; `None` when it is.
    pub problem: Option<String>,
    /// What one holds, with tokens: a click names both.
    pub mine: Vec<(FileName, Option<u64>)>,
}

/// Tells the person, shows the state.
pub trait Desktop: Send + Sync {
    /// Tells the person something, once.
    fn tell(&self, notice: Notice);
    /// Shows how things stand from now on.
    fn show(&self, view: &View);
}

/// No desktop: what would be told is logged.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDesktop;

impl Desktop for NoDesktop {
    fn tell(&self, notice: Notice) {
        let Notice { folder, what } = notice;
        match what {
            What::LockEnded { file, ended, by } => {
                tracing::warn!(%folder, %file, how = ended.how.as_str(), %by, "one of our locks was ended");
            }
            What::LockGone { file, .. } => tracing::warn!(%folder, %file, "one of our locks is gone"),
            What::GrantedLate { file } => tracing::warn!(%folder, %file, "granted after the asker had left"),
            What::Unsafe { locks } => tracing::warn!(%folder, locks, "our locks are no longer safe"),
            What::SafeAgain { locks } => tracing::info!(%folder, locks, "our locks stand"),
            What::Away { cause } => tracing::warn!(%folder, %cause, "the share is away"),
            What::Back => tracing::info!(%folder, "the share is back"),
            What::Remark(text) => tracing::warn!(%folder, "{text}"),
        }
    }

    fn show(&self, view: &View) {
        let held: usize = view.repositories.iter().map(|one| one.mine.len()).sum();
        tracing::debug!(repositories = view.repositories.len(), held, "state");
    }
}
