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

/// What `doctor` says of files, as grade and text.
fn of_files(stage: &Stage, words: &[&str]) -> Vec<(String, String)> {
    let report = stage.alice(words).run().json();
    let findings = report["findings"].as_array().unwrap().iter();
    let files = findings.filter(|finding| {
        ["files", "left behind", "missing file"].contains(&finding["what"].as_str().unwrap())
    });
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    files
        .map(|finding| (text(&finding["grade"]), text(&finding["text"])))
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person renames a file, and nothing has the new name"
)]
fn rename(stage: &Stage, from: &str, to: &str) {
    fs::rename(stage.repository.path(from), stage.repository.path(to)).unwrap();
}

#[test]
fn locks_on_files_that_are_gone_are_found_and_only_ones_own_are_ended() {
    let stage = Stage::new();
    stage.repository.write("b.mcam", "of a length of its own");
    stage.alice(&["checkout", "a.mcam", "b.mcam"]).run().succeeds();
    stage.bob(&["checkout", "parts/c.vnc"]).run().succeeds();
    assert_eq!(of_files(&stage, &["doctor", ".", "--json"])[0].0, "ok");
    fs::remove_file(stage.repository.path("a.mcam")).unwrap();
    rename(&stage, "b.mcam", "b-new.mcam");
    fs::remove_file(stage.repository.path("parts/c.vnc")).unwrap();
    stage
        .alice(&["status", "a.mcam"])
        .run()
        .succeeds()
        .says("the file is not there");
    wait_until(LONG, "a walk after that", || {
        let listed = stage.alice(&["list", "--locked"]).run().succeeds();
        listed.out.contains("missing")
    });
    wait_until(LONG, "a walk after that, for doctor", || {
        let found = of_files(&stage, &["doctor", ".", "--json"]);
        let says = |part: &str| {
            found
                .iter()
                .any(|(grade, text)| grade == "warning" && text.contains(part))
        };
        says("a.mcam is held by alice on CAM-03, and is not there")
            && says("it may be b-new.mcam now")
            && says("parts/c.vnc is held by bob")
    });
    let mended = of_files(&stage, &["doctor", ".", "--fix", "--json"]);
    let grades: Vec<_> = mended.iter().map(|(grade, _)| grade.as_str()).collect();
    assert_eq!(grades, ["mended", "mended", "warning"], "{mended:?}");
    stage.bob(&["status", "a.mcam"]).run().succeeds().says("free");
    stage
        .alice(&["status", "parts/c.vnc"])
        .run()
        .succeeds()
        .says("checked out by bob");
}

#[test]
fn what_a_killed_put_left_behind_is_found_and_removed_by_its_own_agent() {
    let stage = Stage::new();
    let status = stage
        .alice(&["agent", "status", "--json"])
        .run()
        .succeeds()
        .json();
    let session = status["session"].as_str().unwrap();
    let mine = format!("parts/.camctl-put-{session}_0123456789abcdef_01234567");
    let other = "parts/.camctl-put-01946f7e-0000-7000-8000-000000000001_0123456789abcdef_01234567";
    stage.repository.write(&mine, "half");
    stage.repository.write(other, "half");
    let found = of_files(&stage, &["doctor", ".", "--json"]);
    let grades: Vec<_> = found.iter().map(|(grade, _)| grade.as_str()).collect();
    assert_eq!(grades, ["warning", "warning"], "{found:?}");
    let mended = of_files(&stage, &["doctor", ".", "--fix", "--json"]);
    let said = |grade: &str, part: &str| {
        mended
            .iter()
            .any(|(found, text)| found == grade && text.contains(part))
    };
    assert!(
        said("mended", session) && said("warning", "another agent"),
        "{mended:?}"
    );
    assert!(!stage.repository.path(&mine).exists());
    assert!(stage.repository.path(other).exists());
}
