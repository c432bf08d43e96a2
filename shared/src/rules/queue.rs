//! People in line: first come first served, handed over in the commit that ends the lock.
//!
//! Only those whose sessions live are served. Whoever is parked is passed over and keeps the place; whoever is
//! stale is passed over and leaves the line, for nobody else would ever take them out of it.

use std::sync::Arc;

use super::{
    Ask, Base, Change, Checkin, Checkout, Done, Form, Judge, Lock, Owner, Queue, Refusal, Scene, SessionId,
    Table, Token, checkin, checkout,
};
use crate::model::{Extra, Kind, Verb, Waiter};
use crate::mutation::{Mutation, mutated};

pub(super) fn weigh(scene: &Scene<'_>, ask: &Ask, wish: &Queue) -> Result<(Change, Done), Refusal> {
    match wish {
        Queue::Join(wish) => match checkout::weigh(scene, ask, wish) {
            Err(Refusal::Held { lock, .. } | Refusal::Guarded { lock, .. }) => {
                Ok(join(scene, ask, wish, &lock))
            }
            answer => answer,
        },
        Queue::Leave { joined } => leave(scene, ask, *joined),
        Queue::TakeUp { token, base } => take_up(scene, ask, *token, base.as_ref()),
    }
}

/// A place at the end of the line; or the place that the desk has, from now on for this session and this purpose.
fn join(scene: &Scene<'_>, ask: &Ask, wish: &Checkout, lock: &Arc<Lock>) -> (Change, Done) {
    let mut longer = Lock::clone(lock);
    let has = lock
        .queue
        .iter()
        .position(|waiter| waiter.owner.same_desk(&ask.by));
    let known = has.and_then(|at| lock.queue.get(at));
    let waiter = Waiter {
        owner: Arc::clone(&ask.by),
        since: known.map_or(scene.now, |known| known.since),
        message: match (&wish.message, known) {
            (None, Some(known)) => known.message.clone(),
            (message, _) => message.clone().unwrap_or_default(),
        },
        lease: match wish.form {
            Form::Lease(lease) => Some(lease),
            Form::Checkout | Form::Guard(_) => None,
        },
        guard: match &wish.form {
            Form::Guard(process) => Some(process.clone()),
            Form::Checkout | Form::Lease(_) => None,
        },
        request: ask.id.clone(),
        extra: known.map_or_else(Extra::new, |known| known.extra.clone()),
    };
    match has.and_then(|at| longer.queue.get_mut(at)) {
        Some(place) => *place = waiter,
        None => longer.queue.push(waiter),
    }
    let lock = Arc::new(longer);
    let done = Done::Joined {
        place: place(&lock, &ask.by),
        joined: scene.next(),
        lock: Arc::clone(&lock),
    };
    (checkout::change(ask, Verb::JOIN, None, Some(&lock)), done)
}

fn leave(scene: &Scene<'_>, ask: &Ask, joined: Option<u64>) -> Result<(Change, Done), Refusal> {
    let Some(lock) = scene.lock(&ask.file) else {
        return Err(Refusal::NotWaiting {
            file: ask.file.clone(),
            lock: None,
        });
    };
    if lock.queue.iter().any(|waiter| waiter.owner.same_desk(&ask.by)) {
        let shorter = Arc::new(Lock {
            queue: without(lock, &ask.by),
            ..Lock::clone(lock)
        });
        let change = checkout::change(ask, Verb::LEAVE, None, Some(&shorter));
        let lock = Some(shorter);
        return Ok((change, Done::Left { lock }));
    }
    let handed = joined.is_some_and(|joined| lock.token > Some(joined)) && is_untouched(lock);
    if handed && lock.owner.same_desk(&ask.by) {
        let back = Checkin {
            token: lock.token,
            message: Some("nobody waited for it any more".into()),
            ..Checkin::default()
        };
        return checkin::weigh(scene, ask, &back);
    }
    Err(Refusal::NotWaiting {
        file: ask.file.clone(),
        lock: Some(Arc::clone(lock)),
    })
}

fn take_up(
    scene: &Scene<'_>,
    ask: &Ask,
    token: Token,
    base: Option<&Base>,
) -> Result<(Change, Done), Refusal> {
    let lock = scene.lock(&ask.file);
    match lock.filter(|lock| lock.token == Some(token) && lock.owner.same_desk(&ask.by)) {
        None => Err(Refusal::OldToken {
            file: ask.file.clone(),
            token,
            lock: lock.cloned(),
        }),
        Some(lock) => {
            let untouched = is_untouched(lock);
            let lock = Arc::new(Lock {
                owner: Arc::clone(&ask.by),
                base: lock.base.clone().or_else(|| base.cloned()),
                renewed: scene.next(),
                ..Lock::clone(lock)
            });
            let change = checkout::change(ask, Verb::TAKE, None, Some(&lock));
            // The first is told of a grant, and gives it back when nobody hears that.
            let done = if untouched {
                Done::Granted { lock, after: None }
            } else {
                Done::Renewed { lock }
            };
            Ok((change, done))
        }
    }
}

/// Whether `lock` was handed over by the line, and nobody has taken it up since: whoever takes a file, or renews its lock,
/// says how the file was.
pub fn is_untouched(lock: &Lock) -> bool {
    lock.base.is_none() && lock.token == Some(lock.renewed)
}

/// The place that `who` has, or would have, in the line for the file of `lock`; counted from 1.
pub(super) fn place(lock: &Lock, who: &Owner) -> usize {
    let has = lock.queue.iter().position(|waiter| waiter.owner.same_desk(who));
    has.unwrap_or(lock.queue.len()) + 1
}

/// Whether somebody who lives stands in line before `who`.
pub fn someone_is_before(table: &Table, judge: &dyn Judge, lock: &Lock, who: &Owner) -> bool {
    let first = lock
        .queue
        .iter()
        .find(|waiter| life(table, judge, waiter) == Life::Lives);
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
    let life = |waiter: &Waiter| life(scene.table, scene.judge, waiter);
    let is_next = |waiter: &Waiter| stays(waiter) && life(waiter) == Life::Lives;
    let position = if mutated(Mutation::ServeTheLast) {
        lock.queue.iter().rposition(is_next)?
    } else {
        lock.queue.iter().position(is_next)?
    };
    let (before, after) = (lock.queue.get(..position)?, lock.queue.get(position + 1..)?);
    let waiter = lock.queue.get(position)?;
    let queue = before
        .iter()
        .filter(|passed| life(passed) != Life::Gone)
        .chain(mutated(Mutation::KeepTheServed).then_some(waiter))
        .chain(after)
        .cloned()
        .collect();
    Some(Arc::new(Lock {
        message: waiter.message.clone(),
        kind: match waiter {
            Waiter { guard: Some(_), .. } => Kind::Guard,
            Waiter { lease: Some(_), .. } => Kind::Lease,
            _ => Kind::Checkout,
        },
        process: waiter.guard.clone(),
        lease: waiter.lease,
        expires: waiter
            .lease
            .and_then(|lease| scene.now.saturating_add(lease).ok()),
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

fn life(table: &Table, judge: &dyn Judge, waiter: &Waiter) -> Life {
    match &waiter.owner.session {
        None => Life::Gone,
        Some(session) if table.parked.contains_key(session) => Life::Away,
        Some(session) if judge.session_is_stale(table, session) => Life::Gone,
        Some(_) => Life::Lives,
    }
}
