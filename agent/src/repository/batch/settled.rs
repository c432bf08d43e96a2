//! What an earlier commit did for a request whose reply was lost.

use std::sync::Arc;

use camctl_shared::model::{Lock, Note, Said, Table};
use camctl_shared::rules::{Ask, Done, Intent, Queue, To};

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
        // "Yes" has ended the lock that was answered for.
        Intent::Answer(response) if response.said != Said::Yes && lock.owner.user == ask.by.user => {
            let answer = response.said.with(response.message.as_deref());
            let meant = |note: &&Note| match &response.to {
                To::All => true,
                To::Users(users) => users.contains(&note.from.user),
                To::Question { from, at } => note.at == *at && note.from.same_desk(from),
            };
            let notes = lock.requests.iter().filter(meant);
            let notes: Vec<Note> = notes
                .filter(|note| note.answer.as_ref() == Some(&answer))
                .cloned()
                .collect();
            (!notes.is_empty()).then_some(Done::Answered { lock, notes })
        }
        _ => None,
    }
}
