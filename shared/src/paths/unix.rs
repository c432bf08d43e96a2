//! Local state on Unix: owners and modes.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::LocalError;

/// `/tmp` and the user's number. Not `$TMPDIR`: the agent and the command line may have been started with different
/// ones, and must find each other.
pub(super) fn temporary() -> (PathBuf, String) {
    ("/tmp".into(), geteuid().as_raw().to_string())
}

/// Where systemd puts `$XDG_RUNTIME_DIR`, for programs that were started without it (by cron, or by sudo).
pub(super) fn runtime_dir() -> Option<PathBuf> {
    let path = PathBuf::from(format!("/run/user/{}", geteuid().as_raw()));
    let meta = fs::symlink_metadata(&path).ok()?;
    let ours = meta.is_dir() && meta.uid() == geteuid().as_raw() && meta.mode() & 0o777 == 0o700;
    ours.then(|| path.join("camctl"))
}

pub(super) fn make_private_dir(path: &Path) -> Result<(), LocalError> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
    // Looked at without following links, and after the attempt: somebody may have been faster.
    let meta = match (fs::symlink_metadata(path), created) {
        (Ok(meta), _) => meta,
        (Err(_), Err(cause)) | (Err(cause), Ok(())) => {
            return Err(LocalError::io("create", path)(cause));
        }
    };
    if !meta.is_dir() {
        return Err(LocalError::NotAFolder {
            path: path.to_owned(),
        });
    }
    if meta.uid() != geteuid().as_raw() {
        return Err(LocalError::NotOurs {
            path: path.to_owned(),
            owner: meta.uid(),
        });
    }
    if meta.mode() & 0o7777 != 0o700 {
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(LocalError::io("protect", path))?;
    }
    Ok(())
}

pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "local state, where a rename replaces atomically"
)]
pub(super) fn rename_over(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Makes a rename last; without it, a crash may bring the old name back.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::make_private_dir;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn private_folders_are_private_and_open_ones_are_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        make_private_dir(&path).unwrap();
        assert_eq!((mode(&path), mode(&folder.path().join("a"))), (0o700, 0o700));
        fs::set_permissions(&path, Permissions::from_mode(0o1777)).unwrap();
        make_private_dir(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn a_link_is_not_a_private_folder() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let error = make_private_dir(&link).unwrap_err();
        assert!(matches!(error, LocalError::NotAFolder { .. }), "{error}");
    }

    #[test]
    fn somebody_elses_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("theirs");
        fs::create_dir(&path).unwrap();
        let ours = geteuid().as_raw();
        // Only root can give a folder away; for others, root's own folder is somebody else's.
        let path = match std::os::unix::fs::chown(&path, Some(ours + 1), None) {
            Ok(()) => path,
            Err(_) => PathBuf::from("/usr"),
        };
        let error = make_private_dir(&path).unwrap_err();
        assert!(matches!(error, LocalError::NotOurs { .. }), "{error}");
    }

    #[test]
    fn state_is_readable_by_its_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        crate::paths::replace_file(&path, b"{}").unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
