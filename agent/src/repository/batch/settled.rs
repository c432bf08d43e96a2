//! What an earlier commit did for a request whose reply was lost.

use std::sync::Arc;

use camctl_shared::model::{Lock, Table};
use camctl_shared::rules::{Ask, Done, Intent, Queue};

/// What commit `n` did for `ask`, as far as the table still shows it.
pub fn from_table(table: &Table, ask: &Ask, n: u64) -> Option<Done> {
    let lock = table.locks.get(&ask.file);
    if let Intent::Queue(Queue::Leave { .. }) = ask.intent {
        return Some(Done::Left { lock: lock.cloned() });
    }
    let lock = lock?;
    if let Some(done) = asked(lock, ask) {
        return Some(done);
    }
    if let Some(at) = lock.queue.iter().position(|waiter| waiter.request == ask.id) {
        return Some(Done::Joined {
            lock: Arc::clone(lock),
            place: at + 1,
            joined: n,
        });
    }
    if lock.renewed != n || !lock.owner.same_desk(&ask.by) {
        return None;
    }
    let lock = Arc::clone(lock);
    let taken_up = matches!(ask.intent, Intent::Queue(Queue::TakeUp { .. }));
    Some(if lock.token == Some(n) || taken_up {
        Done::Granted { lock, after: None }
    } else {
        Done::Renewed { lock }
    })
}

/// What a request or an answer has come to, as far as `lock` still shows it.
fn asked(lock: &Arc<Lock>, ask: &Ask) -> Option<Done> {
    let lock = Arc::clone(lock);
    match &ask.intent {
        Intent::Request { .. } => {
            let note = lock.requests.iter().find(|note| note.from.same_desk(&ask.by));
            let note = note.cloned()?;
            Some(Done::Requested { lock, note })
        }
        Intent::Answer(_) => {
            let notes = lock.requests.iter().filter(|note| note.answer.is_some());
            let notes = notes.cloned().collect();
            Some(Done::Answered { lock, notes })
        }
        _ => None,
    }
}
