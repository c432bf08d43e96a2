//! An agent that nobody asks anything wakes for its polls and its heartbeats, and for what others do; for nothing else.

use std::fs;

use serde_json::Value;
use testkit::{LONG, Machine, Repository, Sandbox, wait_until};

use crate::stage::Stage;

/// How often the thread that listens to the disk has gone to sleep: once for each time that it was woken.
fn wake_ups(machine: &Machine) -> u64 {
    let tasks = format!("/proc/{}/task", machine.agent(|agent| agent.pid()));
    let of_thread = |thread: fs::DirEntry| {
        let name = fs::read_to_string(thread.path().join("comm")).unwrap();
        let status = fs::read_to_string(thread.path().join("status")).unwrap();
        let count = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        (name.trim() == "events").then_some(count)
    };
    let mut threads = fs::read_dir(tasks).unwrap().map(Result::unwrap);
    threads.find_map(of_thread).unwrap()
}

/// The counter in the sign of life of `session`.
fn heartbeats(repository: &Repository, session: &str) -> u64 {
    let file = repository.path(&format!(".camctl/sessions/{session}.json"));
    let sign: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    sign["counter"].as_u64().unwrap()
}

#[test]
fn an_agent_is_not_woken_by_what_it_does_itself() {
    let sandbox = Sandbox::new();
    let repository = sandbox
        .repository()
        .file("a.mcam")
        .policy("heartbeat", "\"50ms\"")
        .policy("poll_calm", "\"20ms\"")
        .init();
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    let checkout = alice.camctl(["checkout", "a.mcam"]);
    checkout.in_folder(repository.folder()).run().succeeds();
    let status = alice.camctl(["agent", "status", "--json"]).run().json();
    let session = status["session"].as_str().unwrap();
    let pass = |count| {
        let start = heartbeats(&repository, session);
        wait_until(LONG, "its heart has gone on beating", || {
            heartbeats(&repository, session) >= start + count
        });
    };
    // What the checkout has left to be heard.
    pass(2);
    let before = wake_ups(&alice);
    pass(20);
    let woken = wake_ups(&alice) - before;
    assert!(
        woken <= 1,
        "20 heartbeats and 50 polls have woken it {woken} times"
    );
}

#[test]
fn what_another_machine_does_is_heard_without_a_poll() {
    let stage = Stage::with(|repository| {
        ["poll_busy", "poll_calm", "poll_idle"]
            .iter()
            .fold(repository, |repository, key| repository.policy(key, "\"1h\""))
    });
    let mut watching = stage.bob(&["watch", "--json", "."]).start();
    watching.line("what is watched", |line| line.contains("watching"));
    let before = wake_ups(&stage.bob);
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    watching.line("the checkout", |line| line.contains("\"checkout\""));
    assert!(wake_ups(&stage.bob) > before);
}
