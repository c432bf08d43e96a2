//! What file managers show: how files stand, and what can be done with them. All of it comes from the agent's memory.

use serde::{Deserialize, Serialize};

use super::LockInfo;

/// How one file stands, as far as the agent remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// As it was asked for.
    pub asked: String,
    /// The repository's folder; `None` when it lies in none that the agent knows.
    pub repository: Option<String>,
    /// Its name in the repository, with `/` between the parts; empty for the repository's own folder. A folder has one
    /// too: nobody looks whether it is a file.
    pub file: Option<String>,
    /// How it stands.
    pub state: FileState,
    /// Its lock.
    pub lock: Option<LockInfo>,
    /// What can be done with it, if that was asked for.
    pub menu: Vec<MenuEntry>,
}

/// How a file stands, for an emblem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileState {
    /// It is not known: no repository, one that was not read yet, or whose share is away.
    Unknown,
    /// Nobody holds it.
    Free,
    /// This user holds it, on this machine.
    Mine,
    /// Somebody else holds it, or this user on another machine.
    Theirs,
    /// The same, and this user waits for it here.
    Waiting,
}

/// One line of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuEntry {
    /// What is to be done: "checkout", "checkin", "wait", "leave", "ask", "notify", "who".
    pub command: String,
    /// What is shown.
    pub label: String,
    /// Whether it can be done with any of the files.
    pub enabled: bool,
    /// With which of them, by their places in the request, counted from 0.
    pub files: Vec<u32>,
}
