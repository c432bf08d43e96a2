//! Requests for files, and what this desk's person was told of them: those for their own files, and the answers to those
//! that they have made themselves.
//!
//! The requests stand in the table, with their locks. Here is only what was told already, kept over restarts: whatever
//! happens to an agent, what stands in the table and was not told is told by the next comparison, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use camctl_shared::model::{Change, Ended, FileName, Kind, Lock, Note, Owner, Said, Table, Verb};
use camctl_shared::mutation::{Mutation, mutated};

use super::board::Board;
use crate::desktop::{Desktop, Notice, Question, What};

/// A request as this desk knows it. Asked anew, or answered, it is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who asks.
    pub user: Box<str>,
    /// From where.
    pub machine: Option<Box<str>>,
    /// When, by their clock, in microseconds: as precise as it is kept.
    pub at_us: i64,
    /// What was answered.
    pub answer: Option<Box<str>>,
}

impl Known {
    fn of(note: &Note) -> Self {
        Self {
            user: note.from.user.clone(),
            machine: note.from.machine.clone(),
            at_us: note.at.as_microsecond(),
            answer: note.answer.clone(),
        }
    }

    fn is_open(&self) -> bool {
        Said::leaves_open(self.answer.as_deref())
    }

    fn is_of(&self, desk: &Owner) -> bool {
        self.user == desk.user && self.machine == desk.machine
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Questions {
    /// What is known of each file's requests.
    pub known: BTreeMap<FileName, Vec<Known>>,
}

impl Questions {
    /// Compares what is known with `lock`, which stands on `file` now. What is new goes to `told`. Returns whether
    /// something is different now.
    pub fn look(&mut self, file: &FileName, lock: Option<&Lock>, me: &Owner, told: &mut Vec<What>) -> bool {
        let notes: Vec<&Note> = lock.map(|lock| concerning(lock, me)).unwrap_or_default();
        let now: Vec<Known> = notes.iter().map(|note| Known::of(note)).collect();
        let before = self.known.get(file).map_or(&[][..], Vec::as_slice);
        if before == now {
            return false;
        }
        let new = |note: &&&Note| !before.contains(&Known::of(note));
        let lock = lock.into_iter();
        told.extend(lock.flat_map(|lock| {
            let new = notes.iter().filter(new);
            new.filter_map(|note| what(file, lock, note, me))
        }));
        if now.is_empty() || mutated(Mutation::TellAgain) {
            self.known.remove(file);
        } else {
            self.known.insert(file.clone(), now);
        }
        true
    }

    /// Takes one change in, with what it says to this desk about its own request: the lock may end before anybody looks at
    /// the table. Answers go to `told`; but a "yes" to `given`, until it is known what became of the file ([`untold`]).
    /// Returns whether something is different now.
    pub fn take(
        &mut self,
        change: &Change,
        me: &Owner,
        told: &mut Vec<What>,
        given: &mut Vec<Given>,
    ) -> bool {
        if mutated(Mutation::TellFromTheTable) {
            return false;
        }
        let file = &change.file;
        let lock = change.lock.as_deref().filter(|lock| !is_ours(lock, me));
        if let Some(lock) = lock {
            for one in given.iter_mut().filter(|one| one.file == *file) {
                one.taken.get_or_insert_with(|| Arc::clone(&lock.owner));
            }
        }
        let known = self.known.get(file).map_or(&[][..], Vec::as_slice);
        let (before, others): (Vec<&Known>, Vec<&Known>) = known.iter().partition(|note| note.is_of(me));
        if let Some(ended) = change.ended.as_ref().filter(|_| change.verb == Verb::ANSWER)
            && before.iter().any(|note| note.is_open())
            && !change.by.same_desk(me)
            && change.lock.as_ref().is_none_or(|lock| !lock.owner.same_desk(me))
        {
            given.push(Given {
                file: file.clone(),
                by: Arc::clone(&change.by),
                ended: ended.clone(),
                next: lock.map(|lock| Arc::clone(&lock.owner)),
                taken: None,
            });
        }
        let notes: Vec<&Note> = lock.map(|lock| own(lock, me)).unwrap_or_default();
        let now: Vec<Known> = notes.iter().map(|note| Known::of(note)).collect();
        if before.iter().copied().eq(&now) {
            return false;
        }
        if let Some(lock) = lock {
            let new = notes
                .into_iter()
                .filter(|note| !before.contains(&&Known::of(note)));
            told.extend(new.filter_map(|note| what(file, lock, note, me)));
        }
        let now: Vec<Known> = others.into_iter().cloned().chain(now).collect();
        if now.is_empty() || mutated(Mutation::TellAgain) {
            self.known.remove(file);
        } else {
            self.known.insert(file.clone(), now);
        }
        true
    }

    /// The files that this desk has asked for.
    pub fn asked_for(&self, me: &Owner) -> Vec<FileName> {
        let mine = self.known.iter();
        mine.filter(|(_, notes)| notes.iter().any(|note| note.is_of(me)))
            .map(|(file, _)| file.clone())
            .collect()
    }
}

/// A "yes" to this desk: its owner gave the file back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    file: FileName,
    by: Arc<Owner>,
    ended: Ended,
    /// Who was next in line.
    next: Option<Arc<Owner>>,
    /// Who has taken it since, where nobody was.
    taken: Option<Arc<Owner>>,
}

/// What is to be told of a "yes": nothing where the person is told that the file is free (`told`), which is the answer.
pub fn untold(given: Vec<Given>, told: &[What]) -> impl Iterator<Item = What> {
    let is_told = |one: &Given| {
        let freed = |what: &What| matches!(what, What::Free { file, was, .. } if (file, was) == (&one.file, &one.ended));
        told.iter().any(freed)
    };
    let untold = given.into_iter().filter(move |one| !is_told(one));
    untold.map(|one| {
        let said = one.ended.reason.as_deref();
        let answer = match (&one.next, &one.taken) {
            (Some(next), _) => and(format!("yes, and {next} was the first in line"), said),
            (None, Some(taken)) => and(format!("yes, and {taken} was faster"), said),
            (None, None) => Said::Yes.with(said),
        };
        What::Answered {
            file: one.file,
            by: one.by,
            answer,
        }
    })
}

fn and(answer: String, said: Option<&str>) -> Box<str> {
    match said.map(str::trim).filter(|said| !said.is_empty()) {
        Some(said) => format!("{answer}: {said}").into(),
        None => answer.into(),
    }
}

/// Whether it is for this desk's person to answer: also where an older tool wrote the record, and no machine.
fn is_ours(lock: &Lock, me: &Owner) -> bool {
    lock.owner.same_desk(me) || (lock.owner.machine.is_none() && lock.owner.user == me.user)
}

/// This desk's own requests on `lock`.
fn own<'a>(lock: &'a Lock, me: &Owner) -> Vec<&'a Note> {
    let notes = lock.requests.iter();
    notes.filter(|note| note.from.same_desk(me)).collect()
}

