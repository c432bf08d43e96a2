//! What a person is told: typed; words are found behind the seam.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{Ended, FileName, Owner, Token};

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
    /// A file that one was refused, or asked to be told about, is free.
    Free {
        /// Which file.
        file: FileName,
        /// The lock that ended.
        was: Ended,
        /// Who ended it.
        by: Arc<Owner>,
    },
    /// One waited in line for it, with no program waiting along, and has it now.
    Yours {
        /// Which file.
        file: FileName,
        /// One's lock.
        token: Option<Token>,
        /// The lock that ended, where that is known.
        was: Option<Ended>,
    },
    /// One waited in line for it, and does so no longer, because it cannot be had.
    OutOfLine {
        /// Which file.
        file: FileName,
        /// Why.
        why: String,
    },
    /// Somebody needs a file that one holds.
    Asked {
        /// Which file.
        file: FileName,
        /// One's lock.
        token: Option<Token>,
        /// Who needs it.
        from: Arc<Owner>,
        /// When they asked, by their clock; with `from` it names the question.
        at: Timestamp,
        /// Why.
        message: Box<str>,
        /// A program of one's own needs it: it cannot be given back before that has ended.
        guarded: bool,
    },
    /// The owner of a file that one needs has answered.
    Answered {
        /// Which file.
        file: FileName,
        /// Who has it.
        by: Arc<Owner>,
        /// What was said.
        answer: Box<str>,
    },
    /// A lease of one's own is about to end.
    Ending {
        /// Which file.
        file: FileName,
        /// One's lock.
        token: Option<Token>,
        /// When, by one's own clock.
        at: Timestamp,
        /// How long it lasts when it is renewed.
        lease: Duration,
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
    /// One seems to have forgotten this: it will be given back.
    Forgotten {
        /// Which file.
        file: FileName,
        /// One's lock.
        token: Option<Token>,
        /// For how long one has touched neither keyboard nor mouse, at least.
        untouched: Duration,
        /// When it is given back.
        left: Duration,
    },
    /// What one has forgotten was given back.
    GivenBack {
        /// Which file.
        file: FileName,
    },
    /// The day ends, and one still holds this.
    StillHeld {
        /// Which file.
        file: FileName,
        /// One's lock.
        token: Option<Token>,
        /// Since when.
        since: Timestamp,
    },
}
