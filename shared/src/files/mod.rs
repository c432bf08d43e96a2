//! The repository's files: which there are ([`walk()`]), how they stand with the lock table ([`status`]), and their
//! contents ([`get`], [`put`]).
//!
//! A walk asks the share and takes as long as the share does, and so does a copy; [`status`] is pure, so that a list can be
//! made again from a kept walk whenever the table changes. Never here: a decision about a lock.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{FileName, Lock, Owner};

pub mod copy;
pub mod get;
pub mod leftovers;
pub mod put;
pub mod versions;
mod walk;

pub use walk::{Scope, Skipped, Walk, WalkError, walk};

/// One file of the repository, as the share showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name in the repository.
    pub name: FileName,
    /// Bytes.
    pub size: u64,
    /// The last change, by the share's clock.
    pub modified: Option<Timestamp>,
}

/// Which files of a list are wanted, by their locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which<'a> {
    /// All.
    #[default]
    All,
    /// Those that somebody holds.
    Locked,
    /// Those that nobody holds.
    Free,
    /// Those that this user holds at this machine.
    Mine(&'a Owner),
}

/// Which files of a list are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// By their locks.
    pub which: Which<'a>,
    /// Only those below this folder; `None`: the whole repository. Must have the table's case rule.
    pub folder: Option<&'a FileName>,
    /// Only those with these extensions, in any case, without the dot; empty: all, so that no lock is ever hidden.
    pub extensions: &'a [String],
}

/// How one file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status<'a> {
    /// Its name in the repository.
    pub name: &'a FileName,
    /// The file, when the walk met it. `None`: it is gone, or the walk did not look for such files, and only its
    /// lock is known.
    pub found: Option<&'a Found>,
    /// Its lock.
    pub lock: Option<&'a Arc<Lock>>,
}

/// Pairs the files of a walk with the locks of a table, ordered by name; locks without a file are in it too.
///
/// `files` must be sorted by name, as [`walk()`] returns them, and have the same case rule as the table.
pub fn status<'a>(
    files: &'a [Found],
    locks: &'a BTreeMap<FileName, Arc<Lock>>,
    selection: Selection<'a>,
) -> impl Iterator<Item = Status<'a>> {
    debug_assert!(
        files.is_sorted_by(|a, b| a.name <= b.name),
        "files come sorted from a walk"
    );
    let mut files = below(files, selection.folder).iter().peekable();
    let mut locks = locks
        .iter()
        .filter(move |(name, _)| is_below(name, selection.folder))
        .peekable();
    let both = iter::from_fn(move || {
        let order = match (files.peek(), locks.peek()) {
            (Some(file), Some((name, _))) => file.name.cmp(name),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let found = if order.is_le() { files.next() } else { None };
        let lock = if order.is_ge() { locks.next() } else { None };
        // The spelling on the disk goes before the one that was checked out.
        let name = found.map(|file| &file.name).or(lock.map(|(name, _)| name))?;
        Some(Status {
            name,
            found,
            lock: lock.map(|(_, lock)| lock),
        })
    });
    both.filter(move |status| selection.wants(status))
}

impl Selection<'_> {
    fn wants(&self, status: &Status<'_>) -> bool {
        let by_lock = match self.which {
            Which::All => true,
            Which::Locked => status.lock.is_some(),
            Which::Free => status.lock.is_none(),
            Which::Mine(me) => status.lock.is_some_and(|lock| lock.owner.same_desk(me)),
        };
        by_lock && (self.extensions.is_empty() || status.name.has_extension(self.extensions))
    }
}

/// The part of a sorted list that lies below `folder`.
fn below<'a>(files: &'a [Found], folder: Option<&FileName>) -> &'a [Found] {
    let Some(folder) = folder else { return files };
    let prefix = format!("{}/", folder.key());
    let start = files.partition_point(|file| file.name.key() < prefix.as_str());
    let rest = &files[start..];
    &rest[..rest.partition_point(|file| file.name.key().starts_with(&prefix))]
}

fn is_below(name: &FileName, folder: Option<&FileName>) -> bool {
    folder.is_none_or(|folder| {
        name.key()
            .strip_prefix(folder.key())
            .is_some_and(|rest| rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests;
