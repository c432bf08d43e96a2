//! Who gets a lock, who loses one: pure decisions.
//!
//! Nothing here reads a file or asks a clock. A worker hands in the table as it stands, the requests that wait,
//! the time for the records, and a [`Judge`] that knows how alive other sessions are; it gets back one [`Draft`]
//! for one commit, and an [`Answer`] for each request. If the commit loses its race, the same requests are decided
//! again against the newer table: so nothing here may depend on having been called only once.
//!
//! Each verb has a file of its own, by the name it has everywhere.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    Base, Change, Draft, Ended, FileName, Lock, Note, Owner, Policy, Process, Refusal, RequestId, Said,
    SessionId, Table, Token,
};

mod answer;
#[path = "break.rs"]
mod break_;
mod checkin;
mod checkout;
mod idle;
mod park;
mod put;
mod queue;
mod request;
mod stale;

pub use idle::{Idle, Use, idle, warning};
pub use park::{doze, park, revive};
pub use put::may_put;
pub use queue::{is_untouched, someone_is_before};
pub use request::LONGEST_NOTE;
pub use stale::{Away, Observer, Sign};

/// What somebody wants to happen to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Names this request for ever: it is applied once.
    pub id: RequestId,
    /// Who wants it.
    pub by: Arc<Owner>,
    /// Which file.
    pub file: FileName,
    /// What.
    pub intent: Intent,
}

/// The verbs that change the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Take the lock, or renew one's own.
    Checkout(Checkout),
    /// Give it back.
    Checkin(Checkin),
    /// End somebody else's.
    Break {
        /// Why; kept in the history, told to the owner.
        reason: Box<str>,
    },
    /// Wait in line for it, or do not.
    Queue(Queue),
    /// Ask its owner for it.
    Request {
        /// Why; `None` keeps what the desk has said before.
        message: Option<Box<str>>,
    },
    /// Answer those who ask for it.
    Answer(Response),
}

/// The particulars of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// What is said.
    pub said: Said,
    /// The words for it.
    pub message: Option<Box<str>>,
    /// To whom.
    pub to: To,
    /// Only about this lock, not about a newer one.
    pub token: Option<Token>,
}

/// Whom an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// All who still wait for a word.
    All,
    /// These users, also those who were answered before.
    Users(Vec<Box<str>>),
    /// Who asked this, as long as it waits for a word.
    Question {
        /// Who.
        from: Arc<Owner>,
        /// When, by their clock.
        at: Timestamp,
    },
}

/// What somebody wants of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queue {
    /// The file, or else a place in line for it. Whoever has a place keeps it.
    Join(Checkout),
    /// To have no place any more.
    Leave {
        /// With the commit that gave the place: a lock that the line has handed over since, and that nobody has taken up,
        /// is given back.
        joined: Option<u64>,
    },
    /// What the line has handed over, and no other lock.
    TakeUp {
        /// One's lock.
        token: Token,
        /// The file as it is now.
        base: Option<Base>,
    },
}

/// The particulars of a checkout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkout {
    /// Why; `None` keeps the message of a lock that is renewed.
    pub message: Option<Box<str>>,
    /// What the lock is for.
    pub form: Form,
    /// The file as it is now.
    pub base: Option<Base>,
    /// With a reason: break (a stale lock) or force (as administrator) whatever lock stands, and take the file.
    pub steal: Option<Box<str>>,
}

/// The kinds of lock that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Form {
    /// A person's edit.
    #[default]
    Checkout,
    /// A lease that ends by itself after this time without renewal.
    Lease(Duration),
    /// Held while this program runs.
    Guard(Process),
}

/// The particulars of a checkin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkin {
    /// Only this lock, not a newer one.
    pub token: Option<Token>,
    /// What was done; kept in the history.
    pub message: Option<Box<str>>,
    /// Only while it stands as this commit left it: nobody has renewed it or taken it up since.
    pub renewed: Option<u64>,
}

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is in the draft; true once the draft is committed.
    Done(Done),
    /// The rules say no; the table stays as it is.
    Refused(Refusal),
    /// An earlier request of this commit changed the same file; this one belongs into the next commit.
    Later,
    /// It was already settled, by this commit, before a reply was lost.
    Settled(u64),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The file was free, or its lock was over, and is now held by whoever asked.
    Granted {
        /// The new lock.
        lock: Arc<Lock>,
        /// The lock that had to end for it.
        after: Option<Ended>,
    },
    /// It was one's own already.
    Renewed {
        /// The lock as it stands now.
        lock: Arc<Lock>,
    },
    /// It was given back.
    Released {
        /// The lock that was.
        was: Arc<Lock>,
        /// The next in line, when somebody waited.
        next: Option<Arc<Lock>>,
    },
    /// It was ended for its owner.
    Broken {
        /// The lock that was.
        was: Arc<Lock>,
        /// How.
        ended: Ended,
        /// The next in line, when somebody waited.
        next: Option<Arc<Lock>>,
    },
    /// One waits in line for it.
    Joined {
        /// The lock that stands, with its line.
        lock: Arc<Lock>,
        /// One's place, counted from 1.
        place: usize,
        /// The commit that says so; for [`Queue::Leave`].
        joined: u64,
    },
    /// One does not wait for it any more.
    Left {
        /// The lock that stands.
        lock: Option<Arc<Lock>>,
    },
    /// Its owner is asked for it.
    Requested {
        /// The lock that stands.
        lock: Arc<Lock>,
        /// What was asked.
        note: Note,
    },
    /// Those who asked were answered, and the lock stands.
    Answered {
        /// The lock.
        lock: Arc<Lock>,
        /// What they had asked, with the answer.
        notes: Vec<Note>,
    },
}

