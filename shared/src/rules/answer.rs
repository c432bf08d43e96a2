//! Answer: what the owner says to those who need the file. "Yes" gives it back, and so ends all requests.

use std::sync::Arc;

use super::{Ask, Change, Checkin, Done, Lock, Note, Refusal, Response, Scene, To, checkin, checkout};
use crate::model::{Kind, Said, Verb};

pub(super) fn weigh(scene: &Scene<'_>, ask: &Ask, response: &Response) -> Result<(Change, Done), Refusal> {
    let file = || ask.file.clone();
    let Some(lock) = scene.lock(&ask.file) else {
        return Err(Refusal::NotHeld { file: file() });
    };
    if lock.owner.user != ask.by.user {
        return Err(Refusal::NotYours {
            file: file(),
            lock: Arc::clone(lock),
        });
    }
    if let Some(token) = response.token.filter(|_| response.token != lock.token) {
        return Err(Refusal::OldToken {
            file: file(),
            token,
            lock: Some(Arc::clone(lock)),
        });
    }
    if !lock.requests.iter().any(|note| is_meant(note, &response.to)) {
        return Err(Refusal::NotAsked {
            file: file(),
            lock: Arc::clone(lock),
        });
    }
    if response.said == Said::Yes {
        if lock.kind == Kind::Guard {
            // It ends with its program, and not under it.
            return Err(Refusal::Guarded {
                file: file(),
                lock: Arc::clone(lock),
            });
        }
        let give_back = Checkin {
            token: lock.token,
            message: response.message.clone(),
            ..Checkin::default()
        };
        let (mut change, done) = checkin::weigh(scene, ask, &give_back)?;
        change.verb = Verb::ANSWER;
        return Ok((change, done));
    }
    let mut answered = Lock::clone(lock);
    let mut notes = Vec::new();
    for note in &mut answered.requests {
        if is_meant(note, &response.to) {
            note.answer = Some(response.said.with(response.message.as_deref()));
            notes.push(note.clone());
        }
    }
    let lock = Arc::new(answered);
    let change = checkout::change(ask, Verb::ANSWER, None, Some(&lock));
    Ok((change, Done::Answered { lock, notes }))
}

fn is_meant(note: &Note, to: &To) -> bool {
    match to {
        To::All => note.is_open(),
        To::Users(users) => users.contains(&note.from.user),
        To::Question { from, at } => note.is_open() && note.at == *at && note.from.same_desk(from),
    }
}
