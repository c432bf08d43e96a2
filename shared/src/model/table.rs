//! The lock table: what the log adds up to.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Case, Commit, Extra, FileName, Lock, Nonce, RequestId, SessionId};

/// Names a repository for ever, whatever path it is reached by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryId(pub Box<str>);

impl RepositoryId {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(crate::random::uuid_by_age().to_string().into())
    }
}

/// A session that stopped cleanly and kept its checkouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Since when, for people.
    pub since: Timestamp,
    /// The commit that parked it; an observer measures from when it saw this one.
    pub commit: u64,
    /// Unknown keys.
    pub extra: Extra,
}

/// The ids of requests that were settled lately, newest last.
///
/// A client that lost its reply looks its request up here; checkpoints carry it, so that it outlives a pruning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent {
    entries: VecDeque<(u64, RequestId)>,
    /// Every request of every commit is looked up, and under load there are a hundred thousand entries.
    index: HashMap<RequestId, u64>,
}

impl Recent {
    /// How many commits back a request can be looked up: two folders of the log.
    pub const REACH: u64 = 2000;

    /// Adds a request that commit `n` settled, and forgets those that are out of reach.
    pub fn add(&mut self, n: u64, request: RequestId) {
        self.index.insert(request.clone(), n);
        self.entries.push_back((n, request));
        while let Some((old, _)) = self.entries.front()
            && old.saturating_add(Self::REACH) < n
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((n, request)) = self.entries.pop_front()
            && self.index.get(&request) == Some(&n)
        {
            self.index.remove(&request);
        }
    }

    /// The commit that settled `request`, when it did so lately.
    pub fn find(&self, request: &RequestId) -> Option<u64> {
        self.index.get(request).copied()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &RequestId)> {
        self.entries.iter().map(|(n, id)| (*n, id))
    }
}

/// After so many commits everything about sessions that hold nothing is dropped; often enough to stay small, and seldom
/// enough to cost nothing in a table of thousands of locks.
const SWEEP: u64 = 1000;

/// The lock table after commit [`Table::n`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The newest commit in it.
    pub n: u64,
    /// That commit's nonce.
    pub nonce: Nonce,
    /// Which repository this is.
    pub repository: RepositoryId,
    /// Which names are the same file here.
    pub case: Case,
    /// Every lock.
    pub locks: BTreeMap<FileName, Arc<Lock>>,
    /// The sessions that are parked; all others are supposed to send heartbeats. One that holds nothing any more is
    /// dropped some time later.
    pub parked: BTreeMap<SessionId, Absence>,
    /// The number of each session's newest commit: a sign of life that is as new as the table itself, so that a
    /// session that came back a moment ago is never taken for a silent one. Holds at least the sessions that
    /// [`Table::sessions`] names and that committed anything; checkpoints carry it.
    pub signs: BTreeMap<SessionId, u64>,
    /// Requests settled lately.
    pub recent: Recent,
    /// Unknown keys.
    pub extra: Extra,
}

impl Table {
    /// The table before the first commit.
    pub fn empty(repository: RepositoryId, case: Case) -> Self {
        Self {
            n: 0,
            nonce: Nonce::default(),
            repository,
            case,
            locks: BTreeMap::new(),
            parked: BTreeMap::new(),
            signs: BTreeMap::new(),
            recent: Recent::default(),
            extra: Extra::new(),
        }
    }

    /// Takes one more step of the log.
    ///
    /// The caller has checked that `commit` follows: its number is `n + 1` (or 0 for the first) and its
    /// predecessor's nonce is ours.
    pub fn apply(&mut self, commit: &Commit) {
        for change in &commit.draft.changes {
            match &change.lock {
                Some(lock) => {
                    self.locks.insert(change.file.clone(), Arc::clone(lock));
                }
                None => {
                    self.locks.remove(&change.file);
                }
            }
        }
        for change in &commit.draft.sessions {
            match change.parked {
                Some(since) => {
                    self.parked.insert(
                        change.session.clone(),
                        Absence {
                            since,
                            commit: commit.n,
                            extra: Extra::new(),
                        },
                    );
                }
                None => {
                    self.parked.remove(&change.session);
                }
            }
        }
        for request in &commit.draft.requests {
            self.recent.add(commit.n, request.clone());
        }
        self.n = commit.n;
        self.nonce = commit.nonce.clone();
        self.note_sign(commit);
    }

