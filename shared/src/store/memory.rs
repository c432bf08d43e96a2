//! A lock table in memory, for tests: the same compare-and-swap as on a share, and faults on demand.
//!
//! A [`MemoryLog`] stands for the share; each [`MemoryStore`] opened on it is one machine. The log's mutex is held only
//! to read it or to append one commit, never while a decision is made: two machines race here as they do on a share.
//! [`MemoryStore::faults`] gives a handle that stays with the test when the store has gone to its worker.
//!
//! Never in a product: nothing survives the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Committed, Heartbeat, LockStore, Result, SharedTable};
use crate::clock::{Clock, Moment};
use crate::model::{Commit, Draft, Extra, Nonce, Owner, Policy, RepositoryId, SessionId, StoreError, Table};

mod faults;

pub use faults::{Call, Faults, Lost};

/// How often a commit is tried against others that are faster; each lost race is a step forward for somebody else.
const ATTEMPTS: u32 = 1000;

/// What several machines share.
#[derive(Clone)]
pub struct MemoryLog {
    shared: Arc<Mutex<Shared>>,
    clock: Arc<dyn Clock>,
}

struct Shared {
    policy: Arc<Policy>,
    repository: RepositoryId,
    /// Commit `n` stands at index `n`.
    commits: Vec<Arc<Commit>>,
    heartbeats: BTreeMap<SessionId, Heartbeat>,
}

impl MemoryLog {
    /// A new repository with `policy`, as `init` makes it: commit 0 stands, by nobody in particular.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Self {
        let nobody = Owner {
            user: "init".into(),
            machine: None,
            session: None,
        };
        let first = Commit {
            n: 0,
            previous: Nonce::default(),
            nonce: Nonce::random(),
            author: Arc::new(nobody),
            time: clock.wall(),
            draft: Draft::default(),
            extra: Extra::new(),
        };
        let shared = Shared {
            policy: Arc::new(policy),
            repository: RepositoryId::random(),
            commits: vec![Arc::new(first)],
            heartbeats: BTreeMap::new(),
        };
        Self {
            shared: Arc::new(Mutex::new(shared)),
            clock,
        }
    }

    /// One more machine. It knows nothing until [`LockStore::load`].
    pub fn open(&self, author: Owner) -> MemoryStore {
        let shared = self.lock();
        let table = Table::empty(shared.repository.clone(), shared.policy.case.unwrap_or_default());
        MemoryStore {
            log: self.clone(),
            author: Arc::new(author),
            policy: Arc::clone(&shared.policy),
            table: SharedTable::new(table),
            loaded: false,
            pending: None,
            news: Vec::new(),
            faults: Faults::default(),
        }
    }

    /// Changes the repository's policy; each store takes it over when it next catches up.
    pub fn set_policy(&self, policy: Policy) {
        self.lock().policy = Arc::new(policy);
    }

    /// Everything that was committed, from commit 0 on.
    pub fn commits(&self) -> Vec<Arc<Commit>> {
        self.lock().commits.clone()
    }

    /// Every sign of life that was written.
    pub fn heartbeats(&self) -> Vec<Heartbeat> {
        self.lock().heartbeats.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `commit` at the end, if that is where it belongs. Whoever comes second gets the one that stands there.
    fn publish(&self, commit: &Arc<Commit>) -> std::result::Result<(), Arc<Commit>> {
        let mut shared = self.lock();
        if let Some(standing) = shared.commits.get(index(commit.n)) {
            return Err(Arc::clone(standing));
        }
        shared.commits.push(Arc::clone(commit));
        Ok(())
    }

    fn since(&self, n: u64) -> Vec<Arc<Commit>> {
        let shared = self.lock();
        shared.commits.get(index(n)..).unwrap_or_default().to_vec()
    }
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.lock();
        f.debug_struct("MemoryLog")
            .field("repository", &shared.repository)
            .field("commits", &shared.commits.len())
            .finish_non_exhaustive()
    }
}

fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// One machine's view of a [`MemoryLog`].
#[derive(Debug)]
pub struct MemoryStore {
    log: MemoryLog,
    author: Arc<Owner>,
    policy: Arc<Policy>,
    table: SharedTable,
    loaded: bool,
    /// A commit of which nobody knows yet whether it was written.
    pending: Option<Arc<Commit>>,
    news: Vec<Arc<Commit>>,
    faults: Faults,
}

