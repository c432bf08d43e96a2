//! Clients from the dead: an agent that stood still for longer than `stale_after`, and goes on.
//!
//! A suspended virtual machine, a laptop whose lid was closed, a process under a debugger: SIGSTOP and SIGCONT. What a
//! *store* does that was frozen between reading and publishing is shown in `shared/src/store/folder/tests/faults.rs`.

use camctl_shared::ipc::client::Limits;
use camctl_shared::ipc::message::{Fault, Outcome, Request};
use serde_json::Value;
use testkit::ledger::Ledger;
use testkit::talk::{Checkout, only};
use testkit::{LONG, Running, wait_until};

use crate::stage::{Stage, file};

fn stage() -> Stage {
    Stage::with(|repository| {
        repository
            .file("d.mcam")
            .policy("heartbeat", "\"300ms\"")
            .policy("stale_after", "\"1500ms\"")
    })
}

/// The next event about `name` that a `camctl watch --json` printed, of this verb.
#[track_caller]
fn event(watching: &mut Running, name: &str, verb: &str) -> Value {
    let (name, verb) = (format!("\"file\":\"{name}\""), format!("\"verb\":\"{verb}\""));
    let line = watching.line(&verb, |line| line.contains(&name) && line.contains(&verb));
    serde_json::from_str::<Value>(&line).unwrap()["event"].clone()
}

fn token_of(stage: &Stage, name: &str) -> Option<u64> {
    Ledger::read(&stage.repository)
        .table()
        .get(name)
        .map(|lock| lock.token)
}

/// *Given* alice, who holds three files, and whose agent is frozen; *when* bob takes two of them, once they are stale, and
/// works on for a hundred commits, and her agent goes on, with a checkin of hers already on its way; *then* that checkin
/// is refused as lost, with bob's name; she is told of both losses; the file that nobody wanted is hers as before; and
/// bob's locks, and everything he did, stand untouched.
#[test]
fn who_comes_back_too_late_is_told_so_and_harms_nothing() {
    let stage = stage();
    stage
        .alice(&["checkout", "a.mcam", "b.mcam", "d.mcam"])
        .run()
        .succeeds();
    let kept = token_of(&stage, "d.mcam");
    let mut watching = stage.alice(&["watch", "--json", "."]).start();
    watching.line("what is watched", |line| line.contains("watching"));
    let mut alice = stage.alice.talk(Limits::default());
    alice.ask(&Request::AgentStatus).unwrap();

    stage.alice.agent(|agent| agent.freeze());
    for name in ["a.mcam", "b.mcam"] {
        let taken = stage
            .bob(&["checkout", name, "--wait=20s", "--json"])
            .run()
            .succeeds();
        let taken = file(&taken);
        assert_eq!(
            (&taken["after"]["user"], &taken["after"]["how"]),
            (&"alice".into(), &"broken".into()),
            "{taken}"
        );
    }
    let mut bob = stage.bob.talk(Limits::default());
    let other = stage.repository.path("parts/c.vnc").display().to_string();
    for _ in 0..50 {
        let granted = bob.checkout(&other, Checkout::default()).unwrap();
        assert!(matches!(granted, Outcome::Granted { .. }), "{granted:?}");
        let released = bob.checkin(&other).unwrap();
        assert!(matches!(released, Outcome::Released { .. }), "{released:?}");
    }
    let bobs = ["a.mcam", "b.mcam"].map(|name| token_of(&stage, name));
    alice.send(&Request::Checkin {
        files: vec![stage.repository.path("a.mcam").display().to_string()],
        all: false,
        message: None,
    });
    stage.alice.agent(|agent| agent.thaw());

    let refused = only(alice.replies().unwrap());
    let Outcome::Failed(Fault::Lost { ended, by, lock }) = refused else {
        panic!("alice's late checkin was answered with {refused:?}")
    };
    assert_eq!((ended.how.as_str(), by.as_str()), ("broken", "bob on CNC-1"));
    assert_eq!(lock.and_then(|lock| lock.token), bobs[0]);
    for name in ["a.mcam", "b.mcam"] {
        let told = event(&mut watching, name, "checkout");
        assert_eq!(
            (&told["by"]["user"], &told["ended"]["user"], &told["ended"]["how"]),
            (&"bob".into(), &"alice".into(), &"broken".into()),
            "{told}"
        );
    }
    let status = stage.alice(&["status"]).run();
    status.clone().says("b.mcam").says("bob").says("d.mcam");
    assert!(!status.out.contains("a.mcam"), "of that she was told: {status:?}");
    stage
        .alice(&["checkin", "b.mcam"])
        .run()
        .exits(14)
        .says("bob on CNC-1");
    stage
        .alice(&["checkin", "a.mcam"])
        .run()
        .exits(12)
        .says("bob on CNC-1");

    assert_eq!(bobs, ["a.mcam", "b.mcam"].map(|name| token_of(&stage, name)));
    assert_eq!(kept, token_of(&stage, "d.mcam"));
    stage.alice(&["checkin", "d.mcam"]).run().succeeds();
    stage.bob(&["checkin", "a.mcam", "b.mcam"]).run().succeeds();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
}

/// *Given* alice, who holds a file, and whose agent is frozen until bob's takes her for dead; *when* it goes on before
/// anybody wanted the file; *then* her lock stands as if nothing had happened: the same token, nothing lost, alive again
/// for bob, who is refused, and given back by her when she likes.
#[test]
fn who_comes_back_before_anybody_wanted_the_file_goes_on() {
    let stage = stage();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let token = token_of(&stage, "a.mcam");
    let presence = || {
        let status = stage.bob(&["status", "a.mcam", "--json"]).run().succeeds();
        file(&status)["lock"]["presence"].as_str().unwrap().to_owned()
    };
    stage.alice.agent(|agent| agent.freeze());
    wait_until(LONG, "alice looks dead to bob", || presence() == "stale");
    stage.alice.agent(|agent| agent.thaw());
    wait_until(LONG, "alice is back for bob", || presence() == "alive");

    stage
        .bob(&["checkout", "a.mcam"])
        .run()
        .exits(11)
        .says("alice on CAM-03");
    let status = stage.alice(&["status", "--json"]).run().succeeds();
    let mine = file(&status);
    assert_eq!(
        (
            &mine["result"],
            &mine["lock"]["presence"],
            mine["lock"]["token"].as_u64()
        ),
        (&"stands".into(), &"alive".into(), token),
        "{mine}"
    );
    let released = file(&stage.alice(&["checkin", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(released["was"]["token"].as_u64(), token, "{released}");
    let ledger = Ledger::read(&stage.repository);
    let ends: Vec<_> = ledger.ends().values().map(|end| end.how.as_str()).collect();
    assert_eq!((ends, ledger.grants().len()), (vec!["released"], 1));
}
