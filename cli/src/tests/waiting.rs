//! Waiting in line and waiting for a file to be free.

use camctl_shared::ipc::message::{Fault, InLine, LockInfo, Outcome, Patience, Reply, Request, Whose};

use crate::output::{Mode, Output};
use crate::testing::{Stream, alice, bob_waits, carol_waits, file, mine, note, play, stands, times};

fn granted() -> Outcome {
    Outcome::Granted {
        lock: mine(),
        after: None,
    }
}

fn held() -> Outcome {
    Outcome::Failed(Fault::Held {
        lock: alice(),
        place: 1,
    })
}

#[test]
fn waiting_says_for_whom_and_asks_again_for_what_is_taken() {
    let words = ["checkout", "/mnt/cam/a.mcam", "/mnt/cam/b.mcam", "--wait=30s"];
    let progress = || Reply::Progress {
        what: "in line".into(),
        done: 1,
        total: Some(2),
    };
    let script = vec![
        Ok(file("a.mcam", granted())),
        Ok(file("b.mcam", held())),
        Ok(Reply::Done),
        Ok(progress()),
        Ok(progress()),
        Ok(file("b.mcam", granted())),
        Ok(Reply::Done),
    ];
    let played = play(&words, vec![script]);
    insta::assert_snapshot!("waiting", played.shown());
    let asked: Vec<_> = played
        .heard
        .iter()
        .map(|request| match request {
            Request::Checkout { files, wait, .. } => (files.len(), *wait),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        asked,
        [
            (2, None),
            (
                1,
                Some(Patience {
                    at_most_ms: Some(30_000)
                })
            )
        ]
    );
}

#[test]
fn waiting_without_a_time_has_no_end() {
    let script = vec![
        Ok(file("a.mcam", held())),
        Ok(Reply::Done),
        Ok(file("a.mcam", granted())),
        Ok(Reply::Done),
    ];
    let played = play(&["co", "/mnt/cam/a.mcam", "--wait", "--json"], vec![script]);
    assert_eq!((played.exit, played.err.as_str()), (0, ""));
    assert_eq!(played.json()["files"][0]["result"], "granted");
    let waits = |request: &Request| {
        matches!(
            request,
            Request::Checkout {
                wait: Some(Patience { at_most_ms: None }),
                ..
            }
        )
    };
    assert!(waits(&played.heard[1]), "{:?}", played.heard);
}

#[test]
fn a_wait_that_is_over_has_a_code_of_its_own() {
    let late = Outcome::Failed(Fault::TimedOut {
        lock: Some(alice()),
        waited_ms: 600_000,
    });
    let script = vec![Ok(file("a.mcam", late)), Ok(Reply::Done)];
    let played = play(&["wait", "/mnt/cam/a.mcam", "--timeout", "10m"], vec![script]);
    assert_eq!(played.exit, 13);
    assert_eq!(
        played.heard,
        [Request::Wait {
            files: vec!["/mnt/cam/a.mcam".into()],
            timeout_ms: Some(600_000)
        }]
    );
}

#[test]
fn notify_says_what_will_be_told() {
    let noted = |on| Outcome::Noted {
        lock: Some(alice()),
        on,
    };
    let script = |outcome| vec![vec![Ok(file("a.mcam", outcome)), Ok(Reply::Done)]];
    let played = play(&["notify", "/mnt/cam/a.mcam"], script(noted(true)));
    insta::assert_snapshot!("notify", played.shown());
    let wanted = |on| Request::Notify {
        files: vec!["/mnt/cam/a.mcam".into()],
        on,
    };
    assert_eq!(played.heard, [wanted(true)]);
    let played = play(&["notify", "/mnt/cam/a.mcam", "--off"], script(noted(false)));
    assert_eq!(played.heard, [wanted(false)]);
    let mine = Outcome::Failed(Fault::Yours { lock: mine() });
    assert_eq!(play(&["notify", "/mnt/cam/a.mcam"], script(mine)).exit, 1);
}

#[test]
fn a_line_is_shown_joined_and_left() {
    let awaited = || Outcome::Awaited {
        lock: Some(LockInfo {
            waiting: 2,
            place: Some(2),
            ..alice()
        }),
        line: vec![carol_waits(), bob_waits()],
        notify: false,
    };
    let left = Outcome::Left { lock: Some(alice()) };
    let not_waiting = Outcome::Failed(Fault::NotWaiting { lock: Some(alice()) });
    let join = InLine::Join {
        message: Some("Op 30".into()),
    };
    let cases: [(&[&str], Outcome, InLine, u8); 4] = [
        (&[], awaited(), InLine::Show, 0),
        (&["--join", "-m", "Op 30"], awaited(), join, 0),
        (&["--leave"], left, InLine::Leave, 0),
        (&["--leave"], not_waiting, InLine::Leave, 12),
    ];
    let mut shown = String::new();
    for (words, outcome, wish, exit) in cases {
        let words: Vec<&str> = ["queue", "/mnt/cam/a.mcam"]
            .into_iter()
            .chain(words.iter().copied())
            .collect();
        let played = play(&words, vec![vec![Ok(file("a.mcam", outcome)), Ok(Reply::Done)]]);
        assert_eq!(played.exit, exit);
        let files = vec!["/mnt/cam/a.mcam".into()];
        assert_eq!(played.heard, [Request::Queue { files, wish }]);
        shown += &played.shown();
    }
    insta::assert_snapshot!("queue", shown);
}

#[test]
fn progress_stands_on_a_line_that_goes_away_and_only_on_a_terminal() {
    let shown = |mode, terminal: bool| {
        let (out, err) = (Stream::default(), Stream::default());
        let output = Output::to_streams(mode, Box::new(out.clone()), Box::new(err.clone()), times());
        let mut output = if terminal { output.on_a_terminal() } else { output };
        output.progress("in line: 2 of 2");
        output.progress("in line: 2 of 2");
        output.progress("in line: 1 of 2");
        output.say("checked out a.mcam");
        (out.text(), err.text())
    };
    let said = || "checked out a.mcam\n".to_owned();
    let line = "\r\u{1b}[Kin line: 2 of 2\r\u{1b}[Kin line: 1 of 2\r\u{1b}[K".to_owned();
    assert_eq!(shown(Mode::Human, true), (said(), line));
    assert_eq!(shown(Mode::Human, false), (said(), String::new()));
    assert_eq!(shown(Mode::Quiet, true), (String::new(), String::new()));
    assert_eq!(shown(Mode::Json, true), (String::new(), String::new()));
}

#[test]
fn what_i_wait_for_and_am_asked_for_stands_below() {
    let in_line = LockInfo {
        waiting: 2,
        place: Some(2),
        ..alice()
    };
    let awaited = |lock, notify| Outcome::Awaited {
        lock,
        line: vec![carol_waits(), bob_waits()],
        notify,
    };
    let asked = Outcome::Stands {
        lock: Some(LockInfo { asked: 1, ..mine() }),
        size: None,
        exists: None,
        line: Vec::new(),
        requests: vec![note(None, Whose::Theirs), note(Some("no"), Whose::Theirs)],
        notify: false,
    };
    let script = |held: bool| {
        let asked = held.then(|| Ok(file("mine.mcam", asked.clone())));
        let rest = [
            Ok(file("4801247.mcam", awaited(Some(in_line.clone()), false))),
            Ok(file("b.mcam", awaited(Some(alice()), true))),
            Ok(file("c.mcam", awaited(None, true))),
            Ok(Reply::Done),
        ];
        vec![asked.into_iter().chain(rest).collect()]
    };
    insta::assert_snapshot!("status_waiting", play(&["status"], script(true)).shown());
    let empty = play(&["status"], script(false)).out;
    assert!(empty.starts_with("you hold nothing\nwaiting for:\n"), "{empty}");
    let json = play(&["status", "--json"], script(true)).json();
    let names = |list: &str| {
        let files = json[list].as_array().unwrap().iter();
        files.map(|file| file["file"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        names("files"),
        ["mine.mcam"],
        "what is waited for is not held: {json}"
    );
    assert_eq!(names("awaited"), ["4801247.mcam", "b.mcam", "c.mcam"]);
    let named = play(
        &["status", "/mnt/cam/b.mcam", "--json"],
        vec![vec![
            Ok(file("b.mcam", stands(Some(alice()), None, None))),
            Ok(Reply::Done),
        ]],
    );
    assert_eq!(named.json().get("awaited"), None);
}
