//! File locks, through `fs2`: the only file that knows it (the crate is no longer developed).
//!
//! They are a courtesy between writers. Some mounts grant them to everybody, some keep those of dead machines for
//! minutes; nothing is decided from them.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use fs2::FileExt;

use super::Held;

/// A lock that is held; given back when dropped.
struct Locked(File);

impl Held for Locked {}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing gives it back too, but an SMB client may put that off for a second.
        let _ = FileExt::unlock(&self.0);
    }
}

/// Tries to lock the file, which is made when it is missing; `made` is told of the new file. `None`: somebody has it.
///
/// The file is opened anew each time, although a kept handle would save a few microseconds: the handle would
/// outlive a mutex file that was deleted, keep the folder from being renamed on SMB, and the disk from being
/// unmounted.
pub(super) fn try_lock(path: &Path, made: impl FnOnce(&File)) -> io::Result<Option<Box<dyn Held>>> {
    let mut options = OpenOptions::new();
    // Writing, because NFS gives exclusive locks only to those who may write.
    options.read(true).write(true);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = options.create(true).truncate(false).open(path)?;
            made(&file);
            file
        }
        opened => opened?,
    };
    match FileExt::try_lock_exclusive(&file) {
        Ok(()) => Ok(Some(Box::new(Locked(file)))),
        Err(error) if means_busy(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Busy is EAGAIN on disks and NFS, EACCES on SMB, and a violation on Windows.
fn means_busy(error: &io::Error) -> bool {
    error.raw_os_error() == fs2::lock_contended_error().raw_os_error()
        || matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::PermissionDenied
        )
}
