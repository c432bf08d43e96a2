//! What is on people's shares must stay readable for ever: files as format 1 wrote them, kept in `tests/data/folder/`.
//!
//! `UPDATE_GOLDEN=1` writes them anew, for a new format only: an old file is never changed.

use std::path::PathBuf;
use std::sync::Arc;

use super::fixture::{grant, name};
use crate::model::{
    Absence, Agent, Base, Case, Commit, Draft, Ended, Extra, How, Kind, Nonce, Note, Owner, Process,
    RepositoryId, RequestId, SessionChange, SessionId, Table, Verb, Waiter,
};
use crate::store::Heartbeat;
use crate::store::folder::record::{Owners, decode_heartbeat, encode_heartbeat};
use crate::store::folder::{format, head, projection};

fn golden(file: &str, written: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/folder/v1")
        .join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written).unwrap();
    }
    std::fs::read(&path).unwrap()
}

fn session(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn unknown() -> Extra {
    let mut extra = Extra::new();
    extra.insert("colour".into(), "red".into());
    extra
}

/// A commit with everything that format 1 can say.
fn full() -> (Commit, Table) {
    let alice = Arc::new(Owner::new("alice", "CAM-03", session("0192aaaa-0000")));
    let bob = Arc::new(Owner::new("bob", "CNC-1", session("0192bbbb-0000")));
    let mut draft = grant(&alice, "fixtures/4801247.mcam", 10);
    draft.requests = vec![RequestId::from_text("req-1")];
    let change = &mut draft.changes[0];
    change.verb = Verb::STEAL;
    change.extra = unknown();
    change.ended = Some(Ended {
        owner: Arc::clone(&bob),
        token: Some(7),
        since: "2026-11-19T08:00:00Z".parse().unwrap(),
        how: How::Broken,
        reason: Some("the shop floor waits".into()),
    });
    let mut lock = change.lock.as_deref().unwrap().clone();
    lock.kind = Kind::Guard;
    lock.lease = Some(std::time::Duration::from_secs(90));
    lock.expires = Some("2026-11-20T08:01:30Z".parse().unwrap());
    lock.base = Some(Base {
        size: 1_048_576,
        modified: Some("2026-11-18T17:00:00.123456789Z".parse().unwrap()),
        sha256: Some("00ff".into()),
        extra: Extra::new(),
    });
    lock.process = Some(Process {
        pid: 4711,
        started: 99,
        boot: None,
        agent: None,
        extra: Extra::new(),
    });
    lock.queue = vec![Waiter {
        owner: Arc::clone(&bob),
        since: "2026-11-20T08:30:00Z".parse().unwrap(),
        message: "Büchse \"B\"".into(),
        lease: None,
        guard: None,
        request: RequestId::from_text("req-0"),
        extra: unknown(),
    }];
    lock.requests = vec![Note {
        from: Arc::clone(&bob),
        at: "2026-11-20T08:31:00Z".parse().unwrap(),
        message: "when?".into(),
        answer: Some("later".into()),
        extra: unknown(),
    }];
    lock.extra = unknown();
    change.lock = Some(Arc::new(lock));
    draft.sessions = vec![SessionChange {
        session: session("0192bbbb-0000"),
        verb: Verb::PARK,
        parked: Some("2026-11-20T08:00:00Z".parse().unwrap()),
    }];
    let commit = Commit {
        n: 10,
        previous: Nonce::from_text("00000000000000000000000000000009"),
        nonce: Nonce::from_text("0000000000000000000000000000000a"),
        author: alice,
        time: "2026-11-20T08:00:00.25Z".parse().unwrap(),
        draft,
        extra: Extra::new(),
    };
    let mut table = Table::empty(RepositoryId("0192cccc-0000".into()), Case::Sensitive);
    table.parked.insert(
        session("0192dddd-0000"),
        Absence {
            since: "2026-11-01T00:00:00Z".parse().unwrap(),
            commit: 3,
            extra: Extra::new(),
        },
    );
    table.extra = unknown();
    table.apply(&commit);
    (commit, table)
}

#[test]
fn a_checkpoint_of_format_1_is_read_and_written_as_ever() {
    let (commit, table) = full();
    let written = format::encode(&commit, Some((&table, 10))).unwrap();
    let kept = golden("checkpoint.json", &written);
    assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&kept));
    let read = format::decode(&kept, None, &mut Owners::default()).unwrap();
    let (again, size) = read.checkpoint.unwrap();
    assert_eq!((read.commit, size), (commit, 10));
    assert_eq!(again, table);
}

