//! Records: what is committed is what is read, whatever it is.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::{
    Answer, Bed, Checkout, Clock, Done, Draft, FOLDER_SIZE, Intent, Lock, Machine, Owner, SystemClock, file,
};
use crate::model::{
    Base, Change, Ended, Extra, How, Kind, Note, Policy, Process, RequestId, SessionId, Verb, Waiter,
};
use crate::rules::{Lively, Scene, park, revive};

/// Guards, leases, older tools' records, kinds of the future, queues, requests: written, read, and read from a checkpoint.
pub fn every_kind_of_record_survives(bed: &mut dyn Bed) {
    let mut machine = Machine::open(bed, "alice", "CAM-03");
    let mut other = Machine::open(bed, "bob", "CNC-1");
    let changes = odd_changes(&machine.me, machine.n() + 1);
    let names: Vec<_> = changes.iter().map(|change| change.file.clone()).collect();
    let draft = Draft {
        changes,
        sessions: Vec::new(),
        requests: vec![RequestId::random()],
    };
    machine.commit(&draft);
    let written = machine.hear();
    assert_eq!(written[0].draft, draft, "the author hears what it drew up");
    assert_eq!(other.hear(), written);
    assert_eq!(other.table(), machine.table());

    other.fill(2 * FOLDER_SIZE);
    let fresh = Machine::open(bed, "carol", "CNC-2");
    for (name, change) in names.iter().zip(&draft.changes) {
        assert_eq!(fresh.table().locks.get(name), change.lock.as_ref(), "{name}");
    }
    assert_eq!(fresh.table(), other.table());
}

/// Keys of a newer version stay with their record through reading, rewriting by another machine, and checkpoints.
pub fn unknown_keys_survive_a_rewrite(bed: &mut dyn Bed) {
    let mut machine = Machine::open(bed, "alice", "CAM-03");
    let mut lock = plain(&machine.me, machine.n() + 1);
    lock.extra = extra("lock");
    lock.queue = vec![waiter("bob", "CNC-1")];
    lock.requests = vec![note("carol", None)];
    let mut change = granted("a.mcam", &machine.me, lock);
    change.extra = extra("change");
    machine.commit(&Draft {
        changes: vec![change.clone()],
        ..Draft::default()
    });

    // Another agent of the same desk, which knows nothing of these keys, renews the lock.
    let mut renewer = Machine::open(bed, "alice", "CAM-03");
    let wish = Checkout {
        message: Some("again".into()),
        ..Checkout::default()
    };
    let (_, answer) = renewer.run_one("a.mcam", Intent::Checkout(wish));
    assert!(matches!(answer, Answer::Done(Done::Renewed { .. })), "{answer:?}");
    let heard = machine.hear();
    assert_eq!(heard[0].draft.changes[0].extra, change.extra);
    let expected = Lock {
        owner: Arc::clone(&renewer.me),
        message: "again".into(),
        renewed: renewer.n(),
        ..Lock::clone(change.lock.as_ref().unwrap())
    };
    assert_eq!(*machine.lock("a.mcam").unwrap(), expected);
    renewer.fill(2 * FOLDER_SIZE);
    let fresh = Machine::open(bed, "carol", "CNC-2");
    assert_eq!(*fresh.lock("a.mcam").unwrap(), expected);
}

/// A session that stopped is away on every machine, also after checkpoints, until it says that it is back.
pub fn a_parked_session_is_away_until_it_is_back(bed: &mut dyn Bed) {
    let mut alice = Machine::open(bed, "alice", "CAM-03");
    let mut bob = Machine::open(bed, "bob", "CNC-1");
    let session = alice.me.session.clone().unwrap();
    let token = alice.checkout("a.mcam");
    let me = Arc::clone(&alice.me);
    let now = SystemClock.wall();
    let parked_at = match alice.store.commit(&mut |table| {
        let scene = Scene {
            table,
            policy: &Policy::default(),
            judge: &Lively,
            now,
        };
        park(&scene, &me)
    }) {
        Ok(super::Committed::At(n)) => n,
        other => panic!("parking came to {other:?}"),
    };
    bob.store.catch_up().unwrap();
    bob.fill(2 * FOLDER_SIZE);
    let fresh = Machine::open(bed, "carol", "CNC-2");
    for machine in [&bob, &fresh] {
        let away = machine.table().parked.get(&session).cloned().unwrap();
        assert_eq!((away.since, away.commit), (now, parked_at));
        assert_eq!(
            machine.lock("a.mcam").unwrap().token,
            Some(token),
            "and keeps its lock"
        );
    }
    alice.commit(&revive(&session));
    bob.store.catch_up().unwrap();
    assert!(bob.table().parked.is_empty());
    assert!(Machine::open(bed, "carol", "CNC-2").table().parked.is_empty());
}

