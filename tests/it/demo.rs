//! `camctl demo`: the whole product at once, on every system.

use std::time::Duration;

use testkit::Sandbox;

#[test]
fn it_shows_every_step_checks_it_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let scratch = sandbox.folder().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    // Where each system looks for a folder for temporary files.
    let mut demo = sandbox.machine("alice", "CAM-03").camctl(["demo", "--json"]);
    for name in ["TMPDIR", "TMP", "TEMP"] {
        demo = demo.env(name, &scratch);
    }
    let shown = demo.at_most(Duration::from_mins(1)).run().succeeds().json();
    let steps = shown["steps"].as_array().unwrap();
    assert!(steps.len() >= 10, "{shown}");
    let left: Vec<_> = std::fs::read_dir(&scratch).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
