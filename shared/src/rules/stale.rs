//! Stale: who has been silent for too long. Nobody compares two machines' clocks.
//!
//! After client-go's leader election: no trust in another node's time, only in change observed on one's own clock.
//! An [`Observer`] is told what was seen (heartbeats, the table) and when, on this machine's own clock. A session is
//! stale when its sign of life, that is its heartbeat's counter or its newest commit, has not moved for `stale_after`
//! of *unbroken* watching. Whenever the watching was broken (a gap, or the observer's own heartbeats failed),
//! everybody's silence starts again: a share that was away for everybody must not make everybody stale.
//!
//! How it is used: [`Observer::begin`] and [`Observer::look`] around each round, once in a heartbeat, with every session
//! that [`Table::sessions`] names;
//! [`Observer::interrupted`] whenever a round or an own heartbeat failed; [`Observer::tick`] before a decision. Judged is
//! always against the table at hand: a session that committed after the last look lives, whatever the observer knew.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{FileName, Judge, Lock, Policy, SessionId, Standing, Table, Token};
use crate::clock::Moment;
use crate::model::Kind;
use crate::mutation::{Mutation, mutated};

/// What was seen of one session's heartbeat file: its counter, or that there is none.
pub type Sign = Option<u64>;

/// The time between two runs of the agent is known by the wall clock alone. It counts for at most so much, so that a
/// wall clock that jumped ages nobody's parking at once.
const LONGEST_STEP: Duration = Duration::from_hours(24);

/// What was last seen of a session, and when it last changed.
#[derive(Debug, Clone, Copy)]
struct Watched {
    sign: Sign,
    commit: Option<u64>,
    moved: Moment,
}

/// How long a parked session has been seen away. Kept over restarts by the agent.
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
    /// The guards whose programs would run on this machine, by their tokens, and whether they do.
    programs: BTreeMap<FileName, (Option<Token>, bool)>,
    away: BTreeMap<SessionId, Away>,
    parked_seen: Option<Moment>,
    /// When the last complete round began; what it saw is true of that moment, and of nothing later.
    looked: Option<Moment>,
    began: Option<Moment>,
    stale_after: Duration,
    /// Until when an earlier, longer `stale_after` goes on to hold.
    before: Option<(Moment, Duration)>,
    park_limit: Duration,
    gap: Duration,
    now: Moment,
}

impl Observer {
    /// One that has seen nothing yet. `away` is what an earlier run of the agent knew of parked sessions.
    pub fn new(policy: &Policy, away: BTreeMap<SessionId, Away>) -> Self {
        Self {
            away,
            stale_after: policy.stale_after,
            park_limit: policy.park_limit,
            gap: policy.watch_gap(),
            ..Self::default()
        }
    }

    /// Takes over the timings of a policy that changed.
    ///
    /// Agents learn of a policy one after the other: a `stale_after` that became shorter holds only once the earlier
    /// one has passed, so that nobody is taken for dead who still beats in the earlier rhythm.
    pub fn follow(&mut self, policy: &Policy) {
        let earlier = self.stale_after();
        if policy.stale_after < earlier && policy.stale_after != self.stale_after {
            self.before = Some((self.now.after(earlier), earlier));
        }
        self.stale_after = policy.stale_after;
        self.park_limit = policy.park_limit;
        self.gap = policy.watch_gap();
    }

