//! Put: a new content for a file of the repository, in the place of the old one.
//!
//! 1. [`prepare`] copies the new content under a hidden name into the file's folder, and reads it back.
//! 2. The caller makes sure that the lock still stands.
//! 3. [`Prepared::switch`] keeps the old content among the file's versions, and gives its name to the new one.
//!
//! At every moment the file's name stands for the old content or for the new one, whole. Where that cannot be had in one
//! step ([`Share::puts_over`]) there is a moment in which the name stands for nothing: then the old content is the newest of
//! the versions, the new one lies beside under its hidden name, and [`super::leftovers`] puts the old one back.
//!
//! Never here: whether the lock stands.

use jiff::Timestamp;
use thiserror::Error;

use super::copy::{Copied, CopyError, Target, Watch, copy};
use super::leftovers::Hidden;
use super::versions::{self, Version};
use crate::model::{SessionId, ShareError, ShareErrorKind as Kind};
use crate::share::{Share, What};

/// Why a file does not have its new content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PutError {
    /// The new content could not be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The share refused; the old content stands where it stood.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// Somebody has the file open, as far as one can tell; the old content stands where it stood.
    #[error("the file cannot be replaced while a program has it open: {0}")]
    InUse(ShareError),
    /// In the place of the file there is something else.
    #[error("it is not a file")]
    NotAFile,
    /// The share failed between two steps that are one elsewhere: the name stands for nothing now.
    #[error("the old content is kept as {old}, and could not be put back: {error}")]
    Torn {
        /// Where the old content is.
        old: String,
        /// Why it is not back in its place.
        error: ShareError,
    },
}

/// A new content that waits under its hidden name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The file's name in the repository, as the share spells it.
    file: String,
    /// Where the content is.
    hidden: String,
    /// What it is.
    pub copied: Copied,
}

/// A file that has its new content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switched {
    /// Where the old content is kept, relative to the repository; `None` when there was none, or none is to be kept.
    pub kept: Option<String>,
}

/// What is done with the old content.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// So many old contents of a file are kept, the newest ones.
    pub versions: u32,
    /// What time it is, for people who look at them.
    pub now: Timestamp,
}

/// Copies the content of the file `path` of `from` into the folder of `file`, under a name that is in no list and says whose
/// it is.
///
/// # Errors
/// See [`CopyError`]; nothing is left behind then, as far as the share lets us.
pub fn prepare(
    share: &dyn Share,
    file: &str,
    session: &SessionId,
    (from, path): (&dyn Share, &str),
    watch: Watch<'_>,
) -> Result<Prepared, CopyError> {
    let hidden = Hidden::new(file, session).path();
    let target = Target {
        share,
        path: &hidden,
        like: Some(file),
    };
    let copied = copy(from, path, target, watch)?;
    Ok(Prepared {
        file: file.to_owned(),
        hidden,
        copied,
    })
}

impl Prepared {
    /// Gives the file's name to the new content.
    ///
    /// # Errors
    /// See [`PutError`]. Nothing has happened then, but for [`PutError::Torn`]; the new content still waits.
    pub fn switch(&self, share: &dyn Share, keep: Keep) -> Result<Switched, PutError> {
        let old = match share.stat(&self.file) {
            Ok(meta) if meta.what == What::File => true,
            Ok(_) => return Err(PutError::NotAFile),
            Err(error) if error.kind == Kind::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        let kept = if !old {
            share.set_aside(&self.hidden, &self.file)?;
            None
        } else if share.puts_over() {
            self.put_over(share, keep)?
        } else {
            self.put_by_two_steps(share, keep)?
        };
        // It is done, and everybody sees it. What is left is what a loss of power could take back, and tidiness.
        let _ = share.sync_folder(folder_of(&self.file));
        versions::prune(share, &self.file, keep.versions);
        Ok(Switched {
            kept: kept.filter(|_| keep.versions > 0),
        })
    }

    /// Removes the new content.
    pub fn discard(&self, share: &dyn Share) {
        // What cannot be removed now is found by `doctor`.
        let _ = share.remove(&self.hidden);
    }

    fn put_over(&self, share: &dyn Share, keep: Keep) -> Result<Option<String>, PutError> {
        let version = match keep.versions {
            0 => None,
            _ => Some(Version::next(share, &self.file, keep.now)?.keep(share, &self.file)?),
        };
        let Err(error) = share.put_over(&self.hidden, &self.file) else {
            return Ok(version);
        };
        if self.is_in_place(share) {
            return Ok(version);
        }
        if let Some(version) = version {
            let _ = share.remove(&version);
        }
        Err(refused(error))
    }

    fn put_by_two_steps(&self, share: &dyn Share, keep: Keep) -> Result<Option<String>, PutError> {
        let version = Version::next(share, &self.file, keep.now)?.path();
        if let Err(error) = share.set_aside(&self.file, &version)
            && !is_moved(share, &self.file, &version)
        {
            return Err(refused(error));
        }
        let Err(error) = share.set_aside(&self.hidden, &self.file) else {
            return Ok(Some(version));
        };
        if self.is_in_place(share) {
            return Ok(Some(version));
        }
        match share.set_aside(&version, &self.file) {
            Err(error) if !is_moved(share, &version, &self.file) => Err(PutError::Torn {
                old: share.show(&version),
                error,
            }),
            _ => Err(error.into()),
        }
    }

    /// Whether a step was done whose answer was lost.
    fn is_in_place(&self, share: &dyn Share) -> bool {
        is_moved(share, &self.hidden, &self.file)
            && share
                .stat(&self.file)
                .is_ok_and(|meta| meta.size == self.copied.size)
    }
}

fn refused(error: ShareError) -> PutError {
    match error.kind {
        Kind::Busy | Kind::Denied => PutError::InUse(error),
        _ => PutError::Share(error),
    }
}

fn is_moved(share: &dyn Share, from: &str, to: &str) -> bool {
    let gone = |path| share.stat(path).is_err_and(|error| error.kind == Kind::NotFound);
    gone(from) && share.stat(to).is_ok()
}

/// The folder of a path; empty for the repository itself.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
