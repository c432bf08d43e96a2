//! From commits to steps.

use super::{Desk, End, Held, Name, Names, Place, Step};
use crate::model::{Commit, Lock, Owner, Table};

/// Adds what `commit` did to files.
pub fn steps(commit: &Commit, names: &mut Names, to: &mut Vec<Step>) {
    for change in &commit.draft.changes {
        let ended = change.ended.as_ref().map(|ended| End {
            owner: desk(&ended.owner, names),
            token: ended.token,
            since: ended.since.as_microsecond(),
            how: ended.how,
            reason: ended.reason.clone().unwrap_or_default(),
        });
        to.push(Step {
            n: commit.n,
            at: commit.time.as_microsecond(),
            file: names.number(change.file.as_str()),
            by: desk(&change.by, names),
            ended,
            lock: change.lock.as_ref().map(|lock| held(lock, names)),
        });
    }
}

/// The locks that stand in `table`.
pub fn locks(table: &Table, names: &mut Names) -> Vec<(Name, Held)> {
    let locks = table.locks.iter();
    locks
        .map(|(file, lock)| (names.number(file.as_str()), held(lock, names)))
        .collect()
}

fn desk(owner: &Owner, names: &mut Names) -> Desk {
    Desk {
        user: names.number(&owner.user),
        machine: owner.machine.as_ref().map(|machine| names.number(machine)),
    }
}

fn held(lock: &Lock, names: &mut Names) -> Held {
    let mut place = |owner: &Owner, since: crate::clock::Timestamp| Place {
        who: desk(owner, names),
        since: since.as_microsecond(),
    };
    let line = lock
        .queue
        .iter()
        .map(|waiter| place(&waiter.owner, waiter.since))
        .collect();
    let asked = lock
        .requests
        .iter()
        .map(|note| place(&note.from, note.at))
        .collect();
    Held {
        owner: desk(&lock.owner, names),
        token: lock.token,
        since: lock.since.as_microsecond(),
        kind: names.number(lock.kind.as_str()),
        message: lock.message.clone(),
        line,
        asked,
    }
}
