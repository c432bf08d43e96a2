//! People in line: first come first served, handed over in the commit that ends the lock.

use std::sync::Arc;

use super::{Lock, Owner, Scene};
use crate::model::{Extra, Kind, Waiter};

/// The place that `who` has, or would have, in the line for the file of `lock`; counted from 1.
pub(super) fn place(lock: &Lock, who: &Owner) -> usize {
    let has = lock.queue.iter().position(|waiter| waiter.owner.same_desk(who));
    has.unwrap_or(lock.queue.len()) + 1
}

/// Whether somebody who lives stands in line before `who`.
pub(super) fn someone_is_before(scene: &Scene<'_>, lock: &Lock, who: &Owner) -> bool {
    first(scene, lock).is_some_and(|(_, waiter)| !waiter.owner.same_desk(who))
}

/// The line without `who`, who has got the file.
pub(super) fn without(lock: &Lock, who: &Owner) -> Vec<Waiter> {
    lock.queue
        .iter()
        .filter(|waiter| !waiter.owner.same_desk(who))
        .cloned()
        .collect()
}

/// The lock of the first in line whose session lives, once `lock` ends; those before are passed over.
pub(super) fn next(scene: &Scene<'_>, lock: &Lock) -> Option<Arc<Lock>> {
    let (position, waiter) = first(scene, lock)?;
    Some(Arc::new(Lock {
        owner: Arc::clone(&waiter.owner),
        since: scene.now,
        message: waiter.message.clone(),
        kind: Kind::Checkout,
        token: Some(scene.next()),
        renewed: scene.next(),
        lease: None,
        expires: None,
        base: None,
        process: None,
        queue: lock.queue[position + 1..].to_vec(),
        requests: Vec::new(),
        extra: Extra::new(),
    }))
}

fn first<'a>(scene: &Scene<'_>, lock: &'a Lock) -> Option<(usize, &'a Waiter)> {
    let lives = |waiter: &Waiter| {
        let session = waiter.owner.session.as_ref();
        session.is_some_and(|id| {
            !scene.table.parked.contains_key(id) && !scene.judge.session_is_stale(scene.table, id)
        })
    };
    lock.queue.iter().enumerate().find(|(_, waiter)| lives(waiter))
}
