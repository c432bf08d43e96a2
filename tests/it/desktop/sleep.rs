//! A machine that sleeps: its checkouts are parked before, and looked at after.

use serde_json::json;
use testkit::{LONG, Machine, Repository, RepositoryBuilder, Sandbox, wait_until};

use super::logind::{Logind, system_bus};
use super::{Desktop, command, seated};

/// Signs of life that are so rare that none comes while a test takes a machine for asleep.
fn calm(repository: RepositoryBuilder<'_>) -> Repository {
    let calm = repository
        .policy("heartbeat", "\"20s\"")
        .policy("stale_after", "\"60s\"");
    calm.with(&["--admin", "boss"]).init()
}

/// What the sessions of the log did, oldest first.
fn sessions(repository: &Repository) -> Vec<String> {
    let verbs = |commit: &serde_json::Value| {
        let sessions = commit["sessions"].as_array().cloned().unwrap_or_default();
        let verbs = sessions
            .iter()
            .map(|one| one["verb"].as_str().unwrap().to_owned());
        verbs.collect::<Vec<_>>()
    };
    repository.log().values().flat_map(verbs).collect()
}

/// How bob sees alice's lock.
fn presence(bob: &Machine, repository: &Repository, file: &str) -> String {
    let run = command(bob, repository, &["status", file, "--json"]).succeeds();
    run.json()["files"][0]["lock"]["presence"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Given a checkout, when the machine sleeps, then it is parked before the machine may; when it wakes, it is alive at once.
/// The same when a shutdown is begun and called off. Where nothing is held, nothing is said.
#[test]
fn a_machine_that_sleeps_is_away_and_one_that_wakes_is_back() {
    let sandbox = Sandbox::new();
    let repository = calm(sandbox.repository().file("a.mcam"));
    let (alice, bob) = (
        sandbox.machine("alice", "CAM-03"),
        sandbox.machine("bob", "CNC-1"),
    );
    let bus = system_bus(&alice);
    let logind = Logind::start(&bus);
    alice.start();
    bob.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    logind.sleep();
    assert_eq!(sessions(&repository), ["park"], "before the machine sleeps");
    assert_eq!(presence(&bob, &repository, "a.mcam"), "parked");
    logind.wake();
    wait_until(LONG, "alice is back", || {
        presence(&bob, &repository, "a.mcam") == "alive"
    });
    assert_eq!(sessions(&repository), ["park", "revive"]);

    logind.shut_down();
    assert_eq!(presence(&bob, &repository, "a.mcam"), "parked");
    logind.stay();
    wait_until(LONG, "alice is back", || {
        presence(&bob, &repository, "a.mcam") == "alive"
    });
    // And it does shut down: what was said is not said again.
    logind.shut_down();
    alice.agent(|agent| agent.terminate());
    wait_until(LONG, "it has ended", || alice.agent(testkit::Agent::has_ended));
    assert_eq!(
        sessions(&repository),
        ["park", "revive", "park", "revive", "park"]
    );

    let status = command(&alice, &repository, &["status", "--json"])
        .succeeds()
        .json();
    assert_eq!(status["files"][0]["file"], json!("a.mcam"));
    command(&alice, &repository, &["checkin", "a.mcam"]).succeeds();
    let before = repository.log_numbers();
    logind.sleep();
    logind.wake();
    logind.is_held();
    assert_eq!(repository.log_numbers(), before, "nothing is held");
}

/// Given a checkout that is ended while its owner's machine sleeps, when it wakes, then the first that the owner is told is
/// that; the other checkout stands.
#[test]
fn what_was_lost_in_sleep_is_told_first() {
    let sandbox = Sandbox::new();
    let repository = calm(sandbox.repository().file("a.mcam").file("b.mcam"));
    let alice = seated(&sandbox, "alice", "CAM-03");
    let desktop = Desktop::of(&alice);
    let bus = system_bus(&alice);
    let logind = Logind::start(&bus);
    let boss = sandbox.machine("boss", "HQ");
    alice.start();
    boss.start();
    command(&alice, &repository, &["checkout", "a.mcam", "b.mcam"]).succeeds();
    logind.sleep();
    alice.agent(|agent| agent.freeze());
    command(&boss, &repository, &["break", "b.mcam", "--reason", "urgent"]).succeeds();
    alice.agent(|agent| agent.thaw());
    logind.wake();
    desktop.notifications.titled("Your checkout of b.mcam was ended");
    assert_eq!(
        desktop.notifications.all().len(),
        1,
        "{:?}",
        desktop.notifications.all()
    );
    wait_until(LONG, "alice is back", || {
        presence(&boss, &repository, "a.mcam") == "alive"
    });
    desktop.panel.entry(&["My checkouts (1)", "a.mcam"]);
}

/// Given a logind that comes late, or is started again, or a bus that goes and comes back, then the agent is waited for each
/// time; and a sleep that nobody ended is over with the bus that told of it.
#[test]
fn whoever_tells_of_sleep_may_come_and_go() {
    let sandbox = Sandbox::new();
    let repository = calm(sandbox.repository().file("a.mcam"));
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    wait_until(LONG, "it is logged that nobody tells", || {
        alice.log().contains("nobody tells when the machine sleeps")
    });
    let bus = system_bus(&alice);
    let logind = Logind::start(&bus);
    logind.is_held();
    drop(logind);
    let logind = Logind::start(&bus);
    logind.sleep();
    assert_eq!(sessions(&repository), ["park"]);
    drop((logind, bus));
    wait_until(LONG, "alice is back", || {
        sessions(&repository) == ["park", "revive"]
    });
}
