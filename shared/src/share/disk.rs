//! A share that the system shows as a folder: a local disk, an SMB or an NFS mount.
//!
//! Every path is opened anew by its whole name. A kept handle would spare little on disks, and on a network it would
//! read on in a file that was replaced, and pin a mount that went away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{
    Entry, FileSystem, Held, Meta, Published, Reading, Result, Share, Visit, What, Writing, content, lock,
    platform::{self, Sharing},
    retry,
};
use crate::model::{ShareError, ShareErrorKind as Kind};

/// How much of a file is read before anybody asks how long it is: a commit, `head` and a heartbeat fit.
const FIRST_READ: u64 = 8192;

/// A repository's folder, wherever the system finds it.
#[derive(Debug)]
pub struct DiskShare {
    root: PathBuf,
    file_system: FileSystem,
    local: bool,
    syncs_folders: bool,
    sharing: Sharing,
}

impl DiskShare {
    /// Opens the folder `root`, and learns what file system it lies on. Links on the way are followed once, here.
    ///
    /// # Errors
    /// When it is no folder, or cannot be reached.
    pub fn open(root: &Path) -> Result<Self> {
        let failed = |cause: &io::Error| failure("open", root, cause);
        let canonical = fs::canonicalize(root).map_err(|cause| failed(&cause))?;
        let is_folder = fs::metadata(&canonical).map_err(|cause| failed(&cause))?.is_dir();
        if !is_folder {
            return Err(failed(&io::ErrorKind::NotADirectory.into()));
        }
        let root = platform::plain(canonical);
        let file_system = platform::file_system(&root).map_err(|cause| failed(&cause))?;
        let sharing = Sharing::of(&root).map_err(|cause| failed(&cause))?;
        Ok(Self {
            local: file_system.local,
            // Both protocols answer only when a name is made; the clients have nothing left to sync.
            syncs_folders: !["nfs", "nfs4", "cifs", "smb3"].contains(&&*file_system.name),
            root,
            file_system,
            sharing,
        })
    }

    /// As [`DiskShare::open`], but takes the folder for local or for shared whatever the system says. For tests,
    /// and for a server that shares a disk of its own.
    ///
    /// # Errors
    /// As [`DiskShare::open`].
    pub fn open_as(root: &Path, local: bool) -> Result<Self> {
        let mut share = Self::open(root)?;
        share.local = local;
        share.file_system.local = local;
        Ok(share)
    }

    fn full(&self, path: &str) -> PathBuf {
        if path.is_empty() {
            return self.root.clone();
        }
        if cfg!(windows) {
            return self.root.join(path.replace('/', "\\"));
        }
        self.root.join(path)
    }

    fn error(&self, action: &'static str, path: &str, cause: &io::Error) -> ShareError {
        failure(action, &self.full(path), cause)
    }

