//! Many notifications: what comes together is one, and so many stand open.

use std::fs;
use std::os::unix::fs::symlink;

use testkit::{LONG, Sandbox, wait_until};

use super::{Desktop, command, seated};

/// Given files that bob wants to be told of, when alice gives them back together, then that is one notification.
#[test]
fn what_is_free_together_is_told_together() {
    let sandbox = Sandbox::new();
    let repository = sandbox
        .repository()
        .file("a.mcam")
        .file("b.mcam")
        .file("c.mcam")
        .init();
    let alice = sandbox.machine("alice", "CAM-03");
    let bob = seated(&sandbox, "bob", "CNC-1");
    let his = Desktop::of(&bob);
    alice.start();
    bob.start();
    let files = ["a.mcam", "b.mcam", "c.mcam"];
    let about = |verb| [&[verb], &files[..]].concat();
    command(&alice, &repository, &about("checkout")).succeeds();
    command(&bob, &repository, &about("notify")).succeeds();
    command(&alice, &repository, &about("checkin")).succeeds();
    let told = his.notifications.titled("3 files are free");
    assert!(files.iter().all(|file| told.body.contains(file)), "{told:?}");
    assert_eq!(his.notifications.all().len(), 1);
}

/// Given eight notifications that nobody answers, when there is a ninth, then the oldest is closed and no other.
#[test]
fn the_oldest_of_too_many_is_closed() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    // With a shell, and nothing that shows folders.
    let tools = sandbox.folder().join("tools");
    fs::create_dir(&tools).unwrap();
    symlink("/bin/sh", tools.join("sh")).unwrap();
    let alice = seated(&sandbox, "alice", "CAM-03").env("PATH", &tools);
    let desktop = Desktop::of(&alice);
    alice.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    let open = desktop
        .panel
        .entry(&["My checkouts (1)", "a.mcam", "Open folder"]);
    let closed = || {
        let all = desktop.notifications.all();
        all.iter().map(|one| one.closed).collect::<Vec<_>>()
    };
    for count in 1..=8 {
        desktop.panel.click(&open);
        wait_until(LONG, "what came of the click is told", || {
            closed() == vec![false; count]
        });
    }
    desktop.panel.click(&open);
    let mut expected = vec![false; 9];
    expected[0] = true;
    wait_until(LONG, "the first is closed", || closed() == expected);
}