#[test]
fn a_commit_of_format_1_is_read_and_written_as_ever() {
    let (mut commit, _) = full();
    commit.draft = Draft {
        sessions: Vec::new(),
        ..commit.draft
    };
    let written = format::encode(&commit, None).unwrap();
    let kept = golden("commit.json", &written);
    assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&kept));
    assert_eq!(
        format::decode(&kept, Some(Case::Sensitive), &mut Owners::default())
            .unwrap()
            .commit,
        commit
    );
}

#[test]
fn keys_of_a_later_version_survive_in_what_is_rewritten() {
    let (commit, table) = full();
    let kept = golden(
        "checkpoint.json",
        &format::encode(&commit, Some((&table, 10))).unwrap(),
    );
    let read = format::decode(&kept, None, &mut Owners::default()).unwrap();
    let (again, _) = read.checkpoint.unwrap();
    assert_eq!(again.extra["colour"], "red");
    let lock = &again.locks[&name("fixtures/4801247.mcam")];
    assert_eq!(
        (&lock.extra["colour"], &lock.queue[0].extra["colour"]),
        (&"red".into(), &"red".into())
    );
    let projected: serde_json::Value = serde_json::from_slice(&projection::encode(&again).unwrap()).unwrap();
    assert_eq!(projected["fixtures/4801247.mcam"]["colour"], "red");
}

#[test]
fn head_projection_and_heartbeat_of_format_1_are_read_and_written_as_ever() {
    let (commit, table) = full();
    let written = head::encode(commit.n, &commit.nonce);
    assert!(
        head::decode(&golden("head", &written)).is_some_and(|hint| hint.n == 10 && hint.is_of(&commit.nonce))
    );
    assert_eq!(written, golden("head", &written));

    let written = projection::encode(&table).unwrap();
    let kept = golden("locks.json", &written);
    assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&kept));
    assert_eq!(projection::examine(&kept), projection::Found::Ours(10));

    let heartbeat = Heartbeat {
        session: session("0192aaaa-0000"),
        user: "alice".into(),
        machine: "CAM-03".into(),
        counter: 17,
        version: "0.1.0".into(),
    };
    let written = encode_heartbeat(&heartbeat);
    let kept = golden("session.json", &written);
    assert_eq!(written, kept);
    assert_eq!(decode_heartbeat(&kept, &heartbeat.session), Some(heartbeat));
}

/// What came later: a program that is known better, and one that waits in line.
#[test]
fn guards_are_read_and_written_as_ever() {
    let (mut commit, _) = full();
    let lock = commit.draft.changes[0].lock.as_mut().map(Arc::make_mut).unwrap();
    let program = Process {
        pid: 4711,
        started: 99,
        boot: Some("b7a1/4026531836".into()),
        agent: Some(Agent { pid: 17, started: 3 }),
        extra: unknown(),
    };
    lock.queue[0].guard = Some(Process {
        agent: None,
        ..program.clone()
    });
    lock.process = Some(program);
    let written = format::encode(&commit, None).unwrap();
    let kept = golden("guard.json", &written);
    assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&kept));
    let read = format::decode(&kept, Some(Case::Sensitive), &mut Owners::default()).unwrap();
    assert_eq!(read.commit, commit);
}

#[test]
fn every_truncation_and_every_flipped_byte_is_noticed() {
    let (commit, _) = full();
    let bytes = format::encode(&commit, None).unwrap();
    for cut in 0..bytes.len() {
        assert!(
            format::decode(&bytes[..cut], Some(Case::Sensitive), &mut Owners::default()).is_err(),
            "cut at {cut}"
        );
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        assert!(
            format::decode(&flipped, Some(Case::Sensitive), &mut Owners::default()).is_err(),
            "flipped at {at}"
        );
    }
}
