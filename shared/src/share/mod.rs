//! The only code that touches the shared folder.
//!
//! A [`Share`] is a handful of operations with exactly the guarantees that were measured on real mounts
//! (SMB 3.1.1, NFS 3 and 4.2, local disks), and no others. Everything above trusts three of them: what [`Share::write_new`]
//! returned from is on the disk; of two [`Share::publish`] of one name exactly one wins; what
//! [`Share::overwrite`] wrote is seen at the next [`Share::read`].
//!
//! Never here: a decision about locks. Never anywhere else: `std::fs` on the share.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{ShareError, ShareErrorKind};

mod content;
mod disk;
mod find;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
mod lock;
#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

mod probe;
mod retry;
#[cfg(test)]
mod tests;

pub use content::{Reading, Writing};
pub use disk::DiskShare;
pub use find::{Root, find_root};
pub use probe::{Probe, probe};

/// The answer of a share.
pub type Result<T, E = ShareError> = std::result::Result<T, E>;

/// What a name on the share is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, or something else that is followed by nobody.
    Other,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The last part of its path; names that are not Unicode are shown with replacement characters.
    pub name: String,
    /// What it is.
    pub what: What,
}

/// What a share says of a file. On network mounts it may be a second (SMB) or some seconds (NFS) old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// What it is.
    pub what: What,
    /// Bytes.
    pub size: u64,
    /// The time of the last change, by whatever clock the share uses; compared only with itself.
    pub modified: Option<Timestamp>,
}

/// What became of an attempt to create a name that did not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The name is ours.
    Won,
    /// The name is taken; by whom, its content says. It may be ours, from an attempt whose reply was lost.
    Taken,
    /// The folder is gone: it was pruned while this client slept.
    NoFolder,
    /// This attempt certainly did nothing: no permission, no space, a read-only disk. It says nothing about an earlier
    /// attempt with the same content that ended [`Published::Unknown`]: that one goes on being settled.
    Refused(ShareError),
    /// Whether it was done is not known.
    Unknown(ShareError),
}

/// The file system a share lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// Its name as the system gives it: "ext4", "nfs4", "cifs", "fuse.sshfs", "NTFS".
    pub name: Box<str>,
    /// Whether it is known to lie on a disk of this machine. Unknown file systems count as networks: what is safe
    /// on a network is safe on a disk too.
    pub local: bool,
    /// How it was mounted, comma-separated; empty where the system does not say, and for most local ones.
    pub options: Box<str>,
}

/// Is told what [`Share::scan`] meets.
pub trait Visit {
    /// A name, with what it is; whether its [`Meta`] is wanted.
    fn name(&mut self, name: &str, what: What) -> bool;

    /// What was wanted. `name` is the one that [`Visit::name`] was told last.
    fn meta(&mut self, name: &str, meta: Meta);

    /// A name that cannot be looked at: not Unicode (shown with replacement characters), or the share refused.
    fn failed(&mut self, name: &str, why: &str);

    /// Whether to stop before the next name; asked for each.
    fn stop(&mut self) -> bool {
        false
    }
}

/// A file lock that is held as long as this lives. A courtesy between writers; nothing is decided from it.
pub trait Held: Send {}

/// Where a repository lies, and how it is talked to.
///
/// All paths are relative to the repository's folder, with `/` between their parts. Every call may block for as
/// long as the network file system does: they are made on a thread of their own.
pub trait Share: Send + Sync {
    /// The whole path of `path`, for messages.
    fn show(&self, path: &str) -> String;

    /// The repository's folder.
    fn root(&self) -> &Path;

    /// Reads a whole file of at most `limit` bytes, through a fresh open.
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>>;

    /// The names in a folder, unordered.
    fn list(&self, folder: &str) -> Result<Vec<Entry>>;

    /// What the share says of a name; links are not followed.
    fn stat(&self, path: &str) -> Result<Meta>;

    /// Goes through a folder once and tells `visit` of every name, unordered; what disappears on the way is left out.
    ///
    /// # Errors
    /// Only when the folder itself cannot be read to its end; single names fail by [`Visit::failed`].
    fn scan(&self, folder: &str, visit: &mut dyn Visit) -> Result<()> {
        for entry in self.list(folder)? {
            if visit.stop() {
                break;
            }
            if !visit.name(&entry.name, entry.what) {
                continue;
            }
            let path = if folder.is_empty() {
                entry.name.clone()
            } else {
                format!("{folder}/{}", entry.name)
            };
            match self.stat(&path) {
                Ok(meta) => visit.meta(&entry.name, meta),
                Err(error) if error.kind == ShareErrorKind::NotFound => {}
                Err(error) => visit.failed(&entry.name, &error.cause),
            }
        }
        Ok(())
    }

