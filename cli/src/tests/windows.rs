//! What `--gui` shows in windows, and what comes of the answers.

use camctl_shared::ipc::message::{Fault, InLine, LockInfo, Outcome, Reply, Request, Whose};

use crate::gui::Choice;
use crate::testing::{
    Played, Script, alice, bob_waits, carol_waits, file, mine, note, play_with_windows, stands,
};

fn refused(name: &str) -> Reply {
    let held = Fault::Held {
        lock: alice(),
        place: 2,
    };
    file(name, Outcome::Failed(held))
}

fn granted(name: &str) -> Script {
    let granted = Outcome::Granted {
        lock: mine(),
        after: None,
    };
    vec![Ok(file(name, granted)), Ok(Reply::Done)]
}

fn checkout(names: &[&str], answers: &[Choice]) -> Played {
    let paths: Vec<String> = names.iter().map(|name| format!("/mnt/cam/{name}")).collect();
    let mut words = vec!["--gui", "checkout"];
    words.extend(paths.iter().map(String::as_str));
    let mut script: Script = names.iter().map(|name| Ok(refused(name))).collect();
    script.push(Ok(Reply::Done));
    script.extend(granted(names[0]));
    play_with_windows(&words, vec![script], answers)
}

fn shown(played: &Played) -> String {
    let windows = played
        .windows
        .iter()
        .map(|message| format!("[{}] {:?}\n{}\n", message.title, message.kind, message.text));
    windows.collect()
}

#[test]
fn a_refused_checkout_asks_what_to_do_and_leaving_it_asks_nothing_of_the_agent() {
    let played = checkout(&["fixtures/4801247.mcam"], &[Choice::Leave]);
    insta::assert_snapshot!("refused", shown(&played));
    assert_eq!(played.heard.len(), 1);
    assert_eq!(played.exit, 11);
    // Whoever sees no window reads it.
    assert!(played.err.contains("checked out by alice"), "{}", played.err);
}

/// The agent's answer to what was chosen.
fn chosen(choice: Choice, outcome: Option<Outcome>) -> Played {
    let mut script = vec![Ok(refused("a.mcam")), Ok(Reply::Done)];
    script.extend(outcome.map(|outcome| Ok(file("a.mcam", outcome))));
    script.push(Ok(Reply::Done));
    let words = ["--gui", "checkout", "/mnt/cam/a.mcam"];
    play_with_windows(&words, vec![script], &[choice, choice])
}

#[test]
fn waiting_in_line_keeps_no_window_and_no_program_waiting() {
    let in_line = Outcome::Awaited {
        lock: Some(LockInfo {
            waiting: 2,
            place: Some(2),
            ..alice()
        }),
        line: vec![carol_waits(), bob_waits()],
        notify: false,
    };
    let played = chosen(Choice::Wait, Some(in_line));
    let asked = Request::Queue {
        files: vec!["/mnt/cam/a.mcam".into()],
        wish: InLine::Join { message: None },
    };
    assert_eq!(played.heard[1..], [asked]);
    insta::assert_snapshot!("waited", shown(&played));
    assert_eq!(played.exit, 11, "how the checkout went that was asked for");
    let free_by_now = Outcome::Granted {
        lock: mine(),
        after: None,
    };
    insta::assert_snapshot!(
        "waited_for_nothing",
        shown(&chosen(Choice::Wait, Some(free_by_now)))
    );
    insta::assert_snapshot!("waited_in_vain", shown(&chosen(Choice::Wait, None)));
}

#[test]
fn asking_for_it_asks_for_a_reason_first() {
    let asked = Outcome::Requested {
        lock: alice(),
        note: note(None, Whose::Mine),
    };
    let played = chosen(Choice::Ask, Some(asked));
    let request = Request::Request {
        files: vec!["/mnt/cam/a.mcam".into()],
        message: Some("Op 30".into()),
    };
    assert_eq!(played.heard[1..], [request]);
    insta::assert_snapshot!("asked", shown(&played));
}

#[test]
fn many_files_and_long_or_odd_words_stay_readable() {
    let names: Vec<String> = (0..12).map(|n| format!("<b>{n}\u{202e}.mcam")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let played = checkout(&names, &[]);
    insta::assert_snapshot!("many", shown(&played));
}

#[test]
fn who_has_it_is_an_answer_in_a_window() {
    let stands = |name: &str, lock| Ok(file(name, stands(lock, Some(1200), Some(true))));
    let script = vec![
        stands("fixtures/4801247.mcam", Some(alice())),
        stands("b.mcam", None),
        Ok(Reply::Done),
    ];
    let words = [
        "--gui",
        "status",
        "/mnt/cam/fixtures/4801247.mcam",
        "/mnt/cam/b.mcam",
    ];
    let played = play_with_windows(&words, vec![script], &[]);
    insta::assert_snapshot!("who", shown(&played));
    assert_eq!(played.exit, 0);
}

#[test]
fn success_is_quiet_and_other_problems_are_told() {
    let quiet = play_with_windows(
        &["--gui", "checkout", "/mnt/cam/a.mcam"],
        vec![granted("a.mcam")],
        &[],
    );
    assert!(quiet.windows.is_empty());
    let own = Fault::NoAnswer {
        repository: "/mnt/cam".into(),
        waited_ms: 12_000,
        unsettled: false,
    };
    let away = vec![Ok(file("a.mcam", Outcome::Failed(own))), Ok(Reply::Done)];
    let away = play_with_windows(
        &["--gui", "checkin", "/mnt/cam/a.mcam"],
        vec![away],
        &[Choice::Wait],
    );
    insta::assert_snapshot!("away", shown(&away));
    assert_eq!(away.heard.len(), 1, "there is nothing to choose");
    let plain = checkout(&["a.mcam"], &[]);
    let without = crate::testing::play(
        &["checkout", "/mnt/cam/a.mcam"],
        vec![vec![Ok(refused("a.mcam")), Ok(Reply::Done)]],
    );
    assert_eq!(plain.err, without.err);
    assert!(without.windows.is_empty(), "nobody asked for a window");
}
