//! One repository: a worker with a thread of its own for the share, and a handle for everybody else.
//!
//! - [`worker`]: the thread; the only one that touches the share's lock table.
//! - `aside`: what is asked of the worker when the person or the machine leaves.
//! - [`batch`]: everything that waits becomes one commit.
//! - [`schedule`], [`life`]: what is due when; whether one's own locks still stand. Pure.
//! - [`digest`]: what a commit means for this desk; [`courtesy`]: for whom it waits; [`questions`]: who asks whom. Pure.
//! - [`guardian`]: tells the person in time that their locks are no longer safe.
//! - [`board`]: what the worker shows to everybody else.
//! - [`copying`]: contents on their way, on threads of their own.
//! - [`listing`]: the repository's files, walked on a thread of their own.
//! - [`history`]: the past, read from the log on a thread of its own, and kept as a digest.
//!
//! [`Repository`] is asked from the agent's asynchronous side. Everything that has to wait for the share has a limit:
//! whoever asks gets an answer or [`Problem::NoAnswer`], however long the share hangs.

mod aside;
pub mod batch;
pub mod board;
pub mod copying;
pub mod courtesy;
pub mod digest;
pub mod endings;
pub mod events;
pub mod guardian;
pub mod history;
pub mod inspect;
pub mod job;
pub mod life;
pub mod listing;
pub mod place;
pub mod pulse;
pub mod questions;
pub mod revival;
pub mod schedule;
pub mod sitting;
#[cfg(test)]
mod tests;
pub mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::model::{FileName, Lock, Token};
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::board::{Board, Health};
use self::history::History;
use self::inspect::{Found, Inspection};
use self::job::{Asks, Delivery, Item, Job, Ticket, Unread, Verdict};
use self::listing::Lists;
use self::worker::{Opener, Worker};
use crate::desktop::Desktop;
use crate::problem::Problem;
use crate::state::Kept;

/// Requests that may wait for one share; the next is refused.
pub const QUEUE: usize = 4096;
/// A share that answers, but slowly, gets so many times the patience for one request.
const SLOW: u32 = 10;
/// How long somebody who only looks waits for the newest state.
const GLANCE: Duration = Duration::from_secs(2);

/// See the module.
pub struct Repository {
    /// What the worker shows.
    pub board: Arc<Board>,
    /// The files, for lists.
    pub lists: Lists,
    /// The past.
    pub history: History,
    jobs: Sender<Job>,
    seats: Arc<AtomicUsize>,
    desktop: Arc<dyn Desktop>,
}

/// A place in the queue, as long as the job exists.
pub struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Keeps the polls frequent while somebody waits.
pub struct Attending(Arc<Board>);

impl Drop for Attending {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::Relaxed);
    }
}

/// See [`Repository::attend_to`].
pub struct Attended {
    repository: Arc<Repository>,
    guard: (FileName, Token),
}

impl Drop for Attended {
    fn drop(&mut self) {
        {
            let mut state = self.repository.board.state();
            if let Some(count) = state.attended.get_mut(&self.guard) {
                *count -= 1;
                if *count == 0 {
                    state.attended.remove(&self.guard);
                }
            }
        }
        // It may have gone without a word.
        self.repository.wake();
    }
}

