//! Stale: who has been silent for too long. Nobody compares two machines' clocks.
//!
//! After client-go's leader election: no trust in another node's time, only in change observed on one's own clock.
//! An [`Observer`] is told what was seen (heartbeats, commits) and when, on this machine's own clock. A session is
//! stale when its sign of life has not moved for `stale_after` of *unbroken* watching. Whenever the watching was
//! broken (a gap, or the observer's own heartbeats failed), everybody's silence starts again: a share that was away
//! for everybody must not make everybody stale.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{FileName, Judge, Lock, Policy, SessionId, Standing, Table};
use crate::clock::Moment;
use crate::model::Kind;

/// What was seen of one session's heartbeat file: its counter, or that there is none.
pub type Sign = Option<u64>;

/// A parking counts at most so much for each look at it, so that a wall clock that jumps ages nobody's lock at once.
const LONGEST_STEP: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone, Copy)]
struct Watched {
    sign: Sign,
    moved: Moment,
}

/// How long a parked session has been seen away, by this machine's wall clock. Kept over restarts by the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// The commit that parked it.
    pub commit: u64,
    /// The time seen so far.
    pub so_far: Duration,
    /// The last look.
    pub looked: Timestamp,
}

/// Watches the sessions of one repository, on this machine's own clock.
#[derive(Debug, Default)]
pub struct Observer {
    sessions: BTreeMap<SessionId, Watched>,
    leases: BTreeMap<FileName, (u64, Moment)>,
    away: BTreeMap<SessionId, Away>,
    looked: Option<Moment>,
    stale_after: Duration,
    park_limit: Duration,
    gap: Duration,
    now: Moment,
}

impl Observer {
    /// One that has seen nothing yet. `away` is what an earlier run of the agent knew of parked sessions.
    pub fn new(policy: &Policy, away: BTreeMap<SessionId, Away>) -> Self {
        let mut observer = Self {
            away,
            ..Self::default()
        };
        observer.follow(policy);
        observer
    }

    /// Takes over the timings of a policy that changed.
    pub fn follow(&mut self, policy: &Policy) {
        self.stale_after = policy.stale_after;
        self.park_limit = policy.park_limit;
        self.gap = policy.watch_gap();
    }

    /// What is to be kept over a restart.
    pub fn away(&self) -> &BTreeMap<SessionId, Away> {
        &self.away
    }

    /// The watching was broken: the share did not answer, or one's own heartbeat failed. All silences start again.
    pub fn interrupted(&mut self) {
        self.looked = None;
    }

    /// The time of the judgements that follow.
    pub fn tick(&mut self, now: Moment) {
        self.now = now;
        self.notice_gap(now);
    }

    /// One complete round of watching: every session of the table, with the heartbeat that stands on the share.
    pub fn look(&mut self, now: Moment, wall: Timestamp, table: &Table, signs: &BTreeMap<SessionId, Sign>) {
        self.tick(now);
        let fresh = self.looked.is_none();
        self.sessions.retain(|session, _| signs.contains_key(session));
        for (session, sign) in signs {
            let entry = self.sessions.entry(session.clone()).or_insert(Watched {
                sign: *sign,
                moved: now,
            });
            if fresh || entry.sign != *sign {
                *entry = Watched {
                    sign: *sign,
                    moved: now,
                };
            }
        }
        self.looked = Some(now);
        self.see_leases(now, table);
        self.see_parked(wall, table);
    }

    /// A session showed a sign of life outside the rounds: its heartbeat was read again, or it committed.
    pub fn alive(&mut self, now: Moment, session: &SessionId) {
        if let Some(watched) = self.sessions.get_mut(session) {
            watched.moved = now;
        }
    }

    /// One session's heartbeat, read again just before it is judged.
    pub fn sign(&mut self, now: Moment, session: &SessionId, sign: Sign) {
        let watched = self
            .sessions
            .entry(session.clone())
            .or_insert(Watched { sign, moved: now });
        if watched.sign != sign {
            *watched = Watched { sign, moved: now };
        }
    }

    /// Notes leases that were (re)newed since the last look, so that their time runs from when they were seen.
    pub fn see_leases(&mut self, now: Moment, table: &Table) {
        let leases = table.locks.iter().filter(|(_, lock)| lock.kind == Kind::Lease);
        let mut seen = BTreeMap::new();
        for (file, lock) in leases {
            let since = match self.leases.get(file) {
                Some((renewed, since)) if *renewed == lock.renewed => *since,
                _ => now,
            };
            seen.insert(file.clone(), (lock.renewed, since));
        }
        self.leases = seen;
    }

    fn see_parked(&mut self, wall: Timestamp, table: &Table) {
        self.away.retain(|session, _| table.parked.contains_key(session));
        for (session, absence) in &table.parked {
            let new = Away {
                commit: absence.commit,
                so_far: Duration::ZERO,
                looked: wall,
            };
            let entry = self.away.entry(session.clone()).or_insert_with(|| new.clone());
            if entry.commit != absence.commit {
                *entry = new;
                continue;
            }
            let step = Duration::try_from(wall.duration_since(entry.looked)).unwrap_or(Duration::ZERO);
            entry.so_far = entry.so_far.saturating_add(step.min(LONGEST_STEP));
            entry.looked = wall;
        }
    }

    fn notice_gap(&mut self, now: Moment) {
        if self.looked.is_some_and(|looked| now.since(looked) > self.gap) {
            self.interrupted();
        }
    }

    /// How long the session has been silent under unbroken watching; `None` when nobody can say.
    fn silence(&self, session: &SessionId) -> Option<Duration> {
        let looked = self.looked?;
        let watched = self.sessions.get(session)?;
        Some(looked.since(watched.moved))
    }
}

impl Judge for Observer {
    fn lock(&self, file: &FileName, lock: &Lock) -> Standing {
        if let (Kind::Lease, Some(lease)) = (&lock.kind, lock.lease) {
            // Ends by itself, alive or not; seen by nobody means that its time has just begun.
            let over = self
                .leases
                .get(file)
                .is_some_and(|(renewed, since)| *renewed == lock.renewed && self.now.since(*since) >= lease);
            if over {
                return Standing::Expired;
            }
        }
        let Some(session) = &lock.owner.session else {
            return Standing::Alive { silent: None };
        };
        if matches!(lock.kind, Kind::Other(_)) {
            return Standing::Alive { silent: None };
        }
        if let Some(away) = self.away.get(session) {
            let too_long = away.so_far >= self.park_limit;
            return if too_long {
                Standing::ParkedTooLong
            } else {
                Standing::Parked
            };
        }
        match self.silence(session) {
            Some(silent) if silent >= self.stale_after => Standing::Stale { silent },
            silent => Standing::Alive { silent },
        }
    }

    fn session_is_stale(&self, session: &SessionId) -> bool {
        self.silence(session)
            .is_some_and(|silent| silent >= self.stale_after)
    }
}
