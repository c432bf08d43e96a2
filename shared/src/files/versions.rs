//! The earlier contents of a file, as `put` keeps them: `.camctl/versions/<file>/<number>-<time>.<extension>`.
//!
//! A number is given once for each file, by whoever has its lock; so the newest has the highest, whatever any clock says.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::copy::{CopyError, Target, copy};
use super::put::{PutError, folder_of};
use crate::model::{OWN_FOLDER, ShareError, ShareErrorKind as Kind};
use crate::share::{Share, What};

/// One earlier content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    number: u64,
    folder: String,
    name: String,
}

impl Version {
    /// The one that comes next; its folder is there afterwards.
    pub(super) fn next(share: &dyn Share, file: &str, now: Timestamp) -> Result<Self, PutError> {
        let folder = folder(file);
        let number = match all(share, file) {
            Ok(known) => known.last().map_or(1, |newest| newest.number + 1),
            Err(error) if error.kind == Kind::NotFound => {
                make_folders(share, &folder)?;
                1
            }
            Err(error) => return Err(error.into()),
        };
        let stamp = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
        let extension = file.rsplit_once('/').map_or(file, |(_, name)| name);
        let extension = extension.rsplit_once('.').map_or("", |(_, extension)| extension);
        let dot = if extension.is_empty() { "" } else { "." };
        Ok(Self {
            number,
            name: format!("{number:06}-{stamp}{dot}{extension}"),
            folder,
        })
    }

    /// Its path in the repository.
    pub fn path(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }

    /// Keeps what `file` holds now: as a second name of the same content, or where there are none as a copy.
    pub(super) fn keep(self, share: &dyn Share, file: &str) -> Result<String, PutError> {
        let path = self.path();
        match share.link(file, &path) {
            Ok(()) => {}
            Err(error) if error.kind == Kind::Unsupported => {
                let target = Target {
                    share,
                    path: &path,
                    like: Some(file),
                };
                let whole = &mut |_, _| std::ops::ControlFlow::Continue(());
                copy(share, file, target, whole).map_err(|error| match error {
                    CopyError::From(error) | CopyError::To(error) => PutError::Share(error),
                    other => PutError::Copy(other),
                })?;
            }
            Err(error) => return Err(error.into()),
        }
        // Its name must be on the disk before the old content loses its own.
        share.sync_folder(&self.folder)?;
        Ok(path)
    }
}

/// The earlier contents of `file`, oldest first.
///
/// # Errors
/// When the folder cannot be listed; `NotFound` when there never was one.
pub fn all(share: &dyn Share, file: &str) -> Result<Vec<Version>, ShareError> {
    let folder = folder(file);
    // A link would lead to somebody's own files, of which the oldest were removed.
    for part in parts(&folder) {
        if share.stat(part)?.what != What::Folder {
            return Err(ShareError {
                action: "keep old contents in",
                path: share.show(part).into(),
                kind: Kind::Denied,
                cause: "it is not a folder".into(),
            });
        }
    }
    let entries = share.list(&folder)?.into_iter();
    let mut versions: Vec<Version> = entries
        .filter(|entry| entry.what == What::File)
        .filter_map(|entry| {
            let number = entry.name.split_once('-')?.0.parse().ok()?;
            Some(Version {
                number,
                folder: folder.clone(),
                name: entry.name,
            })
        })
        .collect();
    versions.sort_unstable();
    Ok(versions)
}

/// Removes the oldest beyond `keep`. What cannot be removed now is tried again after the next.
pub(super) fn prune(share: &dyn Share, file: &str, keep: u32) {
    let Ok(versions) = all(share, file) else { return };
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let over = versions.len().saturating_sub(keep);
    for version in versions.iter().take(over) {
        let _ = share.remove(&version.path());
    }
}

pub(super) fn folder(file: &str) -> String {
    format!("{OWN_FOLDER}/versions/{file}")
}

/// A folder and those above it, the highest first.
fn parts(folder: &str) -> impl Iterator<Item = &str> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    ends.map(|end| &folder[..end])
}

/// Makes a folder and those above it, below camctl's own; durable from the top on.
fn make_folders(share: &dyn Share, folder: &str) -> Result<(), ShareError> {
    for path in parts(folder) {
        if path == OWN_FOLDER {
            continue;
        }
        match share.make_folder(path) {
            Ok(()) => share.sync_folder(folder_of(path))?,
            Err(error) if error.kind == Kind::Exists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
