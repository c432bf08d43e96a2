//! `status` without files, `list` and `watch`.

use camctl_shared::ipc::message::{
    Event, EventKind, Fault, Filter, FilterState, LeftOut, ListedFile, LockInfo, Outcome, Presence, Reply,
    Request, Whose,
};

use crate::output::clean::{clean, width};
use crate::output::time::size as size_of_file;
use crate::testing::{Script, Stream, alice, file, mine, minutes_ago, play, play_to, stands};

type Listed<'a> = (&'a str, Option<u64>, Option<LockInfo>);

fn page(files: &[Listed<'_>]) -> Reply {
    let listed = files.iter().map(|(name, size, lock)| ListedFile {
        name,
        size: *size,
        modified_us: size.map(|_| minutes_ago(600)),
        lock: lock.as_ref(),
    });
    Reply::Files(listed.collect())
}

fn pages() -> Script {
    let stale = LockInfo {
        presence: Presence::Stale,
        message: "gone home".into(),
        ..alice()
    };
    let in_line = LockInfo {
        waiting: 3,
        place: Some(2),
        ..alice()
    };
    let elsewhere = LockInfo {
        whose: Whose::MineElsewhere,
        machine: Some("CNC-2".into()),
        ..mine()
    };
    vec![
        Ok(page(&[
            ("4801247.mcam", Some(1_048_576), Some(in_line)),
            ("a.mcam", Some(812), None),
            ("b.mcam", Some(0), Some(mine())),
        ])),
        Ok(page(&[
            ("c.vnc", Some(99), Some(elsewhere)),
            ("gone.mcam", None, Some(stale)),
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

/// Rows that are written by a pattern, beside the same rows made of cells.
#[test]
fn a_long_list_of_free_files_looks_like_a_short_one() {
    let sizes = [Some(0), Some(812), Some(1_048_576), Some(12_345_678_901), None];
    let names: Vec<String> = (0..120)
        .map(|n| format!("{}.mcam", "4801247/".repeat(n)))
        .chain([
            "部品.mcam".into(),
            "esc\u{1b}[2J.mcam".into(),
            "x \"y\" \\.mcam".into(),
        ])
        .collect();
    let files: Vec<Listed<'_>> = names
        .iter()
        .enumerate()
        .map(|(n, name)| (name.as_str(), sizes[n % sizes.len()], None))
        .collect();
    // The width of the first page goes for all: what is longer than a row's pattern comes later.
    for split in [1, 7, 60, 122] {
        let script = || {
            vec![
                Ok(page(&files[..split])),
                Ok(page(&files[split..])),
                Ok(Reply::Done),
            ]
        };
        let played = play(&["list", "/mnt/cam"], vec![script()]);
        let lines: Vec<&str> = played.out.lines().collect();
        assert_eq!(lines.len(), files.len() + 1);
        let first = files[..split].iter().map(|(name, ..)| width(&clean(name)));
        let file = first.max().unwrap().max("FILE".len());
        let bytes = |size: &Option<u64>| size.map(|bytes| size_of_file(bytes).to_string());
        let bytes = |size| bytes(size).unwrap_or_default();
        let widest = files[..split].iter().map(|(_, size, _)| bytes(size).len());
        let widest = widest.max().unwrap().max("SIZE".len());
        for (line, (name, size, _)) in lines[1..].iter().zip(&files) {
            let name = clean(name);
            let room = " ".repeat(file.saturating_sub(width(&name)));
            let expected = format!("free   {name}{room}{:16}{:>widest$}", "", bytes(size));
            assert_eq!(*line, expected.trim_end());
        }
        let json = play(&["list", "/mnt/cam", "--json"], vec![script()]).json();
        let shown = json["files"].as_array().unwrap();
        assert_eq!(shown.len(), files.len());
        for (shown, (name, size, _)) in shown.iter().zip(&files) {
            assert_eq!(shown["name"], *name);
            assert_eq!(shown["size"].as_u64(), *size);
            assert_eq!(shown["modified"].is_string(), size.is_some());
        }
    }
}

#[test]
fn what_is_left_out_is_said_after_the_list() {
    let left_out = |path: &str, folder, why: &str| LeftOut {
        path: path.into(),
        folder,
        why: why.into(),
    };
    let script = || {
        let what = vec![
            left_out("a:b.mcam", false, "a name must not have ':'"),
            left_out("old", true, "it may not be read"),
            left_out("private\n", true, "it may not be read"),
            left_out("q1", false, "it is a link"),
            left_out("q2", false, "it is a link"),
            left_out("q3", false, "it is a link"),
            left_out("q4", false, "it is a link"),
        ];
        let mut script = pages();
        script.insert(2, Ok(Reply::LeftOut { what, more: 17 }));
        script
    };
    let played = play(&["list", "/mnt/cam"], vec![script()]);
    assert_eq!(
        played.err,
        "left out: 2 folders, it may not be read: old, private \n\
         left out: 1 file, a name must not have ':': a:b.mcam\n\
         left out: 4 files, it is a link: q1, q2, q3, and 1 more\n\
         left out: and 17 more\n"
    );
    assert_eq!(played.exit, 0);
    assert_eq!(play(&["list", "/mnt/cam", "--quiet"], vec![script()]).err, "");
    let json = play(&["list", "/mnt/cam", "--json"], vec![script()]).json();
    assert_eq!(json["files"].as_array().unwrap().len(), 5);
    assert_eq!(json["left_out"].as_array().unwrap().len(), 7);
    assert_eq!(
        json["left_out"][1],
        serde_json::json!({"path": "old", "folder": true, "why": "it may not be read"})
    );
    assert_eq!(
        (json["left_out_more"].as_u64(), json["exit"].as_u64()),
        (Some(17), Some(0))
    );
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
        "{\"camctl\":1,\"command\":\"list\",\"files\":[],\"left_out\":[],\"left_out_more\":0,\"exit\":0}\n"
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
        .map(|n| Ok(page(&[(&n.to_string(), Some(1), None)])))
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
    let stands = |lock| stands(Some(lock), Some(1), Some(true));
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
