//! `camctl status`

use serde_json::json;

use crate::stage::{Stage, file};

#[test]
fn without_files_it_shows_what_one_holds() {
    let stage = Stage::new();
    stage
        .alice(&["checkout", "a.mcam", "-m", "revision C"])
        .run()
        .succeeds();
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    let mine = file(&stage.alice(&["status", "--json"]).run().succeeds());
    assert_eq!(
        (&mine["file"], &mine["lock"]["whose"]),
        (&json!("a.mcam"), &json!("mine")),
        "{mine}"
    );
}

#[test]
fn with_files_it_says_who_has_each() {
    let stage = Stage::new();
    stage
        .alice(&["checkout", "a.mcam", "-m", "revision C"])
        .run()
        .succeeds();
    let answer = stage
        .bob(&["status", "a.mcam", "b.mcam", "--json"])
        .run()
        .succeeds()
        .json();
    let [a, b] = [0, 1].map(|n| answer["files"][n].clone());
    assert_eq!(
        (&a["lock"]["user"], &a["lock"]["presence"]),
        (&json!("alice"), &json!("alive")),
        "{a}"
    );
    assert_eq!(
        (&a["lock"]["message"], &a["lock"]["whose"]),
        (&json!("revision C"), &json!("theirs")),
        "{a}"
    );
    assert_eq!((&b["lock"], &b["exists"]), (&json!(null), &json!(true)), "{b}");
}

#[test]
fn who_stopped_cleanly_is_shown_as_away() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice.stop();
    testkit::wait_until(testkit::LONG, "bob's agent has seen that alice is away", || {
        let status = file(&stage.bob(&["status", "a.mcam", "--json"]).run().succeeds());
        status["lock"]["presence"] == "parked"
    });
    stage.bob(&["checkout", "a.mcam"]).run().exits(11).says("away");
}
