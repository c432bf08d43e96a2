//! Faults on demand, for one [`MemoryStore`](super::MemoryStore).

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::StoreError;
use crate::store::Result;

/// What a store does that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// [`LockStore::load`](crate::store::LockStore::load).
    Load,
    /// [`LockStore::catch_up`](crate::store::LockStore::catch_up) and [`LockStore::catch_up_fully`](crate::store::LockStore::catch_up_fully).
    CatchUp,
    /// [`LockStore::commit`](crate::store::LockStore::commit); it fails before anything was decided.
    Commit,
    /// [`LockStore::settle`](crate::store::LockStore::settle).
    Settle,
    /// [`LockStore::heartbeat`](crate::store::LockStore::heartbeat).
    Heartbeat,
    /// [`LockStore::session`](crate::store::LockStore::session) and [`LockStore::sessions`](crate::store::LockStore::sessions).
    Sessions,
}

/// What got lost when a commit ends as [`StoreError::Unsettled`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Only the reply: the commit stands, and settling will find it.
    Reply,
    /// The request: nothing was written, and settling tries again. By then another machine may have been faster.
    Request,
}

pub(super) type Hook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Plan {
    failures: VecDeque<(Option<Call>, StoreError)>,
    away: Option<StoreError>,
    lost: Option<Lost>,
    between: VecDeque<Hook>,
    remarks: Vec<String>,
    prunes: bool,
}

/// What shall go wrong in one store; a handle for its test.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

impl Faults {
    /// The next call that touches the log, whichever it is, fails with `error`. Several queue up.
    pub fn fail_next(&self, error: StoreError) {
        self.plan().failures.push_back((None, error));
    }

    /// The next such call fails with `error`; others go on.
    pub fn fail_next_call(&self, call: Call, error: StoreError) {
        self.plan().failures.push_back((Some(call), error));
    }

    /// What was still to fail so goes on. Returns how often it was.
    pub fn forget(&self, call: Call) -> usize {
        let failures = &mut self.plan().failures;
        let before = failures.len();
        failures.retain(|(only, _)| *only != Some(call));
        before - failures.len()
    }

    /// The share is away: every call fails with `error`, until `None` brings it back.
    pub fn away(&self, error: Option<StoreError>) {
        self.plan().away = error;
    }

    /// The answer to the next commit gets lost: it ends as [`StoreError::Unsettled`].
    pub fn unsettle_next(&self, lost: Lost) {
        self.plan().lost = Some(lost);
    }

    /// Runs `hook` once, between the next decision and its publishing; there another machine can be faster.
    /// Several run one per attempt.
    pub fn before_publish(&self, hook: impl FnOnce() + Send + 'static) {
        self.plan().between.push_back(Box::new(hook));
    }

    /// Something that the store has to say to a person.
    pub fn remark(&self, remark: &str) {
        self.plan().remarks.push(remark.to_owned());
    }

    /// The next news begin with the newest commit: those before it were pruned while this machine was away.
    pub fn prune_next_news(&self) {
        self.plan().prunes = true;
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_hook(&self) -> Option<Hook> {
        self.plan().between.pop_front()
    }

    pub(super) fn take_lost(&self) -> Option<Lost> {
        self.plan().lost.take()
    }

    pub(super) fn take_remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.plan().remarks)
    }

    pub(super) fn take_prunes(&self) -> bool {
        std::mem::take(&mut self.plan().prunes)
    }

    /// Fails if `call` is to fail.
    pub(super) fn check(&self, call: Call) -> Result<()> {
        let mut plan = self.plan();
        if let Some(error) = &plan.away {
            return Err(error.clone());
        }
        let meant = |(only, _): &(Option<Call>, StoreError)| only.is_none_or(|only| only == call);
        match plan.failures.iter().position(meant) {
            Some(at) => plan.failures.remove(at).map_or(Ok(()), |(_, error)| Err(error)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").finish_non_exhaustive()
    }
}
