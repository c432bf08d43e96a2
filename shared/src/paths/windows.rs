//! Local state on Windows: it lies in the user's profile and inherits that folder's access rights.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::LocalError;

/// Named pipes have no paths, so nothing is ever kept there; only the kernel lock of a user without a profile.
pub(super) fn temporary() -> (PathBuf, String) {
    (std::env::temp_dir(), "run".into())
}

/// The system has none; the profile's local folder serves.
pub(super) fn runtime_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "camctl").map(|project| project.data_local_dir().join("runtime"))
}

pub(super) fn make_private_dir(path: &Path) -> Result<(), LocalError> {
    let created = DirBuilder::new().recursive(true).create(path);
    match (fs::metadata(path), created) {
        (Ok(meta), _) if meta.is_dir() => Ok(()),
        (Ok(_), _) => Err(LocalError::NotAFolder {
            path: path.to_owned(),
        }),
        (Err(_), Err(cause)) | (Err(cause), Ok(())) => Err(LocalError::io("create", path)(cause)),
    }
}

pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Renames over a file that may be open for a moment, in a virus scanner or another reader of ours: errors 5 (access
/// denied), 32 (sharing violation) and 33 (lock violation) are tried again for two seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "local state; std replaces with MoveFileExW"
)]
pub(super) fn rename_over(from: &Path, to: &Path) -> io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(20);
    for _ in 0..100 {
        match fs::rename(from, to) {
            Err(error) if matches!(error.raw_os_error(), Some(5 | 32 | 33)) && !to.is_dir() => {
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
    fs::rename(from, to)
}

/// Windows cannot open a folder for that, and logs its renames itself.
#[expect(clippy::unnecessary_wraps, reason = "the other system's can fail")]
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