    /// Whether `path` is among the names of its folder. Asks for a listing: looking the name itself up would make
    /// NFS clients remember for many seconds that it does not exist.
    fn is_listed(&self, path: &str) -> io::Result<bool> {
        let path = self.full(path);
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(false);
        };
        for entry in fs::read_dir(folder)? {
            if entry?.file_name() == name {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What to say when the system refused to create `path`. A server may have done it all the same: its first reply
    /// was lost, and the refusal answers the repetition. Only a disk of this machine is believed at once.
    fn refused(&self, path: &str, error: ShareError) -> Published {
        if self.local {
            return Published::Refused(error);
        }
        match self.is_listed(path) {
            Ok(true) => Published::Taken,
            Ok(false) => Published::Refused(error),
            Err(_) => Published::Unknown(error),
        }
    }

    fn fill(&self, mut file: File, content: &[u8]) -> io::Result<()> {
        self.sharing.apply(&file);
        let written = file.write_all(content).and_then(|()| file.sync_all());
        let closed = platform::close(file);
        written.and(closed)
    }
}

pub(super) fn failure(action: &'static str, path: &Path, cause: &io::Error) -> ShareError {
    ShareError {
        action,
        path: path.to_string_lossy().into(),
        kind: platform::kind(cause),
        cause: cause.to_string().into(),
    }
}

fn what(kind: fs::FileType) -> What {
    if kind.is_file() {
        What::File
    } else if kind.is_dir() {
        What::Folder
    } else {
        What::Other
    }
}

pub(super) fn meta(found: &fs::Metadata) -> Meta {
    Meta {
        what: what(found.file_type()),
        size: found.len(),
        modified: found
            .modified()
            .ok()
            .and_then(|time| Timestamp::try_from(time).ok()),
    }
}

/// All of a file in two calls when it is short; `None` when it has more than `limit` bytes.
fn read_bounded(file: &File, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let first = FIRST_READ.min(limit.saturating_add(1));
    let mut content = Vec::with_capacity(usize::try_from(first).unwrap_or(usize::MAX));
    // A short answer may hide an error in what follows, so reading ends only with an empty one.
    let mut got = file.take(first).read_to_end(&mut content)? as u64;
    if got == first && got <= limit {
        let size = file.metadata()?.len();
        if size > limit {
            return Ok(None);
        }
        let rest = usize::try_from(size.saturating_sub(got)).unwrap_or(0);
        content.reserve_exact(rest.saturating_add(1));
        got += file.take(limit - got + 1).read_to_end(&mut content)? as u64;
    }
    Ok((got <= limit).then_some(content))
}

impl Share for DiskShare {
    fn show(&self, path: &str) -> String {
        self.full(path).to_string_lossy().into_owned()
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>> {
        let full = self.full(path);
        let read = retry::patiently(|| read_bounded(&File::open(&full)?, limit));
        match read {
            Ok(Some(content)) => Ok(content),
            Ok(None) => Err(ShareError {
                action: "read",
                path: full.to_string_lossy().into(),
                kind: Kind::TooLarge,
                cause: format!("it has more than {limit} bytes").into(),
            }),
            Err(cause) => Err(failure("read", &full, &cause)),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let names = || -> io::Result<Vec<Entry>> {
            fs::read_dir(self.full(folder))?
                .map(|entry| {
                    let entry = entry?;
                    Ok(Entry {
                        name: entry.file_name().to_string_lossy().into_owned(),
                        what: what(entry.file_type()?),
                    })
                })
                .collect()
        };
        names().map_err(|cause| self.error("list", folder, &cause))
    }

    fn stat(&self, path: &str) -> Result<Meta> {
        match fs::symlink_metadata(self.full(path)) {
            Ok(found) => Ok(meta(&found)),
            Err(cause) => Err(self.error("look at", path, &cause)),
        }
    }

    fn scan(&self, folder: &str, visit: &mut dyn Visit) -> Result<()> {
        let failed = |cause: io::Error| self.error("list", folder, &cause);
        for entry in fs::read_dir(self.full(folder)).map_err(failed)? {
            if visit.stop() {
                break;
            }
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                visit.failed(&name.to_string_lossy(), "its name is not valid Unicode");
                continue;
            };
            let mut look = || -> io::Result<Option<Meta>> {
                let wanted = visit.name(name, what(entry.file_type()?));
                // Relative to the open folder where the system can, so that the path is not walked for each file.
                if wanted {
                    entry.metadata().map(|found| Some(meta(&found)))
                } else {
                    Ok(None)
                }
            };
            match look() {
                Ok(Some(meta)) => visit.meta(name, meta),
                Ok(None) => {}
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => visit.failed(name, &cause.to_string()),
            }
        }
        Ok(())
    }

    fn write_new(&self, path: &str, content: &[u8]) -> Result<()> {
        let full = self.full(path);
        let put = || {
            let file = OpenOptions::new().write(true).create_new(true).open(&full)?;
            self.fill(file, content).inspect_err(|_| {
                let _ = fs::remove_file(&full);
            })
        };
        put().map_err(|cause| failure("write", &full, &cause))
    }

    fn publish(&self, temporary: &str, path: &str) -> Published {
        let from = self.full(temporary);
        let Err(cause) = platform::create_name(&from, &self.full(path), self.local) else {
            return Published::Won;
        };
        let error = self.error("publish", path, &cause);
        match error.kind {
            Kind::Exists => Published::Taken,
            _ if platform::is_refusal(&cause) => self.refused(path, error),
            // Either end may be missing.
            Kind::NotFound => match fs::symlink_metadata(&from) {
                Ok(_) => Published::NoFolder,
                Err(gone) if platform::kind(&gone) == Kind::NotFound => {
                    self.refused(path, failure("publish", &from, &gone))
                }
                Err(_) => Published::Unknown(error),
            },
            _ => Published::Unknown(error),
        }
    }

    fn sync_folder(&self, folder: &str) -> Result<()> {
        if !self.syncs_folders {
            return Ok(());
        }
        platform::sync_folder(&self.full(folder)).map_err(|cause| self.error("sync", folder, &cause))
    }

    /// Not synced to the disk: what is rewritten in place are hints and signs of life, rebuilt from the log when a
    /// crash takes them. Other clients see it all the same: closing the file sends it to the server.
    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()> {
        let full = self.full(path);
        let write = || {
            let (file, made) = platform::open_in_place(&full)?;
            if made {
                self.sharing.apply(&file);
            }
            let written = platform::write_at_start(&file, content);
            let closed = platform::close(file);
            written.and(closed)
        };
        retry::patiently(write).map_err(|cause| failure("write", &full, &cause))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "renaming over a file is safe on a disk of this machine"
    )]
    fn replace(&self, path: &str, content: &[u8]) -> Result<()> {
        if !self.local {
            return Err(self.error("replace", path, &io::ErrorKind::Unsupported.into()));
        }
        let full = self.full(path);
        let beside = full.with_file_name(format!("{}{}", super::TEMPORARY, crate::random::uuid().simple()));
        let put = || {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
            self.sharing.apply(&file);
            let filled = file.write_all(content).and_then(|()| platform::close(file));
            filled
                .and_then(|()| retry::patiently(|| fs::rename(&beside, &full)))
                .inspect_err(|_| {
                    let _ = fs::remove_file(&beside);
                })
        };
        put().map_err(|cause| failure("replace", &full, &cause))
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        let full = self.full(path);
        fs::create_dir(&full).map_err(|cause| failure("create", &full, &cause))?;
        self.sharing.apply_to_folder(&full);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<()> {
        let full = self.full(path);
        retry::patiently(|| fs::remove_file(&full)).map_err(|cause| failure("remove", &full, &cause))
    }

    fn remove_folder(&self, path: &str) -> Result<()> {
        let full = self.full(path);
        retry::patiently(|| fs::remove_dir(&full)).map_err(|cause| failure("remove", &full, &cause))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the target was looked for; nothing is decided by this move"
    )]
    fn set_aside(&self, from: &str, to: &str) -> Result<()> {
        let (source, target) = (self.full(from), self.full(to));
        let put = || match fs::symlink_metadata(&target) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                retry::patiently(|| fs::rename(&source, &target))
            }
            Err(cause) => Err(cause),
        };
        put().map_err(|cause| self.error("move", from, &cause))
    }

