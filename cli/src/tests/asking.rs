//! Asking for files, and answering.

use camctl_shared::ipc::message::{Fault, LockInfo, Outcome, Presence, Reply, Request, Said, Whose};

use crate::testing::{alice, file, mine, minutes_ago, note, play};

fn script(outcome: Outcome) -> Vec<Vec<Result<Reply, crate::errors::Failure>>> {
    vec![vec![Ok(file("a.mcam", outcome)), Ok(Reply::Done)]]
}

fn requested(lock: LockInfo, answer: Option<&str>) -> Outcome {
    Outcome::Requested {
        lock,
        note: note(answer, Whose::Mine),
    }
}

#[test]
fn a_request_says_whom_it_went_to() {
    let away = LockInfo {
        presence: Presence::Parked,
        parked_us: Some(minutes_ago(900)),
        ..alice()
    };
    let cases = [
        (requested(alice(), None), 0),
        (requested(away, None), 0),
        (Outcome::Failed(Fault::NotHeld), 12),
        (Outcome::Failed(Fault::Yours { lock: mine() }), 1),
        (Outcome::Failed(Fault::Crowded { lock: alice() }), 1),
    ];
    let mut shown = String::new();
    for (outcome, exit) in cases {
        let played = play(&["request", "/mnt/cam/a.mcam", "-m", "Op 30"], script(outcome));
        assert_eq!(played.exit, exit);
        let asked = Request::Request {
            files: vec!["/mnt/cam/a.mcam".into()],
            message: Some("Op 30".into()),
        };
        assert_eq!(played.heard, [asked]);
        shown += &played.shown();
    }
    insta::assert_snapshot!("request", shown);
    let json = play(
        &["request", "/mnt/cam/a.mcam", "--json"],
        script(requested(alice(), None)),
    );
    assert_eq!(
        json.json()["files"][0]["request"]["message"],
        "the customer waits"
    );
}

#[test]
fn an_answer_says_whom_it_went_to() {
    let answered = |said: &str| Outcome::Answered {
        lock: mine(),
        notes: vec![note(Some(said), Whose::Theirs)],
    };
    let many = Outcome::Answered {
        lock: mine(),
        notes: vec![note(Some("no"), Whose::Theirs); 5],
    };
    let released = Outcome::Released {
        was: mine(),
        changed: Some(true),
        next: None,
    };
    let cases: [(&[&str], Outcome, Said, u8); 6] = [
        (&["yes"], released, Said::Yes, 0),
        (
            &["later", "-m", "at noon"],
            answered("later: at noon"),
            Said::Later,
            0,
        ),
        (&["no", "--for", "carol"], answered("no"), Said::No, 0),
        (&["no"], many, Said::No, 0),
        (
            &["no"],
            Outcome::Failed(Fault::NotAsked { lock: mine() }),
            Said::No,
            1,
        ),
        (
            &["no"],
            Outcome::Failed(Fault::NotYours { lock: alice() }),
            Said::No,
            12,
        ),
    ];
    let mut shown = String::new();
    for (words, outcome, said, exit) in cases {
        let words: Vec<&str> = ["answer", "/mnt/cam/a.mcam"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        let played = play(&words, script(outcome));
        assert_eq!(played.exit, exit);
        let heard = match &played.heard[..] {
            [
                Request::Answer {
                    said, message, to, ..
                },
            ] => (*said, message.clone(), to.clone()),
            other => panic!("{other:?}"),
        };
        let message = words.contains(&"-m").then(|| "at noon".to_owned());
        let to: Vec<String> = words.iter().skip(4).map(|user| (*user).to_owned()).collect();
        let to = if message.is_some() { Vec::new() } else { to };
        assert_eq!(heard, (said, message, to));
        shown += &played.shown();
    }
    insta::assert_snapshot!("answer", shown);
}

#[test]
fn status_shows_what_i_am_asked_and_what_i_have_asked_for() {
    let asked = Outcome::Stands {
        lock: Some(LockInfo { asked: 1, ..mine() }),
        size: None,
        exists: None,
        line: Vec::new(),
        requests: vec![note(None, Whose::Theirs)],
        notify: false,
    };
    let script = || {
        vec![vec![
            Ok(file("mine.mcam", asked.clone())),
            Ok(file("b.mcam", requested(alice(), None))),
            Ok(file("c.mcam", requested(alice(), Some("later: at noon")))),
            Ok(Reply::Done),
        ]]
    };
    insta::assert_snapshot!("status_asked", play(&["status"], script()).shown());
    let json = play(&["status", "--json"], script()).json();
    assert_eq!(json["asked"][1]["request"]["answer"], "later: at noon");
    assert_eq!(json["files"].as_array().map(Vec::len), Some(1));
}
