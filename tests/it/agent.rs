//! `camctl agent`: its life.

use std::io::Read;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

use serde_json::json;
use testkit::{LONG, Sandbox, agent_program, wait_until};

use crate::stage::{Stage, file};

#[test]
fn the_first_command_starts_one_and_stop_ends_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    let alice = sandbox.machine("alice", "CAM-03");
    alice.camctl(["agent", "status"]).run().exits(15);
    assert!(
        sandbox.processes().is_empty(),
        "a question about the agent starts none"
    );
    alice
        .camctl(["checkout", "a.mcam"])
        .in_folder(repository.folder())
        .run()
        .succeeds();
    let status = alice
        .camctl(["agent", "status", "--json"])
        .run()
        .succeeds()
        .json();
    for key in [
        "pid",
        "version",
        "protocol",
        "user",
        "machine",
        "session",
        "repositories",
    ] {
        assert!(!status[key].is_null(), "{key}: {status}");
    }
    assert_eq!(
        (&status["user"], &status["machine"]),
        (&json!("alice"), &json!("CAM-03"))
    );
    assert_eq!(sandbox.processes().len(), 1);
    alice.camctl(["agent", "stop"]).run().succeeds();
    wait_until(LONG, "it is gone", || sandbox.processes().is_empty());
}

#[test]
fn a_started_agent_does_not_keep_its_starters_output_open() {
    let sandbox = Sandbox::new();
    let alice = sandbox.machine("alice", "CAM-03");
    let mut starter = alice.camctl(["status"]).command();
    let mut starter = starter
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let streams: [Box<dyn Read + Send>; 2] = [
        Box::new(starter.stdout.take().unwrap()),
        Box::new(starter.stderr.take().unwrap()),
    ];
    // As `camctl status 2>&1 | cat` does, which ends only when nobody can write any more.
    for mut stream in streams {
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(stream.read_to_end(&mut Vec::new()).is_ok()));
        assert_eq!(
            end.recv_timeout(LONG),
            Ok(true),
            "the output ends with the command"
        );
    }
    starter.wait().unwrap();
    assert_eq!(sandbox.processes().len(), 1, "the agent is there");
}

#[test]
fn there_is_one_for_each_user_and_machine() {
    let sandbox = Sandbox::new();
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    let second = alice.script(agent_program()).arguments(["--foreground"]).run();
    second.says("runs already");
    let still = alice
        .camctl(["agent", "status", "--json"])
        .run()
        .succeeds()
        .json();
    assert_eq!(still["pid"], json!(alice.agent(|agent| agent.pid())));
    assert_eq!(sandbox.processes().len(), 1);
}

#[test]
fn locks_outlive_a_restart_and_a_crash() {
    let stage = Stage::new();
    let first = file(&stage.alice(&["checkout", "a.mcam", "--json"]).run().succeeds());
    let session = |stage: &Stage| {
        stage
            .alice(&["agent", "status", "--json"])
            .run()
            .succeeds()
            .json()["session"]
            .clone()
    };
    let before = session(&stage);
    stage.alice.stop();
    stage.alice.start();
    assert_eq!(session(&stage), before, "it goes on with its session");
    stage.alice.kill();
    stage.alice.start();
    assert_eq!(session(&stage), before, "it goes on with its session");
    let after = file(&stage.alice(&["status", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(after["lock"]["token"], first["lock"]["token"]);
    assert_eq!(after["lock"]["whose"], json!("mine"));
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
}

#[cfg(unix)]
#[test]
fn the_end_of_the_login_parks() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice.agent(|agent| agent.terminate());
    wait_until(LONG, "it has ended", || {
        stage.alice.agent(testkit::Agent::has_ended)
    });
    wait_until(LONG, "bob sees that alice is away", || {
        file(&stage.bob(&["status", "a.mcam", "--json"]).run().succeeds())["lock"]["presence"] == "parked"
    });
}
