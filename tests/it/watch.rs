//! `camctl watch`

use serde_json::Value;

use crate::stage::Stage;

#[test]
fn it_tells_what_others_do_as_it_happens() {
    let stage = Stage::new();
    let mut watching = stage.bob(&["watch", "--json"]).arguments(["."]).start();
    watching.line("what is watched", |line| line.contains("watching"));
    stage
        .alice(&["checkout", "a.mcam", "-m", "revision C"])
        .run()
        .succeeds();
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
    let mut commits = Vec::new();
    for verb in ["checkout", "checkin"] {
        let line = watching.line(verb, |line| line.contains(&format!("\"{verb}\"")));
        let event: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&event["event"]["file"], &event["event"]["by"]["user"]),
            (&"a.mcam".into(), &"alice".into()),
            "{line}"
        );
        commits.push(event["event"]["commit"].as_u64().unwrap());
    }
    assert!(commits[0] < commits[1], "{commits:?}");
}
