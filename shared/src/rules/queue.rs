//! People in line: first come first served, handed over in the commit that ends the lock.
//!
//! Only those whose sessions live are served. Whoever is parked is passed over and keeps the place; whoever is
//! stale is passed over and leaves the line, for nobody else would ever take them out of it.

use std::sync::Arc;

use super::{Lock, Owner, Scene, SessionId};
use crate::model::Waiter;

/// The place that `who` has, or would have, in the line for the file of `lock`; counted from 1.
pub(super) fn place(lock: &Lock, who: &Owner) -> usize {
    let has = lock.queue.iter().position(|waiter| waiter.owner.same_desk(who));
    has.unwrap_or(lock.queue.len()) + 1
}

/// Whether somebody who lives stands in line before `who`.
pub(super) fn someone_is_before(scene: &Scene<'_>, lock: &Lock, who: &Owner) -> bool {
    let first = lock
        .queue
        .iter()
        .find(|waiter| life(scene, waiter) == Life::Lives);
    first.is_some_and(|waiter| !waiter.owner.same_desk(who))
}

/// The line without `who`, who has got the file.
pub(super) fn without(lock: &Lock, who: &Owner) -> Vec<Waiter> {
    lock.queue
        .iter()
        .filter(|waiter| !waiter.owner.same_desk(who))
        .cloned()
        .collect()
}

/// The lock of the first in line whose session lives, once `lock` ends. `leaving` is a session that is about to park,
/// although the table does not say so yet.
pub(super) fn next(scene: &Scene<'_>, lock: &Lock, leaving: Option<&SessionId>) -> Option<Arc<Lock>> {
    let stays = |waiter: &Waiter| leaving.is_none() || waiter.owner.session.as_ref() != leaving;
    let position = lock
        .queue
        .iter()
        .position(|waiter| stays(waiter) && life(scene, waiter) == Life::Lives)?;
    let (before, after) = (lock.queue.get(..position)?, lock.queue.get(position + 1..)?);
    let waiter = lock.queue.get(position)?;
    let queue = before
        .iter()
        .filter(|passed| life(scene, passed) != Life::Gone)
        .chain(after)
        .cloned()
        .collect();
    Some(Arc::new(Lock {
        message: waiter.message.clone(),
        queue,
        ..Lock::new(Arc::clone(&waiter.owner), scene.now, scene.next())
    }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Lives,
    Away,
    Gone,
}

fn life(scene: &Scene<'_>, waiter: &Waiter) -> Life {
    match &waiter.owner.session {
        None => Life::Gone,
        Some(session) if scene.table.parked.contains_key(session) => Life::Away,
        Some(session) if scene.judge.session_is_stale(scene.table, session) => Life::Gone,
        Some(_) => Life::Lives,
    }
}
