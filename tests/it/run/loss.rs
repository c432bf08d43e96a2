//! A lock that is lost while the program runs.

use testkit::{LONG, Running, wait_until};

use super::{DB, Door, alice, shell, stage_with};
use crate::stage::Stage;

fn stage() -> Stage {
    stage_with(|repository| repository.with(&["--admin", "bob"]))
}

fn warned(running: &Running) {
    wait_until(LONG, "alice is warned", || {
        running.err().contains("was ended by bob")
    });
}

/// Given alice's program, when an administrator ends its lock, then she is warned loudly, and the program goes on.
#[test]
fn who_loses_the_lock_is_warned() {
    let stage = stage();
    let door = Door::new(&stage, "door");
    let text = door.program(6);
    let shown = stage.sandbox.folder().join("alice.json");
    let path = shown.display().to_string();
    let running = alice(&stage, &["--status-file", &path], &shell(&text)).start();
    door.wait_until_inside();
    stage
        .bob(&["break", DB, "--reason", "it is urgent"])
        .run()
        .succeeds();
    warned(&running);
    let said = running.err();
    assert!(
        said.contains("it is urgent") && said.contains("close the program"),
        "{said}"
    );
    let state: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&shown).unwrap()).unwrap();
    assert_eq!(
        (&state["state"], &state["locked"]),
        (&"lost".into(), &false.into())
    );
    // Somebody else's lock is not touched at the end.
    stage.bob(&["checkout", DB]).run().succeeds();
    door.open();
    running.finish(LONG).exits(6);
    stage.bob(&["checkin", DB]).run().succeeds();
}

#[test]
fn with_kill_on_loss_the_program_is_stopped() {
    let stage = stage();
    let door = Door::new(&stage, "door");
    let text = door.program(0);
    let running = alice(&stage, &["--kill-on-loss"], &shell(&text)).start();
    door.wait_until_inside();
    stage
        .bob(&["break", DB, "--reason", "it is urgent"])
        .run()
        .succeeds();
    running
        .finish(LONG)
        .exits(14)
        .says("the program is stopped, because its lock is lost");
    // One that does not end by itself is killed.
    let deaf = Door::new(&stage, "deaf");
    let text = format!("trap '' TERM; {}", deaf.program(0));
    let running = alice(&stage, &["--kill-on-loss", "--grace", "100ms"], &shell(&text)).start();
    deaf.wait_until_inside();
    stage
        .bob(&["break", DB, "--reason", "it is urgent"])
        .run()
        .succeeds();
    running.finish(LONG).exits(14).says("is killed");
}

/// Given alice's program, when the share is away for too long, then she is warned that nobody can vouch for its lock, and
/// told when it stands again; with `--kill-on-loss` the program is stopped.
#[expect(
    clippy::disallowed_methods,
    reason = "in the test's own folder nothing is overwritten"
)]
#[test]
fn who_cannot_vouch_for_the_lock_says_so() {
    let stage = stage_with(|repository| repository.file("c.db"));
    let (door, other) = (Door::new(&stage, "door"), Door::new(&stage, "other"));
    let (text, other_text) = (door.program(0), other.program(0));
    let calm = alice(&stage, &[], &shell(&text)).start();
    let head = [
        "run",
        "--lock",
        "c.db",
        "--kill-on-loss",
        "--grace",
        "200ms",
        "--",
    ];
    let strict = stage.alice(&[&head[..], &shell(&other_text)].concat()).start();
    door.wait_until_inside();
    other.wait_until_inside();
    let (folder, aside) = (
        stage.repository.folder(),
        stage.sandbox.folder().join("unplugged"),
    );
    std::fs::rename(folder, &aside).unwrap();
    wait_until(LONG, "she is warned", || {
        calm.err().contains("has not confirmed the lock")
    });
    wait_until(LONG, "the other program is stopped", || {
        strict.err().contains("is stopped")
    });
    std::fs::rename(&aside, folder).unwrap();
    wait_until(LONG, "it stands again", || calm.err().contains("stands again"));
    strict.finish(LONG).exits(14);
    door.open();
    calm.finish(LONG).succeeds();
}
