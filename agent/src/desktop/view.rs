//! How things stand, for a tray.

use std::sync::Arc;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{FileName, Owner, Token};

/// How things stand.
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
    /// One's locks are not known to stand: signs of life do not get through.
    pub is_unsafe: bool,
    /// What one holds, by name.
    pub mine: Vec<Mine>,
    /// What one waits for, by name.
    pub awaited: Vec<Awaited>,
    /// What others asked of one and was not answered yet, oldest first.
    pub questions: Vec<Question>,
}

/// A file that one holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mine {
    /// Which file.
    pub file: FileName,
    /// The lock; a click names it, and does nothing when it is another one by then.
    pub token: Option<Token>,
    /// Since when.
    pub since: Timestamp,
}

/// A file that one waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Which file.
    pub file: FileName,
    /// One's place in line, counted from 1; `None` for whoever is only told when it is free.
    pub place: Option<usize>,
    /// Who has it; `None` when it is free.
    pub holder: Option<Arc<Owner>>,
}

/// Somebody needs a file that one holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which file.
    pub file: FileName,
    /// One's lock.
    pub token: Option<Token>,
    /// Who needs it.
    pub from: Arc<Owner>,
    /// When they asked, by their clock; with `from` it names the question.
    pub at: Timestamp,
    /// Why.
    pub message: Box<str>,
    /// A program of one's own needs it: it cannot be given back before that has ended.
    pub guarded: bool,
}
