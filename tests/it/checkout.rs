//! `camctl checkout`

use std::time::Duration;

use serde_json::json;
use testkit::{LONG, wait_until};

use crate::stage::{Stage, file, grants};

#[test]
fn a_free_file_is_granted_and_then_refused_to_others() {
    let stage = Stage::new();
    let granted = file(
        &stage
            .alice(&["checkout", "a.mcam", "-m", "revision C", "--json"])
            .run()
            .succeeds(),
    );
    assert_eq!(
        (&granted["result"], &granted["lock"]["user"]),
        (&json!("granted"), &json!("alice")),
        "{granted}"
    );
    let refused = stage.bob(&["checkout", "a.mcam"]).run().exits(11);
    refused
        .says("a.mcam is checked out by alice on CAM-03")
        .says("revision C")
        .says("--wait");
    assert_eq!(grants(&stage.repository, "a.mcam").len(), 1);
}

#[test]
fn ones_own_lock_is_renewed_with_its_token() {
    let stage = Stage::new();
    let first = file(
        &stage
            .alice(&["checkout", "a.mcam", "-m", "one", "--json"])
            .run()
            .succeeds(),
    );
    let again = file(
        &stage
            .alice(&["checkout", "a.mcam", "-m", "two", "--json"])
            .run()
            .succeeds(),
    );
    assert_eq!(again["result"], json!("renewed"), "{again}");
    assert_eq!(first["lock"]["token"], again["lock"]["token"]);
    stage.bob(&["status", "a.mcam"]).run().succeeds().says("two");
}

#[test]
fn a_batch_reports_each_file_and_keeps_what_succeeded() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let run = stage
        .bob(&["checkout", "a.mcam", "parts/c.vnc", "missing.mcam", "--json"])
        .run()
        .exits(3);
    let answer = run.json();
    let results: Vec<_> = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["result"].clone())
        .collect();
    assert_eq!(results, ["failed", "granted", "failed"], "{answer}");
    assert_eq!(answer["files"][0]["error"]["exit"], json!(11), "{answer}");
    assert_eq!(
        answer["files"][2]["error"]["code"],
        json!("no_such_file"),
        "{answer}"
    );
    stage.bob(&["status"]).run().succeeds().says("c.vnc");
}

#[test]
fn who_waits_in_line_gets_the_file_when_it_is_given_back() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let waiting = stage.bob(&["checkout", "--wait", "a.mcam", "--json"]).start();
    testkit::holds_for(Duration::from_millis(300), "alice has it while bob waits", || {
        stage
            .repository
            .projection()
            .is_none_or(|table| table["a.mcam"]["user"] != "bob")
    });
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    let granted = file(&waiting.finish(LONG).succeeds());
    assert_eq!(
        (&granted["result"], &granted["lock"]["user"]),
        (&json!("granted"), &json!("bob")),
        "{granted}"
    );
    let tokens = grants(&stage.repository, "a.mcam");
    assert!(tokens.len() == 2 && tokens[0] < tokens[1], "{tokens:?}");
}

#[test]
fn waiting_ends_with_the_time_that_was_given() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let run = stage
        .bob(&["checkout", "--wait=300ms", "a.mcam"])
        .run()
        .exits(13)
        .says("alice");
    assert!(run.took >= Duration::from_millis(300), "{:?}", run.took);
}

#[test]
fn a_lease_ends_by_itself() {
    let stage = Stage::new();
    stage
        .alice(&["checkout", "a.mcam", "--for", "700ms"])
        .run()
        .succeeds();
    stage.bob(&["checkout", "a.mcam"]).run().exits(11);
    wait_until(LONG, "the lease is over", || {
        stage.bob(&["checkout", "a.mcam"]).run().code == Some(0)
    });
}

