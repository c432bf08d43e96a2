//! The lock table, wherever it is kept: the seam between the rules and the disk.
//!
//! A [`LockStore`] keeps one repository's table as a log of commits. [`folder`] keeps it on a shared folder,
//! [`memory`] in memory for tests; one suite (`conformance`, a feature of this crate) runs against all.
//!
//! How it is used, always from one thread: [`LockStore::load`] once; then, as often as needed,
//! [`LockStore::catch_up`] to learn what others did, [`LockStore::commit`] to change something,
//! [`LockStore::tend`] when there is nothing else to do. What was learnt on the way comes out of
//! [`LockStore::news`].

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use crate::clock::Moment;
use crate::model::{Commit, Draft, Owner, Policy, SessionId, StoreError, Table};

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod folder;
pub mod memory;

/// The answer of a store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The table, shared between the thread that keeps it and those that only look.
///
/// Nobody holds the lock over I/O, so looking never waits for the share.
#[derive(Debug, Clone)]
pub struct SharedTable(Arc<RwLock<Table>>);

impl SharedTable {
    /// Shares `table`.
    pub fn new(table: Table) -> Self {
        Self(Arc::new(RwLock::new(table)))
    }

    /// A look at it.
    pub fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the store alone.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// The last draft was empty: nothing was written.
    Nothing,
    /// It is in the log, for ever, under this number.
    At(u64),
}

/// A session's sign of life, as it stands on the share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Whose.
    pub session: SessionId,
    /// The person.
    pub user: Box<str>,
    /// The machine.
    pub machine: Box<str>,
    /// Grows with each heartbeat, and starts anywhere: only its movement means something.
    pub counter: u64,
    /// The agent's version.
    pub version: Box<str>,
}

/// One repository's lock table, kept somewhere.
pub trait LockStore: Send {
    /// The table, as far as this store has read it. Never goes back.
    fn table(&self) -> SharedTable;

    /// The repository's policy, as last read.
    fn policy(&self) -> Arc<Policy>;

    /// Reads policy and table from the beginning.
    fn load(&mut self) -> Result<()>;

    /// Learns what others committed since; cheap when nothing happened.
    fn catch_up(&mut self) -> Result<()>;

    /// As [`LockStore::catch_up`], but trusts no hint: lists the newest part of the log, and reads the policy again when
    /// it changed. The safety net, once a minute.
    fn catch_up_fully(&mut self) -> Result<()>;

    /// Changes the table: catches up, asks `decide` for a draft, and commits it as the next step of the log.
    ///
    /// `decide` is called again, with a newer table, whenever somebody else was faster; only its last draft counts.
    /// An earlier commit that is not settled yet is settled first: `decide` sees what became of it, by its request ids.
    ///
    /// # Errors
    /// [`StoreError::Unsettled`] when it is not known whether the last draft was applied: [`LockStore::settle`]
    /// will tell. All others: nothing was changed.
    fn commit(&mut self, decide: &mut dyn FnMut(&Table) -> Draft) -> Result<Committed>;

    /// Goes on with a commit that ended as [`StoreError::Unsettled`]. `Committed::At` when it turns out to be in the
    /// log, `Committed::Nothing` when it never will be (or there was none).
    fn settle(&mut self) -> Result<Committed>;

    /// The commits that were learnt or made since the last call, oldest first, up to the table's newest. There are some
    /// missing before them where they were pruned while this machine was away: then only the table tells what they did.
    fn news(&mut self) -> Vec<Arc<Commit>>;

    /// Writes the sign of life of `heartbeat.session`.
    fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Result<()>;

    /// The sign of life of one session; `None` when it left none.
    fn session(&mut self, session: &SessionId) -> Result<Option<Heartbeat>>;

    /// Every session that left a sign of life.
    fn sessions(&mut self) -> Result<Vec<Heartbeat>>;

    /// Chores that nobody waits for: the projection, pruning, leftovers. To be called after every poll, and whenever
    /// there is nothing else to do. Returns when to call it again, if that cannot wait for the next poll.
    fn tend(&mut self, now: Moment) -> Option<Duration>;

    /// Looks at once at everything that is only made from the table (the projection, hints), and makes anew what is not
    /// in step if `mend`. Returns a sentence for each thing that was wrong.
    ///
    /// # Errors
    /// When it cannot be looked at or written.
    fn check(&mut self, mend: bool) -> Result<Vec<String>>;

    /// Things that a person should know, each said once ("locks.json was edited by hand and set aside as …").
    fn remarks(&mut self) -> Vec<String>;

    /// Whose agent this is: the author of its commits.
    fn author(&self) -> Arc<Owner>;
}