/// What of the requests on `lock` is this desk's business: open ones for its own file, or its own.
fn concerning<'a>(lock: &'a Lock, me: &Owner) -> Vec<&'a Note> {
    if is_ours(lock, me) {
        lock.requests.iter().filter(|note| note.is_open()).collect()
    } else {
        own(lock, me)
    }
}

fn what(file: &FileName, lock: &Lock, note: &Note, me: &Owner) -> Option<What> {
    if is_ours(lock, me) {
        // Whoever said "later" knows of it.
        return note.answer.is_none().then(|| What::Asked {
            file: file.clone(),
            token: lock.token,
            from: note.from.clone(),
            at: note.at,
            message: note.message.clone(),
            guarded: lock.kind == Kind::Guard,
        });
    }
    Some(What::Answered {
        file: file.clone(),
        by: lock.owner.clone(),
        answer: note.answer.clone()?,
    })
}

/// Compares what is known of `files` with the table, and tells what is new.
pub fn tell<'a>(
    board: &Board,
    desktop: &dyn Desktop,
    table: &Table,
    files: impl IntoIterator<Item = &'a FileName>,
) {
    let mut told = Vec::new();
    let mut differs = false;
    {
        let mut state = board.state();
        for file in files {
            let lock = table.locks.get(file).map(AsRef::as_ref);
            differs |= state.questions.look(file, lock, &board.me, &mut told);
        }
    }
    for what in told {
        let folder = board.folder.clone();
        desktop.tell(Notice { folder, what });
    }
    if differs {
        board.stirred.notify_one();
    }
}

/// The same for all files: when the table was read for the first time, or is not the one any more that was told of.
pub fn tell_all(board: &Board, desktop: &dyn Desktop, table: &Table) {
    let known: Vec<FileName> = board.state().questions.known.keys().cloned().collect();
    let asked = table.locks.iter().filter(|(_, lock)| !lock.requests.is_empty());
    tell(
        board,
        desktop,
        table,
        known.iter().chain(asked.map(|(file, _)| file)),
    );
}

/// What others ask of this desk's person and was not answered yet, for the tray; oldest first.
pub fn open(board: &Board) -> Vec<Question> {
    let files: Vec<FileName> = board.state().questions.known.keys().cloned().collect();
    let Some(table) = board.table().filter(|_| !files.is_empty()) else {
        return Vec::new();
    };
    let table = table.read();
    let mut open = Vec::new();
    for file in files {
        let Some(lock) = table.locks.get(&file) else {
            continue;
        };
        if !is_ours(lock, &board.me) {
            continue;
        }
        let notes = lock.requests.iter().filter(|note| note.is_open());
        open.extend(notes.map(|note| Question {
            file: file.clone(),
            token: lock.token,
            from: note.from.clone(),
            at: note.at,
            message: note.message.clone(),
            guarded: lock.kind == Kind::Guard,
        }));
    }
    open.sort_by_key(|question| question.at);
    open
}
