//! Files that are read and written piece by piece: what people keep in a repository may be larger than memory.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::disk::{failure, meta};
use super::{Meta, Result, platform, retry};

/// So much is written before it has to be on the disk: no single call takes longer than the share takes for this.
const UNSYNCED: u64 = 8 << 20;

/// A file that is being read.
pub trait Reading: Send {
    /// Reads the next piece, up to the length of `piece`; 0 at the end of the file.
    fn read(&mut self, piece: &mut [u8]) -> Result<usize>;

    /// What the share says of the file that is open. Asked right after it was opened, this is newer than
    /// [`Share::stat`](super::Share::stat), which clients answer from their memory for seconds.
    fn meta(&self) -> Result<Meta>;
}

/// A file that is being written. One that is dropped without [`Writing::finish`] is left as it is.
pub trait Writing: Send {
    /// Writes the next piece, all of it.
    fn write(&mut self, piece: &[u8]) -> Result<()>;

    /// Syncs the content to the disk and closes the file: what this returned from is there.
    fn finish(self: Box<Self>) -> Result<()>;
}

struct OpenFile {
    file: File,
    path: PathBuf,
}

pub(super) fn open(path: PathBuf) -> Result<Box<dyn Reading>> {
    match retry::patiently(|| File::open(&path)) {
        Ok(file) => Ok(Box::new(OpenFile { file, path })),
        Err(cause) => Err(failure("open", &path, &cause)),
    }
}

impl Reading for OpenFile {
    fn read(&mut self, piece: &mut [u8]) -> Result<usize> {
        loop {
            match self.file.read(piece) {
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(failure("read", &self.path, &cause)),
                Ok(count) => return Ok(count),
            }
        }
    }

    fn meta(&self) -> Result<Meta> {
        match self.file.metadata() {
            Ok(found) => Ok(meta(&found)),
            Err(cause) => Err(failure("look at", &self.path, &cause)),
        }
    }
}

struct NewFile {
    file: File,
    path: PathBuf,
    unsynced: u64,
}

/// `share` makes it as open as other new files here; then it is made as open as the file `like`.
pub(super) fn create(path: PathBuf, like: Option<&Path>, share: impl Fn(&File)) -> Result<Box<dyn Writing>> {
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => {
            share(&file);
            if let Some(like) = like {
                platform::dress(&file, like);
            }
            Ok(Box::new(NewFile {
                file,
                path,
                unsynced: 0,
            }))
        }
        Err(cause) => Err(failure("create", &path, &cause)),
    }
}

impl Writing for NewFile {
    fn write(&mut self, piece: &[u8]) -> Result<()> {
        let failed = |cause| failure("write", &self.path, &cause);
        self.file.write_all(piece).map_err(failed)?;
        self.unsynced += piece.len() as u64;
        if self.unsynced >= UNSYNCED {
            self.unsynced = 0;
            self.file.sync_data().map_err(failed)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { file, path, .. } = *self;
        let synced = file.sync_all();
        platform::forget(&file);
        let closed = platform::close(file);
        synced
            .and(closed)
            .map_err(|cause| failure("write", &path, &cause))
    }
}
