//! The product's headline: a lock frees up, and whoever wanted the file has it by one press of a button.

use std::time::Duration;

use camctl_shared::clock::Timestamp;
use testkit::{LONG, Machine, Sandbox, wait_until};

use super::{Desktop, command, held_by, seated};

/// From an agent's knowing until its person is told.
const AT_ONCE: Duration = Duration::from_secs(1);

/// When an agent logged for the first time what `says` is a part of.
#[track_caller]
fn logged(machine: &Machine, says: &str) -> Timestamp {
    let log = machine.log();
    let line = log.lines().find(|line| line.contains(says));
    let time = line.and_then(|line| line.split(' ').next());
    let time = time.and_then(|time| time.parse().ok());
    assert!(time.is_some(), "no line says {says:?}:\n{log}");
    time.unwrap()
}

/// Given alice's checkout and bob's refusal, when she checks in, then he is told within a second of his agent's knowing who
/// had it, by a notification with camctl's own picture, whose button takes the file.
#[test]
fn who_was_refused_is_told_and_takes_the_file_by_a_button() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("fixtures/a.mcam").init();
    let (alice, bob) = (
        seated(&sandbox, "alice", "CAM-03"),
        seated(&sandbox, "bob", "CNC-1"),
    );
    let (hers, his) = (Desktop::of(&alice), Desktop::of(&bob));
    alice.start();
    bob.start();
    command(&alice, &repository, &["checkout", "fixtures/a.mcam"]).succeeds();
    command(&bob, &repository, &["checkout", "fixtures/a.mcam"]).exits(11);

    let check_in = hers
        .panel
        .entry(&["My checkouts (1)", "fixtures/a.mcam", "Check in"]);
    hers.panel.click(&check_in);
    wait_until(LONG, "it is free", || {
        held_by(&repository, "fixtures/a.mcam").is_none()
    });
    let told = his.notifications.titled("a.mcam is free");
    assert!(told.body.starts_with("alice on CAM-03 had it"), "{told:?}");
    let took = told.at.duration_since(logged(&bob, "is free"));
    let took = Duration::try_from(took).unwrap();
    assert!(took < AT_ONCE, "told after {took:?}");
    assert_eq!(told.icon, "camctl", "as it is installed");
    his.notifications.press(&told, "Check out", || {
        held_by(&repository, "fixtures/a.mcam").as_deref() == Some("bob")
    });
    his.notifications.titled("a.mcam is checked out to you");
    his.panel.entry(&["My checkouts (1)", "fixtures/a.mcam"]);
}

/// Given a notification that a file is free, when somebody else takes it before the button is pressed, then who presses is
/// told who was faster, gets into line by another button, and is told when the line has come to him.
#[test]
fn who_presses_too_late_is_told_who_was_faster_and_may_wait_in_line() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    let alice = sandbox.machine("alice", "CAM-03");
    let bob = seated(&sandbox, "bob", "CNC-1");
    let his = Desktop::of(&bob);
    alice.start();
    bob.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    command(&bob, &repository, &["checkout", "a.mcam"]).exits(11);
    command(&alice, &repository, &["checkin", "a.mcam"]).succeeds();
    let told = his.notifications.titled("a.mcam is free");
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    let faster = "a.mcam is checked out by alice on CAM-03";
    his.notifications.press(&told, "Check out", || {
        his.notifications.all().iter().any(|one| one.summary == faster)
    });
    wait_until(LONG, "alice has it", || {
        held_by(&repository, "a.mcam").as_deref() == Some("alice")
    });

    let faster = his.notifications.titled(faster);
    let in_line = "You are in line for a.mcam";
    his.notifications.press(&faster, "Wait in line", || {
        his.notifications.all().iter().any(|one| one.summary == in_line)
    });
    his.panel
        .entry(&["Waiting for (1)", "a.mcam", "next in line after alice on CAM-03"]);
    command(&alice, &repository, &["checkin", "a.mcam"]).succeeds();
    let told = his.notifications.titled("a.mcam is yours now");
    assert!(
        told.body
            .starts_with("You were next in line. alice on CAM-03 had it"),
        "{told:?}"
    );
    his.panel.entry(&["My checkouts (1)", "a.mcam"]);
}
