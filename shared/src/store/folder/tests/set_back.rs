//! A log that was set back: a server that lost its power took commits with it that were not on its disk, or somebody has put
//! a backup back.

use std::sync::Arc;
use std::time::Duration;

use super::faults::{Fault, faulty};
use super::fixture::{Bench, held, take};
use crate::clock::{Clock as _, ManualClock};
use crate::model::StoreError;
use crate::store::LockStore;

/// Takes commit 2 back, as a loss of power does; commit 1 stays.
fn lose_the_second(bench: &Bench, head: Vec<u8>) {
    std::fs::remove_file(bench.path(".camctl/log/0/2.json")).unwrap();
    bench.write(".camctl/head", head);
}

/// *Given* a commit whose author was stopped before it was on the disk, and which alice has read; *when* the server loses
/// its power and the commit with it, and others have gone on since, *then* alice follows the log, and breaks nothing.
#[test]
fn a_commit_that_nobody_was_told_of_may_vanish_with_the_power() {
    for later in [1, 3, 25] {
        let bench = Bench::new(10);
        let mut alice = bench.loaded("alice");
        take(&mut alice, "a.mcam");
        let head = bench.read(".camctl/head");
        take(&mut bench.loaded("bob"), "b.mcam");
        alice.catch_up().unwrap();
        assert_eq!(held(&alice), ["a.mcam", "b.mcam"]);
        lose_the_second(&bench, head);
        let mut carol = bench.loaded("carol");
        for step in 0..later {
            take(&mut carol, &format!("c{step}.mcam"));
        }
        assert_eq!(take(&mut alice, "new.mcam"), 2 + later);
        carol.catch_up_fully().unwrap();
        assert_eq!(held(&alice), held(&carol), "{later}");
        assert_eq!(held(&bench.loaded("dave")), held(&carol), "{later}");
        assert!(
            alice
                .remarks()
                .iter()
                .any(|remark| remark.contains("was set back"))
        );
    }
}

/// *Given* the same, and nobody who goes on; *then* alice believes it when it has stayed so for longer than any client remembers.
#[test]
fn a_log_that_stays_shorter_than_it_was_is_believed_after_a_while() {
    let bench = Bench::new(10);
    let (mut alice, clock) = bench.timed("alice");
    take(&mut alice, "a.mcam");
    let head = bench.read(".camctl/head");
    take(&mut alice, "b.mcam");
    lose_the_second(&bench, head);
    for _ in 0..8 {
        let error = alice.catch_up().unwrap_err();
        assert!(matches!(error, StoreError::Share(_)), "{error}");
        clock.advance(Duration::from_secs(14));
    }
    clock.advance(Duration::from_secs(10));
    alice.catch_up().unwrap();
    assert_eq!(held(&alice), ["a.mcam"]);
    assert_eq!(take(&mut alice, "b.mcam"), 2);
}

/// An old listing that a client remembers passes, however often it comes.
#[test]
fn a_log_that_was_shorter_for_a_moment_is_not_set_back() {
    let bench = Bench::new(10);
    let (mut alice, clock) = bench.timed("alice");
    take(&mut alice, "a.mcam");
    let old = bench.read(".camctl/head");
    take(&mut alice, "b.mcam");
    let (commit, new) = (bench.read(".camctl/log/0/2.json"), bench.read(".camctl/head"));
    for _ in 0..3 {
        lose_the_second(&bench, old.clone());
        alice.catch_up().unwrap_err();
        bench.write(".camctl/log/0/2.json", &commit);
        bench.write(".camctl/head", &new);
        alice.catch_up().unwrap();
        clock.advance(Duration::from_secs(100));
    }
    assert_eq!(held(&alice), ["a.mcam", "b.mcam"]);
    assert_eq!(alice.remarks(), Vec::<String>::new());
}

/// *Given* a commit of alice whose answer was lost because the server lost its power, and with it the commit before; *then* it
/// is not sent again into the gap: it is decided again, and the log has no hole.
#[test]
fn what_was_built_on_a_vanished_commit_is_not_sent_again() {
    let bench = Arc::new(Bench::new(10));
    let mut alice = bench.loaded("alice");
    take(&mut alice, "a.mcam");
    let head = bench.read(".camctl/head");
    take(&mut bench.loaded("bob"), "b.mcam");
    let outage = {
        let bench = Arc::clone(&bench);
        Fault::Outage(Box::new(move || {
            lose_the_second(&bench, head);
            take(&mut bench.loaded("carol"), "c.mcam");
        }))
    };
    let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
    let mut alice = bench.store_on(faulty(&bench, vec![outage]), "alice", clock);
    alice.load().unwrap();
    assert_eq!(held(&alice), ["a.mcam", "b.mcam"]);
    assert_eq!(take(&mut alice, "new.mcam"), 3);
    assert_eq!(held(&bench.loaded("dave")), ["a.mcam", "c.mcam", "new.mcam"]);
}

/// Looks again and again with `look` for longer than anything is remembered: an error each time, and in the end none.
fn until_believed(clock: &ManualClock, mut look: impl FnMut() -> Result<(), StoreError>) {
    for _ in 0..8 {
        let error = look().unwrap_err();
        assert!(matches!(error, StoreError::Share(_)), "{error}");
        clock.advance(Duration::from_secs(16));
    }
    look().unwrap();
}

/// *Given* a `head` that tells of a commit which has gone with its folder; *then* whoever comes anew reads the rest in the
/// end, and whoever had read it follows.
#[test]
fn a_head_that_tells_of_more_than_the_log_has_is_not_believed_for_ever() {
    let bench = Bench::new(10);
    let (mut alice, clock) = bench.timed("alice");
    for number in 1..=20 {
        take(&mut alice, &format!("{number}.mcam"));
    }
    std::fs::remove_dir_all(bench.path(".camctl/log/2")).unwrap();
    let later = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
    let mut bob = bench.store_on(bench.share(), "bob", later.clone());
    until_believed(&later, || bob.load());
    assert_eq!(held(&bob).len(), 19);
    // Alice is told by the listing alone: `head` names what she has read.
    until_believed(&clock, || alice.catch_up_fully());
    assert_eq!(held(&alice), held(&bob));
    assert_eq!(take(&mut bob, "bob.mcam"), 20);
    alice.catch_up_fully().unwrap();
    assert_eq!(held(&alice), held(&bob));
}

/// *Given* that `head` has gone too; *then* nobody writes it anew for what is not in the log, and nothing into the gap.
#[test]
fn without_head_a_shorter_log_is_seen_as_well() {
    let bench = Bench::new(10);
    let (mut alice, clock) = bench.timed("alice");
    take(&mut alice, "a.mcam");
    take(&mut alice, "b.mcam");
    lose_the_second(&bench, b"torn".to_vec());
    until_believed(&clock, || {
        alice.tend(clock.moment());
        alice.catch_up()
    });
    assert_eq!(held(&alice), ["a.mcam"]);
    assert_eq!(take(&mut alice, "b.mcam"), 2);
    assert_eq!(held(&bench.loaded("bob")), ["a.mcam", "b.mcam"]);
}
