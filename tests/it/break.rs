//! `camctl break`

use serde_json::json;
use testkit::{LONG, wait_until};

use crate::stage::{Stage, file};

#[test]
fn a_live_lock_is_broken_by_administrators_alone() {
    let stage = Stage::with(|repository| repository.with(&["--admin", "bob"]));
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let carol = stage.sandbox.machine("carol", "LAB");
    let end = |machine: &testkit::Machine| {
        machine
            .camctl(["break", "a.mcam", "--reason", "shift is over", "--json"])
            .in_folder(stage.repository.folder())
            .run()
    };
    let refused = file(&end(&carol));
    assert_eq!(refused["error"]["code"], json!("alive"), "{refused}");
    let broken = file(&end(&stage.bob).succeeds());
    assert_eq!(
        (&broken["result"], &broken["ended"]["how"]),
        (&json!("broken"), &json!("forced")),
        "{broken}"
    );
    stage
        .alice(&["checkin", "a.mcam"])
        .run()
        .exits(14)
        .says("bob")
        .says("shift is over");
}

#[test]
fn a_stale_lock_is_broken_by_anybody() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice.kill();
    let end = || {
        stage
            .bob(&["break", "a.mcam", "--reason", "her machine is dead"])
            .run()
            .code
    };
    wait_until(LONG, "alice's lock is stale", || end() == Some(0));
    stage
        .bob(&["status", "a.mcam", "--json"])
        .run()
        .succeeds()
        .says("\"lock\":null");
}

#[test]
fn a_reason_is_needed() {
    let stage = Stage::new();
    stage.bob(&["break", "a.mcam"]).run().exits(2);
}
