//! What is said of repositories and of the agent itself.

use serde::{Deserialize, Serialize};

/// A repository that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initialised {
    /// Its folder.
    pub folder: String,
    /// It was a repository already, and nothing was changed.
    pub existed: bool,
    /// Locks taken over from an older tool's `locks.json`.
    pub adopted: u64,
    /// How names are created exclusively here: "hard link", "move without replacing".
    pub exclusive: String,
    /// Whether names differ by case.
    pub case: String,
    /// The file system's name.
    pub file_system: String,
    /// What is odd about it; each a sentence.
    pub warnings: Vec<String>,
}

/// About the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentReport {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// Its protocol.
    pub protocol: u32,
    /// For whom it works.
    pub user: String,
    /// Where.
    pub machine: String,
    /// Its session.
    pub session: String,
    /// Since when it runs.
    pub started_us: i64,
    /// Where its log is.
    pub log: String,
    /// What it looks after.
    pub repositories: Vec<RepositoryReport>,
}

/// About one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryReport {
    /// Its folder.
    pub folder: String,
    /// "ok", "away", "damaged", "unsafe".
    pub state: String,
    /// Why it is not ok.
    pub problem: Option<String>,
    /// The newest commit that the agent has seen.
    pub commit: u64,
    /// Locks in the table.
    pub locks: u64,
    /// Of them mine.
    pub mine: u64,
    /// Since the share last answered.
    pub answered_ms_ago: Option<u64>,
}

/// One thing that `doctor` looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where: a folder, or "agent".
    pub place: String,
    /// What was looked at.
    pub what: String,
    /// "ok", "warning", "error", "mended".
    pub grade: String,
    /// What was found.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}
