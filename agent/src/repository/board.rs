//! What a repository's worker shows to the rest of the agent.
//!
//! The worker writes it, everybody reads it; nobody holds one of its locks over I/O or over an `await`, so that looking
//! never waits for the share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use camctl_shared::clock::{Clock, Moment, Timestamp};
use camctl_shared::model::{
    Commit, Ended, FileName, Kind, Owner, Policy, RepositoryId, StoreError, Table, Token,
};
use camctl_shared::rules::{Judge as _, Observer, Scene, Standing};
use camctl_shared::share::Share;
use camctl_shared::store::SharedTable;
use tokio::sync::{Notify, Semaphore, broadcast, watch};

use super::courtesy::Courtesy;
use super::endings::Endings;
use super::history::keep::Keeper;
use super::life::Life;
use super::pulse::Pulse;
use super::questions::Questions;
use super::schedule::Pace;
use super::sitting::Sitting;
use crate::problem::Problem;
use crate::programs::{self, Programs};
use crate::state::Kept;
use crate::wire::Eyes;

/// Events that a slow watcher may be behind before it misses some.
const NEWS: usize = 256;
/// Single files that are looked at on the share at one time.
const GLANCES: usize = 8;
/// Lost locks that are remembered until their owner asks for them.
const LOSSES: usize = 1000;
/// How long after the last request the table is still looked at often.
const CALM_FOR: Duration = Duration::from_secs(60);

/// Something that happened in the repository.
#[derive(Debug, Clone)]
pub enum News {
    /// A commit, whoever made it.
    Commit(Arc<Commit>),
    /// The share cannot be reached.
    Away {
        /// When, for people.
        at: Timestamp,
        /// Why.
        cause: String,
    },
    /// It can be reached again.
    Back {
        /// When, for people.
        at: Timestamp,
    },
    /// Something a person should know.
    Remark {
        /// When, for people.
        at: Timestamp,
        /// A sentence.
        text: String,
    },
}

/// How well the repository can be read.
#[derive(Debug, Clone)]
pub enum Health {
    /// It was not read yet.
    Opening,
    /// It was read the last time this was tried.
    Well,
    /// The share does not answer as it should; this passes.
    Away(StoreError),
    /// Somebody has to mend something.
    Damaged(StoreError),
    /// The agent has parked its locks.
    Stopped,
}

/// A lock of this desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its token; `None` for records of older tools.
    pub token: Option<Token>,
    /// Since when.
    pub since: Timestamp,
}

/// A lock of this desk that somebody else ended, and whose owner has not asked for it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How it ended.
    pub ended: Ended,
    /// By whom.
    pub by: Arc<Owner>,
}

/// What changes together, under one lock.
#[derive(Debug)]
pub struct State {
    /// How well the repository can be read.
    pub health: Health,
    /// What holds here.
    pub policy: Arc<Policy>,
    /// Whether one's own locks are known to stand.
    pub life: Life,
    /// Whether the person was told that they are not.
    pub told_unsafe: bool,
    /// Why one's own signs of life cannot be written, when that is so.
    pub beat_problem: Option<StoreError>,
    /// The newest commit that [`State::mine`] and [`State::lost`] take into account.
    pub digested: Option<u64>,
    /// What this desk holds.
    pub mine: BTreeMap<FileName, Held>,
    /// Those of them that are guards.
    pub guards: BTreeSet<FileName>,
    /// The guards that a program of this desk asks about: it says itself when it is over.
    pub attended: BTreeMap<(FileName, Token), usize>,
    /// What it lost.
    pub lost: BTreeMap<FileName, Loss>,
    /// What its person waits for.
    pub courtesy: Courtesy,
    /// What its person was told of requests.
    pub questions: Questions,
    /// Its leases that will end.
    pub endings: Endings,
    /// How what it holds is used.
    pub sitting: Sitting,
    /// When somebody last asked for something.
    pub asked: Option<Moment>,
    /// What an earlier run knew, until the table was read.
    pub kept: Kept,
}

impl State {
    /// Remembers a lock that was lost; the oldest names go first when there are too many.
    pub fn lose(&mut self, file: FileName, loss: Loss) {
        self.lost.insert(file, loss);
        if self.lost.len() > LOSSES {
            self.lost.pop_first();
        }
    }
}

