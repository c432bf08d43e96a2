//! Checkout: take a lock, or renew one's own.

use std::sync::Arc;

use super::{Ask, Change, Checkout, Done, Ended, Form, Lock, Refusal, Scene, Standing, queue};
use crate::model::{Extra, How, Kind, Process, Verb};
use crate::mutation::{Mutation, mutated};

pub(super) fn weigh(scene: &Scene<'_>, ask: &Ask, wish: &Checkout) -> Result<(Change, Done), Refusal> {
    let Some(lock) = scene.lock(&ask.file) else {
        return Ok(grant(scene, ask, wish, None));
    };
    if is_old_record(lock) && lock.owner.user == ask.by.user {
        // An older tool's record, which no session answers for; its user takes it over, with a token from now on.
        return Ok(grant(scene, ask, wish, Some((lock, How::Released))));
    }
    let same_desk = lock.owner.same_desk(&ask.by);
    let guards = lock.kind == Kind::Guard || matches!(wish.form, Form::Guard(_));
    if same_desk && (!guards || is_its_own(lock, wish)) {
        return Ok(renew(scene, ask, wish, lock));
    }
    let standing = scene.standing(&ask.file, lock);
    if let Some(reason) = &wish.steal {
        return steal(scene, ask, wish, lock, standing, reason);
    }
    if standing.is_over() && !queue::someone_is_before(scene.table, scene.judge, lock, &ask.by) {
        return Ok(grant(scene, ask, wish, Some((lock, over(standing)))));
    }
    if same_desk && lock.kind == Kind::Guard {
        return Err(Refusal::Guarded {
            file: ask.file.clone(),
            lock: Arc::clone(lock),
        });
    }
    Err(held(ask, lock))
}

/// Whether it is the very program that the guard is held for, whose agent has come back without knowing of it.
fn is_its_own(lock: &Lock, wish: &Checkout) -> bool {
    match (&lock.kind, &lock.process, &wish.form) {
        (Kind::Guard, Some(held), Form::Guard(asks)) => held.is(asks),
        _ => false,
    }
}

/// Whether `lock` was written by a tool that knew neither sessions nor tokens.
pub(super) fn is_old_record(lock: &Lock) -> bool {
    lock.owner.session.is_none() || lock.token.is_none()
}

fn held(ask: &Ask, lock: &Arc<Lock>) -> Refusal {
    Refusal::Held {
        file: ask.file.clone(),
        lock: Arc::clone(lock),
        place: queue::place(lock, &ask.by),
    }
}

/// Break or force, and checkout, in one step. Only an administrator passes people who wait in line. An owner who moves
/// their own edit to another machine passes nobody, for the file was not given up; a guard, though, cannot be moved.
fn steal(
    scene: &Scene<'_>,
    ask: &Ask,
    wish: &Checkout,
    lock: &Arc<Lock>,
    standing: Standing,
    reason: &str,
) -> Result<(Change, Done), Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::NoReason {
            file: ask.file.clone(),
        });
    }
    let how = ending(scene, ask, lock, standing)?;
    let moves = how == How::Released && lock.kind != Kind::Guard;
    let may_pass = moves || scene.policy.is_administrator(&ask.by.user);
    if !may_pass && queue::someone_is_before(scene.table, scene.judge, lock, &ask.by) {
        return Err(held(ask, lock));
    }
    let (mut change, done) = grant(scene, ask, wish, Some((lock, how)));
    change.verb = Verb::STEAL;
    Ok((change, done))
}

/// How `ask.by` may end `lock`. One's own needs no judgement: it is a checkin with a reason.
///
/// # Errors
/// [`Refusal::Alive`] when only an administrator may.
pub(super) fn ending(
    scene: &Scene<'_>,
    ask: &Ask,
    lock: &Arc<Lock>,
    standing: Standing,
) -> Result<How, Refusal> {
    if lock.owner.user == ask.by.user {
        return Ok(How::Released);
    }
    if standing.is_over() {
        return Ok(over(standing));
    }
    if scene.policy.is_administrator(&ask.by.user) {
        return Ok(How::Forced);
    }
    let silent = match standing {
        Standing::Alive { silent } => silent,
        _ => None,
    };
    Err(Refusal::Alive {
        file: ask.file.clone(),
        lock: Arc::clone(lock),
        silent,
    })
}

