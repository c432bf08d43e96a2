//! What a click or a button asks for. It names what the person saw, never a position: menus change under the mouse.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{FileName, Owner, Said, Token};

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The repository's folder.
    pub folder: String,
    /// Which file.
    pub file: FileName,
}

/// A lock of one's own, as it stood when it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// On which file.
    pub place: Place,
    /// Which lock; nothing is done to another one.
    pub token: Option<Token>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Give these back: these locks, and no others.
    Checkin(Vec<Held>),
    /// Keep these, although nobody seems to use them.
    Keep(Vec<Held>),
    /// Take it.
    Checkout(Place),
    /// Get into line for it.
    Wait(Place),
    /// Leave the line, and do not be told.
    Leave(Place),
    /// Ask its owner for it.
    Ask(Place),
    /// Renew this lease, for as long again.
    Renew {
        /// Which.
        held: Held,
        /// How long it lasts.
        lease: Duration,
    },
    /// Answer somebody who asked.
    Answer {
        /// For which lock.
        held: Held,
        /// Who asked.
        from: Arc<Owner>,
        /// When, by their clock.
        at: Timestamp,
        /// What is said.
        said: Said,
    },
    /// Show the folder in the system's file manager: a file's, or the repository's.
    Open {
        /// The repository's folder.
        folder: String,
        /// Which file.
        file: Option<FileName>,
    },
    /// Show no notifications for an hour.
    Pause,
    /// Show them again.
    Resume,
    /// Stop the agent.
    Quit,
}
