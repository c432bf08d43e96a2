//! `camctl checkin`

use serde_json::json;

use crate::stage::{Stage, file};

#[test]
fn a_file_is_given_back_and_free_for_others() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let released = file(
        &stage
            .alice(&["checkin", "a.mcam", "-m", "done", "--json"])
            .run()
            .succeeds(),
    );
    assert_eq!(
        (&released["result"], &released["changed"]),
        (&json!("released"), &json!(false)),
        "{released}"
    );
    stage.bob(&["checkout", "a.mcam"]).run().succeeds();
}

#[test]
fn it_says_whether_the_file_was_changed() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage
        .repository
        .write("a.mcam", "revision C, quite another length\n");
    let released = file(&stage.alice(&["checkin", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(released["changed"], json!(true), "{released}");
}

#[test]
fn what_one_does_not_hold_cannot_be_given_back() {
    let stage = Stage::new();
    stage.alice(&["checkin", "a.mcam"]).run().exits(12).says("a.mcam");
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage
        .bob(&["checkin", "a.mcam"])
        .run()
        .exits(12)
        .says("alice on CAM-03");
    stage.bob(&["status", "a.mcam"]).run().succeeds().says("alice");
}

#[test]
fn the_same_person_may_give_back_from_another_machine() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let laptop = stage.sandbox.machine("alice", "LAPTOP");
    laptop
        .camctl(["checkin", "a.mcam"])
        .in_folder(stage.repository.folder())
        .run()
        .succeeds();
    stage.bob(&["checkout", "a.mcam"]).run().succeeds();
}

#[test]
fn all_gives_back_what_this_machine_holds_and_nothing_else() {
    let stage = Stage::new();
    stage
        .alice(&["checkout", "a.mcam", "parts/c.vnc"])
        .run()
        .succeeds();
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    let answer = stage
        .alice(&["checkin", "--all", "--json"])
        .run()
        .succeeds()
        .json();
    assert_eq!(answer["files"].as_array().map(Vec::len), Some(2), "{answer}");
    stage.alice(&["status", "b.mcam"]).run().succeeds().says("bob");
    let mine = stage.alice(&["status", "--json"]).run().succeeds().json();
    assert_eq!(mine["files"], json!([]), "{mine}");
}
