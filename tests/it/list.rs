//! `camctl list`

use serde_json::Value;

use crate::stage::Stage;

fn names(answer: &Value) -> Vec<&str> {
    answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect()
}

#[test]
fn it_lists_the_files_with_the_repositorys_extensions_in_any_case() {
    let stage = Stage::new();
    stage.repository.write("upper/D.MCAM", "d");
    stage.repository.write("notes.txt", "no lock for this");
    let answer = stage.alice(&["list", "--json"]).run().succeeds().json();
    assert_eq!(
        names(&answer),
        ["a.mcam", "b.mcam", "parts/c.vnc", "upper/D.MCAM"],
        "{answer}"
    );
    let answer = stage
        .alice(&["list", "--ext", "vnc", "--json"])
        .run()
        .succeeds()
        .json();
    assert_eq!(names(&answer), ["parts/c.vnc"], "{answer}");
}

#[test]
fn it_filters_by_who_has_what() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    stage.alice(&["status", "b.mcam"]).run().succeeds().says("bob");
    for (filter, expected) in [
        ("--locked", vec!["a.mcam", "b.mcam"]),
        ("--mine", vec!["a.mcam"]),
        ("--free", vec!["parts/c.vnc"]),
    ] {
        let answer = stage.alice(&["list", filter, "--json"]).run().succeeds().json();
        assert_eq!(names(&answer), expected, "{filter}: {answer}");
    }
}

#[test]
fn what_is_held_is_listed_although_the_file_is_gone() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    std::fs::remove_file(stage.repository.path("a.mcam")).unwrap();
    let answer = stage
        .alice(&["list", "--locked", "--json"])
        .run()
        .succeeds()
        .json();
    assert_eq!(names(&answer), ["a.mcam"], "{answer}");
}

#[test]
fn a_repository_that_cannot_be_read_is_no_empty_list() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.repository.write(".camctl/log/0/1.json", "rubbish");
    stage.alice.stop();
    stage.alice.start();
    let list = stage.alice(&["list", "--json"]).run();
    assert_ne!(list.code, Some(0), "{list:?}");
    list.says("1.json");
}

#[test]
fn a_folder_that_is_not_there_is_no_empty_list() {
    let stage = Stage::new();
    for name in ["missing", "parts/missing", "a.mcam"] {
        stage
            .alice(&["list", name])
            .run()
            .exits(1)
            .says(name)
            .says("does not exist");
    }
    let empty = stage.repository.path("empty");
    std::fs::create_dir(empty).unwrap();
    stage
        .alice(&["list", "empty"])
        .run()
        .succeeds()
        .says("no such files");
}

#[test]
fn watching_shows_the_list_and_then_every_change() {
    let stage = Stage::new();
    let mut watching = stage.alice(&["list", "--watch", "--json"]).start();
    watching.line("the list", |line| line.contains("parts/c.vnc"));
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    watching.line("bob's checkout", |line| {
        line.contains("\"checkout\"") && line.contains("bob")
    });
}
