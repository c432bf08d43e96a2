//! `camctl answer`

use serde_json::{Value, json};
use testkit::{LONG, wait_until};

use crate::stage::{Stage, file};

/// alice holds `a.mcam`, and bob has asked for it.
fn asked() -> Stage {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["request", "a.mcam", "-m", "Op 30"]).run().succeeds();
    stage
}

/// What was answered to bob.
fn answer(stage: &Stage) -> Value {
    let status = stage.bob(&["status", "--json"]).run().succeeds().json();
    status["asked"][0]["request"]["answer"].clone()
}

#[test]
fn the_answer_reaches_whoever_asked() {
    let stage = asked();
    stage
        .bob(&["answer", "a.mcam", "yes"])
        .run()
        .exits(12)
        .says("not yours to answer for");
    stage
        .alice(&["answer", "a.mcam", "no", "--for", "carol"])
        .run()
        .exits(1)
        .says("there is no such request for a.mcam");
    stage
        .alice(&["answer", "a.mcam", "later", "-m", "at noon"])
        .run()
        .succeeds()
        .says("answered bob on CNC-1");
    wait_until(LONG, "bob has the answer", || {
        answer(&stage) == json!("later: at noon")
    });
    stage
        .bob(&["status", "a.mcam"])
        .run()
        .succeeds()
        .says("the answer is \"later: at noon\"");
}

/// Given bob's request, when alice says yes from another of her machines, then the file is given back there, and the next
/// in line has it.
#[test]
fn yes_gives_the_file_back_from_wherever_the_owner_sits() {
    let stage = asked();
    stage.bob(&["queue", "a.mcam", "--join"]).run().succeeds();
    let elsewhere = stage.sandbox.machine("alice", "HOME-1");
    elsewhere.start();
    let given = elsewhere
        .camctl(["answer", "a.mcam", "yes", "--json"])
        .in_folder(stage.repository.folder())
        .run()
        .succeeds();
    let given = file(&given);
    assert_eq!(
        (&given["result"], &given["next"]["user"]),
        (&json!("released"), &json!("bob")),
        "{given}"
    );
    wait_until(LONG, "bob has it", || {
        let status = stage.bob(&["status", "--json"]).run().succeeds().json();
        status["files"][0]["file"] == "a.mcam" && status["asked"] == json!([])
    });
}

/// Given bob's request, when his agent is off while alice answers, then the answer is there when it is back.
#[test]
fn an_answer_waits_for_an_agent_that_is_off() {
    let stage = asked();
    stage.bob(&["agent", "stop"]).run().succeeds();
    stage.alice(&["answer", "a.mcam", "no"]).run().succeeds();
    stage.alice(&["agent", "restart"]).run().succeeds();
    assert_eq!(answer(&stage), json!("no"));
}
