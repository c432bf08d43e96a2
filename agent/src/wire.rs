//! From the model to the protocol: what a client is shown.
//!
//! Pure. Nothing here decides; [`Eyes`] only knows from whose point of view a lock is looked at.

mod past;

use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::files::copy::TRIES;
use camctl_shared::ipc::message::{
    EndedInfo, Fault, FileReport, LockInfo, NoteInfo, Outcome, Presence, WaiterInfo, Whose,
};
use camctl_shared::model::{
    Ended, FileName, Lock, Note, Owner, Policy, Refusal, ShareErrorKind, StoreError, Table, Waiter,
};
use camctl_shared::rules::{Done, Judge, Standing};

use crate::problem::Problem;

pub use past::episode;

/// The longest message or reason, in bytes: it stands in the table for as long as the lock does.
pub const LONGEST_MESSAGE: usize = 4000;

/// So many people in line, and so many requests, are shown; with their messages they fit into a frame.
const SHOWN: usize = 100;

/// From where a lock is looked at: by whom, against which table, and how sure one may be of one's own locks.
pub struct Eyes<'a> {
    /// The agent's own owner.
    pub me: &'a Owner,
    /// The table at hand.
    pub table: &'a Table,
    /// What holds in the repository.
    pub policy: &'a Policy,
    /// How alive others are.
    pub judge: &'a dyn Judge,
    /// Whether one's own locks are known to stand.
    pub safe: bool,
}