impl MemoryStore {
    /// What shall go wrong here.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Reads on from where the view ends; what is read first of all is no news.
    fn read_on(&mut self) {
        self.policy = Arc::clone(&self.log.lock().policy);
        let next = if self.loaded { self.table.read().n + 1 } else { 0 };
        let fresh = self.log.since(next);
        let mut table = self.table.write();
        for commit in fresh {
            table.apply(&commit);
            if self.loaded {
                self.news.push(commit);
            }
        }
        drop(table);
        self.loaded = true;
    }

    fn draw_up(&self, n: u64, previous: Nonce, draft: Draft) -> Arc<Commit> {
        Arc::new(Commit {
            n,
            previous,
            nonce: Nonce::random(),
            author: Arc::clone(&self.author),
            time: self.log.clock.wall(),
            draft,
            extra: Extra::new(),
        })
    }

    fn lose(&mut self, lost: Lost, commit: Arc<Commit>) -> StoreError {
        if lost == Lost::Reply {
            // Whoever was faster will be found when it is settled.
            let _ = self.log.publish(&commit);
        }
        let n = commit.n;
        self.pending = Some(commit);
        unsettled(n)
    }
}

fn unsettled(n: u64) -> StoreError {
    StoreError::Unsettled {
        n,
        path: format!("memory/log/{n}").into(),
    }
}

impl LockStore for MemoryStore {
    fn table(&self) -> SharedTable {
        self.table.clone()
    }

    fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy)
    }

    fn load(&mut self) -> Result<()> {
        self.faults.check(Call::Load)?;
        self.read_on();
        Ok(())
    }

    fn catch_up(&mut self) -> Result<()> {
        self.faults.check(Call::CatchUp)?;
        self.read_on();
        Ok(())
    }

    fn catch_up_fully(&mut self) -> Result<()> {
        self.catch_up()
    }

    fn commit(&mut self, decide: &mut dyn FnMut(&Table) -> Draft) -> Result<Committed> {
        self.faults.check(Call::Commit)?;
        // Whoever decides now must see what became of the one before.
        self.settle()?;
        for _ in 0..ATTEMPTS {
            self.read_on();
            let (draft, n, previous) = {
                let table = self.table.read();
                (decide(&table), table.n + 1, table.nonce.clone())
            };
            if draft.is_empty() {
                return Ok(Committed::Nothing);
            }
            let commit = self.draw_up(n, previous, draft);
            let hook = self.faults.take_hook();
            if let Some(hook) = hook {
                hook();
            }
            let lost = self.faults.take_lost();
            if let Some(lost) = lost {
                return Err(self.lose(lost, commit));
            }
            if self.log.publish(&commit).is_ok() {
                self.read_on();
                return Ok(Committed::At(n));
            }
        }
        Err(StoreError::Contended {
            path: "memory/log".into(),
            attempts: ATTEMPTS,
        })
    }

    fn settle(&mut self) -> Result<Committed> {
        self.faults.check(Call::Settle)?;
        let Some(pending) = self.pending.take() else {
            return Ok(Committed::Nothing);
        };
        let stands = match self.log.publish(&pending) {
            Ok(()) => true,
            Err(standing) => standing.nonce == pending.nonce,
        };
        self.read_on();
        Ok(if stands {
            Committed::At(pending.n)
        } else {
            Committed::Nothing
        })
    }

    fn news(&mut self) -> Vec<Arc<Commit>> {
        let mut news = std::mem::take(&mut self.news);
        if news.len() > 1 && self.faults.take_prunes() {
            news.drain(..news.len() - 1);
        }
        news
    }

    fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Result<()> {
        self.faults.check(Call::Heartbeat)?;
        let session = heartbeat.session.clone();
        self.log.lock().heartbeats.insert(session, heartbeat.clone());
        Ok(())
    }

    fn session(&mut self, session: &SessionId) -> Result<Option<Heartbeat>> {
        self.faults.check(Call::Sessions)?;
        Ok(self.log.lock().heartbeats.get(session).cloned())
    }

    fn sessions(&mut self) -> Result<Vec<Heartbeat>> {
        self.faults.check(Call::Sessions)?;
        Ok(self.log.heartbeats())
    }

    fn tend(&mut self, _now: Moment) -> Option<Duration> {
        None
    }

    fn check(&mut self, _mend: bool) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn remarks(&mut self) -> Vec<String> {
        self.faults.take_remarks()
    }

    fn author(&self) -> Arc<Owner> {
        Arc::clone(&self.author)
    }
}

#[cfg(test)]
mod tests;