/// See the module.
pub struct Board {
    /// The repository's folder, as it was opened first.
    pub root: PathBuf,
    /// The same, for people.
    pub folder: String,
    /// Whose agent this is.
    pub me: Arc<Owner>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The programs of this machine.
    pub programs: Arc<dyn Programs>,
    /// How long the share may owe an answer.
    pub patience: Duration,
    /// When the share answered.
    pub pulse: Arc<Pulse>,
    /// Those who wait for a file here.
    pub waiters: AtomicUsize,
    /// Whether the worker was woken and has not looked yet.
    pub woken: AtomicBool,
    /// Rung when something changed that is saved or shown.
    pub stirred: Arc<Notify>,
    /// When its worker was started.
    pub started: Moment,
    /// Looks at single files that may be under way at one time: a share that hangs must not take every thread.
    pub glances: Arc<Semaphore>,
    /// Contents that may be copied at one time, for the same reason.
    pub copies: Arc<Semaphore>,
    /// The digest of the log.
    pub past: Keeper,
    table: OnceLock<SharedTable>,
    share: OnceLock<Arc<dyn Share>>,
    observer: Mutex<Observer>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    news: broadcast::Sender<News>,
}

impl Board {
    /// The board of a repository that was not read yet.
    pub fn new(
        root: PathBuf,
        me: Arc<Owner>,
        clock: Arc<dyn Clock>,
        patience: Duration,
        stirred: Arc<Notify>,
    ) -> Self {
        let policy = Arc::new(Policy::default());
        let started = clock.moment();
        Self {
            folder: root.display().to_string(),
            root,
            me,
            clock,
            programs: Arc::new(programs::Here),
            patience,
            pulse: Arc::default(),
            waiters: AtomicUsize::new(0),
            woken: AtomicBool::new(false),
            stirred,
            started,
            glances: Arc::new(Semaphore::new(GLANCES)),
            copies: Arc::new(Semaphore::new(super::copying::AT_ONCE)),
            past: Keeper::default(),
            table: OnceLock::new(),
            share: OnceLock::new(),
            observer: Mutex::new(Observer::new(&policy, BTreeMap::new())),
            state: Mutex::new(State {
                health: Health::Opening,
                life: Life::new(policy.owner_gives_up()),
                policy,
                told_unsafe: false,
                beat_problem: None,
                digested: None,
                mine: BTreeMap::new(),
                guards: BTreeSet::new(),
                attended: BTreeMap::new(),
                lost: BTreeMap::new(),
                courtesy: Courtesy::default(),
                questions: Questions::default(),
                endings: Endings::default(),
                sitting: Sitting::default(),
                asked: None,
                kept: Kept::default(),
            }),
            changed: watch::Sender::new(0),
            news: broadcast::Sender::new(NEWS),
        }
    }

    /// What an earlier run of the agent knew, as long as nothing newer is known.
    pub fn unopened_kept(&self) -> Kept {
        self.state().kept.clone()
    }

    /// The table; `None` before it was first read.
    pub fn table(&self) -> Option<&SharedTable> {
        self.table.get()
    }

    /// Which repository this is, once that is known.
    pub fn id(&self) -> Option<RepositoryId> {
        self.table().map(|table| table.read().repository.clone())
    }

    /// The folder, for those who look at files on threads of their own; `None` before it was opened.
    pub fn share(&self) -> Option<Arc<dyn Share>> {
        self.share.get().cloned()
    }

    /// For the worker: the folder was opened.
    pub fn set_share(&self, share: Arc<dyn Share>) {
        // Opened again, it is the same folder.
        let _ = self.share.set(share);
    }

    /// For the worker: the table was read.
    pub fn set_table(&self, table: SharedTable) {
        // A second reading of the same store gives the same handle.
        let _ = self.table.set(table);
    }