impl Eyes<'_> {
    /// Whose lock it is.
    pub fn whose(&self, owner: &Owner) -> Whose {
        if owner.same_desk(self.me) {
            Whose::Mine
        } else if owner.user == self.me.user {
            Whose::MineElsewhere
        } else {
            Whose::Theirs
        }
    }

    /// The lock on `file`, as people are shown it.
    pub fn lock(&self, file: &FileName, lock: &Lock) -> LockInfo {
        let parked = lock
            .owner
            .session
            .as_ref()
            .and_then(|id| self.table.parked.get(id));
        LockInfo {
            user: lock.owner.user.to_string(),
            machine: lock.owner.machine.as_deref().map(str::to_owned),
            session: lock.owner.session.as_ref().map(|id| id.as_str().to_owned()),
            since_us: lock.since.as_microsecond(),
            message: shortened(&lock.message).to_owned(),
            kind: lock.kind.as_str().to_owned(),
            token: lock.token,
            expires_us: lock.expires.map(Timestamp::as_microsecond),
            whose: self.whose(&lock.owner),
            presence: self.presence(file, lock),
            parked_us: parked.map(|absence| absence.since.as_microsecond()),
            waiting: count(lock.queue.len()),
            place: self.place(lock).map(count),
            asked: count(lock.requests.iter().filter(|note| note.is_open()).count()),
        }
    }

    /// One's own place in line, counted from 1.
    pub fn place(&self, lock: &Lock) -> Option<usize> {
        let has = lock
            .queue
            .iter()
            .position(|waiter| waiter.owner.same_desk(self.me));
        has.map(|before| before + 1)
    }

    /// Those who wait for the file of `lock`, the first first.
    pub fn line(&self, lock: &Lock) -> Vec<WaiterInfo> {
        let waiter = |waiter: &Waiter| WaiterInfo {
            user: waiter.owner.user.to_string(),
            machine: waiter.owner.machine.as_deref().map(str::to_owned),
            since_us: waiter.since.as_microsecond(),
            message: shortened(&waiter.message).to_owned(),
            whose: self.whose(&waiter.owner),
            presence: self.presence_of(waiter),
        };
        lock.queue.iter().take(SHOWN).map(waiter).collect()
    }

    fn presence_of(&self, waiter: &Waiter) -> Presence {
        match &waiter.owner.session {
            Some(_) if waiter.owner.same_desk(self.me) => Presence::Alive,
            None => Presence::Stale,
            Some(session) if self.table.parked.contains_key(session) => Presence::Parked,
            Some(session) if self.judge.session_is_stale(self.table, session) => Presence::Stale,
            Some(_) => Presence::Alive,
        }
    }

    /// What was asked of the owner of `lock`, oldest first.
    pub fn notes(&self, lock: &Lock) -> Vec<NoteInfo> {
        let shown = lock.requests.iter().take(SHOWN);
        shown.map(|note| self.note(note)).collect()
    }

    fn note(&self, note: &Note) -> NoteInfo {
        NoteInfo {
            user: note.from.user.to_string(),
            machine: note.from.machine.as_deref().map(str::to_owned),
            at_us: note.at.as_microsecond(),
            message: shortened(&note.message).to_owned(),
            answer: note.answer.as_deref().map(|answer| shortened(answer).to_owned()),
            whose: self.whose(&note.from),
        }
    }

    /// `file`, which this desk has asked the owner of `lock` for; `None` when it has not.
    pub fn requested(&self, file: &FileName, lock: &Lock) -> Option<Outcome> {
        let mut notes = lock.requests.iter();
        let note = notes.find(|note| note.from.same_desk(self.me))?;
        Some(Outcome::Requested {
            lock: self.lock(file, lock),
            note: self.note(note),
        })
    }

    /// A lock that was granted a moment ago. An agent that was frozen before it could say so may have learnt meanwhile
    /// that the lock is over: then it must not say that it stands.
    fn just_taken(&self, file: &FileName, lock: &Lock) -> LockInfo {
        let mut info = self.lock(file, lock);
        let stands = self
            .table
            .locks
            .get(file)
            .is_some_and(|now| now.token == lock.token);
        if !stands {
            info.presence = Presence::Unsafe;
        }
        info
    }

    /// The lock that stands on `file` now, if there is one.
    pub fn standing(&self, file: &FileName) -> Option<LockInfo> {
        self.table.locks.get(file).map(|lock| self.lock(file, lock))
    }

    fn presence(&self, file: &FileName, lock: &Lock) -> Presence {
        let standing = self.judge.lock(self.table, file, lock);
        if lock.owner.same_desk(self.me) && standing != Standing::Expired {
            return if self.safe {
                Presence::Alive
            } else {
                Presence::Unsafe
            };
        }
        match standing {
            Standing::Alive { .. } if lock.owner.session.is_none() => Presence::Unknown,
            Standing::Alive { .. } => Presence::Alive,
            Standing::Parked => Presence::Parked,
            Standing::Expired => Presence::Expired,
            Standing::Stale { .. } | Standing::ParkedTooLong | Standing::Orphaned => Presence::Stale,
        }
    }

    /// What was done, as a reply.
    pub fn done(&self, file: &FileName, done: &Done, changed: Option<bool>) -> Outcome {
        match done {
            Done::Granted { lock, after } => Outcome::Granted {
                lock: self.just_taken(file, lock),
                after: after.as_ref().map(ended),
            },
            Done::Renewed { lock } => Outcome::Renewed {
                lock: self.just_taken(file, lock),
            },
            Done::Released { was, next } => Outcome::Released {
                was: self.lock(file, was),
                changed,
                next: next.as_ref().map(|lock| self.lock(file, lock)),
            },
            Done::Broken {
                was,
                ended: end,
                next,
            } => Outcome::Broken {
                was: self.lock(file, was),
                ended: ended(end),
                next: next.as_ref().map(|lock| self.lock(file, lock)),
            },
            Done::Joined { lock, .. } => Outcome::Awaited {
                lock: Some(self.lock(file, lock)),
                line: self.line(lock),
                notify: false,
            },
            Done::Left { lock } => Outcome::Left {
                lock: self.maybe(Some(file), lock.as_deref()),
            },
            Done::Requested { lock, note } => Outcome::Requested {
                lock: self.lock(file, lock),
                note: self.note(note),
            },
            Done::Answered { lock, notes } => Outcome::Answered {
                lock: self.lock(file, lock),
                notes: notes.iter().map(|note| self.note(note)).collect(),
            },
        }
    }

    /// Why it failed, as a reply.
    pub fn fault(&self, file: Option<&FileName>, problem: &Problem) -> Fault {
        match problem {
            Problem::Refused(refusal) => self.refusal(refusal),
            Problem::Lost { ended: end, by, lock } => Fault::Lost {
                ended: ended(end),
                by: by.to_string(),
                lock: self.maybe(file, lock.as_deref()),
            },
            Problem::TimedOut { lock, waited } => Fault::TimedOut {
                lock: self.maybe(file, lock.as_deref()),
                waited_ms: milliseconds(*waited),
            },
            other => plain_fault(other),
        }
    }

    fn maybe(&self, file: Option<&FileName>, lock: Option<&Lock>) -> Option<LockInfo> {
        file.zip(lock).map(|(file, lock)| self.lock(file, lock))
    }

    fn refusal(&self, refusal: &Refusal) -> Fault {
        match refusal {
            Refusal::Held { file, lock, place } => Fault::Held {
                lock: self.lock(file, lock),
                place: u32::try_from(*place).unwrap_or(u32::MAX),
            },
            Refusal::Guarded { file, lock } => Fault::Guarded {
                lock: self.lock(file, lock),
            },
            Refusal::NotHeld { .. } => Fault::NotHeld,
            Refusal::NotYours { file, lock } => Fault::NotYours {
                lock: self.lock(file, lock),
            },
            Refusal::OldToken { file, lock, .. } => Fault::OldToken {
                lock: lock.as_ref().map(|lock| self.lock(file, lock)),
            },
            Refusal::Alive { file, lock, silent } => Fault::Alive {
                lock: self.lock(file, lock),
                silent_ms: silent.map(milliseconds),
                stale_after_ms: milliseconds(self.policy.stale_after),
                administrators: self.policy.administrators.clone(),
            },
            Refusal::Yours { file, lock } => Fault::Yours {
                lock: self.lock(file, lock),
            },
            Refusal::NotWaiting { file, lock } => Fault::NotWaiting {
                lock: lock.as_ref().map(|lock| self.lock(file, lock)),
            },
            Refusal::NotAsked { file, lock } => Fault::NotAsked {
                lock: self.lock(file, lock),
            },
            Refusal::Crowded { file, lock } => Fault::Crowded {
                lock: self.lock(file, lock),
            },
            Refusal::NoReason { .. } => Fault::NoReason,
        }
    }
}