#[test]
fn a_silent_owners_lock_is_broken_after_stale_after_and_its_owner_is_told() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice.kill();
    stage.bob(&["checkout", "a.mcam"]).run().exits(11);
    let mut last = None;
    let took = wait_until(LONG, "alice's lock is stale", || {
        let run = stage.bob(&["checkout", "a.mcam", "--json"]).run();
        let done = run.code == Some(0);
        last = Some(run);
        done
    });
    assert!(took >= Duration::from_secs(1), "not before stale_after: {took:?}");
    let granted = file(&last.unwrap());
    assert_eq!(
        (&granted["after"]["user"], &granted["after"]["how"]),
        (&json!("alice"), &json!("broken")),
        "{granted}"
    );
    stage.alice.start();
    stage.alice(&["checkin", "a.mcam"]).run().exits(14).says("bob");
}

#[test]
fn administrators_take_a_live_lock_and_nobody_else_does() {
    let stage = Stage::with(|repository| repository.with(&["--admin", "boss"]));
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let steal = ["checkout", "a.mcam", "--steal", "--reason", "she is on holiday"];
    let refused = stage.bob(&steal).run();
    assert!(refused.code == Some(11), "{refused:?}");
    refused.says("boss");
    let boss = stage.sandbox.machine("boss", "OFFICE");
    let taken = boss
        .camctl(steal)
        .arguments(["--json"])
        .in_folder(stage.repository.folder())
        .run()
        .succeeds();
    assert_eq!(file(&taken)["after"]["how"], json!("forced"));
    stage
        .alice(&["checkin", "a.mcam"])
        .run()
        .exits(14)
        .says("boss")
        .says("she is on holiday");
}

/// Given alice's checkout and carol in line, when an administrator steals the file, then that is one commit, carol keeps
/// her place behind the administrator and is served after them, and alice sees who took it, and why, without asking.
#[test]
fn a_steal_passes_the_line_in_one_commit_and_its_owner_sees_why() {
    let stage = Stage::with(|repository| repository.with(&["--admin", "boss"]));
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["queue", "a.mcam", "--join"]).run().succeeds();
    let boss = stage.sandbox.machine("boss", "OFFICE");
    let as_boss = |words: &[&str]| boss.camctl(words).in_folder(stage.repository.folder()).run();
    as_boss(&["checkout", "a.mcam", "--steal", "--reason", "she is on holiday"]).succeeds();
    let (_, commit) = stage.repository.log().into_iter().next_back().unwrap();
    let [change] = commit["changes"].as_array().unwrap().as_slice() else {
        panic!("{commit}")
    };
    assert_eq!(
        (&change["verb"], &change["ended"]["how"], &change["lock"]["user"]),
        (&json!("steal"), &json!("forced"), &json!("boss")),
        "{change}"
    );
    assert_eq!(change["lock"]["queue"][0]["user"], json!("bob"), "{change}");

    wait_until(LONG, "alice sees it without asking for the file", || {
        let status = stage.alice(&["status"]).run();
        status.code == Some(14)
    });
    stage
        .alice(&["status"])
        .run()
        .exits(14)
        .says("boss on OFFICE")
        .says("she is on holiday");

    let given = file(&as_boss(&["checkin", "a.mcam", "--json"]).succeeds());
    assert_eq!(given["next"]["user"], json!("bob"), "{given}");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let stage = Stage::new();
    for name in ["../secret.mcam", ".camctl/head", "locks.json", "parts"] {
        let run = stage.alice(&["checkout", name]).run();
        assert_eq!(run.code, Some(1), "{name}: {run:?}");
    }
    let commits = stage.repository.log().len();
    assert_eq!(commits, 1, "nothing was written");
}

#[test]
fn a_file_of_no_repository_is_named() {
    let stage = Stage::new();
    std::fs::write(stage.sandbox.folder().join("x.mcam"), "").unwrap();
    let run = stage
        .alice
        .camctl(["checkout", "x.mcam"])
        .in_folder(stage.sandbox.folder())
        .run();
    run.exits(1).says("x.mcam").says("camctl init");
}
