//! Commands about files: what is asked, what each file's fate makes of the exit code.

use camctl_shared::ipc::message::{Fault, Outcome, Page, Reply, Request, Whose};

use crate::errors::{About, Failure};
use crate::testing::{
    Stream, alice, alices_end, bob_waits, carol_waits, file, mine, note, play, play_to, stands,
};

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

fn missing() -> Outcome {
    Outcome::Failed(Fault::NoSuchFile)
}

fn hung_up() -> Failure {
    Failure::Unknown {
        about: About::default(),
        problem: "the agent hung up".into(),
    }
}

#[test]
fn a_checkout_is_asked_for_and_told() {
    let played = play(
        &["checkout", "/mnt/cam/a.mcam", "-m", "revision C", "--for", "20m"],
        vec![vec![Ok(file("a.mcam", granted())), Ok(Reply::Done)]],
    );
    assert_eq!(played.shown(), "exit 0\n--- stdout\nchecked out a.mcam\n");
    let request = Request::Checkout {
        files: vec!["/mnt/cam/a.mcam".into()],
        message: Some("revision C".into()),
        wait: None,
        lease_ms: Some(1_200_000),
        steal: None,
    };
    assert_eq!(played.heard, [request]);
}

#[test]
fn the_fates_of_the_files_make_the_exit_code() {
    let cases = [
        ("all fine", vec![granted(), granted()], 0),
        ("one held", vec![granted(), held()], 3),
        ("all held", vec![held(), held()], 11),
        ("all failed, each in its way", vec![held(), missing()], 1),
        ("one file", vec![held()], 11),
        ("one file, missing", vec![missing()], 1),
    ];
    for (name, outcomes, exit) in cases {
        let files: Vec<String> = (0..outcomes.len()).map(|n| format!("{n}.mcam")).collect();
        let paths: Vec<String> = files.iter().map(|file| format!("/mnt/cam/{file}")).collect();
        let mut words = vec!["checkout"];
        words.extend(paths.iter().map(String::as_str));
        for json in [false, true] {
            let replies = files
                .iter()
                .zip(&outcomes)
                .map(|(name, outcome)| Ok(file(name, outcome.clone())));
            let script = replies.chain([Ok(Reply::Done)]).collect();
            if json {
                words.push("--json");
            }
            let played = play(&words, vec![script]);
            assert_eq!(played.exit, exit, "{name}");
            if json {
                let answer = played.json();
                assert_eq!(answer["exit"], exit, "{name}");
                assert_eq!(answer["error"].is_object(), exit != 0, "{name}");
                assert_eq!(answer["files"].as_array().unwrap().len(), files.len(), "{name}");
                assert_eq!(played.err, "", "{name}");
            }
        }
    }
}

#[test]
fn every_file_of_a_batch_is_reported() {
    let words = [
        "checkout",
        "/mnt/cam/a.mcam",
        "/mnt/cam/b.mcam",
        "/mnt/cam/c.mcam",
    ];
    let script = || {
        vec![vec![
            Ok(file("a.mcam", granted())),
            Ok(file("b.mcam", held())),
            Ok(file("c.mcam", missing())),
            Ok(Reply::Done),
        ]]
    };
    insta::assert_snapshot!("batch", play(&words, script()).shown());
    let quiet: Vec<&str> = words.into_iter().chain(["--quiet"]).collect();
    insta::assert_snapshot!("batch_quiet", play(&quiet, script()).shown());
    let json: Vec<&str> = words.into_iter().chain(["--json"]).collect();
    insta::assert_snapshot!("batch_json", format!("{:#}", play(&json, script()).json()));
}

