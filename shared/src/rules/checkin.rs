//! Checkin: give a lock back.

use std::sync::Arc;

use super::{Ask, Change, Checkin, Done, Refusal, Scene, checkout, queue};
use crate::model::{How, Verb};
use crate::mutation::{Mutation, mutated};

pub(super) fn weigh(scene: &Scene<'_>, ask: &Ask, wish: &Checkin) -> Result<(Change, Done), Refusal> {
    let file = || ask.file.clone();
    let lock = match (scene.lock(&ask.file), wish.token) {
        (None, None) => return Err(Refusal::NotHeld { file: file() }),
        (None, Some(token)) => {
            return Err(Refusal::OldToken {
                file: file(),
                token,
                lock: None,
            });
        }
        (Some(lock), Some(token)) if lock.token != Some(token) && !mutated(Mutation::IgnoreToken) => {
            return Err(Refusal::OldToken {
                file: file(),
                token,
                lock: Some(Arc::clone(lock)),
            });
        }
        (Some(lock), token) if wish.renewed.is_some_and(|renewed| renewed != lock.renewed) => {
            return Err(Refusal::OldToken {
                file: file(),
                token: token.or(lock.token).unwrap_or_default(),
                lock: Some(Arc::clone(lock)),
            });
        }
        (Some(lock), _) => lock,
    };
    let may = lock.owner.user == ask.by.user
        || (checkout::is_old_record(lock) && scene.policy.is_administrator(&ask.by.user));
    if !may {
        return Err(Refusal::NotYours {
            file: file(),
            lock: Arc::clone(lock),
        });
    }
    let next = queue::next(scene, lock, None);
    let ended = checkout::end(lock, How::Released, wish.message.clone());
    let change = checkout::change(ask, Verb::CHECKIN, Some(ended), next.as_ref());
    Ok((
        change,
        Done::Released {
            was: Arc::clone(lock),
            next,
        },
    ))
}
