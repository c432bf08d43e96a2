//! `camctl history`

use std::fs;

use serde_json::{Value, json};
use testkit::{LONG, Run, wait_until};

use crate::stage::Stage;

/// The locks of a history, each as: file, user, how it ended, who ended it, who got it then.
fn locks(run: &Run) -> Vec<Value> {
    let answer = run.json();
    let all = answer["locks"].as_array().cloned().unwrap_or_default();
    all.iter()
        .map(|lock| json!([lock["file"], lock["user"], lock["how"], lock["by"], lock["next"]]))
        .collect()
}

/// Given a checkout and a checkin of alice, a hand-over to bob and an end by force, when either looks back, then both see
/// the same: who, how it ended, by whom, and why.
#[test]
fn both_machines_tell_the_same_past() {
    let stage = Stage::with(|repository| repository.with(&["--admin", "alice"]));
    stage
        .alice(&["checkout", "b.mcam", "-m", "Op 20"])
        .run()
        .succeeds();
    stage
        .alice(&["checkin", "b.mcam", "-m", "finished"])
        .run()
        .succeeds();
    stage
        .alice(&["checkout", "a.mcam", "-m", "revision C"])
        .run()
        .succeeds();
    stage.bob(&["queue", "a.mcam", "--join"]).run().succeeds();
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    stage
        .alice(&["break", "a.mcam", "--reason", "shift is over"])
        .run()
        .succeeds();
    let expected = [
        json!(["a.mcam", "bob", "forced", "alice", null]),
        json!(["a.mcam", "alice", "released", "alice", "bob"]),
        json!(["b.mcam", "alice", "released", "alice", null]),
    ];
    for run in [
        stage.alice(&["history", "--json"]).run().succeeds(),
        stage.bob(&["history", "--json"]).run().succeeds(),
    ] {
        assert_eq!(locks(&run), expected);
        let bobs = &run.json()["locks"][0];
        assert!(bobs["waited_ms"].is_u64(), "{bobs}");
        assert_eq!(bobs["reason"], "shift is over");
    }
    let shown = stage.bob(&["history", "b.mcam"]).run().succeeds();
    shown.says("given back").says("Op 20 (finished)");
    let of_bob = stage
        .alice(&["history", "--user", "bob", "--json"])
        .run()
        .succeeds();
    assert_eq!(locks(&of_bob), expected[..1]);
    // What happens from now on is followed, and of a file that is gone too.
    stage.alice(&["checkout", "parts/c.vnc"]).run().succeeds();
    fs::remove_file(stage.repository.path("b.mcam")).unwrap();
    let newest = stage.bob(&["history", "--limit", "1", "--json"]).run().succeeds();
    assert_eq!(
        locks(&newest),
        [json!(["parts/c.vnc", "alice", null, null, null])]
    );
    assert_eq!(newest.json()["repositories"][0]["more"], json!(3));
    let gone = stage.alice(&["history", "b.mcam", "--json"]).run().succeeds();
    assert_eq!(locks(&gone), expected[2..]);
}

/// Given a past that was read, when the agent starts again and what it had read from is gone from the share, then the past
/// is told from its digest; and without the digest, from what the share has.
#[test]
fn the_past_outlives_restarts_and_pruning() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    let known = locks(&stage.alice(&["history", "--json"]).run().succeeds());
    stage.alice(&["agent", "restart"]).run().succeeds();
    stage.alice(&["checkout", "b.mcam"]).run().succeeds();
    let now = stage.alice(&["history", "--json"]).run().succeeds();
    assert_eq!(locks(&now)[1..], known);
    let digests = || fs::read_dir(stage.alice.home().join("data/history")).unwrap();
    assert_eq!(digests().count(), 1, "one repository");
    for digest in digests() {
        fs::write(digest.unwrap().path(), "torn").unwrap();
    }
    stage.alice(&["agent", "restart"]).run().succeeds();
    wait_until(LONG, "the past is read anew", || {
        let again = stage.alice(&["history", "--json"]).run();
        again.code == Some(0) && locks(&again) == locks(&now)
    });
}

#[test]
fn a_history_of_no_repository_is_an_error() {
    let stage = Stage::new();
    let elsewhere = stage.sandbox.folder();
    stage
        .alice
        .camctl(["history"])
        .in_folder(elsewhere)
        .run()
        .exits(1)
        .says("repository");
}
