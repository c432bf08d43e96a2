//! `camctl queue`, and the line behind `checkout --wait`

use serde_json::{Value, json};
use testkit::{LONG, Machine, Repository, Sandbox, wait_until};

use crate::stage::{Stage, file};

/// Who waits for `a.mcam`, by the table.
fn line(stage: &Stage) -> Vec<String> {
    let shown = file(&stage.alice(&["queue", "a.mcam", "--json"]).run().succeeds());
    let line = shown["line"].as_array().cloned().unwrap_or_default();
    line.iter()
        .map(|waiter| waiter["user"].as_str().unwrap().to_owned())
        .collect()
}

fn holder(repository: &Repository) -> Option<String> {
    let table = repository.projection()?;
    table["a.mcam"]["user"].as_str().map(str::to_owned)
}

#[test]
fn a_place_is_seen_and_left() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let joined = stage
        .bob(&["queue", "a.mcam", "--join", "-m", "Op 30", "--json"])
        .run()
        .succeeds();
    let joined = file(&joined);
    assert_eq!(
        (&joined["result"], &joined["lock"]["place"]),
        (&json!("awaited"), &json!(1)),
        "{joined}"
    );
    stage
        .bob(&["status"])
        .run()
        .succeeds()
        .says("waiting for:")
        .says("1 of 1");
    stage
        .bob(&["status", "a.mcam"])
        .run()
        .succeeds()
        .says("you are the first in line");
    wait_until(LONG, "alice sees bob", || line(&stage) == ["bob"]);
    stage
        .bob(&["queue", "a.mcam", "--leave"])
        .run()
        .succeeds()
        .says("do not wait in line");
    stage
        .bob(&["queue", "a.mcam", "--leave"])
        .run()
        .exits(12)
        .says("you are not in line");
    wait_until(LONG, "alice sees nobody", || line(&stage).is_empty());
    stage
        .alice(&["queue", "a.mcam", "--join"])
        .run()
        .succeeds()
        .says("yours already");
}

/// Given bob in line without a terminal, when his agent was stopped and started again and alice gives the file back,
/// then it is his by the commit that ends her lock, and his agent has looked at it.
#[test]
fn whoever_waits_without_a_terminal_waits_over_restarts() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["queue", "a.mcam", "--join"]).run().succeeds();
    stage.bob(&["agent", "restart"]).run().succeeds();
    assert_eq!(line(&stage), ["bob"]);
    let given = file(&stage.alice(&["checkin", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(given["next"]["user"], json!("bob"), "{given}");
    wait_until(LONG, "bob has it", || {
        let status = stage.bob(&["status", "--json"]).run().succeeds().json();
        status["files"][0]["file"] == "a.mcam" && status["awaited"] == json!([])
    });
    wait_until(LONG, "his agent has looked at it", || {
        let newest = stage.repository.log().into_iter().next_back();
        newest.is_some_and(|(_, commit)| commit["changes"][0]["lock"]["base"].is_object())
    });
}

/// Given bob who waits in a terminal, when that is closed, then he is in no line, and the file is free when alice is done.
#[test]
fn a_closed_terminal_waits_for_nothing() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let waiting = stage.bob(&["checkout", "--wait", "a.mcam"]).start();
    wait_until(LONG, "bob waits", || line(&stage) == ["bob"]);
    drop(waiting);
    wait_until(LONG, "bob has left", || line(&stage).is_empty());
    let given = file(&stage.alice(&["checkin", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(given["next"], Value::Null, "{given}");
}

/// Given bob in line, when he leaves by the path of a linked folder, then he has left for good: his agent, which knows the
/// file by its real name, does not join again.
#[cfg(unix)]
#[test]
fn a_place_is_left_through_a_linked_folder() {
    let stage = Stage::new();
    std::os::unix::fs::symlink("parts", stage.repository.folder().join("linked")).unwrap();
    stage.alice(&["checkout", "parts/c.vnc"]).run().succeeds();
    stage.bob(&["queue", "linked/c.vnc", "--join"]).run().succeeds();
    let left = file(
        &stage
            .bob(&["queue", "linked/c.vnc", "--leave", "--json"])
            .run()
            .succeeds(),
    );
    assert_eq!(left["file"], json!("parts/c.vnc"), "{left}");
    let status = stage.bob(&["status", "--json"]).run().succeeds().json();
    assert_eq!(status["awaited"], json!([]), "{status}");
    let given = file(
        &stage
            .alice(&["checkin", "parts/c.vnc", "--json"])
            .run()
            .succeeds(),
    );
    assert_eq!(given["next"], Value::Null, "{given}");
}

#[test]
fn leaving_ends_the_waiting_of_every_terminal() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let waiting = stage.bob(&["checkout", "--wait", "a.mcam"]).start();
    wait_until(LONG, "bob waits", || line(&stage) == ["bob"]);
    stage.bob(&["queue", "a.mcam", "--leave"]).run().succeeds();
    waiting.finish(LONG).exits(12).says("you are not in line");
}

/// Given fifty people in line on as many machines, of whom five lose their agents before their turn,
/// then everybody else gets the file once, in the order in which they came, and nobody else does in between.
#[test]
fn a_long_line_drains_in_order_although_agents_die() {
    // Programs start slowly under Wine.
    const COUNT: usize = if cfg!(windows) { 10 } else { 50 };
    const DEAD: [usize; 5] = [0, 3, 7, 8, COUNT - 1];
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    let machines: Vec<Machine> = (0..=COUNT)
        .map(|n| sandbox.machine(&format!("user{n:02}"), &format!("CAM-{n}")))
        .collect();
    for machine in &machines {
        machine.start();
    }
    let (owner, waiting) = machines.split_last().unwrap();
    let run = |machine: &Machine, words: &[&str]| {
        machine
            .camctl(words)
            .in_folder(repository.folder())
            .run()
            .succeeds()
    };
    run(owner, &["checkout", "a.mcam"]);
    for machine in waiting {
        run(machine, &["queue", "a.mcam", "--join"]);
    }
    for dead in DEAD {
        waiting[dead].kill();
    }
    run(owner, &["checkin", "a.mcam"]);
    let living: Vec<&Machine> = waiting
        .iter()
        .enumerate()
        .filter(|(n, _)| !DEAD.contains(n))
        .map(|(_, machine)| machine)
        .collect();
    for machine in &living {
        wait_until(LONG, &format!("{} has it", machine.user()), || {
            holder(&repository).as_deref() == Some(machine.user())
        });
        run(machine, &["checkin", "a.mcam"]);
    }
    let mut served = Vec::new();
    for (n, commit) in repository.log() {
        let changes = commit["changes"].as_array().cloned().unwrap_or_default();
        let granted = changes.iter().filter(|change| change["lock"]["token"] == n);
        served.extend(granted.map(|change| change["lock"]["user"].as_str().unwrap().to_owned()));
    }
    let dead: Vec<&str> = DEAD.iter().map(|n| waiting[*n].user()).collect();
    served.retain(|user| !dead.contains(&user.as_str()) && user != owner.user());
    let expected: Vec<&str> = living.iter().map(|machine| machine.user()).collect();
    assert_eq!(served, expected);
}
