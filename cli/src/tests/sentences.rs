//! Every sentence that is no error, as people read it.

use camctl_shared::ipc::message::{Event, EventKind, LockInfo, Outcome, Presence, WaiterInfo, Whose};

use crate::output::text;
use crate::testing::{alice, alices_end, bob_waits, carol_waits, mine, minutes_ago, note, stands, times};

fn copied(lock: Option<LockInfo>) -> Outcome {
    Outcome::Got {
        lock,
        to: "/home/bob/a.mcam".into(),
        size: 1_234_567,
        sha256: "9f86d081".into(),
    }
}

fn replaced(kept: Option<&str>) -> Outcome {
    Outcome::Replaced {
        lock: mine(),
        size: 1_234_567,
        sha256: "9f86d081".into(),
        kept: kept.map(str::to_owned),
    }
}

#[test]
fn outcomes_are_one_line_each() {
    let lease = LockInfo {
        kind: "lease".into(),
        expires_us: Some(minutes_ago(-20)),
        ..mine()
    };
    let renewed = LockInfo {
        message: "revision D".into(),
        ..mine()
    };
    let queued = LockInfo {
        waiting: 2,
        ..alice()
    };
    let outcomes = [
        Outcome::Granted {
            lock: mine(),
            after: None,
        },
        Outcome::Granted {
            lock: lease.clone(),
            after: None,
        },
        Outcome::Granted {
            lock: mine(),
            after: Some(alices_end("broken", Some("stale"))),
        },
        Outcome::Granted {
            lock: mine(),
            after: Some(alices_end("forced", None)),
        },
        Outcome::Renewed { lock: renewed },
        Outcome::Renewed { lock: lease },
        Outcome::Released {
            was: mine(),
            changed: Some(true),
            next: None,
        },
        Outcome::Released {
            was: mine(),
            changed: Some(false),
            next: Some(alice()),
        },
        Outcome::Released {
            was: mine(),
            changed: None,
            next: None,
        },
        Outcome::Broken {
            was: alice(),
            ended: alices_end("forced", Some("holiday")),
            next: Some(mine()),
        },
        stands(None, Some(1_234_567), Some(true)),
        stands(Some(queued), Some(1_234_567), Some(true)),
        stands(Some(mine()), None, Some(false)),
        stands(None, None, None),
        Outcome::Free,
        copied(None),
        copied(Some(mine())),
        copied(Some(alice())),
        replaced(None),
        replaced(Some(".camctl/versions/a.mcam/000001-20261120T111200Z.mcam")),
    ];
    let times = times();
    let lines: Vec<String> = outcomes
        .iter()
        .map(|outcome| text::outcome("fixtures/4801247.mcam", outcome, &times))
        .collect();
    insta::assert_snapshot!("outcomes", lines.join("\n"));
}

#[test]
fn what_is_said_of_waiting_is_one_line_each() {
    let away = WaiterInfo {
        presence: Presence::Parked,
        ..carol_waits()
    };
    let waited_for = |lock| Outcome::Stands {
        lock: Some(lock),
        size: None,
        exists: None,
        line: vec![carol_waits(), bob_waits()],
        requests: vec![
            note(None, Whose::Theirs),
            note(Some("in 10 minutes"), Whose::Mine),
        ],
        notify: true,
    };
    let outcomes = [
        waited_for(LockInfo {
            waiting: 5,
            place: Some(2),
            ..alice()
        }),
        waited_for(LockInfo {
            waiting: 1,
            place: Some(1),
            ..alice()
        }),
        Outcome::Awaited {
            lock: Some(LockInfo {
                waiting: 5,
                ..alice()
            }),
            line: vec![carol_waits(), away, bob_waits()],
            notify: true,
        },
        Outcome::Awaited {
            lock: None,
            line: Vec::new(),
            notify: false,
        },
        Outcome::Noted {
            lock: Some(alice()),
            on: true,
        },
        Outcome::Noted {
            lock: None,
            on: false,
        },
    ];
    let times = times();
    let lines: Vec<String> = outcomes
        .iter()
        .map(|outcome| text::outcome("fixtures/4801247.mcam", outcome, &times))
        .collect();
    insta::assert_snapshot!("waiting", lines.join("\n"));
}

#[test]
fn events_are_one_line_each() {
    let file = |verb: &str, ended, lock| EventKind::File {
        file: "fixtures/4801247.mcam".into(),
        verb: verb.into(),
        by_user: "bob".into(),
        by_machine: Some("CNC-1".into()),
        ended,
        lock,
    };
    let session = |verb: &str| EventKind::Session {
        session: "0192f0c1".into(),
        verb: verb.into(),
        user: "alice".into(),
        machine: Some("CAM-03".into()),
    };
    let events = [
        file(
            "checkout",
            None,
            Some(LockInfo {
                message: "revision C".into(),
                ..mine()
            }),
        ),
        file(
            "join",
            None,
            Some(LockInfo {
                waiting: 2,
                ..alice()
            }),
        ),
        file("leave", None, Some(alice())),
        file("checkin", Some(alices_end("released", None)), None),
        file("checkin", Some(alices_end("released", None)), Some(alice())),
        file("break", Some(alices_end("broken", Some("gone home"))), None),
        file(
            "steal",
            Some(alices_end("forced", Some("gone home"))),
            Some(mine()),
        ),
        session("park"),
        session("revive"),
        session("something new"),
        EventKind::Away {
            cause: "timed out".into(),
        },
        EventKind::Back,
        EventKind::Remark {
            text: "locks.json was not written by camctl".into(),
        },
        EventKind::Missed { count: 12 },
    ];
    let times = times();
    let lines: Vec<String> = events
        .into_iter()
        .map(|what| {
            let event = Event {
                repository: "/mnt/cam".into(),
                at_us: minutes_ago(1),
                commit: Some(7),
                what,
            };
            text::event(&event, &times)
        })
        .collect();
    insta::assert_snapshot!("events", lines.join("\n"));
}