#[test]
fn every_result_has_its_shape_in_json() {
    let outcomes = [
        Outcome::Granted {
            lock: mine(),
            after: Some(alices_end("broken", Some("stale"))),
        },
        Outcome::Renewed { lock: mine() },
        Outcome::Released {
            was: mine(),
            changed: Some(true),
            next: Some(alice()),
        },
        Outcome::Broken {
            was: alice(),
            ended: alices_end("forced", Some("holiday")),
            next: None,
        },
        stands(Some(alice()), Some(12), Some(true)),
        stands(None, None, None),
        Outcome::Free,
        Outcome::Awaited {
            lock: Some(alice()),
            line: vec![carol_waits(), bob_waits()],
            notify: true,
        },
        Outcome::Left { lock: None },
        Outcome::Requested {
            lock: alice(),
            note: note(None, Whose::Mine),
        },
        Outcome::Answered {
            lock: mine(),
            notes: vec![note(Some("no"), Whose::Theirs)],
        },
        Outcome::Noted {
            lock: Some(alice()),
            on: false,
        },
        Outcome::Stands {
            lock: Some(alice()),
            size: None,
            exists: None,
            line: vec![carol_waits()],
            requests: vec![note(Some("no"), Whose::Theirs)],
            notify: false,
        },
        Outcome::Failed(Fault::Alive {
            lock: alice(),
            silent_ms: Some(7),
            stale_after_ms: 300_000,
            administrators: vec!["boss".into()],
        }),
        Outcome::Failed(Fault::Lost {
            ended: alices_end("broken", None),
            by: "bob".into(),
            lock: None,
        }),
        Outcome::Failed(Fault::NoAnswer {
            repository: "/mnt/cam".into(),
            waited_ms: 12_000,
            unsettled: true,
        }),
    ];
    let names: Vec<String> = (0..outcomes.len())
        .map(|n| format!("/mnt/cam/{n}.mcam"))
        .collect();
    let mut words = vec!["status", "--json"];
    words.extend(names.iter().map(String::as_str));
    let replies = outcomes
        .into_iter()
        .enumerate()
        .map(|(n, outcome)| Ok(file(&format!("{n}.mcam"), outcome)));
    let played = play(&words, vec![replies.chain([Ok(Reply::Done)]).collect()]);
    insta::assert_snapshot!("results_json", format!("{:#}", played.json()));
}

#[test]
fn an_agent_that_goes_away_leaves_no_file_unreported() {
    let words = ["checkin", "/mnt/cam/a.mcam", "/mnt/cam/b.mcam", "/mnt/cam/c.mcam"];
    let released = Outcome::Released {
        was: mine(),
        changed: None,
        next: None,
    };
    let script = vec![Ok(file("b.mcam", released)), Err(hung_up())];
    insta::assert_snapshot!("hung_up", play(&words, vec![script]).shown());
}

#[test]
fn an_answer_that_leaves_files_out_is_an_error() {
    let played = play(&["checkin", "/mnt/cam/a.mcam"], vec![vec![Ok(Reply::Done)]]);
    assert_eq!(played.exit, 1);
    assert!(played.err.contains("leaves files out"), "{}", played.err);
    let played = play(
        &["checkin", "/mnt/cam/a.mcam"],
        vec![vec![Ok(Reply::Files(Page::default()))]],
    );
    assert_eq!(played.exit, 1);
    assert!(
        played.err.contains("does not belong here (Files)"),
        "{}",
        played.err
    );
}

#[test]
fn a_request_that_fails_as_a_whole_is_said_once() {
    let words = ["checkout", "/mnt/cam/a.mcam", "/mnt/cam/b.mcam"];
    let played = play(&words, vec![vec![Ok(Reply::Failed(Fault::Stopping))]]);
    assert_eq!(played.exit, 15);
    assert_eq!(played.err.matches("is stopping").count(), 1, "{}", played.err);
    let played = play_to(&words, vec![Err(Failure::NoAgent)], &Stream::default());
    assert_eq!(played.exit, 15);
    assert_eq!(
        played.err.matches("no agent is running").count(),
        1,
        "{}",
        played.err
    );
}

