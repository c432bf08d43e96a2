//! What goes wrong in server rooms and on desks: nothing is lost by it, and nothing granted twice.
//!
//! [`testkit::ledger::Ledger`] checks the log as the server has it, and panics at the first thing that is wrong.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock, Moment, SystemClock};
use camctl_shared::ipc::message::{Fault, Outcome};
use testkit::talk::Checkout;
use testkit::{wait_for, wait_until};

use crate::mounts;
use crate::stage::{Account, Stage, talk, work};

/// How long the server is away.
const AWAY: Duration = Duration::from_secs(10);
/// How long the network is cut.
const CUT: Duration = Duration::from_mins(1);
/// How long the clients may take to come back: TCP tries again more and more seldom, an SMB client looks once a minute
/// whether its server is there, an NFS server waits for its old clients first. Four times as long where all is emulated.
const BACK: Duration = Duration::from_secs(75);

/// Both people at work, each on a file of their own, while `outage` happens; it returns when it was over. They go on
/// until both were served again.
fn while_both_work(stage: &Stage, outage: impl FnOnce() -> Moment) -> [Account; 2] {
    let stop = AtomicBool::new(false);
    let served = [AtomicU64::new(0), AtomicU64::new(0)];
    let (accounts, over) = thread::scope(|scope| {
        let alice = scope.spawn(|| work(stage, &stage.alice, "alice.mcam", &served[0], &stop));
        let bob = scope.spawn(|| work(stage, &stage.bob, "bob.mcam", &served[1], &stop));
        let ended = Ending(&stop);
        let count = || [0, 1].map(|who| served[who].load(Ordering::SeqCst));
        let wait = |what, before: [u64; 2]| {
            wait_until(BACK, what, || {
                count().iter().zip(before).all(|(now, before)| *now > before + 1)
            });
        };
        wait("both work", [0, 0]);
        let over = outage();
        wait("both work again", count());
        drop(ended);
        ([alice.join().unwrap(), bob.join().unwrap()], over)
    });
    let ledger = stage.ledger();
    accounts[0].check(&ledger, &stage.alice, "alice.mcam");
    accounts[1].check(&ledger, &stage.bob, "bob.mcam");
    let kind = mounts().kind();
    for (account, name) in accounts.iter().zip(["alice", "bob"]) {
        println!(
            "FACT {kind}: {name}: {} grants, {} times told that the share does not answer, longest time without an answer {:.1?}, \
             first one {:.1?} after the outage was over",
            account.granted.len(),
            account.refused,
            account.longest_gap(),
            account.first_after(over).unwrap_or_default(),
        );
    }
    accounts
}

/// Ends the others when this test's own thread fails: a scope waits for all of its threads.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// *Given* alice, who holds a file for which bob waits, and both at work; *when* the file server is killed and started
/// again, *then* all that was acknowledged is in the log, her lock is the one she had, and bob gets it when she is done.
#[test]
fn a_server_that_is_killed_and_started_again_takes_nothing_with_it() {
    println!("FACT {}: the server is killed for {AWAY:?}", mounts().kind());
    holds_on_through(|| {
        mounts().server(false);
        thread::sleep(AWAY);
        mounts().server(true);
        SystemClock.moment()
    });
}

/// The same when alice's computer loses its network for a minute: bob works on.
#[test]
fn a_network_that_is_cut_for_a_minute_takes_nothing_with_it() {
    println!("FACT {}: alice's network is cut for {CUT:?}", mounts().kind());
    holds_on_through(|| {
        mounts().cable(0, true);
        thread::sleep(CUT);
        mounts().cable(0, false);
        SystemClock.moment()
    });
}

fn holds_on_through(outage: impl FnOnce() -> Moment) {
    let stage = Stage::new();
    let held = stage.take(&stage.alice, "a.mcam");
    thread::scope(|scope| {
        let waiting = stage.wait_in_line(scope, &stage.bob, "a.mcam");
        while_both_work(&stage, outage);
        let stands = stage.ledger().table().get("a.mcam").map(|lock| lock.token);
        assert_eq!(stands, held.token, "her lock stands");
        let given = talk(&stage.alice).checkin(&stage.path("a.mcam"));
        assert!(
            matches!(&given, Ok(Outcome::Released { was, .. }) if was.token == held.token),
            "{given:?}"
        );
        let (lock, _) = waiting.join().unwrap();
        assert_eq!(&*lock.user, "bob");
    });
}

/// *Given* alice, who holds two files, and whose whole computer is frozen, agent, network and all, until the server has
/// given up on it and bob has taken one of them as stale; *when* it goes on, *then* that one is lost to her, and she is
/// told; the other is hers as before.
#[test]
fn a_client_frozen_past_its_lease_comes_back_to_what_is_left() {
    let stage = Stage::with(|builder| {
        builder
            .policy("heartbeat", "\"2s\"")
            .policy("stale_after", "\"20s\"")
    });
    let kept = stage.take(&stage.alice, "a.mcam");
    stage.take(&stage.alice, "b.mcam");
    let frozen = SystemClock.moment();
    stage.alice.agent(|agent| agent.freeze());
    mounts().cable(0, true);
    let more = Checkout {
        wait_ms: Some(240_000),
        ..Checkout::default()
    };
    let taken = talk(&stage.bob).checkout(&stage.path("b.mcam"), more);
    let Ok(Outcome::Granted {
        lock,
        after: Some(ended),
    }) = taken
    else {
        panic!("bob was told {taken:?}")
    };
    assert_eq!((&*ended.user, &*ended.how), ("alice", "broken"));
    println!(
        "FACT {}: a frozen client's file was taken {:.1?} after, with stale_after = 20 s",
        mounts().kind(),
        SystemClock.moment().since(frozen)
    );
    mounts().cable(0, false);
    stage.alice.agent(|agent| agent.thaw());
    let thawed = SystemClock.moment();
    let mut alice = talk(&stage.alice);
    let refused = wait_for(BACK, "alice's agent answers for the share", || {
        match alice.checkin(&stage.path("b.mcam")).unwrap() {
            Outcome::Failed(Fault::Share { passing: true, .. } | Fault::NoAnswer { .. }) => None,
            answer => Some(answer),
        }
    });
    println!(
        "FACT {}: and was told so {:.1?} after it went on",
        mounts().kind(),
        SystemClock.moment().since(thawed)
    );
    let lost = match &refused {
        Outcome::Failed(Fault::Lost { lock: now, .. }) => now.as_ref(),
        Outcome::Failed(Fault::NotYours { lock: now }) => Some(now),
        _ => panic!("alice was told {refused:?}"),
    };
    assert_eq!(lost.and_then(|now| now.token), lock.token);
    let given = alice.checkin(&stage.path("a.mcam"));
    assert!(
        matches!(&given, Ok(Outcome::Released { was, .. }) if was.token == kept.token),
        "{given:?}"
    );
    assert_eq!(stage.ledger().table().len(), 1, "bob's");
}