fn over(standing: Standing) -> How {
    match standing {
        Standing::Expired => How::Expired,
        _ => How::Broken,
    }
}

fn grant(scene: &Scene<'_>, ask: &Ask, wish: &Checkout, before: Option<(&Arc<Lock>, How)>) -> (Change, Done) {
    let reason = wish.steal.clone();
    let ended = before.map(|(lock, how)| end(lock, how, reason));
    let queue = before
        .map(|(lock, _)| queue::without(lock, &ask.by))
        .unwrap_or_default();
    // Whoever moves their own edit keeps the file: what was asked of them stands.
    let kept = before.filter(|(lock, _)| lock.owner.user == ask.by.user);
    let requests = kept.map(|(lock, _)| lock.requests.clone()).unwrap_or_default();
    let (kind, lease, process) = form(&wish.form);
    let lock = Arc::new(Lock {
        message: wish.message.clone().unwrap_or_default(),
        kind,
        lease,
        expires: lease.and_then(|lease| scene.now.saturating_add(lease).ok()),
        base: wish.base.clone(),
        process,
        queue,
        requests,
        ..Lock::new(Arc::clone(&ask.by), scene.now, scene.next())
    });
    let change = change(ask, Verb::CHECKOUT, ended.clone(), Some(&lock));
    (change, Done::Granted { lock, after: ended })
}

fn renew(scene: &Scene<'_>, ask: &Ask, wish: &Checkout, lock: &Arc<Lock>) -> (Change, Done) {
    let mut renewed = Lock::clone(lock);
    renewed.owner = Arc::clone(&ask.by);
    renewed.renewed = scene.next();
    if mutated(Mutation::ForgetRequests) {
        renewed.requests.clear();
    }
    if let Some(message) = &wish.message {
        renewed.message.clone_from(message);
    }
    if renewed.base.is_none() {
        // Handed over from the line by an agent that knew nothing of the file.
        renewed.base.clone_from(&wish.base);
    }
    if let Form::Guard(process) = &wish.form {
        renewed.process = Some(process.clone());
    }
    // A kind that only a newer version understands stays what it is.
    let understood = !matches!(renewed.kind, Kind::Other(_));
    if let (kind @ Kind::Lease, lease, _) = form(&wish.form)
        && understood
    {
        (renewed.kind, renewed.lease) = (kind, lease);
    }
    renewed.expires = renewed
        .lease
        .and_then(|lease| scene.now.saturating_add(lease).ok());
    let lock = Arc::new(renewed);
    (
        change(ask, Verb::CHECKOUT, None, Some(&lock)),
        Done::Renewed { lock },
    )
}

fn form(form: &Form) -> (Kind, Option<std::time::Duration>, Option<Process>) {
    match form {
        Form::Checkout => (Kind::Checkout, None, None),
        Form::Lease(lease) => (Kind::Lease, Some(*lease), None),
        Form::Guard(process) => (Kind::Guard, None, Some(process.clone())),
    }
}

/// The end of `lock`, for the history.
pub(super) fn end(lock: &Lock, how: How, reason: Option<Box<str>>) -> Ended {
    Ended {
        owner: Arc::clone(&lock.owner),
        token: lock.token,
        since: lock.since,
        how,
        reason,
    }
}

/// The change that `ask` makes to its file.
pub(super) fn change(ask: &Ask, verb: Verb, ended: Option<Ended>, lock: Option<&Arc<Lock>>) -> Change {
    Change {
        file: ask.file.clone(),
        verb,
        by: Arc::clone(&ask.by),
        ended,
        lock: lock.cloned(),
        extra: Extra::new(),
    }
}