    /// The judge of others; keep it no longer than a decision takes.
    pub fn observer(&self) -> MutexGuard<'_, Observer> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `table` before the rules, judged as of now: what was watched before a gap counts for nothing.
    pub fn decide<T>(&self, table: &Table, policy: &Policy, rules: impl FnOnce(&Scene<'_>) -> T) -> T {
        let mut observer = self.observer();
        observer.tick(self.clock.moment());
        rules(&Scene {
            table,
            policy,
            judge: &*observer,
            now: self.clock.wall(),
        })
    }

    /// Whether the guard on `file` is known to be over, because its program is.
    pub fn is_orphaned(&self, file: &FileName) -> bool {
        let Some(table) = self.table() else { return false };
        let table = table.read();
        let observer = self.observer();
        let over = |lock: &Arc<_>| observer.lock(&table, file, lock) == Standing::Orphaned;
        table.locks.get(file).is_some_and(over)
    }

    /// What changes together; keep it no longer than a look takes.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows `look` the table as it stands; `None` before it was first read.
    pub fn see<R>(&self, look: impl FnOnce(&Eyes<'_>) -> R) -> Option<R> {
        let table = self.table()?;
        let (policy, safe) = {
            let state = self.state();
            (Arc::clone(&state.policy), state.life.is_safe(self.clock.moment()))
        };
        let table = table.read();
        let observer = self.observer();
        Some(look(&Eyes {
            me: &self.me,
            table: &table,
            policy: &policy,
            judge: &*observer,
            safe,
        }))
    }

    /// Whether what [`Board::see`] shows may be taken for how things stand.
    ///
    /// # Errors
    /// When the table could not be read lately: then only what is known to be held may be shown, and nothing as free.
    pub fn readable(&self) -> Result<(), Problem> {
        match &self.state().health {
            Health::Well => {}
            Health::Away(cause) | Health::Damaged(cause) => return Err(Problem::Store(cause.clone())),
            Health::Stopped => return Err(Problem::Stopping),
            Health::Opening => return Err(self.no_answer(self.patience)),
        }
        match self.pulse.owes(self.clock.moment()) {
            Some(owes) if owes >= self.patience => Err(self.no_answer(owes)),
            _ => Ok(()),
        }
    }

    /// That the share has not answered for `waited`.
    pub fn no_answer(&self, waited: Duration) -> Problem {
        Problem::NoAnswer {
            folder: self.folder.clone(),
            waited,
            unsettled: false,
        }
    }

    /// How much is going on.
    pub fn pace(&self, now: Moment) -> Pace {
        let watched = self.waiters.load(Ordering::Relaxed) > 0 || self.news.receiver_count() > 0;
        if watched {
            return Pace::Busy;
        }
        let state = self.state();
        let lately = state.asked.is_some_and(|asked| now.since(asked) < CALM_FOR);
        // Whoever asked to be told may wait for days: nobody sits there and counts the seconds.
        if lately || state.courtesy.waits() || !state.mine.is_empty() {
            Pace::Calm
        } else {
            Pace::Idle
        }
    }

    /// Somebody asked for something.
    pub fn note_asked(&self) {
        let now = self.clock.moment();
        self.state().asked = Some(now);
    }

    /// Moves on whenever those who wait should look again.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// For the worker: those who wait should look again.
    pub fn bump(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// For the worker: these are in the log.
    pub fn note_past(&self, commits: &[Arc<Commit>]) {
        if !commits.is_empty()
            && let Some(id) = self.id()
        {
            self.past.note(commits, &id.0);
        }
    }

    /// For the worker: tells all who watch.
    pub fn announce(&self, news: News) {
        // Nobody watching is no error.
        let _ = self.news.send(news);
    }

    /// What this desk holds, found by a look at the whole table.
    pub fn find_mine(me: &Owner, table: &Table) -> BTreeMap<FileName, Held> {
        let mine = table.locks.iter().filter(|(_, lock)| lock.owner.same_desk(me));
        mine.map(|(file, lock)| (file.clone(), held(lock))).collect()
    }
}

/// The guards among one's own locks.
pub fn find_guards(me: &Owner, table: &Table) -> BTreeSet<FileName> {
    let guards = table
        .locks
        .iter()
        .filter(|(_, lock)| lock.kind == Kind::Guard && lock.owner.same_desk(me));
    guards.map(|(file, _)| file.clone()).collect()
}

/// What is remembered of a lock of this desk.
pub fn held(lock: &camctl_shared::model::Lock) -> Held {
    Held {
        token: lock.token,
        since: lock.since,
    }
}
