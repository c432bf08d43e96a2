//! Waiting in line and waiting for a file to be free.

use camctl_shared::ipc::message::{Fault, Outcome, Patience, Reply, Request};

use crate::output::{Mode, Output};
use crate::testing::{Stream, alice, file, mine, play, times};

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
