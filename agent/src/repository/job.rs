//! What a repository's worker is asked to do, and how it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use camctl_shared::model::{FileName, Lock, Token};
use camctl_shared::rules::{Done, Intent};
use tokio::sync::oneshot;

use super::Seat;
use super::inspect::Inspection;
use super::worker::Sat;
use crate::problem::Problem;

/// One thing for the worker's thread.
pub enum Job {
    /// Change locks.
    Asks(Asks),
    /// Learn what others committed; the answer comes when that is done.
    Freshen(oneshot::Sender<Result<(), Problem>>, Seat),
    /// Something may have happened, or somebody began to watch: look at the schedule again.
    Wake,
    /// An answer that nobody read.
    Unread(Vec<Verdict>, Unread),
    /// Say by which lock this desk may replace the content of a file; with a token, that very lock.
    MayPut(
        FileName,
        Option<Token>,
        oneshot::Sender<Result<Arc<Lock>, Problem>>,
        Seat,
    ),
    /// Look for what is wrong.
    Inspect(Inspection),
    /// Write a sign of life now, and say which: so that another path can be recognised as the same folder.
    Beat(oneshot::Sender<Result<u64, Problem>>, Seat),
    /// One's own sign of life, as this folder shows it.
    Sign(oneshot::Sender<Result<Option<u64>, Problem>>, Seat),
    /// End without a word: another worker has the same folder.
    Retire,
    /// The machine is about to sleep: park, and go on.
    Doze(oneshot::Sender<Result<(), Problem>>),
    /// Look for checkouts that were forgotten: the person has touched nothing for so long.
    Sit(Option<Duration>, oneshot::Sender<Sat>),
    /// It is awake.
    WakeUp,
    /// Park, and end.
    Park(oneshot::Sender<Result<(), Problem>>),
}

/// Files of one request that belong to one repository. They go into one commit where that is possible.
pub struct Asks {
    /// What is wanted of each.
    pub items: Vec<Item>,
    /// Who started it, or withdrew it before that.
    pub ticket: Arc<Ticket>,
    /// What becomes of a grant that nobody reads.
    pub unread: Unread,
    /// Where the answer goes; `None` when the agent itself asks.
    pub reply: Option<oneshot::Sender<Delivery>>,
    /// The place in the queue; `None` when the agent itself asks.
    pub seat: Option<Seat>,
}

impl Asks {
    /// What the agent itself asks for: nobody waits for the answer.
    pub fn unasked(items: Vec<Item>) -> Self {
        Self {
            items,
            ticket: Arc::default(),
            unread: Unread::Keep,
            reply: None,
            seat: None,
        }
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_abandoned(&self) -> bool {
        self.reply.as_ref().is_some_and(oneshot::Sender::is_closed)
    }
}

/// What is wanted of one file.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its path in the repository, `/` between the parts, as it was asked for.
    pub path: String,
    /// What is wanted; the base of a checkout is filled in by the worker.
    pub intent: Intent,
}

/// What becomes of a grant that nobody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is kept: whoever asked had reason to expect it, and is told.
    Keep,
    /// It is given back: whoever waited for it has left.
    GiveBack,
}

/// What became of one file.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Its name, when it could be told.
    pub file: Option<FileName>,
    /// What became of it.
    pub result: Result<Success, Problem>,
}

/// It was done.
#[derive(Debug, Clone)]
pub struct Success {
    /// What.
    pub done: Done,
    /// For checkins: whether the file differs from what it was at checkout.
    pub changed: Option<bool>,
}

/// An answer on its way. If nobody opens it, it goes back to the worker: a grant must not be lost with its reader.
pub struct Delivery {
    verdicts: Option<Vec<Verdict>>,
    unread: Unread,
    back: Sender<Job>,
}

impl Delivery {
    /// Packs an answer.
    pub fn new(verdicts: Vec<Verdict>, unread: Unread, back: Sender<Job>) -> Self {
        Self {
            verdicts: Some(verdicts),
            unread,
            back,
        }
    }

    /// Takes the answer; from here on it is the reader's duty to pass it on.
    pub fn open(mut self) -> Vec<Verdict> {
        self.verdicts.take().unwrap_or_default()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(verdicts) = self.verdicts.take() {
            // Fails only when the worker is gone, and then the locks are parked.
            let _ = self.back.send(Job::Unread(verdicts, self.unread));
        }
    }
}

/// Says whether a request was started; decided once, by whoever comes first.
#[derive(Debug, Default)]
pub struct Ticket(AtomicU8);

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const WITHDRAWN: u8 = 2;

impl Ticket {
    /// The worker starts it; `false` when it was withdrawn.
    pub fn start(&self) -> bool {
        self.move_to(STARTED)
    }

    /// The asker gives up; `true` when it was not started and so certainly will not be done.
    pub fn withdraw(&self) -> bool {
        self.move_to(WITHDRAWN)
    }

    fn move_to(&self, state: u8) -> bool {
        self.0
            .compare_exchange(WAITING, state, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_started_or_withdrawn_never_both() {
        let ticket = Ticket::default();
        assert!(ticket.start());
        assert!(!ticket.withdraw());
        let ticket = Ticket::default();
        assert!(ticket.withdraw());
        assert!(!ticket.start());
    }

    #[test]
    fn an_answer_that_nobody_opens_comes_back() {
        let (back, worker) = std::sync::mpsc::channel();
        drop(Delivery::new(Vec::new(), Unread::GiveBack, back.clone()));
        assert!(matches!(worker.try_recv(), Ok(Job::Unread(_, Unread::GiveBack))));
        Delivery::new(Vec::new(), Unread::Keep, back).open();
        assert!(worker.try_recv().is_err());
    }
}
