//! Local state on local disk: private folders, and files that are replaced whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::platform;

/// Why a local file or folder could not be made; never about the shared folder.
#[derive(Debug, Error)]
pub enum LocalError {
    /// The system said no.
    #[error("cannot {action} {}: {cause}", path.display())]
    Io {
        /// Create, write, rename, …
        action: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// The system's own words.
        #[source]
        cause: io::Error,
    },
    /// What stands there is no folder (a link to one is not enough: whoever made it could turn it elsewhere).
    #[error("{} is not a folder; remove it, or set CAMCTL_HOME", path.display())]
    NotAFolder {
        /// What stands there.
        path: PathBuf,
    },
    /// The folder belongs to somebody else, who could listen in or stand in for the agent.
    #[error("{} belongs to another user (uid {owner}); remove it, or set CAMCTL_HOME", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
}

impl LocalError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io {
            action,
            path: path.to_owned(),
            cause,
        }
    }
}

/// Makes a folder for this user alone (0700 on Unix; on Windows it inherits from the user's profile), with the
/// folders above it. One that exists must be this user's own; its mode is mended.
///
/// Only for local state: on the share, a folder that is missing is missing for a reason.
///
/// # Errors
/// See [`LocalError`]; [`LocalError::NotOurs`] when somebody else was there first.
pub fn make_private_dir(path: &Path) -> Result<(), LocalError> {
    platform::make_private_dir(path)
}

/// Replaces a small file of local state whole: after a crash at any instruction it has the old content or the new one,
/// and after the return it has the new one for good. On Unix it is readable by this user alone.
///
/// # Errors
/// See [`LocalError`]; the file then has its old content.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), LocalError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", crate::random::uuid().simple()));
    let temporary = folder.join(name);
    let written = write_new(&temporary, content)
        .and_then(|()| platform::rename_over(&temporary, path).map_err(LocalError::io("replace", path)));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    platform::sync_folder(folder).map_err(LocalError::io("write", folder))
}

fn write_new(path: &Path, content: &[u8]) -> Result<(), LocalError> {
    let write = |mut file: File| {
        file.write_all(content)?;
        file.sync_all()
    };
    platform::create_private(path)
        .and_then(write)
        .map_err(LocalError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        for content in ["{}", "longer than before", ""] {
            replace_file(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_replaced_stays_and_the_error_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "").unwrap();
        let error = replace_file(&path, b"x").unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "the temporary file is gone"
        );
        let error = replace_file(&folder.path().join("none/x"), b"x").unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }

    #[test]
    fn a_private_folder_is_made_with_its_parents_and_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c");
        make_private_dir(&path).unwrap();
        make_private_dir(&path).unwrap();
        assert!(path.is_dir());
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let error = make_private_dir(&path).unwrap_err();
        assert!(matches!(error, LocalError::NotAFolder { .. }), "{error}");
        assert!(make_private_dir(&path.join("below")).is_err());
    }
}
