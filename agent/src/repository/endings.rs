//! Leases of this desk's own that are about to end: their person is told, once for each time that they were (re)newed. Pure.
//!
//! By this machine's own wall clock, as the lease was written: it is a warning, and decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{FileName, Kind, Lock, Owner, Token};

use crate::desktop::What;

/// So long before its end a lease is told of, or a [`PART`] of its length before it, whichever is shorter.
const BEFORE: Duration = Duration::from_mins(5);
const PART: u32 = 10;

/// A lease that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lease {
    token: Option<Token>,
    renewed: u64,
    length: Duration,
    ends: Timestamp,
}

impl Lease {
    fn of(lock: &Lock) -> Option<Self> {
        let lease = lock.kind == Kind::Lease;
        let (length, ends) = lock.lease.zip(lock.expires).filter(|_| lease)?;
        Some(Self {
            token: lock.token,
            renewed: lock.renewed,
            length,
            ends,
        })
    }

    fn warns_at(&self) -> Timestamp {
        let before = BEFORE.min(self.length / PART);
        self.ends.saturating_sub(before).unwrap_or(self.ends)
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endings {
    running: BTreeMap<FileName, Lease>,
    /// Which leases were told of, by the commit that (re)newed them last.
    pub told: BTreeMap<FileName, u64>,
}

impl Endings {
    /// Takes in which lock stands on `file` now.
    pub fn look(&mut self, file: &FileName, lock: Option<&Lock>, me: &Owner) {
        let mine = lock.filter(|lock| lock.owner.same_desk(me));
        if let Some(lease) = mine.and_then(Lease::of) {
            self.running.insert(file.clone(), lease);
        } else {
            self.running.remove(file);
            self.told.remove(file);
        }
    }

    /// The files that are known here.
    pub fn files(&self) -> Vec<FileName> {
        let all: BTreeSet<&FileName> = self.running.keys().chain(self.told.keys()).collect();
        all.into_iter().cloned().collect()
    }

    /// Those that are about to end and were not told of. What is over already is no news: its end is told.
    pub fn due(&mut self, now: Timestamp) -> Vec<What> {
        let mut due = Vec::new();
        for (file, lease) in &self.running {
            if lease.warns_at() > now || self.told.get(file) == Some(&lease.renewed) {
                continue;
            }
            self.told.insert(file.clone(), lease.renewed);
            if now < lease.ends {
                due.push(What::Ending {
                    file: file.clone(),
                    token: lease.token,
                    at: lease.ends,
                    lease: lease.length,
                });
            }
        }
        due
    }

    /// How long until there is something [`Endings::due`].
    pub fn next(&self, now: Timestamp) -> Option<Duration> {
        let untold = self.running.iter();
        let untold = untold.filter(|(file, lease)| self.told.get(*file) != Some(&lease.renewed));
        let first = untold.map(|(_, lease)| lease.warns_at()).min()?;
        Some(Duration::try_from(first.duration_since(now)).unwrap_or_default())
    }
}
