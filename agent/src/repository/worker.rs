//! One repository's worker: the only thread that touches its share.
//!
//! [`Worker::turn`] is one step, without waiting: it takes the jobs that came, does at most one chore, and says when it
//! wants to be called again. [`run`] is the thread around it. Everything the worker learns goes to its [`Board`].
//!
//! The order matters. Before anything is decided, the worker makes sure that its own session was never silent so long
//! that others may have judged it: after a gap it comes back first (`revive` in the log), and what it then learns about
//! its own locks is known before the first answer.

mod chores;
pub(super) mod guards;
mod lines;
mod presence;
mod requests;
mod sitting;
mod sleep;

pub use sitting::Sat;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::model::StoreError;
use camctl_shared::mutation::{Mutation, mutated};
use camctl_shared::rules::{self};
use camctl_shared::store::LockStore;

use super::batch::Batch;
use super::board::Board;
use super::events::Events;
use super::job::{Asks, Job};
use super::place::Place;
use super::schedule::{Chore, Schedule};
use super::{digest, guardian};
use crate::desktop::Desktop;
use crate::state::Kept;

/// Somebody who wants something has opening tried again, but not more often than this.
const OPEN_AGAIN: Duration = Duration::from_secs(1);
/// A wait with an end, in case a clock goes wrong.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A repository that was opened.
pub struct Opened {
    /// Its lock table.
    pub store: Box<dyn LockStore>,
    /// Its files.
    pub place: Box<dyn Place>,
    /// Where the operating system tells of changes; `None` where it does not.
    pub events: Option<std::path::PathBuf>,
    /// For `doctor`; `None` where there is no folder.
    pub share: Option<Arc<dyn camctl_shared::share::Share>>,
}

/// Opens the repository, on the worker's own thread. Called again after it failed.
pub type Opener = Box<dyn FnMut() -> Result<Opened, StoreError> + Send>;

/// How far the worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The table was not read yet.
    Opening,
    /// The usual.
    Working,
    /// It has parked, or gone without a word, and does nothing more.
    Stopped,
}

/// See the module.
pub struct Worker {
    pub(super) board: Arc<Board>,
    pub(super) desktop: Arc<dyn Desktop>,
    pub(super) opened: Option<Opened>,
    open: Opener,
    jobs: Sender<Job>,
    stage: Stage,
    pub(super) schedule: Schedule,
    backlog: VecDeque<Asks>,
    in_doubt: Option<Batch>,
    unsettled: bool,
    /// Those whose commit is settled have to wait: this desk cannot show itself just now, or the table is damaged.
    hindered: bool,
    counter: u64,
    /// When opening it was last tried.
    tried: Option<Moment>,
    /// The lines are seen to again from here on.
    lines_at: Moment,
    /// So are the guards that nobody asks about.
    guards_at: Moment,
    events: Option<Events>,
}

impl Worker {
    /// A worker that has opened nothing yet. `jobs` leads to itself; `kept` is what an earlier run of the agent knew.
    pub fn new(
        board: Arc<Board>,
        desktop: Arc<dyn Desktop>,
        open: Opener,
        jobs: Sender<Job>,
        kept: Kept,
    ) -> Self {
        let now = board.clock.moment();
        let policy = {
            let mut state = board.state();
            state.kept = kept;
            Arc::clone(&state.policy)
        };
        // Starts anywhere: only its movement means something.
        let counter = u64::try_from(board.clock.wall().as_millisecond()).unwrap_or(1);
        Self {
            schedule: Schedule::new(&policy, now),
            board,
            desktop,
            opened: None,
            open,
            jobs,
            stage: Stage::Opening,
            backlog: VecDeque::new(),
            in_doubt: None,
            unsettled: false,
            hindered: false,
            counter,
            tried: None,
            lines_at: now,
            guards_at: now,
            events: None,
        }
    }

    /// One step; see the module. Returns when the next one is due.
    pub fn turn(&mut self, jobs: Vec<Job>) -> Moment {
        let mut others = Vec::new();
        for job in jobs {
            match job {
                Job::Asks(asks) => self.backlog.push_back(asks),
                Job::Wake => {
                    self.board.woken.store(false, Ordering::Release);
                    let now = self.now();
                    self.guards_at = now;
                    if let Some(events) = &self.events {
                        if events.take_policy() {
                            self.schedule.hurry_listing(now);
                        }
                        if events.take_head() {
                            self.schedule.hurry(now);
                        }
                    }
                }
                Job::Unread(verdicts, unread) => self.unread(&verdicts, unread),
                other => others.push(other),
            }
        }
        let wanted = !self.backlog.is_empty() || !others.is_empty();
        if self.stage == Stage::Opening && self.is_time_to_open(wanted) {
            self.load();
        }
        self.serve_asks();
        for job in others {
            self.serve(job);
        }
        // Whoever waits comes first; but while a commit is being settled nobody can be served, and settling is a chore.
        if (self.backlog.is_empty() || self.unsettled && !mutated(Mutation::SettleLast))
            && self.stage == Stage::Working
        {
            self.chore();
        }
        self.see_to_lines();
        self.see_to_guards();
        guardian::tell_if_unsafe(&self.board, self.desktop.as_ref());
        let now = self.now();
        self.schedule.set_pace(self.board.pace(now));
        let waiting = !self.backlog.is_empty() || self.in_doubt.is_some();
        let ending = self.tell_endings();
        if waiting && !self.unsettled && !self.hindered {
            return now;
        }
        let due = [ending, self.guards_due()].into_iter().flatten();
        due.fold(self.schedule.next(), Moment::min)
    }