/// The end of a lock, as people are shown it.
pub fn ended(ended: &Ended) -> EndedInfo {
    EndedInfo {
        user: ended.owner.user.to_string(),
        machine: ended.owner.machine.as_deref().map(str::to_owned),
        token: ended.token,
        since_us: ended.since.as_microsecond(),
        how: ended.how.as_str().to_owned(),
        reason: ended.reason.as_deref().map(str::to_owned),
    }
}

/// Why it failed, where no table is at hand: refusals, which need one, become a sentence.
pub fn plain_fault(problem: &Problem) -> Fault {
    match problem {
        Problem::Name(error) => Fault::BadName {
            problem: error.to_string(),
        },
        Problem::NoSuchFile => Fault::NoSuchFile,
        Problem::NotAFile => Fault::NotAFile,
        Problem::NoRepository { path } => Fault::NoRepository { path: path.clone() },
        Problem::Share(error) => Fault::Share {
            problem: error.to_string(),
            passing: !matches!(error.kind, ShareErrorKind::Denied | ShareErrorKind::ReadOnly),
        },
        Problem::Store(error) => store_fault(error),
        Problem::NoAnswer {
            folder,
            waited,
            unsettled,
        } => Fault::NoAnswer {
            repository: folder.clone(),
            waited_ms: milliseconds(*waited),
            unsettled: *unsettled,
        },
        Problem::TimedOut { waited, .. } => Fault::TimedOut {
            lock: None,
            waited_ms: milliseconds(*waited),
        },
        Problem::BadRequest(problem) => Fault::BadRequest {
            problem: problem.clone(),
        },
        Problem::CannotInit(problem) => Fault::CannotInit {
            problem: problem.clone(),
        },
        Problem::TooBusy { .. } => Fault::Share {
            problem: problem.to_string(),
            passing: true,
        },
        Problem::Elsewhere(problem) => Fault::Elsewhere {
            problem: problem.clone(),
        },
        Problem::Changing { path } => Fault::Changing {
            path: path.clone(),
            tries: TRIES,
        },
        Problem::InUse(problem) => Fault::InUse {
            problem: problem.clone(),
        },
        Problem::Torn { problem, old } => Fault::Torn {
            problem: problem.clone(),
            old: old.clone(),
        },
        Problem::Stopping => Fault::Stopping,
        Problem::Refused(_)
        | Problem::Lost { .. }
        | Problem::Cancelled
        | Problem::NoFiles
        | Problem::Internal(_) => Fault::Internal {
            problem: problem.to_string(),
        },
    }
}

fn store_fault(error: &StoreError) -> Fault {
    match error {
        StoreError::Share(_) | StoreError::Contended { .. } | StoreError::Unsettled { .. } => Fault::Share {
            problem: error.to_string(),
            passing: error.is_passing(),
        },
        StoreError::NoRepository { path } => Fault::NoRepository {
            path: path.to_string(),
        },
        StoreError::NotExclusive { .. } => Fault::CannotInit {
            problem: error.to_string(),
        },
        StoreError::Damaged { .. }
        | StoreError::Lost { .. }
        | StoreError::Newer { .. }
        | StoreError::Policy { .. } => Fault::Table {
            problem: error.to_string(),
        },
    }
}

/// A report on a file that never reached a repository.
pub fn failed(asked: &str, problem: &Problem) -> FileReport {
    FileReport {
        asked: asked.to_owned(),
        repository: None,
        file: None,
        outcome: Outcome::Failed(plain_fault(problem)),
    }
}

/// What is shown of a message: older tools wrote what they liked, and a frame has an end.
fn shortened(message: &str) -> &str {
    let end = (0..=message.len().min(LONGEST_MESSAGE))
        .rev()
        .find(|end| message.is_char_boundary(*end));
    &message[..end.unwrap_or(0)]
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Milliseconds, as the protocol counts.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