    /// Creates a file that did not exist, writes `content` and syncs it to the disk.
    fn write_new(&self, path: &str, content: &[u8]) -> Result<()>;

    /// Gives the file `temporary` the name `path` too, only if that name does not exist.
    /// Of two that try, exactly one wins. `temporary` may be gone afterwards or not.
    fn publish(&self, temporary: &str, path: &str) -> Published;

    /// Makes the names in `folder` durable; does nothing where the system has no such call.
    fn sync_folder(&self, folder: &str) -> Result<()>;

    /// Writes `content` at the start of `path` in one write, without truncating first, creating the file when it is
    /// missing. A longer file keeps its tail: pad.
    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()>;

    /// Puts a new file with `content` in the place of `path`, in one step; readers see the old content or the new.
    /// Not synced: for what can be rebuilt. [`ShareErrorKind::Unsupported`] but where [`Share::is_local`] holds.
    fn replace(&self, path: &str, content: &[u8]) -> Result<()>;

    /// Creates one folder; its parent must exist. [`crate::model::ShareErrorKind::Exists`] when it is there.
    fn make_folder(&self, path: &str) -> Result<()>;

    /// Removes a file.
    fn remove(&self, path: &str) -> Result<()>;

    /// Removes an empty folder. One that is not empty is [`ShareErrorKind::Busy`].
    fn remove_folder(&self, path: &str) -> Result<()>;

    /// Moves `from` to `to`, which must not exist. For pruning and for setting aside; never for publishing.
    fn set_aside(&self, from: &str, to: &str) -> Result<()>;

    /// Tries to lock `path` for writers; `None` when somebody else has it. Creates the file.
    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>>;

    /// Whether other machines cannot reach this folder, so that events work and renaming over files is safe.
    fn is_local(&self) -> bool;

    /// The file system that the folder lies on.
    fn file_system(&self) -> &FileSystem;

    /// How many bytes this user may still write; `None` when the share does not say.
    fn free_space(&self) -> Result<Option<u64>>;

    /// Opens a file to be read piece by piece, through a fresh open.
    fn open(&self, path: &str) -> Result<Box<dyn Reading>> {
        Err(unsupported(self, "open", path))
    }

    /// Creates a file that did not exist, to be written piece by piece; whoever may use the file `like` may use it the
    /// same way.
    fn create(&self, path: &str, _like: Option<&str>) -> Result<Box<dyn Writing>> {
        Err(unsupported(self, "create", path))
    }

    /// Gives the file `from` a second name `to`, which must not exist. [`ShareErrorKind::Unsupported`] where files have
    /// one name only.
    fn link(&self, from: &str, _to: &str) -> Result<()> {
        Err(unsupported(self, "link", from))
    }

    /// Whether [`Share::put_over`] is one step here, and harms nothing when somebody has the old file open.
    fn puts_over(&self) -> bool {
        false
    }

    /// Gives the file `from` the name `to` instead of its own, in the place of what has that name; in one step, as seen
    /// by everybody. [`ShareErrorKind::Unsupported`] but where [`Share::puts_over`] holds: Linux clients of SMB delete
    /// the old file when somebody has it open, and then fail.
    fn put_over(&self, from: &str, _to: &str) -> Result<()> {
        Err(unsupported(self, "replace", from))
    }

    /// Where the file or folder `path` really is, relative to the repository, once all links are followed;
    /// `None` when that is outside. For names that do not exist: `NotFound`.
    fn resolve(&self, path: &str) -> Result<Option<String>>;
}

fn unsupported<S: Share + ?Sized>(share: &S, action: &'static str, path: &str) -> ShareError {
    ShareError {
        action,
        path: share.show(path).into(),
        kind: ShareErrorKind::Unsupported,
        cause: "this share cannot do that".into(),
    }
}

/// How long an operation that a scanner or another client blocks for a moment is tried again.
pub const BUSY_LIMIT: Duration = Duration::from_secs(4);

/// How the names of camctl's own temporary files outside of `.camctl/` begin. They are in no list.
pub const TEMPORARY: &str = ".camctl-";
