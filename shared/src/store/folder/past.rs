//! Going through the log for its past, beside the store that keeps the table.
//!
//! It reads files that are never changed, under names that are known to exist, and writes nothing: so it may run on a
//! thread of its own while commits go on. What it meets on the way to be pruned is gone, and no error.

use std::sync::Arc;

use super::format::{self, Bad};
use super::{Result, layout, record};
use crate::model::{Case, Commit, ShareErrorKind, StoreError, Table};
use crate::share::{Share, What};

/// The longest commit that is read: as the store does.
const LONGEST: u64 = 256 << 20;

/// A reader of one repository's log.
pub struct Past {
    share: Arc<dyn Share>,
    size: u64,
    case: Case,
    owners: record::Owners,
}

impl Past {
    /// Begins with the oldest commit that there is, and the table after it. `None` when there is none (any more).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(share: Arc<dyn Share>) -> Result<Option<(Self, Commit, Table)>> {
        let mut folders: Vec<u64> = names(share.as_ref(), layout::LOG, What::Folder)?
            .iter()
            .filter_map(|name| layout::plain_number(name))
            .collect();
        folders.sort_unstable();
        let mut owners = record::Owners::default();
        for folder in folders {
            let first = names(share.as_ref(), &layout::log_folder(folder), What::File)?;
            let first = first.iter().filter_map(|name| layout::commit_number(name)).min();
            let Some(first) = first else { continue };
            let path = format!("{}/{first}.json", layout::log_folder(folder));
            let Some(read) = read(share.as_ref(), &path, None, &mut owners)? else {
                continue;
            };
            let Some((table, size)) = read.checkpoint else {
                let problem = "the first commit of this folder is missing";
                return Err(damaged(share.as_ref(), &path, problem));
            };
            let past = Self {
                size,
                case: table.case,
                owners,
                share,
            };
            return Ok(Some((past, read.commit, table)));
        }
        Ok(None)
    }

    /// Commit `n`, which was committed; `None` when it is not there any more.
    ///
    /// # Errors
    /// When it cannot be read, or is not what it should be.
    pub fn commit(&mut self, n: u64) -> Result<Option<Commit>> {
        let path = layout::commit(n, self.size);
        let read = read(self.share.as_ref(), &path, Some(self.case), &mut self.owners)?;
        match read {
            Some(read) if read.commit.n != n => {
                let problem = format!("it says that it is commit {}", read.commit.n);
                Err(damaged(self.share.as_ref(), &path, problem))
            }
            read => Ok(read.map(|read| read.commit)),
        }
    }
}

/// The names of one kind in a folder; none when the folder is not there (any more).
fn names(share: &dyn Share, folder: &str, what: What) -> Result<Vec<String>> {
    match share.list(folder) {
        Ok(entries) => Ok(entries
            .into_iter()
            .filter(|entry| entry.what == what)
            .map(|entry| entry.name)
            .collect()),
        Err(error) if error.kind == ShareErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn read(
    share: &dyn Share,
    path: &str,
    case: Option<Case>,
    owners: &mut record::Owners,
) -> Result<Option<format::Read>> {
    let bytes = match share.read(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind == ShareErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let read = format::decode(&bytes, case, owners);
    read.map(Some).map_err(|bad| match bad {
        Bad::Newer(found) => StoreError::Newer {
            path: share.show(path).into(),
            found,
            known: format::FORMAT,
        },
        Bad::Broken(problem) => damaged(share, path, problem),
    })
}

fn damaged(share: &dyn Share, path: &str, problem: impl Into<Box<str>>) -> StoreError {
    StoreError::Damaged {
        path: share.show(path).into(),
        problem: problem.into(),
    }
}
