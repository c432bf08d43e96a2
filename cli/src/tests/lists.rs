//! `status` without files, `list` and `watch`.

use camctl_shared::ipc::message::{
    Event, EventKind, Fault, Filter, FilterState, ListedFile, LockInfo, Outcome, Presence, Reply, Request,
    Whose,
};

use crate::testing::{Script, Stream, alice, file, mine, minutes_ago, play, play_to};

fn listed(name: &str, size: Option<u64>, lock: Option<LockInfo>) -> ListedFile {
    ListedFile {
        name: name.into(),
        size,
        modified_us: size.map(|_| minutes_ago(600)),
        lock: lock.map(Box::new),
    }
}

fn pages() -> Script {
    let stale = LockInfo {
        presence: Presence::Stale,
        message: "gone home".into(),
        ..alice()
    };
    let elsewhere = LockInfo {
        whose: Whose::MineElsewhere,
        machine: Some("CNC-2".into()),
        ..mine()
    };
    vec![
        Ok(Reply::Files(vec![
            listed("4801247.mcam", Some(1_048_576), Some(alice())),
            listed("a.mcam", Some(812), None),
            listed("b.mcam", Some(0), Some(mine())),
        ])),
        Ok(Reply::Files(vec![
            listed("c.vnc", Some(99), Some(elsewhere)),
            listed("gone.mcam", None, Some(stale)),
        ])),
        Ok(Reply::Done),
    ]
}

#[test]
fn a_list_is_a_table_for_people_and_one_object_for_scripts() {
    let played = play(&["list", "/mnt/cam"], vec![pages()]);
    insta::assert_snapshot!("list", played.shown());
    let played = play(&["list", "/mnt/cam", "--json"], vec![pages()]);
    insta::assert_snapshot!("list_json", format!("{:#}", played.json()));
    assert_eq!(played.out.lines().count(), 1);
}

#[test]
fn filters_go_to_the_agent() {
    let cases = [
        (vec!["list", "/mnt/cam"], FilterState::All, vec![]),
        (vec!["ls", "/mnt/cam", "--locked"], FilterState::Locked, vec![]),
        (
            vec!["ls", "/mnt/cam", "--free", "--ext", "mcam,nc"],
            FilterState::Free,
            vec!["mcam", "nc"],
        ),
        (
            vec!["ls", "/mnt/cam", "--mine", "--ext", "a", "--ext", "b"],
            FilterState::Mine,
            vec!["a", "b"],
        ),
    ];
    for (words, state, extensions) in cases {
        let played = play(&words, vec![vec![Ok(Reply::Done)]]);
        let extensions = extensions.into_iter().map(str::to_owned).collect();
        let filter = Filter { state, extensions };
        assert_eq!(
            played.heard,
            [Request::List {
                folder: "/mnt/cam".into(),
                filter
            }],
            "{words:?}"
        );
    }
}

#[test]
fn an_empty_list_is_one_that_came_to_its_end() {
    let played = play(&["list", "/mnt/cam"], vec![vec![Ok(Reply::Done)]]);
    assert_eq!(played.shown(), "exit 0\n--- stderr\nno such files\n");
    let played = play(&["list", "/mnt/cam", "--json"], vec![vec![Ok(Reply::Done)]]);
    assert_eq!(
        played.out,
        "{\"camctl\":1,\"command\":\"list\",\"files\":[],\"exit\":0}\n"
    );
}

#[test]
fn a_list_that_fails_is_never_an_empty_one() {
    let away = || Fault::NoAnswer {
        repository: "/mnt/cam".into(),
        waited_ms: 12_000,
        unsettled: false,
    };
    let damaged = || Fault::Table {
        problem: "log/0/17.json is missing".into(),
    };
    for (fault, exit) in [(away(), 15), (damaged(), 1)] {
        for words in [vec!["list", "/mnt/cam"], vec!["list", "/mnt/cam", "--json"]] {
            let at_once = play(&words, vec![vec![Ok(Reply::Failed(fault.clone()))]]);
            assert_eq!(at_once.exit, exit);
            let mut broken_off = pages();
            broken_off[2] = Ok(Reply::Failed(fault.clone()));
            let later = play(&words, vec![broken_off]);
            assert_eq!(later.exit, exit);
            // The connection may end as well.
            let cut = play(&words, vec![pages().into_iter().take(1).collect()]);
            assert_eq!(cut.exit, 15);
            if words.len() == 3 {
                assert!(at_once.json().get("files").is_none(), "{}", at_once.out);
                assert_eq!(later.json()["exit"], exit);
                assert!(later.json()["error"]["code"].is_string());
                assert_eq!(cut.json()["error"]["code"], "unknown");
            } else {
                assert!(at_once.err.starts_with("error: "), "{}", at_once.err);
                assert!(later.err.starts_with("error: "), "{}", later.err);
            }
        }
    }
}

#[test]
fn a_list_stops_when_nobody_reads_on() {
    let out = Stream::with_room(10);
    let endless: Script = (0..100)
        .map(|n| Ok(Reply::Files(vec![listed(&n.to_string(), Some(1), None)])))
        .collect();
    let played = play_to(&["list", "/mnt/cam"], vec![Ok(endless)], &out);
    assert_eq!(played.exit, 0);
    assert_eq!(played.err, "");
}

