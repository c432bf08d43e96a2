//! The digest of a repository's log, and keeping it up with the log.
//!
//! Commits that the worker learns of are added as they come, if there is a digest at all: whoever never looks back pays
//! nothing. What is missing is read from the log when somebody looks back, on a thread of its own. The worker never waits
//! for that thread: what comes meanwhile is kept aside, and added by whoever is done first.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use camctl_shared::history::{locks, steps};
use camctl_shared::model::{Commit, StoreError, Table};
use camctl_shared::share::Share;
use camctl_shared::store::folder::Past;

use super::Progress;
use super::file::{Digest, Frames};
use super::form::{Frame, Told};
use crate::problem::Problem;

/// So many commits that wait to be added are kept; then the oldest are left to be read from the log.
const ASIDE: usize = 1024;
/// So many commits at most go into one frame when they are read from the log.
const TOGETHER: u64 = 1024;
/// So often a log that is set back or pruned while it is read is begun anew.
const TRIES: u32 = 5;

/// See the module.
#[derive(Debug, Default)]
pub struct Keeper {
    path: OnceLock<PathBuf>,
    digest: Mutex<Kept>,
    aside: Mutex<VecDeque<Arc<Commit>>>,
}

#[derive(Debug, Default)]
enum Kept {
    /// Nobody has looked whether there is one.
    #[default]
    Unknown,
    /// There is none, or it cannot be kept; until somebody looks back.
    None,
    /// This one.
    Open(Digest),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    /// Keeps it in that file.
    pub fn keep_at(&self, path: PathBuf) {
        // Set once, before the worker starts.
        let _ = self.path.set(path);
    }

    /// For the worker: these were committed. Never waits for whoever reads the log.
    pub fn note(&self, commits: &[Arc<Commit>], repository: &str) {
        if commits.is_empty() || self.path.get().is_none() {
            return;
        }
        {
            let mut aside = lock(&self.aside);
            aside.extend(commits.iter().cloned());
            let surplus = aside.len().saturating_sub(ASIDE);
            drop(aside.drain(..surplus));
        }
        self.add_aside(repository);
    }

