//! `camctl doctor`

use std::fs;

use testkit::{LONG, wait_until};

use crate::stage::Stage;

#[test]
fn a_healthy_repository_has_no_errors() {
    let stage = Stage::new();
    let report = stage.alice(&["doctor", ".", "--json"]).run().succeeds().json();
    let findings = report["findings"].as_array().unwrap();
    assert!(
        !findings.is_empty() && findings.iter().all(|finding| finding["grade"] != "error"),
        "{report}"
    );
}

#[test]
fn a_damaged_log_is_named_and_not_mended() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let newest = *stage.repository.log().last_key_value().unwrap().0;
    let commit = stage.repository.path(&format!(".camctl/log/0/{newest}.json"));
    fs::write(&commit, "rubbish").unwrap();
    stage
        .bob(&["doctor", ".", "--fix"])
        .run()
        .exits(1)
        .says(&format!("{newest}.json"));
    assert_eq!(
        fs::read_to_string(commit).unwrap(),
        "rubbish",
        "what is the truth is never made up"
    );
}

#[test]
fn what_can_be_made_anew_from_the_log_is_mended() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    for name in ["locks.json", ".camctl/head"] {
        fs::write(stage.repository.path(name), "").unwrap();
    }
    stage.alice(&["doctor", ".", "--fix"]).run().succeeds();
    wait_until(LONG, "the table for people is there again", || {
        stage
            .repository
            .projection()
            .is_some_and(|table| table["a.mcam"]["user"] == "alice")
    });
}
