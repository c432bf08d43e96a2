//! `camctl init`

use std::fs;

use serde_json::json;
use testkit::Sandbox;

#[test]
fn a_folder_becomes_a_repository_once() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder().join("share");
    fs::create_dir(&folder).unwrap();
    let alice = sandbox.machine("alice", "CAM-03");
    let init = || {
        alice
            .camctl(["init", "--ext", "mcam,NC", "--admin", "boss", "--json"])
            .in_folder(&folder)
            .run()
    };
    let first = init().succeeds().json();
    assert_eq!(
        (&first["existed"], &first["adopted"]),
        (&json!(false), &json!(0)),
        "{first}"
    );
    let policy = fs::read_to_string(folder.join(".camctl/repo.toml")).unwrap();
    assert!(policy.contains("boss") && policy.contains("NC"), "{policy}");
    let again = init().succeeds().json();
    assert_eq!(again["existed"], json!(true), "{again}");
    assert_eq!(
        fs::read_to_string(folder.join(".camctl/repo.toml")).unwrap(),
        policy,
        "nothing was changed"
    );
}

#[test]
fn locks_of_older_tools_are_adopted() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder().join("share");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.mcam"), "old").unwrap();
    let old =
        json!({"a.mcam": {"user": "carol", "timestamp": "2024-03-01T08:00:00", "message": "since ever"}});
    fs::write(folder.join("locks.json"), old.to_string()).unwrap();
    let alice = sandbox.machine("alice", "CAM-03");
    let camctl = |arguments: &[&str]| alice.camctl(arguments).in_folder(&folder).run();
    let made = camctl(&["init", "--json"]).succeeds().json();
    assert_eq!(made["adopted"], json!(1), "{made}");
    camctl(&["checkout", "a.mcam"])
        .exits(11)
        .says("carol")
        .says("since ever");
    let carol = sandbox.machine("carol", "OFFICE");
    carol
        .camctl(["checkin", "a.mcam"])
        .in_folder(&folder)
        .run()
        .succeeds();
    camctl(&["checkout", "a.mcam"]).succeeds();
}

#[test]
fn a_repository_that_lost_its_log_is_never_made_anew() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    fs::remove_dir_all(repository.path(".camctl/log")).unwrap();
    let alice = sandbox.machine("alice", "CAM-03");
    let camctl = |arguments: &[&str]| alice.camctl(arguments).in_folder(repository.folder()).run();
    let said = camctl(&["init"]).err;
    assert!(
        !repository.path(".camctl/log").exists(),
        "nothing was made: {said}"
    );
    let list = camctl(&["list", "--json"]);
    assert_eq!(list.code, Some(1), "an error, and no empty list: {list:?}");
    assert!(
        list.json()["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("log")),
        "{list:?}"
    );
}

#[test]
fn what_is_no_folder_is_refused() {
    let sandbox = Sandbox::new();
    let alice = sandbox.machine("alice", "CAM-03");
    fs::write(sandbox.folder().join("file"), "").unwrap();
    for name in ["file", "missing"] {
        let init = alice.camctl(["init", name]).in_folder(sandbox.folder()).run();
        assert_ne!(init.code, Some(0), "{name}");
        assert!(init.err.contains(name), "{init:?}");
    }
}