/// How much of a claim a lock still has, as far as this machine can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its session is alive, or nobody can say otherwise. Unknown means held.
    Alive {
        /// How long it has been silent while it was watched; `None` when it was never watched.
        silent: Option<Duration>,
    },
    /// Its session has been silent for at least `stale_after` of unbroken watching.
    Stale {
        /// How long.
        silent: Duration,
    },
    /// Its agent stopped cleanly, and `park_limit` has not passed.
    Parked,
    /// Its agent stopped cleanly longer than `park_limit` ago.
    ParkedTooLong,
    /// It was a lease, and it ended.
    Expired,
    /// A guard on this machine, whose program and agent are dead.
    Orphaned,
}

impl Standing {
    /// Whether whoever wants the file may end the lock without being an administrator.
    pub fn is_over(self) -> bool {
        match self {
            Self::Alive { .. } | Self::Parked => false,
            Self::Stale { .. } | Self::ParkedTooLong | Self::Expired | Self::Orphaned => true,
        }
    }
}

/// Knows how alive other people's locks and sessions are. The agent's is [`Observer`]; tests bring their own.
///
/// A decision is made on a table that may be newer than all that the judge was told: whoever parked, came back or
/// committed in the meantime stands in `table`, and `table` counts.
pub trait Judge {
    /// How much of a claim `lock`, which is the one on `file` in `table`, still has.
    fn lock(&self, table: &Table, file: &FileName, lock: &Lock) -> Standing;
    /// Whether this session is known to be silent for too long, so that a waiter of it is passed over.
    fn session_is_stale(&self, table: &Table, session: &SessionId) -> bool;
    /// Whether the program of this guard is known to run, on this machine.
    fn program_lives(&self, _file: &FileName, _lock: &Lock) -> bool {
        false
    }
}

/// The judge of those who judge nobody, because staleness is not their business: everybody lives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lively;

impl Judge for Lively {
    fn lock(&self, _table: &Table, _file: &FileName, _lock: &Lock) -> Standing {
        Standing::Alive { silent: None }
    }

    fn session_is_stale(&self, _table: &Table, _session: &SessionId) -> bool {
        false
    }
}

/// All that a decision depends on.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The table as it stands.
    pub table: &'a Table,
    /// What holds in this repository.
    pub policy: &'a Policy,
    /// How alive others are.
    pub judge: &'a dyn Judge,
    /// For the records; compared with nothing.
    pub now: Timestamp,
}

impl Scene<'_> {
    /// The number that the commit will have, and so the token of every lock it grants.
    pub fn next(&self) -> u64 {
        self.table.n + 1
    }

    fn lock(&self, file: &FileName) -> Option<&Arc<Lock>> {
        self.table.locks.get(file)
    }

    fn standing(&self, file: &FileName, lock: &Lock) -> Standing {
        self.judge.lock(self.table, file, lock)
    }
}

/// One draft for all the requests, and what becomes of each, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// To be committed as one; may be empty.
    pub draft: Draft,
    /// One for each request.
    pub answers: Vec<Answer>,
}

/// Decides what becomes of `asks`, first come first served.
///
/// Invariant: the draft has at most one change per file, and settles exactly the requests answered with
/// [`Answer::Done`].
pub fn decide(scene: &Scene<'_>, asks: &[Ask]) -> Decision {
    let mut decision = Decision::default();
    let mut touched = std::collections::BTreeSet::new();
    for ask in asks {
        let answer = match scene.table.recent.find(&ask.id) {
            Some(commit) => Answer::Settled(commit),
            None if touched.contains(&ask.file) => Answer::Later,
            None => match weigh(scene, ask) {
                Ok((change, done)) => {
                    touched.insert(ask.file.clone());
                    decision.draft.changes.push(change);
                    decision.draft.requests.push(ask.id.clone());
                    Answer::Done(done)
                }
                Err(refusal) => Answer::Refused(refusal),
            },
        };
        decision.answers.push(answer);
    }
    decision
}

fn weigh(scene: &Scene<'_>, ask: &Ask) -> Result<(Change, Done), Refusal> {
    match &ask.intent {
        Intent::Checkout(checkout) => checkout::weigh(scene, ask, checkout),
        Intent::Checkin(checkin) => checkin::weigh(scene, ask, checkin),
        Intent::Break { reason } => break_::weigh(scene, ask, reason),
        Intent::Queue(wish) => queue::weigh(scene, ask, wish),
        Intent::Request { message } => request::weigh(scene, ask, message.as_deref()),
        Intent::Answer(response) => answer::weigh(scene, ask, response),
    }
}

#[cfg(test)]
mod tests;
