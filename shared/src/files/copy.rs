//! One file's content, copied as it was at one moment, and looked at again where it arrived.

use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::model::ShareError;
use crate::share::{Meta, Reading, Share, What};

/// How much is read at a time, in bytes.
const PIECE: usize = 256 << 10;
/// How often a file that changes while it is read is read again.
pub const TRIES: u32 = 5;
/// Before each of these; whoever writes it may be done then.
const PAUSE: Duration = Duration::from_millis(200);

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Bytes.
    pub size: u64,
    /// Of the content, as hex.
    pub sha256: String,
    /// When it was last changed, by the clock of where it came from.
    pub modified: Option<Timestamp>,
}

/// Why there is no copy. What was begun is removed again, as far as the share lets us.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CopyError {
    /// It cannot be read.
    #[error("{0}")]
    From(ShareError),
    /// It cannot be written.
    #[error("{0}")]
    To(ShareError),
    /// It is a folder, or something else that has no content.
    #[error("it is not a file")]
    NotAFile,
    /// It was changed while it was read, again and again.
    #[error("it changed while it was read, {TRIES} times")]
    Changing,
    /// What was read back is not what was written.
    #[error("{path} does not hold what was written to it")]
    Spoilt {
        /// Where it was written to.
        path: String,
    },
    /// The caller has lost interest.
    #[error("the copy was given up")]
    Stopped,
}

/// Is told how far it is: bytes done, and of how many. Its [`ControlFlow::Break`] ends the copy.
pub type Watch<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// A place for a new file on a share.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// Which share.
    pub share: &'a dyn Share,
    /// A name that nobody has there.
    pub path: &'a str,
    /// Whose permissions it gets.
    pub like: Option<&'a str>,
}

/// Copies the file `path` of `from`: one content that it had at one moment, synced, and read back from where it is now.
///
/// # Errors
/// See [`CopyError`]; the target is removed then.
pub fn copy(from: &dyn Share, path: &str, to: Target<'_>, watch: Watch<'_>) -> Result<Copied, CopyError> {
    let done = steady_copy(from, path, to, watch).and_then(|copied| {
        read_back(to, &copied, watch)?;
        Ok(copied)
    });
    if done.is_err() {
        // What cannot be removed now is found by `doctor`.
        let _ = to.share.remove(to.path);
    }
    done
}

fn steady_copy(from: &dyn Share, path: &str, to: Target<'_>, watch: Watch<'_>) -> Result<Copied, CopyError> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            to.share.remove(to.path).map_err(CopyError::To)?;
            thread::sleep(PAUSE);
        }
        if let Some(copied) = copy_once(from, path, to, watch)? {
            return Ok(copied);
        }
    }
    Err(CopyError::Changing)
}

/// `None`: it was changed meanwhile, or replaced.
fn copy_once(
    from: &dyn Share,
    path: &str,
    to: Target<'_>,
    watch: Watch<'_>,
) -> Result<Option<Copied>, CopyError> {
    let mut source = from.open(path).map_err(CopyError::From)?;
    let before = source.meta().map_err(CopyError::From)?;
    if before.what != What::File {
        return Err(CopyError::NotAFile);
    }
    let mut target = to.share.create(to.path, to.like).map_err(CopyError::To)?;
    let (size, sha256) = read_all(source.as_mut(), before.size, watch, |piece| {
        target.write(piece).map_err(CopyError::To)
    })?;
    target.finish().map_err(CopyError::To)?;
    // Opened anew: that asks the server, where `stat` may answer from this machine's memory.
    let after = from.open(path).and_then(|again| again.meta());
    let same = |after: &Meta| *after == before && size == before.size;
    let after = after.map_err(CopyError::From)?;
    Ok(same(&after).then_some(Copied {
        size,
        sha256,
        modified: before.modified,
    }))
}

fn read_all(
    source: &mut dyn Reading,
    of: u64,
    watch: Watch<'_>,
    mut each: impl FnMut(&[u8]) -> Result<(), CopyError>,
) -> Result<(u64, String), CopyError> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    loop {
        if watch(done, of).is_break() {
            return Err(CopyError::Stopped);
        }
        let count = source.read(&mut piece).map_err(CopyError::From)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        hash.update(read);
        each(read)?;
        done += count as u64;
    }
    Ok((done, hex(&hash.finalize())))
}

fn read_back(at: Target<'_>, copied: &Copied, watch: Watch<'_>) -> Result<(), CopyError> {
    let mut source = at.share.open(at.path).map_err(CopyError::To)?;
    let found = read_all(source.as_mut(), copied.size, watch, |_| Ok(())).map_err(|error| match error {
        CopyError::From(error) => CopyError::To(error),
        other => other,
    })?;
    if found == (copied.size, copied.sha256.clone()) {
        return Ok(());
    }
    Err(CopyError::Spoilt {
        path: at.share.show(at.path),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