#[test]
fn checkin_of_everything_needs_no_names() {
    let released = || Outcome::Released {
        was: mine(),
        changed: Some(false),
        next: None,
    };
    let script = vec![
        Ok(file("a.mcam", released())),
        Ok(file("b.mcam", released())),
        Ok(Reply::Done),
    ];
    let played = play(&["checkin", "--all"], vec![script]);
    assert_eq!(
        played.shown(),
        "exit 0\n--- stdout\nchecked in a.mcam (not changed)\nchecked in b.mcam (not changed)\n"
    );
    assert_eq!(
        played.heard,
        [Request::Checkin {
            files: Vec::new(),
            all: true,
            message: None
        }]
    );
    let played = play(&["checkin", "--all"], vec![vec![Ok(Reply::Done)]]);
    assert_eq!(played.shown(), "exit 0\n--- stdout\nyou hold nothing here\n");
}

#[test]
fn steal_and_break_carry_their_reasons() {
    let after = Some(alices_end("forced", Some("holiday")));
    let stolen = Outcome::Granted { lock: mine(), after };
    let script = vec![Ok(file("a.mcam", stolen)), Ok(Reply::Done)];
    let played = play(
        &["co", "/mnt/cam/a.mcam", "--steal", "--reason", "holiday"],
        vec![script],
    );
    assert!(matches!(&played.heard[0], Request::Checkout { steal: Some(reason), .. } if reason == "holiday"));
    assert!(
        played.out.contains("was ended by force: \"holiday\""),
        "{}",
        played.out
    );
    let broken = Outcome::Broken {
        was: alice(),
        ended: alices_end("broken", Some("fire")),
        next: None,
    };
    let script = vec![Ok(file("a.mcam", broken)), Ok(Reply::Done)];
    let played = play(&["break", "/mnt/cam/a.mcam", "--reason", "fire"], vec![script]);
    assert_eq!(
        played.heard,
        [Request::Break {
            files: vec!["/mnt/cam/a.mcam".into()],
            reason: "fire".into()
        }]
    );
    assert_eq!(played.exit, 0);
}

#[test]
fn long_batches_go_in_several_requests() {
    let names: Vec<String> = (0..3000).map(|n| format!("{n:0>200}.mcam")).collect();
    let paths: Vec<String> = names.iter().map(|name| format!("/mnt/cam/{name}")).collect();
    let mut words = vec!["status", "--json"];
    words.extend(paths.iter().map(String::as_str));
    // The script answers whatever part is asked for: the parts are cut where `REQUEST_BYTES` says.
    let per_part = 256 * 1024 / (paths[0].len() + 8);
    let mut script = Vec::new();
    for part in names.chunks(per_part) {
        script.extend(part.iter().map(|name| Ok(file(name, stands(None, None, None)))));
        script.push(Ok(Reply::Done));
    }
    let played = play(&words, vec![script]);
    assert_eq!(played.exit, 0, "{}", &played.out[played.out.len() - 300..]);
    assert_eq!(played.heard.len(), names.len().div_ceil(per_part));
    assert_eq!(played.json()["files"].as_array().unwrap().len(), names.len());
}

#[test]
fn a_file_that_cannot_be_asked_for_does_not_stop_the_others() {
    let script = vec![Ok(file("a.mcam", granted())), Ok(Reply::Done)];
    let played = play(&["checkout", "", "/mnt/cam/a.mcam"], vec![script]);
    assert_eq!(played.exit, 3);
    assert!(played.out.contains("checked out a.mcam"), "{}", played.out);
    let played = play(&["checkout", ""], vec![]);
    assert_eq!((played.exit, played.heard.len()), (1, 0));
}

#[test]
fn a_reader_that_goes_away_changes_nothing_about_what_is_done() {
    let out = Stream::with_room(0);
    let script = vec![
        Ok(file("a.mcam", granted())),
        Ok(file("b.mcam", held())),
        Ok(Reply::Done),
    ];
    let words = ["checkout", "/mnt/cam/a.mcam", "/mnt/cam/b.mcam"];
    let played = play_to(&words, vec![Ok(script)], &out);
    assert_eq!((played.exit, played.out.as_str()), (3, ""));
    assert!(!played.err.contains("cannot write"), "{}", played.err);
}