#[test]
fn what_i_hold_is_a_table() {
    let unsafe_now = LockInfo {
        presence: Presence::Unsafe,
        since_us: minutes_ago(1500),
        ..mine()
    };
    let lease = LockInfo {
        kind: "lease".into(),
        expires_us: Some(minutes_ago(-18)),
        message: "probe".into(),
        ..mine()
    };
    let guard = LockInfo {
        kind: "guard".into(),
        ..mine()
    };
    let stands = |lock| Outcome::Stands {
        lock: Some(lock),
        size: Some(1),
        exists: Some(true),
    };
    let script = || {
        vec![vec![
            Ok(file("4801247.mcam", stands(mine()))),
            Ok(file("fixtures/probe.vnc", stands(lease.clone()))),
            Ok(file("fixtures/tools.db", stands(guard.clone()))),
            Ok(file("old.mcam", stands(unsafe_now.clone()))),
            Ok(Reply::Done),
        ]]
    };
    let played = play(&["status"], script());
    insta::assert_snapshot!("status", played.shown());
    assert_eq!(played.heard, [Request::Status { files: Vec::new() }]);
    assert_eq!(play(&["status", "--quiet"], script()).shown(), "exit 0\n");
    assert_eq!(
        play(&["status"], vec![vec![Ok(Reply::Done)]]).shown(),
        "exit 0\n--- stdout\nyou hold nothing\n"
    );
}

#[test]
fn a_status_that_fails_does_not_say_that_nothing_is_held() {
    let away = Fault::NoAnswer {
        repository: "/mnt/cam".into(),
        waited_ms: 12_000,
        unsettled: false,
    };
    let scripts: [Script; 2] = [
        vec![Ok(Reply::Failed(away.clone()))],
        vec![Ok(file("", Outcome::Failed(away))), Ok(Reply::Done)],
    ];
    for script in scripts {
        let played = play(&["status"], vec![script]);
        assert_eq!((played.exit, played.out.as_str()), (15, ""));
    }
}

fn event() -> Event {
    Event {
        repository: "/mnt/cam".into(),
        at_us: minutes_ago(0),
        commit: Some(1901),
        what: EventKind::File {
            file: "a.mcam".into(),
            verb: "checkin".into(),
            by_user: "alice".into(),
            by_machine: Some("CAM-03".into()),
            ended: Some(crate::testing::alices_end("released", None)),
            lock: None,
        },
    }
}

fn watching() -> Script {
    let session = EventKind::Session {
        session: "0192".into(),
        verb: "park".into(),
        user: "alice".into(),
        machine: Some("CAM-03".into()),
    };
    let others = [
        session,
        EventKind::Away {
            cause: "timed out".into(),
        },
        EventKind::Back,
        EventKind::Remark { text: "odd".into() },
        EventKind::Missed { count: 3 },
    ];
    let others = others.map(|what| {
        Ok(Reply::Event(Event {
            commit: None,
            what,
            ..event()
        }))
    });
    let first = [
        Ok(Reply::Watching {
            repositories: vec!["/mnt/cam".into()],
        }),
        Ok(Reply::Event(event())),
    ];
    first.into_iter().chain(others).chain([Ok(Reply::Done)]).collect()
}

#[test]
fn watch_shows_one_line_for_each_event() {
    let played = play(&["watch"], vec![watching()]);
    insta::assert_snapshot!("watch", played.shown());
    let played = play(&["watch", "/mnt/cam", "--json"], vec![watching()]);
    insta::assert_snapshot!("watch_json", played.shown());
    for line in played.out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["camctl"], 1);
    }
    assert_eq!(
        played.heard,
        [Request::Watch {
            paths: vec!["/mnt/cam".into()]
        }]
    );
}

#[test]
fn an_agent_that_goes_away_ends_the_watching_with_an_error() {
    let mut script = watching();
    script.pop();
    assert_eq!(play(&["watch"], vec![script]).exit, 15);
    let nowhere = vec![Ok(Reply::Failed(Fault::NoRepository { path: "/tmp".into() }))];
    assert_eq!(play(&["watch", "/tmp"], vec![nowhere]).exit, 1);
}

#[test]
fn list_watch_lists_and_goes_on_with_changes() {
    let played = play(&["list", "/mnt/cam", "--watch"], vec![watching(), pages()]);
    assert_eq!(played.exit, 0);
    assert!(
        matches!(played.heard[0], Request::Watch { .. }),
        "watching begins first: {:?}",
        played.heard
    );
    let table = played.out.find("4801247.mcam").unwrap();
    let change = played
        .out
        .find("a.mcam: checkin by alice on CAM-03; free now")
        .unwrap();
    assert!(table < change, "{}", played.out);
    let played = play(
        &["list", "/mnt/cam", "--watch", "--json"],
        vec![watching(), pages()],
    );
    assert_eq!(
        played.out.lines().count(),
        7,
        "the list, and six events: {}",
        played.out
    );
}
