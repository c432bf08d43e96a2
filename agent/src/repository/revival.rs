//! Coming back: a session that was away, or silent for too long, answers for its desk's locks again.

use std::collections::BTreeSet;
use std::sync::Arc;

use camctl_shared::model::{Draft, Kind, Lock, Owner, RequestId, SessionId, Table};
use camctl_shared::rules::{self, Ask, Form, Intent, Scene};

/// A draft that brings this desk back: its session is in the log again, and answers for every lock of the desk, also
/// for those of a session whose local state was lost. Empty when the desk holds nothing and waits for nothing.
pub fn draft(table: &Table, scene: &Scene<'_>, me: &Arc<Owner>) -> Draft {
    let Some(session) = &me.session else {
        return Draft::default();
    };
    let takeover: Vec<Ask> = table
        .locks
        .iter()
        .filter(|(_, lock)| lock.owner.same_desk(me) && lock.owner.session.as_ref() != Some(session))
        .map(|(file, lock)| Ask {
            id: RequestId::random(),
            by: Arc::clone(me),
            file: file.clone(),
            intent: Intent::Checkout(rules::Checkout {
                form: form(lock),
                ..rules::Checkout::default()
            }),
        })
        .collect();
    let mut draft = rules::decide(scene, &takeover).draft;
    let concerned = !draft.changes.is_empty()
        || table.parked.contains_key(session)
        || table.sessions().any(|one| one == session);
    if concerned {
        draft.sessions = rules::revive(session).sessions;
    }
    draft
}

/// A guard is gone on with for its own program alone. Whether that still runs is looked at as with any other.
fn form(lock: &Lock) -> Form {
    match (&lock.kind, &lock.process) {
        (Kind::Guard, Some(program)) => Form::Guard(program.clone()),
        _ => Form::Checkout,
    }
}

/// Who is to be watched: every session that holds or waits for something, but one's own.
pub fn watched(table: &Table, me: &Owner) -> BTreeSet<SessionId> {
    let others = table
        .sessions()
        .filter(|session| me.session.as_ref() != Some(*session));
    others.cloned().collect()
}
