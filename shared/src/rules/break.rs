//! Break: end somebody else's lock, because it is stale, or as an administrator.

use std::sync::Arc;

use super::{Ask, Change, Done, Refusal, Scene, checkout, queue};
use crate::model::Verb;

pub(super) fn weigh(scene: &Scene<'_>, ask: &Ask, reason: &str) -> Result<(Change, Done), Refusal> {
    let file = || ask.file.clone();
    let Some(lock) = scene.lock(&ask.file) else {
        return Err(Refusal::NotHeld { file: file() });
    };
    if reason.trim().is_empty() {
        return Err(Refusal::NoReason { file: file() });
    }
    let how = checkout::ending(scene, ask, lock, scene.standing(&ask.file, lock))?;
    let next = queue::next(scene, lock, None);
    let ended = checkout::end(lock, how, Some(reason.into()));
    let change = checkout::change(ask, Verb::BREAK, Some(ended.clone()), next.as_ref());
    Ok((
        change,
        Done::Broken {
            was: Arc::clone(lock),
            ended,
            next,
        },
    ))
}
