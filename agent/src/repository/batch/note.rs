//! What an answer means beyond its asker: a lock that was lost, a place in line that was given, left, or cannot be had.

use camctl_shared::model::{FileName, Lock, Refusal};
use camctl_shared::rules::{Done, Intent, Queue};

use crate::desktop::What;
use crate::problem::Problem;
use crate::repository::board::Board;
use crate::repository::courtesy::line::For;
use crate::repository::job::{Success, Unread, Verdict};

/// What a request is about, as far as lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To have a place, or the file.
    Join,
    /// To have none.
    Leave,
    /// To take what was handed over.
    TakeUp,
    /// Something else.
    Other,
}

impl Purpose {
    pub(super) fn of(intent: &Intent) -> Self {
        match intent {
            Intent::Queue(Queue::Join(_)) => Self::Join,
            Intent::Queue(Queue::Leave { .. }) => Self::Leave,
            Intent::Queue(Queue::TakeUp { .. }) => Self::TakeUp,
            _ => Self::Other,
        }
    }
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// A program that waits along.
    Program,
    /// The person.
    Person,
    /// The agent itself, for whom it knows.
    Agent,
}

impl Whose {
    pub(super) fn of(unread: Unread, answered: bool) -> Self {
        match unread {
            _ if !answered => Self::Agent,
            Unread::GiveBack => Self::Program,
            Unread::Keep => Self::Person,
        }
    }
}

/// One's own lock was ended by somebody else, and one has not asked for it since: that is the real answer.
pub(super) fn explain_loss(board: &Board, verdict: &mut Verdict) {
    let Some(file) = &verdict.file else { return };
    let lock = match &verdict.result {
        Err(Problem::Refused(Refusal::NotHeld { .. })) => None,
        Err(Problem::Refused(Refusal::NotYours { lock, .. })) => Some(lock.clone()),
        Err(Problem::Refused(Refusal::OldToken { lock, .. })) => lock.clone(),
        _ => return,
    };
    let loss = board.state().lost.remove(file);
    if let Some(loss) = loss {
        board.stirred.notify_one();
        verdict.result = Err(Problem::Lost {
            ended: loss.ended,
            by: loss.by,
            lock,
        });
    }
}

/// Why this was refused: the loss of one's own lock, where that is the cause.
pub fn explained(board: &Board, file: &FileName, refusal: Refusal) -> Problem {
    let mut verdict = Verdict {
        file: Some(file.clone()),
        result: Err(Problem::Refused(refusal.clone())),
    };
    explain_loss(board, &mut verdict);
    verdict.result.err().unwrap_or(Problem::Refused(refusal))
}

/// What an answer means for the places of this desk. Returns what the person has to be told.
pub(super) fn places(board: &Board, verdict: &mut Verdict, purpose: Purpose, whose: Whose) -> Option<What> {
    let file = verdict.file.clone()?;
    if let Some((file, lock, joined)) = joined(verdict) {
        let whom = match whose {
            Whose::Program => Some(For::Program),
            Whose::Person => Some(For::Person),
            Whose::Agent => None,
        };
        board.state().courtesy.joined(file, lock, &board.me, joined, whom);
        board.stirred.notify_one();
        return None;
    }
    let courtesy = &mut board.state().courtesy;
    match (purpose, whose, &mut verdict.result) {
        // Also by the file's real name, which the asker may not know, and whatever was on its way when they asked.
        (Purpose::Leave, Whose::Person, Ok(_)) => drop(courtesy.give_up(&file)),
        (Purpose::Leave, Whose::Person, Err(Problem::Refused(Refusal::NotWaiting { lock, .. }))) => {
            let lock = lock.take();
            verdict.result = if courtesy.give_up(&file) {
                let done = Done::Left { lock };
                Ok(Success { done, changed: None })
            } else {
                Err(Problem::Refused(Refusal::NotWaiting { file, lock }))
            };
        }
        (Purpose::Join, Whose::Agent, Err(problem)) if is_final(problem) => {
            let why = problem.to_string();
            return courtesy
                .cannot_have(&file)
                .then_some(What::OutOfLine { file, why });
        }
        (Purpose::TakeUp, Whose::Agent, Err(problem)) if is_final(problem) => {
            courtesy.cannot_take_up(&file);
        }
        _ => {}
    }
    None
}

/// Whether it is useless to ask again. A share that answers badly may answer well again.
fn is_final(problem: &Problem) -> bool {
    let about_the_file = matches!(
        problem,
        Problem::Refused(_) | Problem::Name(_) | Problem::NoSuchFile | Problem::NotAFile
    );
    about_the_file && !problem.is_passing()
}

/// The place in line that was given, and by which commit.
pub fn joined(verdict: &Verdict) -> Option<(&FileName, &Lock, u64)> {
    match (&verdict.file, &verdict.result) {
        (
            Some(file),
            Ok(Success {
                done: Done::Joined { lock, joined, .. },
                ..
            }),
        ) => Some((file, lock, *joined)),
        _ => None,
    }
}