impl Repository {
    /// Starts the worker of a repository; returns at once, whatever its share does. To be called within the runtime.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(board: Board, desktop: Arc<dyn Desktop>, open: Opener, kept: Kept) -> std::io::Result<Self> {
        let board = Arc::new(board);
        let (jobs, queue) = std::sync::mpsc::channel();
        tokio::spawn(guardian::watch_over(Arc::clone(&board), Arc::clone(&desktop)));
        let worker = Worker::new(Arc::clone(&board), Arc::clone(&desktop), open, jobs.clone(), kept);
        std::thread::Builder::new()
            .name("share".into())
            .spawn(move || worker::run(worker, &queue))?;
        Ok(Self {
            lists: Lists::new(Arc::clone(&board)),
            history: History::new(Arc::clone(&board)),
            board,
            jobs,
            seats: Arc::default(),
            desktop,
        })
    }

    fn seat(&self) -> Result<Seat, Problem> {
        let taken = self.seats.fetch_add(1, Ordering::AcqRel);
        let seat = Seat(Arc::clone(&self.seats));
        if taken < QUEUE {
            Ok(seat)
        } else {
            let folder = self.board.folder.clone();
            Err(Problem::TooBusy { folder })
        }
    }

    fn send(&self, job: Job) -> Result<(), Problem> {
        self.jobs.send(job).map_err(|_| Problem::Stopping)
    }

    /// Waits until the table was read, or could not be.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn ready(&self) -> Result<(), Problem> {
        let board = &self.board;
        let mut changes = board.changes();
        let opening = || matches!(board.state().health, Health::Opening);
        // Nobody waits again for what others have waited for long enough.
        let left = board.started.after(board.patience).since(board.clock.moment());
        let opened = timeout(left, async {
            while opening() {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        });
        // Whether it came in time shows below.
        let _ = opened.await;
        if board.table().is_none() && !opening() {
            // Whether it came in time shows below.
            let _ = self.glance(GLANCE.min(board.patience)).await;
        }
        if board.table().is_some() {
            Ok(())
        } else {
            board.readable()
        }
    }

    /// Wants something of some files. One verdict each, in their order.
    pub async fn ask(&self, items: Vec<Item>, unread: Unread) -> Vec<Verdict> {
        self.order(items, unread).await.open()
    }

    /// The same, for those who wait for others too: what was not opened goes back when they leave.
    pub async fn order(&self, items: Vec<Item>, unread: Unread) -> Delivery {
        let count = items.len();
        self.try_ask(items, unread).await.unwrap_or_else(|problem| {
            let verdict = Verdict {
                file: None,
                result: Err(problem),
            };
            Delivery::new(vec![verdict; count], unread, self.jobs.clone())
        })
    }

    async fn try_ask(&self, items: Vec<Item>, unread: Unread) -> Result<Delivery, Problem> {
        self.board.note_asked();
        let ticket = Arc::new(Ticket::default());
        let (reply, answer) = oneshot::channel();
        self.send(Job::Asks(Asks {
            items,
            ticket: Arc::clone(&ticket),
            unread,
            reply: Some(reply),
            seat: Some(self.seat()?),
        }))?;
        match self.answer(answer).await {
            Ok(delivery) => Ok(delivery),
            Err(Problem::NoAnswer { folder, waited, .. }) => Err(Problem::NoAnswer {
                folder,
                waited,
                unsettled: !ticket.withdraw(),
            }),
            Err(problem) => Err(problem),
        }
    }

    /// Waits for the worker: without end as long as the share answers it now and then, up to [`SLOW`] times the patience.
    async fn answer<T>(&self, mut answer: oneshot::Receiver<T>) -> Result<T, Problem> {
        let board = &self.board;
        let asked = board.clock.moment();
        loop {
            match timeout(self.left(asked), &mut answer).await {
                Ok(Ok(answer)) => return Ok(answer),
                // The worker ended without an answer.
                Ok(Err(_)) => return Err(Problem::Stopping),
                Err(_) if self.left(asked).is_zero() => {
                    let waited = board.clock.moment().since(asked);
                    return Err(board.no_answer(waited));
                }
                Err(_) => {}
            }
        }
    }

    fn left(&self, asked: Moment) -> Duration {
        let board = &self.board;
        let now = board.clock.moment();
        let answered = board.pulse.last().map_or(asked, |last| last.max(asked));
        let patient = answered.after(board.patience).since(now);
        patient.min(asked.after(board.patience.saturating_mul(SLOW)).since(now))
    }

    /// Makes what the board shows as new as it can be had quickly: everything that others had acknowledged before this
    /// was called. Events and polls are no substitute: what they tell of may be on its way.
    ///
    /// # Errors
    /// When that did not come in time: what the board shows as held may be told, but nothing is known to be free.
    pub async fn freshen(&self) -> Result<(), Problem> {
        self.board.note_asked();
        self.glance(GLANCE.min(self.board.patience)).await
    }

    /// The same, for those who would rather wait for the share than do without.
    ///
    /// # Errors
    /// As [`Repository::freshen`].
    pub async fn freshen_patiently(&self) -> Result<(), Problem> {
        self.board.note_asked();
        self.glance(self.board.patience).await
    }

    /// Has the worker look at the share now; but not where it hangs already.
    async fn glance(&self, limit: Duration) -> Result<(), Problem> {
        let owes = self.board.pulse.owes(self.board.clock.moment());
        if let Some(owes) = owes.filter(|owes| *owes >= self.board.patience) {
            return Err(self.board.no_answer(owes));
        }
        let (reply, answer) = oneshot::channel();
        self.send(Job::Freshen(reply, self.seat()?))?;
        match timeout(limit, answer).await {
            Ok(Ok(fresh)) => fresh,
            // The worker ended without an answer.
            Ok(Err(_)) => Err(Problem::Stopping),
            Err(_) => Err(self.board.no_answer(limit)),
        }
    }

    /// The lock by which this desk may replace the content of `file`, by the newest commit on the share and not by what is
    /// remembered; with `token` that very lock.
    ///
    /// # Errors
    /// Who has it instead, or that nothing is known for sure.
    pub async fn may_put(&self, file: &FileName, token: Option<Token>) -> Result<Arc<Lock>, Problem> {
        self.board.note_asked();
        let (reply, answer) = oneshot::channel();
        self.send(Job::MayPut(file.clone(), token, reply, self.seat()?))?;
        self.answer(answer).await?
    }

    /// Keeps the polls frequent as long as what is returned lives.
    pub fn attend(&self) -> Attending {
        self.board.waiters.fetch_add(1, Ordering::Relaxed);
        self.wake();
        Attending(Arc::clone(&self.board))
    }

    /// As long as what is returned lives, a `camctl run` answers for this guard.
    pub fn attend_to(self: &Arc<Self>, file: &FileName, token: Token) -> Attended {
        let guard = (file.clone(), token);
        *self.board.state().attended.entry(guard.clone()).or_default() += 1;
        Attended {
            repository: Arc::clone(self),
            guard,
        }
    }

    /// A program that waited in line has left; `id` is its [`InLine::id`].
    ///
    /// [`InLine::id`]: courtesy::line::InLine::id
    pub fn leave_line(&self, file: &FileName, id: u64) {
        self.board.state().courtesy.left(file, Some(id));
        self.wake();
    }

    /// Whoever was to be told these has left.
    pub fn unread(&self, verdicts: Vec<Verdict>, unread: Unread) {
        // Fails only when the worker is gone, and then the locks are parked.
        let _ = self.send(Job::Unread(verdicts, unread));
    }

    /// Makes the worker look at its schedule again.
    pub fn wake(&self) {
        if !self.board.woken.swap(true, Ordering::AcqRel) {
            // Fails only when the worker is gone.
            let _ = self.send(Job::Wake);
        }
    }

    /// Writes a sign of life now, and returns its counter.
    ///
    /// # Errors
    /// When it cannot be written, or not in time.
    pub async fn beat(&self) -> Result<u64, Problem> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Beat(reply, self.seat()?))?;
        self.answer(answer).await?
    }

    /// One's own sign of life, as this folder shows it.
    ///
    /// # Errors
    /// When it cannot be read, or not in time.
    pub async fn sign(&self) -> Result<Option<u64>, Problem> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Sign(reply, self.seat()?))?;
        self.answer(answer).await?
    }

    /// Ends the worker without a word: another one has the same folder, and the same session.
    pub fn retire(&self) {
        // Fails only when the worker is gone.
        let _ = self.send(Job::Retire);
    }

    /// Looks for what is wrong, and mends it if `fix`.
    ///
    /// # Errors
    /// When the share does not answer.
    pub async fn inspect(&self, fix: bool) -> Result<Vec<Found>, Problem> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Inspect(Inspection {
            fix,
            reply,
            seat: self.seat()?,
        }))?;
        self.answer(answer).await
    }

    /// What is to be kept over a restart.
    pub fn kept(&self) -> Kept {
        digest::kept(&self.board)
    }
}
