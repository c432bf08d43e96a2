//! `camctl notify`

use serde_json::json;

use crate::stage::{Stage, file};

/// What bob waits for, by name.
fn awaited(stage: &Stage) -> Vec<String> {
    let status = stage.bob(&["status", "--json"]).run().succeeds().json();
    let files = status["awaited"].as_array().unwrap().iter();
    files
        .map(|file| file["file"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn whoever_was_refused_will_be_told_and_may_say_no() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam", "b.mcam"]).run().succeeds();
    assert!(awaited(&stage).is_empty());
    stage
        .bob(&["checkout", "a.mcam"])
        .run()
        .exits(11)
        .says("you will be told when it is free");
    stage
        .bob(&["notify", "b.mcam"])
        .run()
        .succeeds()
        .says("it is checked out by alice");
    assert_eq!(awaited(&stage), ["a.mcam", "b.mcam"]);
    stage
        .bob(&["status", "a.mcam"])
        .run()
        .succeeds()
        .says("you will be told");
    stage.bob(&["notify", "a.mcam", "--off"]).run().succeeds();
    assert_eq!(awaited(&stage), ["b.mcam"]);
    // Told, it is over; also for an agent that did not see it happen.
    stage.bob.kill();
    stage.alice(&["checkin", "--all"]).run().succeeds();
    testkit::wait_until(testkit::LONG, "bob's agent knows that it is free", || {
        awaited(&stage).is_empty()
    });
}

#[test]
fn there_is_nothing_to_tell_of_what_is_free_or_ones_own() {
    let stage = Stage::new();
    let free = file(&stage.bob(&["notify", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(free["result"], json!("free"), "{free}");
    stage.bob(&["checkout", "a.mcam"]).run().succeeds();
    stage
        .bob(&["notify", "a.mcam"])
        .run()
        .exits(1)
        .says("yours already");
    stage
        .bob(&["notify", "none.mcam"])
        .run()
        .exits(1)
        .says("does not exist");
    assert!(awaited(&stage).is_empty());
}

/// Given alice's lock and bob who wishes for it without end, when both agents are killed and start again in between,
/// then the wish is still there, and ends when bob has the file.
#[test]
fn a_wish_outlives_the_agent_and_ends_with_the_file_in_hand() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["notify", "a.mcam"]).run().succeeds();
    // A clean stop writes everything down.
    stage.bob(&["agent", "stop"]).run().succeeds();
    assert_eq!(awaited(&stage), ["a.mcam"]);
    let waiting = stage.bob(&["checkout", "--wait", "a.mcam"]).start();
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    waiting.finish(testkit::LONG).succeeds();
    assert!(awaited(&stage).is_empty());
}