    fn note_sign(&mut self, commit: &Commit) {
        if let Some(session) = &commit.author.session {
            match self.signs.get_mut(session) {
                Some(newest) => *newest = commit.n,
                None => drop(self.signs.insert(session.clone(), commit.n)),
            }
        }
        // By the commit's number, and so the same on every machine, whatever checkpoint it started from.
        if commit.n.is_multiple_of(SWEEP) {
            let at_stake: BTreeSet<SessionId> = self.sessions().cloned().collect();
            self.signs.retain(|session, _| at_stake.contains(session));
            self.parked.retain(|session, _| at_stake.contains(session));
        }
    }

    /// The sessions whose life matters: those that hold a lock, and those that wait for one. With repetitions.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionId> {
        self.locks.values().flat_map(|lock| {
            let waiters = lock.queue.iter().map(|waiter| &waiter.owner);
            std::iter::once(&lock.owner)
                .chain(waiters)
                .filter_map(|owner| owner.session.as_ref())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Draft, Owner, Waiter};

    #[test]
    fn requests_are_remembered_for_two_folders_of_the_log() {
        let mut recent = Recent::default();
        let first = RequestId::random();
        recent.add(1, first.clone());
        recent.add(1 + Recent::REACH, RequestId::random());
        assert_eq!(recent.find(&first), Some(1));
        recent.add(2 + Recent::REACH, RequestId::random());
        assert_eq!(recent.find(&first), None);
        assert_eq!(recent.iter().count(), 2);
    }

    fn table_with(lock: Lock) -> Table {
        let mut table = Table::empty(RepositoryId::random(), Case::Sensitive);
        let file = FileName::parse("a.mcam", Case::Sensitive).unwrap();
        table.locks.insert(file, Arc::new(lock));
        table
    }

    fn step(table: &mut Table, n: u64, by: &Arc<Owner>) {
        table.apply(&Commit {
            n,
            previous: table.nonce.clone(),
            nonce: Nonce::random(),
            author: Arc::clone(by),
            time: Timestamp::UNIX_EPOCH,
            draft: Draft::default(),
            extra: Extra::new(),
        });
    }

    #[test]
    fn sessions_with_nothing_at_stake_are_forgotten_now_and_then() {
        let [holder, waiter, gone] =
            ["alice", "bob", "carol"].map(|user| Arc::new(Owner::new(user, "CAM-03", SessionId::random())));
        let id = |owner: &Arc<Owner>| owner.session.clone().unwrap();
        let since = Timestamp::UNIX_EPOCH;
        let mut table = table_with(Lock {
            queue: vec![Waiter {
                owner: Arc::clone(&waiter),
                since,
                message: "".into(),
                lease: None,
                guard: None,
                request: RequestId::random(),
                extra: Extra::new(),
            }],
            ..Lock::new(Arc::clone(&holder), since, 1)
        });
        for (n, owner) in [&holder, &waiter, &gone, &holder].into_iter().enumerate() {
            step(&mut table, SWEEP - 5 + n as u64, owner);
            let since = Timestamp::UNIX_EPOCH;
            table.parked.insert(
                id(owner),
                Absence {
                    since,
                    commit: 1,
                    extra: Extra::new(),
                },
            );
        }
        assert_eq!(table.signs[&id(&holder)], SWEEP - 2, "the newest counts");
        assert_eq!((table.signs.len(), table.parked.len()), (3, 3));
        step(&mut table, SWEEP - 1, &gone);
        assert_eq!(table.signs[&id(&gone)], SWEEP - 1);
        step(&mut table, SWEEP, &holder);
        let left = |ids: Vec<&SessionId>| ids.into_iter().cloned().collect::<BTreeSet<_>>();
        let expected = BTreeSet::from([id(&holder), id(&waiter)]);
        assert_eq!(left(table.signs.keys().collect()), expected);
        assert_eq!(left(table.parked.keys().collect()), expected);
    }
}
