//! `camctl request`

use serde_json::{Value, json};
use testkit::{LONG, wait_until};

use crate::stage::{Stage, file};

/// What alice is asked, as `camctl status` shows it.
fn questions(stage: &Stage) -> Value {
    let status = stage.alice(&["status", "--json"]).run().succeeds().json();
    status["files"][0]["requests"].clone()
}

#[test]
fn a_request_reaches_the_owner_and_replaces_an_earlier_one() {
    let stage = Stage::new();
    stage
        .bob(&["request", "a.mcam"])
        .run()
        .exits(12)
        .says("not checked out by anybody")
        .says("camctl checkout a.mcam");
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage
        .bob(&["checkout", "a.mcam"])
        .run()
        .exits(11)
        .says("camctl request -m");
    for message in ["Op 30", "the customer waits"] {
        let asked = file(
            &stage
                .bob(&["request", "a.mcam", "-m", message, "--json"])
                .run()
                .succeeds(),
        );
        assert_eq!(asked["result"], json!("requested"), "{asked}");
    }
    wait_until(LONG, "alice sees it", || {
        let questions = questions(&stage);
        questions.as_array().is_some_and(|all| all.len() == 1)
            && questions[0]["message"] == "the customer waits"
    });
    stage
        .alice(&["status"])
        .run()
        .succeeds()
        .says("bob on CNC-1 asks you for")
        .says("camctl answer");
    stage
        .bob(&["status"])
        .run()
        .succeeds()
        .says("you asked alice on CAM-03 for")
        .says("no answer yet");
    stage
        .alice(&["request", "a.mcam"])
        .run()
        .exits(1)
        .says("yours already");
    let long = "x".repeat(1001);
    stage
        .bob(&["request", "a.mcam", "-m", &long])
        .run()
        .exits(1)
        .says("at most 1000");
}

/// Given bob's request, when the agents of both are killed and start again, then it still stands for both, and ends with
/// the lock.
#[test]
fn a_request_outlives_both_agents_and_ends_with_its_lock() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["request", "a.mcam", "-m", "Op 30"]).run().succeeds();
    stage.bob(&["agent", "restart"]).run().succeeds();
    stage.alice.kill();
    let asked = || stage.bob(&["status", "--json"]).run().succeeds().json()["asked"].clone();
    assert_eq!(asked()[0]["request"]["message"], json!("Op 30"));
    assert_eq!(questions(&stage)[0]["user"], json!("bob"));
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    wait_until(LONG, "nothing is asked for any more", || asked() == json!([]));
}
