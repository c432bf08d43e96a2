//! The table of a faulty share: which calls go wrong, and how.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use camctl_shared::model::ShareErrorKind;

use super::lock;

/// The operations of a [`Share`](camctl_shared::share::Share) that touch the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the method of that name")]
pub enum Operation {
    Read,
    List,
    Stat,
    WriteNew,
    Publish,
    SyncFolder,
    Overwrite,
    Replace,
    MakeFolder,
    Remove,
    RemoveFolder,
    SetAside,
    TryLock,
    Resolve,
    Open,
    Create,
    /// Of a file that is being written.
    Write,
    /// Of a file that is being written.
    Finish,
    Link,
    PutOver,
}

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is not done, and says so.
    Fail(ShareErrorKind),
    /// It is done, but the answer is an error.
    LoseReply(ShareErrorKind),
    /// It is begun when the gate is opened: a client that was frozen before its call went out.
    Before(Gate),
    /// It is done at once, and answered when the gate is opened.
    After(Gate),
    /// What is written stops in the middle: [`Operation::WriteNew`] and [`Operation::Overwrite`] write the first half
    /// of their content and fail. As [`Fault::Fail`] for all others.
    Half(ShareErrorKind),
    /// A lie. An operation that does not answer in that form does its work and tells the truth.
    Lie(Lie),
}

/// An answer that is not so.
#[derive(Debug, Clone)]
pub enum Lie {
    /// [`Operation::Read`] and [`Operation::Open`] find this content: an old one from a cache, or rubbish.
    Content(Vec<u8>),
    /// [`Operation::List`] does not see the names that contain this text: a stale listing.
    Without(String),
    /// [`Operation::TryLock`] says that the lock is had, and has none (`nobrl`, `nolock`).
    NoLock,
}

/// Holds calls back until it is opened. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Debug, Default)]
struct GateState {
    open: bool,
    waiting: usize,
}

impl Gate {
    /// A closed one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets all through, now and from now on.
    pub fn open(&self) {
        lock(&self.0.0).open = true;
        self.0.1.notify_all();
    }

    /// How many calls are held back.
    pub fn waiting(&self) -> usize {
        lock(&self.0.0).waiting
    }

    pub(super) fn pass(&self) {
        let mut state = lock(&self.0.0);
        state.waiting += 1;
        while !state.open {
            state = self.0.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
    }
}

/// One line of the table: which calls, and what becomes of them.
#[derive(Debug, Clone)]
pub struct Rule {
    operation: Operation,
    path: Option<String>,
    first: usize,
    last: usize,
    pub(super) fault: Fault,
    seen: usize,
}

impl Rule {
    /// The first call of `operation` fails, until told otherwise.
    #[must_use]
    pub fn on(operation: Operation) -> Self {
        Self {
            operation,
            path: None,
            first: 1,
            last: 1,
            fault: Fault::Fail(ShareErrorKind::Unknown),
            seen: 0,
        }
    }

    /// Counts only calls whose path (the new name, where there are two) contains `part`.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.into());
        self
    }

    /// The `n`th such call, counted from 1 and from when the rule was added.
    #[must_use]
    pub fn call(mut self, n: usize) -> Self {
        (self.first, self.last) = (n, n);
        self
    }

    /// That call and all after it.
    #[must_use]
    pub fn from_call(mut self, n: usize) -> Self {
        (self.first, self.last) = (n, usize::MAX);
        self
    }

    /// What goes wrong.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// Counts a call; whether it is one that goes wrong.
    pub(super) fn strikes(&mut self, operation: Operation, path: &str) -> bool {
        let meant =
            self.operation == operation && self.path.as_ref().is_none_or(|part| path.contains(part.as_str()));
        self.seen += usize::from(meant);
        meant && (self.first..=self.last).contains(&self.seen)
    }
}
