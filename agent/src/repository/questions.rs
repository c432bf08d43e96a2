//! Requests for files, and what this desk's person was told of them: those for their own files, and the answers to those
//! that they have made themselves.
//!
//! The requests stand in the table, with their locks. Here is only what was told already, kept over restarts: whatever
//! happens to an agent, what stands in the table and was not told is told by the next comparison, once.

use std::collections::BTreeMap;

use camctl_shared::model::{Change, FileName, Lock, Note, Owner, Table, Verb};
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

    /// The owner said yes to this desk, and the file went to somebody who waits in line. (A file that is free is told by
    /// the wish that goes with a request.)
    pub fn passed_on(&self, change: &Change, me: &Owner) -> Option<What> {
        let (_, next) = change.ended.as_ref().zip(change.lock.as_ref())?;
        let known = self.known.get(&change.file)?;
        let asked = known.iter().any(|note| note.is_of(me));
        if change.verb != Verb::ANSWER || !asked || next.owner.same_desk(me) || change.by.same_desk(me) {
            return None;
        }
        Some(What::Answered {
            file: change.file.clone(),
            by: change.by.clone(),
            answer: format!("yes, and {} was the first in line", next.owner).into(),
        })
    }

    /// The files that this desk has asked for.
    pub fn asked_for(&self, me: &Owner) -> Vec<FileName> {
        let mine = self.known.iter();
        mine.filter(|(_, notes)| notes.iter().any(|note| note.is_of(me)))
            .map(|(file, _)| file.clone())
            .collect()
    }
}

/// What of the requests on `lock` is this desk's business: open ones for its own file, or its own.
fn concerning<'a>(lock: &'a Lock, me: &Owner) -> Vec<&'a Note> {
    let mine = lock.owner.same_desk(me);
    let notes = lock.requests.iter();
    notes
        .filter(|note| {
            if mine {
                note.answer.is_none()
            } else {
                note.from.same_desk(me)
            }
        })
        .collect()
}

fn what(file: &FileName, lock: &Lock, note: &Note, me: &Owner) -> Option<What> {
    if lock.owner.same_desk(me) {
        return Some(What::Asked {
            file: file.clone(),
            token: lock.token,
            from: note.from.clone(),
            at: note.at,
            message: note.message.clone(),
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
        if !lock.owner.same_desk(&board.me) {
            continue;
        }
        let notes = lock.requests.iter().filter(|note| note.answer.is_none());
        open.extend(notes.map(|note| Question {
            file: file.clone(),
            token: lock.token,
            from: note.from.clone(),
            at: note.at,
            message: note.message.clone(),
        }));
    }
    open.sort_by_key(|question| question.at);
    open
}
