//! `camctl bridge`: conversations that were written down, and a bridge whose agent is dead, frozen, or asks a share that
//! hangs.

mod player;

use serde_json::json;

use crate::stage::Stage;
use player::{Bridge, play};

#[test]
fn status_menu_and_commands() {
    play(&Stage::new(), include_str!("../data/bridge/commands.txt"));
}

#[test]
fn changes_are_pushed_to_who_subscribes() {
    play(&Stage::new(), include_str!("../data/bridge/subscribe.txt"));
}

#[test]
fn rubbish_is_answered_and_harms_nothing() {
    let stage = Stage::new();
    play(&stage, include_str!("../data/bridge/rubbish.txt"));
    let mut bridge = Bridge::greeted(&stage.alice);
    let long = "x".repeat(600 * 1024);
    for line in [
        b"\xff\xfe\x00".as_slice(),
        long.as_bytes(),
        b"\"",
        &[b'['; 10_000],
    ] {
        bridge.send_bytes(line);
        let answer = bridge.next();
        assert!(answer["error"]["code"].is_string(), "{answer}");
    }
    bridge.send(&json!({"id": 1, "do": "status", "paths": []}));
    assert_eq!(bridge.next(), json!({"id": 1, "status": []}));
}

#[test]
fn an_agent_that_dies_and_comes_back() {
    play(&Stage::new(), include_str!("../data/bridge/killed.txt"));
}

#[test]
fn who_asks_last_is_answered_before_the_end() {
    let stage = Stage::new();
    let mut bridge = Bridge::greeted(&stage.alice);
    let file = stage.repository.path("a.mcam").display().to_string();
    bridge.send(&json!({"id": 1, "do": "checkout", "paths": [file]}));
    let (well, rest) = bridge.end();
    assert!(well);
    assert!(
        rest.iter().any(|line| line["id"] == 1 && line["done"] == true),
        "{rest:?}"
    );
}

/// *Given* a bridge that nobody's agent answers; *when* a person checks something out; *then* an agent is started for
/// that, and for nothing less, and from then on the bridge knows how things stand.
#[test]
fn an_agent_is_started_for_a_command_and_not_for_an_emblem() {
    let stage = Stage::new();
    stage.alice.stop();
    let file = stage.repository.path("a.mcam").display().to_string();
    let mut bridge = Bridge::greeted(&stage.alice);
    let (status, _) = bridge.status(&file);
    assert_eq!(status["state"], "unknown", "{status}");
    assert_eq!(stage.sandbox.agents().len(), 1, "bob's");
    bridge.send(&json!({"id": 2, "do": "checkout", "paths": [file]}));
    let done = bridge.until(|line| line["id"] == 2);
    assert_eq!(done["done"], true, "{done}");
    bridge.until(|line| line["ask_again"] == "everything");
    testkit::wait_until(testkit::LONG, "it is known to be hers", || {
        bridge.status(&file).0["state"] == "mine"
    });
}

/// *Given* an agent that is frozen; *when* the bridge is asked how files stand; *then* it says "unknown" long before the
/// agent would be given up, and says how they stand once the agent goes on.
#[cfg(unix)]
#[test]
fn a_frozen_agent_keeps_nobody_waiting() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let file = stage.repository.path("a.mcam").display().to_string();
    let mut bridge = Bridge::greeted(&stage.alice);
    testkit::wait_until(testkit::LONG, "it is known to be hers", || {
        bridge.status(&file).0["state"] == "mine"
    });
    stage.alice.agent(|agent| agent.freeze());
    let mut fastest = std::time::Duration::MAX;
    for _ in 0..5 {
        let (status, took) = bridge.status(&file);
        assert_eq!(status["state"], "unknown", "{status}");
        fastest = fastest.min(took);
    }
    // 40 ms by design; a busy machine may take its time, but not each time.
    assert!(fastest.as_millis() < 300, "{fastest:?}");
    stage.alice.agent(|agent| agent.thaw());
    testkit::wait_until(testkit::LONG, "it is known again", || {
        bridge.status(&file).0["state"] == "mine"
    });
}

/// *Given* a share that hangs: whoever opens `head` waits for ever; *when* the bridge is asked how files stand; *then* it
/// says so from memory, at once; and a command ends with what the agent says of the share.
#[cfg(target_os = "linux")]
#[test]
fn a_share_that_hangs_keeps_no_emblem_waiting() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let (a, b) = ["a.mcam", "b.mcam"]
        .map(|name| stage.repository.path(name).display().to_string())
        .into();
    let mut bridge = Bridge::greeted(&stage.alice);
    testkit::wait_until(testkit::LONG, "it is known to be free", || {
        bridge.status(&b).0["state"] == "free"
    });
    let head = stage.repository.folder().join(".camctl/head");
    // In one step: a head that is missing is soon written again.
    let pipe = head.with_extension("pipe");
    let (make, put) = (testkit::Script::new("mkfifo"), testkit::Script::new("mv"));
    make.arguments([&pipe]).run().succeeds();
    put.arguments([&pipe, &head]).run().succeeds();

    bridge.send(&json!({"id": "later", "do": "checkout", "paths": [b]}));
    let (mut fastest, mut known) = (std::time::Duration::MAX, 0);
    for _ in 0..20 {
        let (status, took) = bridge.status(&a);
        known += u32::from(status["state"] == "mine");
        fastest = fastest.min(took);
    }
    assert!(known > 0 && fastest.as_millis() < 100, "{known} {fastest:?}");
    let done = bridge.until(|line| line["id"] == "later");
    assert_eq!(done["done"], false, "{done}");
    assert_eq!(bridge.status(&b).0["state"], "unknown");
}
