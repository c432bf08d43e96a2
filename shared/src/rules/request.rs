//! Request: "I need this file", said to its owner.
//!
//! Requests are kept with the lock, and end with it; but they stand when its owner keeps the file under another lock. A desk has one of them at most: whoever asks again has asked
//! something else, or the same.

use std::sync::Arc;

use super::{Ask, Change, Done, Lock, Note, Refusal, Scene, checkout};
use crate::model::{Extra, Verb};

/// The longest message of a request, and the longest of an answer, in bytes: all of a lock's have to fit into a frame,
/// beside its line.
pub const LONGEST_NOTE: usize = 1000;
/// So many are kept with one lock. Those that were answered make room.
const MOST: usize = 100;

pub(super) fn weigh(scene: &Scene<'_>, ask: &Ask, message: Option<&str>) -> Result<(Change, Done), Refusal> {
    let file = || ask.file.clone();
    let Some(lock) = scene.lock(&ask.file) else {
        return Err(Refusal::NotHeld { file: file() });
    };
    if lock.owner.user == ask.by.user {
        return Err(Refusal::Yours {
            file: file(),
            lock: Arc::clone(lock),
        });
    }
    let mut requests = lock.requests.clone();
    let before = requests.iter().position(|note| note.from.same_desk(&ask.by));
    let before = before.map(|at| requests.remove(at));
    if requests.len() >= MOST {
        match requests.iter().position(|note| !note.is_open()) {
            Some(answered) => drop(requests.remove(answered)),
            None => {
                return Err(Refusal::Crowded {
                    file: file(),
                    lock: Arc::clone(lock),
                });
            }
        }
    }
    let note = note(scene, ask, message, before);
    requests.push(note.clone());
    let lock = Arc::new(Lock {
        requests,
        ..Lock::clone(lock)
    });
    let change = checkout::change(ask, Verb::REQUEST, None, Some(&lock));
    Ok((change, Done::Requested { lock, note }))
}

/// What the desk asks from now on. The same again is no news: the owner was told of it. After "later" it is, and its reason
/// is still the same.
fn note(scene: &Scene<'_>, ask: &Ask, message: Option<&str>, before: Option<Note>) -> Note {
    let (at, known, extra) = match before {
        Some(note) if note.is_open() => {
            let same = note.answer.is_none() && message.is_none_or(|message| *message == *note.message);
            let at = if same { note.at } else { scene.now };
            (at, note.message, note.extra)
        }
        Some(_) | None => (scene.now, Box::default(), Extra::new()),
    };
    Note {
        from: Arc::clone(&ask.by),
        at,
        message: message.map_or(known, Into::into),
        answer: None,
        extra,
    }
}