    fn stale_after(&self) -> Duration {
        match self.before {
            Some((until, earlier)) if self.now < until => earlier.max(self.stale_after),
            _ => self.stale_after,
        }
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

    /// A round of watching begins: the first heartbeat is about to be read. Without it a round takes no time, and one
    /// that took long would count its own length as everybody's silence.
    pub fn begin(&mut self, now: Moment) {
        self.began = Some(now);
    }

    /// One complete round of watching, which ends now: the table, and the heartbeat that stands on the share of every session that
    /// [`Table::sessions`] names (`None` where the share says for certain that there is no such file).
    ///
    /// A session that could not be read is left out: it is unknown, so its silence starts again.
    pub fn look(&mut self, now: Moment, wall: Timestamp, table: &Table, signs: &BTreeMap<SessionId, Sign>) {
        self.tick(now);
        let fresh = self.looked.is_none();
        self.sessions.retain(|session, _| signs.contains_key(session));
        for (session, sign) in signs {
            let seen = Watched {
                sign: *sign,
                commit: table.signs.get(session).copied(),
                moved: now,
            };
            match self.sessions.get_mut(session) {
                Some(known) if !fresh && known.sign == seen.sign && known.commit == seen.commit => {}
                Some(known) => *known = seen,
                None => drop(self.sessions.insert(session.clone(), seen)),
            }
        }
        self.looked = Some(self.began.take().unwrap_or(now));
        self.see_leases(now, table);
        self.see_parked(now, wall, table);
    }

    /// One session's heartbeat, read again just before it is judged.
    pub fn sign(&mut self, now: Moment, session: &SessionId, sign: Sign) {
        if let Some(known) = self.sessions.get_mut(session)
            && known.sign != sign
        {
            (known.sign, known.moved) = (sign, now);
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

    /// Notes which of the guards of this machine have a program that runs. A guard that is not named, because nobody here
    /// can say, is judged by its session alone; one without a program is over, so it is named only when its agent is dead
    /// too.
    pub fn see_programs(&mut self, seen: BTreeMap<FileName, (Option<Token>, bool)>) {
        self.programs = seen;
    }

    /// The same for one file, just before it is judged; `None`: nobody here can say.
    pub fn see_program(&mut self, file: &FileName, seen: Option<(Option<Token>, bool)>) {
        match seen {
            Some(seen) => drop(self.programs.insert(file.clone(), seen)),
            None => drop(self.programs.remove(file)),
        }
    }

    fn program(&self, file: &FileName, lock: &Lock) -> Option<bool> {
        let (token, lives) = self.programs.get(file)?;
        (lock.kind == Kind::Guard && lock.token == *token).then_some(*lives)
    }

    fn see_parked(&mut self, now: Moment, wall: Timestamp, table: &Table) {
        let since_last = self.parked_seen.replace(now).map(|last| now.since(last));
        self.away.retain(|session, _| table.parked.contains_key(session));
        for (session, absence) in &table.parked {
            match self.away.get_mut(session) {
                Some(known) if known.commit == absence.commit => {
                    // Between two runs of the agent only the wall clock went on, and it may have been set.
                    let by_wall =
                        Duration::try_from(wall.duration_since(known.looked)).unwrap_or(Duration::ZERO);
                    let step = since_last.unwrap_or(by_wall.min(LONGEST_STEP));
                    known.so_far = known.so_far.saturating_add(step);
                    known.looked = wall;
                }
                _ => {
                    let new = Away {
                        commit: absence.commit,
                        so_far: Duration::ZERO,
                        looked: wall,
                    };
                    self.away.insert(session.clone(), new);
                }
            }
        }
    }

    fn notice_gap(&mut self, now: Moment) {
        if self.looked.is_some_and(|looked| now.since(looked) > self.gap)
            && !mutated(Mutation::JudgeAcrossGap)
        {
            self.interrupted();
        }
    }

    /// How long the session has been silent under unbroken watching; `None` when nobody can say.
    fn silence(&self, table: &Table, session: &SessionId) -> Option<Duration> {
        let looked = self.looked?;
        let watched = self.sessions.get(session)?;
        if watched.commit != table.signs.get(session).copied() {
            return Some(Duration::ZERO);
        }
        Some(looked.since(watched.moved))
    }

    fn parked(&self, table: &Table, session: &SessionId) -> Option<Standing> {
        let absence = table
            .parked
            .get(session)
            .filter(|_| !mutated(Mutation::JudgeParked))?;
        let too_long = self
            .away
            .get(session)
            .is_some_and(|away| away.commit == absence.commit && away.so_far >= self.park_limit);
        Some(if too_long {
            Standing::ParkedTooLong
        } else {
            Standing::Parked
        })
    }

    fn expired(&self, file: &FileName, lock: &Lock) -> bool {
        let (Kind::Lease, Some(lease)) = (&lock.kind, lock.lease) else {
            return false;
        };
        // A lease that nobody saw begin has only just begun.
        self.leases
            .get(file)
            .is_some_and(|(renewed, since)| *renewed == lock.renewed && self.now.since(*since) >= lease)
    }
}

impl Judge for Observer {
    fn lock(&self, table: &Table, file: &FileName, lock: &Lock) -> Standing {
        if self.expired(file, lock) {
            return Standing::Expired;
        }
        if self.program(file, lock) == Some(false) {
            return Standing::Orphaned;
        }
        // Records of older tools, and kinds that only a newer version understands, are nobody's to judge.
        let session = match &lock.kind {
            Kind::Other(_) => None,
            Kind::Checkout | Kind::Guard | Kind::Lease => lock.owner.session.as_ref(),
        };
        let Some(session) = session else {
            return Standing::Alive { silent: None };
        };
        // A guard is for a program that runs; a parked session's runs no more, or sleeps with its machine.
        if lock.kind != Kind::Guard
            && let Some(standing) = self.parked(table, session)
        {
            return standing;
        }
        match self.silence(table, session) {
            // Whoever sees the program run does not call it dead.
            Some(silent) if silent >= self.stale_after() && !self.program_lives(file, lock) => {
                Standing::Stale { silent }
            }
            silent => Standing::Alive { silent },
        }
    }

    fn session_is_stale(&self, table: &Table, session: &SessionId) -> bool {
        self.silence(table, session)
            .is_some_and(|silent| silent >= self.stale_after())
    }

    fn program_lives(&self, file: &FileName, lock: &Lock) -> bool {
        self.program(file, lock) == Some(true)
    }
}
