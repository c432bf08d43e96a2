//! The witnesses: one file for each lock, that its holder makes with `create_new` and removes before it gives the lock back.
//!
//! Whoever is granted a file and finds a witness there has met another holder. That is excused in two cases only, both
//! of which stand in the log: the other's lock was broken before ours was granted (its agent was silent, and its
//! client goes on believing), or ours has been broken since (then we are that client). Everything else is a double grant.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use testkit::Repository;
use testkit::ledger::Ledger;

/// Where the witnesses lie, and the log that excuses them.
pub struct Witnesses {
    folder: PathBuf,
    ledger: Mutex<Ledger>,
    /// So that nobody removes a witness between another's look at it and its removal. Not taken around a grant.
    files: Vec<Mutex<()>>,
}

/// What a holder found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nobody.
    Nobody,
    /// The witness of somebody whose lock was broken; it is set aside.
    Dead,
    /// The witness of whoever broke our own lock.
    Heir,
}

impl Witnesses {
    /// None yet, for so many files.
    pub fn new(folder: &Path, repository: &Repository, files: usize) -> Self {
        fs::create_dir(folder).unwrap();
        Self {
            folder: folder.to_owned(),
            ledger: Mutex::new(Ledger::read(repository)),
            files: (0..files).map(|_| Mutex::new(())).collect(),
        }
    }

    /// The log, with every commit that is there now.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.catch_up();
        ledger
    }

    fn at(&self, file: usize) -> (PathBuf, MutexGuard<'_, ()>) {
        let guard = self.files[file].lock().unwrap_or_else(PoisonError::into_inner);
        (self.folder.join(file.to_string()), guard)
    }

    /// Lock `token` on `file` was granted to the caller.
    ///
    /// # Panics
    /// When somebody else holds the file, and no break excuses that.
    #[track_caller]
    pub fn enter(&self, file: usize, token: u64) -> Found {
        let (path, _guard) = self.at(file);
        let Err(error) = make(&path, token) else {
            return Found::Nobody;
        };
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{}", path.display());
        let other = read(&path).unwrap();
        if other != token && self.broken_by(file, other, token) {
            fs::remove_file(&path).unwrap();
            make(&path, token).unwrap();
            return Found::Dead;
        }
        if self.is_broken(file, token) {
            return Found::Heir;
        }
        let name = super::name(file);
        panic!("{name} was granted under token {token} while token {other} held it: a double grant");
    }

    /// Whether the caller's witness of lock `token` still stands.
    ///
    /// # Panics
    /// When it does not, and the lock was not broken.
    #[track_caller]
    pub fn stands(&self, file: usize, token: u64) -> bool {
        let (path, _guard) = self.at(file);
        self.is_mine(&path, file, token)
    }

    /// The caller is about to give lock `token` back.
    ///
    /// # Panics
    /// As [`Witnesses::stands`].
    #[track_caller]
    pub fn leave(&self, file: usize, token: u64) {
        let (path, _guard) = self.at(file);
        if self.is_mine(&path, file, token) {
            fs::remove_file(&path).unwrap();
        }
    }

    #[track_caller]
    fn is_mine(&self, path: &Path, file: usize, token: u64) -> bool {
        let found = read(path);
        if found == Some(token) {
            return true;
        }
        let name = super::name(file);
        assert!(
            self.is_broken(file, token),
            "the witness of {name} under token {token} became {found:?}, and nobody broke that lock"
        );
        false
    }

    /// Whether lock `token` was broken by commit `by` or one before it.
    fn broken_by(&self, file: usize, token: u64, by: u64) -> bool {
        let ledger = self.ledger();
        let end = ledger.end(&super::name(file), token);
        end.is_some_and(|end| end.how == "broken" && end.commit <= by)
    }

    fn is_broken(&self, file: usize, token: u64) -> bool {
        self.broken_by(file, token, u64::MAX)
    }
}

fn make(path: &Path, token: u64) -> std::io::Result<()> {
    let mut witness = File::options().write(true).create_new(true).open(path)?;
    witness.write_all(token.to_string().as_bytes())
}

fn read(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.parse().ok()
}