    /// Adds what was kept aside, unless another thread is at it: that one does it when it is done.
    fn add_aside(&self, repository: &str) {
        // Again when somebody was faster to put more aside than we were to let go.
        while !lock(&self.aside).is_empty() {
            let mut kept = match self.digest.try_lock() {
                Ok(kept) => kept,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            if matches!(*kept, Kept::Unknown) {
                *kept = self.find(repository);
            }
            let commits: Vec<Arc<Commit>> = lock(&self.aside).drain(..).collect();
            if let Kept::Open(digest) = &mut *kept
                && let Err(error) = add(digest, &commits)
            {
                tracing::warn!(%error, "the digest of the log cannot be kept up; it is caught up when somebody looks back");
                *kept = Kept::None;
            }
        }
    }

    fn find(&self, repository: &str) -> Kept {
        let Some(path) = self.path.get() else {
            return Kept::None;
        };
        match Digest::open_existing(path, repository) {
            Ok(Some(digest)) => Kept::Open(digest),
            Ok(None) => Kept::None,
            Err(error) => {
                tracing::warn!(%error, "the digest of the log cannot be opened");
                Kept::None
            }
        }
    }

    /// Makes the digest go as far as `newest` says at the end, and opens it. May take long: tells `progress`, and stops
    /// when nobody listens to that any more; what was read until then is kept.
    ///
    /// # Errors
    /// When the log cannot be read, or the digest not written.
    pub fn catch_up(
        &self,
        share: &Arc<dyn Share>,
        repository: &str,
        newest: &dyn Fn() -> (u64, String),
        progress: &Progress,
    ) -> Result<Frames, Problem> {
        let path = self.path.get().ok_or(Problem::NoFiles)?;
        let frames = {
            let mut kept = lock(&self.digest);
            if !matches!(*kept, Kept::Open(_)) {
                *kept = Kept::None;
                *kept = Kept::Open(Digest::open(path, repository).map_err(unwritable)?);
            }
            let Kept::Open(digest) = &mut *kept else {
                return Err(Problem::Internal("a digest that is not open".into()));
            };
            let read = read_on(digest, share, newest, progress);
            read.and_then(|()| digest.frames().map_err(unwritable))
        };
        self.add_aside(repository);
        frames
    }

    /// Forgets a digest that cannot be understood.
    pub fn forget(&self) {
        let mut kept = lock(&self.digest);
        if let Kept::Open(digest) = &mut *kept
            && let Err(error) = digest.clear()
        {
            tracing::warn!(%error, "the digest of the log cannot be cleared");
        }
        *kept = Kept::None;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unwritable(error: io::Error) -> Problem {
    Problem::Internal(format!(
        "the digest of the log, which is kept on this machine, cannot be written or read: {error}"
    ))
}

/// Adds those of `commits` that follow. What does not follow is left to be read from the log.
fn add(digest: &mut Digest, commits: &[Arc<Commit>]) -> io::Result<()> {
    let mut frame = Frame::default();
    let mut last = digest.tail().cloned();
    for commit in commits {
        let Some(tail) = &mut last else { break };
        if commit.n <= tail.n {
            continue;
        }
        if commit.n != tail.n + 1 || commit.previous.as_str() != tail.nonce {
            break;
        }
        put(&mut frame, commit);
        (tail.n, tail.nonce) = (frame.n, frame.nonce.clone());
    }
    if frame.n == 0 {
        Ok(())
    } else {
        digest.append(&frame)
    }
}

fn put(frame: &mut Frame, commit: &Commit) {
    if let Told::Steps(to) = &mut frame.told {
        steps(commit, &mut frame.names, to);
    }
    frame.n = commit.n;
    commit.nonce.as_str().clone_into(&mut frame.nonce);
}

fn beginning(commit: &Commit, table: &Table) -> Frame {
    let mut frame = Frame::default();
    frame.told = Told::Begin {
        at: commit.time.as_microsecond(),
        locks: locks(table, &mut frame.names),
    };
    frame.n = commit.n;
    commit.nonce.as_str().clone_into(&mut frame.nonce);
    frame
}

/// Reads the log from where the digest ends.
fn read_on(
    digest: &mut Digest,
    share: &Arc<dyn Share>,
    newest: &dyn Fn() -> (u64, String),
    progress: &Progress,
) -> Result<(), Problem> {
    for _ in 0..TRIES {
        let (n, nonce) = newest();
        match digest.tail() {
            Some(tail) if tail.n == n && tail.nonce == nonce => return Ok(()),
            // Set back: another log than the one that was read.
            Some(tail) if tail.n >= n => digest.clear().map_err(unwritable)?,
            _ => {}
        }
        let Some((mut past, oldest, table)) = Past::open(Arc::clone(share))? else {
            return Err(gone(share, n).into());
        };
        if let Some(tail) = digest.tail().cloned()
            && tail.n >= oldest.n
        {
            match past.commit(tail.n)? {
                Some(commit) if commit.nonce.as_str() == tail.nonce => {}
                _ => digest.clear().map_err(unwritable)?,
            }
        }
        // What was pruned before it was read leaves a gap; what stands after it is known again.
        let follows = digest.tail().is_some_and(|tail| tail.n + 1 >= oldest.n);
        if !follows {
            digest.append(&beginning(&oldest, &table)).map_err(unwritable)?;
        }
        drop(table);
        if read_to(digest, &mut past, n, progress)? == Read::All {
            return Ok(());
        }
    }
    Err(gone(share, newest().0).into())
}

#[derive(Debug, PartialEq, Eq)]
enum Read {
    All,
    /// It was pruned, or set back, on the way.
    Changed,
}

fn read_to(digest: &mut Digest, past: &mut Past, n: u64, progress: &Progress) -> Result<Read, Problem> {
    let Some(mut tail) = digest.tail().cloned() else {
        return Ok(Read::Changed);
    };
    let start = tail.n;
    let mut frame = Frame::default();
    while tail.n < n {
        if !progress.tell(tail.n - start, n - start) {
            return Err(Problem::Cancelled);
        }
        let commit = past.commit(tail.n + 1)?;
        let Some(commit) = commit.filter(|commit| commit.previous.as_str() == tail.nonce) else {
            return Ok(Read::Changed);
        };
        put(&mut frame, &commit);
        (tail.n, tail.nonce) = (frame.n, frame.nonce.clone());
        if tail.n == n || tail.n.is_multiple_of(TOGETHER) {
            digest.append(&std::mem::take(&mut frame)).map_err(unwritable)?;
        }
    }
    Ok(Read::All)
}

fn gone(share: &Arc<dyn Share>, n: u64) -> StoreError {
    StoreError::Damaged {
        path: share.show(".camctl/log").into(),
        problem: format!("commit {n} cannot be reached from the oldest one in it").into(),
    }
}
