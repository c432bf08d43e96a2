//! `camctl run`, its program and its agent die in every order; the file is in use for as long as the program runs.

use serde_json::{Value, json};
use testkit::{LONG, holds_for, wait_until};

use super::{DB, Door, alice, bob, shell, stage, stage_with, wait_until_free};
use crate::stage::{Stage, file};

fn status(stage: &Stage) -> Value {
    file(&stage.bob(&["status", DB, "--json"]).run().succeeds())["lock"].clone()
}

/// Given alice's program, when `camctl run` is killed, then the program goes on and has its file to itself, for much longer
/// than a session may be silent; and the file is free when it ends.
#[test]
fn a_program_that_outlives_its_camctl_keeps_its_file() {
    let stage = stage();
    let door = Door::new(&stage, "door");
    let text = door.program(0);
    let running = alice(&stage, &[], &shell(&text)).start();
    door.wait_until_inside();
    let token = status(&stage)["token"].clone();
    testkit::kill(running.pid());
    holds_for(std::time::Duration::from_secs(3), "the lock stands", || {
        status(&stage)["token"] == token
    });
    bob(&stage, &[], &shell("exit 0")).run().exits(11);
    door.open();
    wait_until_free(&stage);
}

/// Given alice's program, when it and its `camctl run` are killed together, then the file is free at once, whatever
/// a session may be silent for.
#[test]
fn what_a_program_leaves_behind_is_given_back() {
    let stage = stage_with(|repository| {
        repository
            .policy("stale_after", "\"1h\"")
            .policy("heartbeat", "\"10m\"")
    });
    let door = Door::new(&stage, "door");
    let text = door.program(0);
    let running = alice(&stage, &[], &shell(&text)).start();
    let program = door.wait_until_inside();
    testkit::kill(running.pid());
    testkit::kill(program);
    wait_until_free(&stage);
    let log = stage.repository.log();
    let (_, last) = log.last_key_value().unwrap();
    let ended = &last["changes"][0]["ended"];
    assert_eq!(
        (&ended["how"], &ended["reason"]),
        (&json!("released"), &json!("its program has ended"))
    );
}

/// Given alice's program, when her agent is killed, then another one is started, the lock goes on with the same token, and
/// is given back at the end.
#[test]
fn an_agent_that_is_killed_is_started_again_and_goes_on() {
    let stage = stage();
    let door = Door::new(&stage, "door");
    let text = door.program(9);
    let running = alice(&stage, &[], &shell(&text)).start();
    door.wait_until_inside();
    let token = status(&stage)["token"].clone();
    stage.alice.kill();
    wait_until(LONG, "another agent answers", || {
        stage.alice(&["agent", "status", "--no-start"]).run().code == Some(0)
    });
    holds_for(std::time::Duration::from_secs(3), "the lock stands", || {
        status(&stage)["token"] == token
    });
    bob(&stage, &[], &shell("exit 0")).run().exits(11);
    door.open();
    let run = running.finish(LONG).exits(9);
    assert_eq!(run.err, "", "nothing to worry about");
    bob(&stage, &[], &shell("exit 0")).run().succeeds();
}

/// Given alice's program, when her agent is restarted, then the lock goes on; when it is stopped, the lock is kept as long
/// as the program runs, and given back at its end.
#[test]
fn an_agent_that_stops_keeps_the_file_for_a_program_that_runs() {
    let stage = stage_with(|repository| repository.policy("stale_after", "\"1h\""));
    let door = Door::new(&stage, "door");
    let text = door.program(0);
    let running = alice(&stage, &[], &shell(&text)).start();
    door.wait_until_inside();
    let token = status(&stage)["token"].clone();
    stage.alice.stop();
    assert_eq!(status(&stage)["token"], token);
    bob(&stage, &[], &shell("exit 0")).run().exits(11);
    stage.alice.start();
    wait_until(LONG, "she is back", || status(&stage)["presence"] == "alive");
    assert_eq!(status(&stage)["token"], token);
    stage.alice.stop();
    door.open();
    running.finish(LONG).succeeds();
    wait_until_free(&stage);
}

/// Given alice's program, when everything of hers is killed, then the agent that she starts next gives the file back at
/// once; and when hers is gone but the program runs, the next agent keeps it.
#[test]
fn the_next_agent_looks_what_has_become_of_the_program() {
    let stage = stage_with(|repository| repository.policy("stale_after", "\"1h\""));
    let door = Door::new(&stage, "door");
    let text = door.program(0);
    let running = alice(&stage, &[], &shell(&text)).start();
    let program = door.wait_until_inside();
    testkit::kill(running.pid());
    stage.alice.kill();
    stage.alice.start();
    let token = status(&stage)["token"].clone();
    holds_for(std::time::Duration::from_secs(1), "the lock stands", || {
        status(&stage)["token"] == token
    });
    stage.alice.kill();
    testkit::kill(program);
    bob(&stage, &[], &shell("exit 0"))
        .run()
        .exits(11)
        .says("alice on CAM-03");
    stage.alice.start();
    wait_until_free(&stage);
}

/// Given alice's program on a machine that others use too, when it and her agent die, then the others have the file at once.
#[cfg(target_os = "linux")]
#[test]
fn a_neighbour_at_the_same_machine_need_not_wait() {
    let stage = stage_with(|repository| repository.policy("stale_after", "\"1h\""));
    let dora = stage.sandbox.machine("dora", "CAM-03");
    let run = || {
        let words = super::words(&[], &["true"]);
        dora.camctl(words).in_folder(stage.repository.folder()).run()
    };
    let door = Door::new(&stage, "door");
    let text = door.program(0);
    let running = alice(&stage, &[], &shell(&text)).start();
    let program = door.wait_until_inside();
    testkit::kill(running.pid());
    stage.alice.kill();
    run().exits(11).says("alice on CAM-03");
    testkit::kill(program);
    run().succeeds();
    wait_until_free(&stage);
}