    fn open(&self, path: &str) -> Result<Box<dyn Reading>> {
        content::open(self.full(path))
    }

    fn create(&self, path: &str, like: Option<&str>) -> Result<Box<dyn Writing>> {
        let like = like.map(|like| self.full(like));
        content::create(self.full(path), like.as_deref(), |file| self.sharing.apply(file))
    }

    fn link(&self, from: &str, to: &str) -> Result<()> {
        platform::second_name(&self.full(from), &self.full(to))
            .map_err(|cause| self.error("link", to, &cause))
    }

    fn puts_over(&self) -> bool {
        cfg!(windows) || self.local || ["nfs", "nfs4"].contains(&&*self.file_system.name)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a file of the people is replaced, and only where that is one step"
    )]
    fn put_over(&self, from: &str, to: &str) -> Result<()> {
        if !self.puts_over() {
            return Err(self.error("replace", to, &io::ErrorKind::Unsupported.into()));
        }
        retry::patiently(|| fs::rename(self.full(from), self.full(to)))
            .map_err(|cause| self.error("replace", to, &cause))
    }

    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>> {
        lock::try_lock(&self.full(path), |file| self.sharing.apply(file))
            .map_err(|cause| self.error("lock", path, &cause))
    }

    fn is_local(&self) -> bool {
        self.local
    }

    fn file_system(&self) -> &FileSystem {
        &self.file_system
    }

    fn free_space(&self) -> Result<Option<u64>> {
        platform::free_space(&self.root).map_err(|cause| self.error("ask for free space in", "", &cause))
    }

    fn resolve(&self, path: &str) -> Result<Option<String>> {
        let failed = |cause: &io::Error| self.error("follow", path, cause);
        let real = fs::canonicalize(self.full(path)).map_err(|cause| failed(&cause))?;
        let real = platform::plain(real);
        let Ok(inside) = real.strip_prefix(&self.root) else {
            return Ok(None);
        };
        let Some(inside) = inside.to_str() else {
            let cause = io::Error::new(io::ErrorKind::InvalidData, "its name is not valid Unicode");
            return Err(failed(&cause));
        };
        Ok(Some(if cfg!(windows) {
            inside.replace('\\', "/")
        } else {
            inside.to_owned()
        }))
    }
}
