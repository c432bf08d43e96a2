//! `camctl wait`

use std::time::Duration;

use testkit::LONG;

use crate::stage::Stage;

#[test]
fn it_ends_when_the_file_is_free_on_the_same_machine_and_on_another() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let mut here = stage.alice(&["wait", "a.mcam"]).start();
    let mut there = stage.bob(&["wait", "a.mcam"]).start();
    testkit::holds_for(Duration::from_millis(300), "both wait", || {
        !here.has_ended() && !there.has_ended()
    });
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    for waiting in [here, there] {
        waiting.finish(LONG).succeeds();
    }
    stage
        .bob(&["status", "a.mcam", "--json"])
        .run()
        .succeeds()
        .says("\"lock\":null");
}

#[test]
fn a_free_file_needs_no_waiting() {
    let stage = Stage::new();
    stage.alice(&["wait", "a.mcam"]).run().succeeds();
}

#[test]
fn it_ends_with_its_time() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage
        .bob(&["wait", "a.mcam", "--timeout", "300ms"])
        .run()
        .exits(13)
        .says("alice");
}