fn extra(whose: &str) -> Extra {
    let value = json!({ "colour": "red", "deep": [1, { "of": whose }], "none": null });
    Extra::from_iter([("x_future".to_owned(), value)])
}

fn waiter(user: &str, machine: &str) -> Waiter {
    Waiter {
        owner: Arc::new(Owner::new(user, machine, SessionId::random())),
        since: Timestamp::UNIX_EPOCH,
        message: "\"next\", please\n".into(),
        lease: Some(Duration::from_secs(90)),
        guard: None,
        request: RequestId::random(),
        extra: extra("waiter"),
    }
}

fn note(user: &str, answer: Option<&str>) -> Note {
    Note {
        from: Arc::new(Owner::new(user, "CNC-9", SessionId::random())),
        at: Timestamp::new(1_795_000_000, 123_456_789).unwrap(),
        message: "wann?".into(),
        answer: answer.map(Into::into),
        extra: extra("note"),
    }
}

fn plain(owner: &Arc<Owner>, token: u64) -> Lock {
    Lock::new(
        Arc::clone(owner),
        Timestamp::new(1_795_000_000, 1).unwrap(),
        token,
    )
}

fn granted(name: &str, by: &Arc<Owner>, lock: Lock) -> Change {
    Change {
        file: file(name),
        verb: Verb::CHECKOUT,
        by: Arc::clone(by),
        ended: None,
        lock: Some(Arc::new(lock)),
        extra: Extra::new(),
    }
}

/// One change for each shape that a record can have.
fn odd_changes(me: &Arc<Owner>, token: u64) -> Vec<Change> {
    let mut based = plain(me, token);
    based.message = "Überarbeitung \"B\"\n\t\\ 日本語 \u{1F527}".into();
    based.base = Some(Base {
        size: u64::MAX,
        modified: Some(Timestamp::new(-1, -999_999_999).unwrap()),
        sha256: Some("00ff".into()),
        extra: extra("base"),
    });
    based.queue = vec![waiter("bob", "CNC-1"), waiter("carol", "CNC-2")];
    based.requests = vec![note("bob", None), note("carol", Some("in 10 minutes"))];
    let mut bare_base = plain(me, token);
    bare_base.base = Some(Base {
        size: 0,
        modified: None,
        sha256: None,
        extra: Extra::new(),
    });
    let mut guard = plain(me, token);
    guard.kind = Kind::Guard;
    guard.process = Some(Process {
        pid: u32::MAX,
        started: u64::MAX,
        boot: None,
        agent: None,
        extra: extra("process"),
    });
    let mut lease = plain(me, token);
    lease.kind = Kind::Lease;
    lease.lease = Some(Duration::from_millis(1_500));
    lease.expires = Some(Timestamp::new(1_795_001_800, 1_000).unwrap());
    let mut adopted = plain(me, token);
    adopted.owner = Arc::new(Owner {
        user: "dave".into(),
        machine: None,
        session: None,
    });
    adopted.token = None;
    let mut future = plain(me, token);
    future.kind = Kind::Other("duet".into());

    let mut changes = vec![
        granted("based.mcam", me, based),
        granted("bare base.vnc", me, bare_base),
        granted("fixtures/tief/guard.mcam", me, guard),
        granted("Gehäuse (2).MCAM", me, lease),
        granted("adopted.mcam", me, adopted),
        granted("$future.mcam", me, future),
        granted("ended.mcam", me, plain(me, token)),
    ];
    changes[4].verb = Verb::ADOPT;
    changes[5].verb = Verb("juggle".into());
    changes[6].verb = Verb::STEAL;
    changes[6].ended = Some(Ended {
        owner: Arc::new(Owner::new("dave", "CNC-8", SessionId::random())),
        token: Some(0),
        since: Timestamp::UNIX_EPOCH,
        how: How::Forced,
        reason: Some("on holiday".into()),
    });
    changes.push(Change {
        file: file("freed.mcam"),
        verb: Verb::CHECKIN,
        by: Arc::clone(me),
        ended: Some(Ended {
            owner: Arc::clone(me),
            token: None,
            since: Timestamp::UNIX_EPOCH,
            how: How::Expired,
            reason: None,
        }),
        lock: None,
        extra: extra("change"),
    });
    changes
}
