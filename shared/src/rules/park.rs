//! Park, doze and revive: an agent stops cleanly, its machine sleeps, it is back.

use std::sync::Arc;

use super::{Change, Draft, FileName, Lock, Scene, SessionId, checkout, queue};
use crate::model::{Extra, How, Kind, OnExit, Owner, SessionChange, Verb};

/// What a session commits before it stops: guards end, but for those whose programs go on, checkouts are kept (or
/// end, where `on_exit` says so), leases are left to end by themselves. The session is parked when it keeps a lock or a place in a line.
pub fn park(scene: &Scene<'_>, me: &Arc<Owner>) -> Draft {
    let Some(session) = &me.session else {
        return Draft::default();
    };
    let mut draft = Draft::default();
    let mut keeps_something = false;
    for (file, lock) in &scene.table.locks {
        let mine = lock.owner.session.as_ref() == Some(session);
        let ends = mine && ends_with_its_agent(scene, file, lock);
        // Whoever stops gets nothing from the line on the way out, not even from their own lock.
        let next = if ends {
            queue::next(scene, lock, Some(session))
        } else {
            None
        };
        let line = match (ends, &next) {
            (false, _) => lock.queue.as_slice(),
            (true, Some(next)) => next.queue.as_slice(),
            (true, None) => &[],
        };
        let waits = line
            .iter()
            .any(|waiter| waiter.owner.session.as_ref() == Some(session));
        keeps_something |= waits || (mine && !ends);
        if ends {
            draft.changes.push(Change {
                file: file.clone(),
                verb: Verb::PARK,
                by: Arc::clone(me),
                ended: Some(checkout::end(
                    lock,
                    How::Released,
                    Some("the agent stopped".into()),
                )),
                lock: next,
                extra: Extra::new(),
            });
        }
    }
    // Whose machine has just slept, or begun to shut down, is parked already.
    if keeps_something && !scene.table.parked.contains_key(session) {
        draft.sessions.push(away(scene, session));
    }
    draft
}

/// What a session commits before its machine sleeps: it is parked when it keeps a lock or a place in a line. Nothing
/// ends, for its programs go on when the machine wakes: also where `on_exit` says that a *stop* gives checkouts back. A
/// guard is not protected by it: it is for a program that runs, and falls silent with the machine.
pub fn doze(scene: &Scene<'_>, me: &Arc<Owner>) -> Draft {
    let mut draft = Draft::default();
    let parked = |session: &SessionId| scene.table.parked.contains_key(session);
    if let Some(session) = me.session.as_ref().filter(|session| !parked(session))
        && scene.table.sessions().any(|one| one == session)
    {
        draft.sessions.push(away(scene, session));
    }
    draft
}

fn away(scene: &Scene<'_>, session: &SessionId) -> SessionChange {
    SessionChange {
        session: session.clone(),
        verb: Verb::PARK,
        parked: Some(scene.now),
    }
}

fn ends_with_its_agent(scene: &Scene<'_>, file: &FileName, lock: &Lock) -> bool {
    match lock.kind {
        // An agent that is replaced by a newer one stops too, and the file is in use as long as the program runs.
        Kind::Guard => !scene.judge.program_lives(file, lock),
        Kind::Checkout => scene.policy.on_exit == OnExit::Release,
        Kind::Lease | Kind::Other(_) => false,
    }
}

/// What a session commits when it is back: from a parking, or from a silence after which others may have judged it.
/// It says that its locks stand only once this is in the log.
pub fn revive(session: &SessionId) -> Draft {
    let back = SessionChange {
        session: session.clone(),
        verb: Verb::REVIVE,
        parked: None,
    };
    Draft {
        sessions: vec![back],
        ..Draft::default()
    }
}