    /// Tells of one's own leases that are about to end. Returns when there will be the next.
    fn tell_endings(&self) -> Option<Moment> {
        let wall = self.board.clock.wall();
        let (due, next) = {
            let mut state = self.board.state();
            (state.endings.due(wall), state.endings.next(wall))
        };
        if !due.is_empty() {
            self.board.stirred.notify_one();
        }
        for what in due {
            self.tell(what);
        }
        next.map(|wait| self.now().after(wait))
    }

    /// Whether it has parked and will do nothing more.
    pub fn is_stopped(&self) -> bool {
        self.stage == Stage::Stopped
    }

    /// At first, when it is due again, and when somebody wants something; but not again and again for that.
    fn is_time_to_open(&self, wanted: bool) -> bool {
        let now = self.now();
        match self.tried {
            None => true,
            Some(tried) => self.schedule.next() <= now || wanted && now.since(tried) >= OPEN_AGAIN,
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.board.clock.moment()
    }

    /// The store, once there is one.
    fn store(&mut self) -> Result<&mut dyn LockStore, StoreError> {
        match &mut self.opened {
            Some(opened) => Ok(&mut *opened.store),
            None => Err(StoreError::NoRepository {
                path: self.board.folder.as_str().into(),
            }),
        }
    }

    pub(super) fn load(&mut self) {
        let result = self.try_load();
        let now = self.now();
        self.tried = Some(now);
        match result {
            Ok(()) => {
                tracing::info!(folder = %self.board.folder, commit = self.n(), "opened");
                self.stage = Stage::Working;
                let policy = Arc::clone(&self.board.state().policy);
                self.schedule = Schedule::new(&policy, now);
                // Before anybody is shown the table: whether one's own locks stand.
                if let Err(error) = self.make_sure() {
                    tracing::warn!(folder = %self.board.folder, %error, "our session cannot show itself");
                }
                self.note_readable();
                self.board.stirred.notify_one();
            }
            Err(error) => {
                self.note_unreadable(&error);
                self.schedule.failed(Chore::Poll, now);
                self.schedule.failed(Chore::Heartbeat, now);
                self.schedule.tend(now, None);
            }
        }
    }

    pub(super) fn try_load(&mut self) -> Result<(), StoreError> {
        if self.opened.is_none() {
            let opened = (self.open)()?;
            if let Some(share) = &opened.share {
                self.board.set_share(Arc::clone(share));
            }
            self.opened = Some(opened);
        }
        let store = self.store()?;
        store.load()?;
        let (table, policy, news) = (store.table(), store.policy(), store.news());
        let board = Arc::clone(&self.board);
        let mut kept = board.unopened_kept();
        {
            let mut state = board.state();
            state.policy = Arc::clone(&policy);
            state.life.follow(policy.owner_gives_up());
        }
        *board.observer() = rules::Observer::new(&policy, std::mem::take(&mut kept.away));
        digest::remember(&board, &table.read(), &kept);
        digest::resume(&board, self.desktop.as_ref(), &table.read(), kept, &news);
        board.set_table(table);
        board.note_past(&news);
        Ok(())
    }

    /// Listens to the folder that stands there now: it may not be the one that stood there before.
    fn watch_events(&mut self) {
        let folder = self.opened.as_ref().and_then(|opened| opened.events.as_ref());
        self.events = folder.and_then(|folder| Events::watch(folder, self.jobs.clone()));
    }

    pub(super) fn n(&self) -> u64 {
        self.board.table().map_or(0, |table| table.read().n)
    }
}

/// The thread around a worker: until it is parked, or nobody can ask it any more.
pub fn run(mut worker: Worker, jobs: &Receiver<Job>) {
    let mut next = worker.turn(Vec::new());
    while !worker.is_stopped() {
        let wait = next.since(worker.now()).min(LONGEST_WAIT);
        let mut waiting = match jobs.recv_timeout(wait) {
            Ok(job) => vec![job],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        waiting.extend(jobs.try_iter().take(super::QUEUE));
        next = worker.turn(waiting);
    }
}
