//! A server that is restarted under living clients, on a network, and has lost a commit that one of them has read.

use std::sync::Arc;
use std::time::Duration;

use super::faults::{Fault, Faulty, faulty};
use super::fixture::{Bench, held, take};
use crate::clock::ManualClock;
use crate::model::StoreError;
use crate::store::LockStore;
use crate::store::folder::FolderStore;

/// alice has read commit 2, which is bob's; what happens to her next publishing comes of `faults`.
fn stage(
    faults: impl FnOnce(&Arc<Bench>, &Arc<ManualClock>) -> Vec<Fault>,
) -> (Arc<Bench>, FolderStore, Arc<Faulty>) {
    let bench = Arc::new(Bench::new(10).on_a_network());
    take(&mut bench.loaded("founder"), "a.mcam");
    take(&mut bench.loaded("bob"), "b.mcam");
    let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
    let share = faulty(&bench, faults(&bench, &clock));
    let mut alice = bench.store_on(Arc::clone(&share) as Arc<_>, "alice", clock);
    alice.load().unwrap();
    assert_eq!(held(&alice), ["a.mcam", "b.mcam"]);
    (bench, alice, share)
}

fn lose_the_second(bench: &Bench) {
    std::fs::remove_file(bench.path(".camctl/log/0/2.json")).unwrap();
}

/// A restart of the server, in the middle of a publishing that its client repeats until it is answered.
fn restart(bench: &Arc<Bench>, clock: &Arc<ManualClock>, meanwhile: fn(&Bench)) -> Fault {
    let (bench, clock) = (Arc::clone(bench), Arc::clone(clock));
    Fault::Before(Box::new(move || {
        lose_the_second(&bench);
        meanwhile(&bench);
        clock.advance(Duration::from_secs(40));
    }))
}

/// *Given* a mount that repeats what was not answered for as long as it takes; *when* the server is restarted while alice
/// publishes, and has lost the commit before; *then* that is written again, and the log has no hole.
#[test]
fn what_vanished_while_the_next_one_was_published_is_written_again() {
    let (bench, mut alice, _) = stage(|bench, clock| vec![restart(bench, clock, |_| {})]);
    let before = bench.read(".camctl/log/0/2.json");
    assert_eq!(take(&mut alice, "new.mcam"), 3);
    assert_eq!(bench.read(".camctl/log/0/2.json"), before);
    assert_eq!(held(&bench.loaded("dave")), ["a.mcam", "b.mcam", "new.mcam"]);
    assert!(
        alice
            .remarks()
            .iter()
            .any(|remark| remark.contains("2.json had vanished"))
    );
    // From here on all goes on as ever.
    assert_eq!(take(&mut bench.loaded("dave"), "d.mcam"), 4);
    assert_eq!(take(&mut alice, "e.mcam"), 5);
}

/// *Given* the same, and carol who takes the number of the lost commit before alice's arrives; *then* the log is damaged,
/// alice is told so, and nobody tells her that she has the file.
#[test]
fn what_cannot_be_mended_is_not_acknowledged() {
    let (_bench, mut alice, _) = stage(|bench, clock| {
        let carol = |bench: &Bench| {
            bench.write(".camctl/head", "torn");
            take(&mut bench.loaded("carol"), "c.mcam");
        };
        vec![restart(bench, clock, carol)]
    });
    let by = alice.author();
    let error = alice
        .commit(&mut |table| super::fixture::grant(&by, "new.mcam", table.n + 1))
        .unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("3.json"), "{error}");
}

/// *Given* a `head` that has survived the commit which it names; *then* nothing is written after the gap.
#[test]
fn a_head_that_survived_what_it_names_lets_nobody_write_after_it() {
    let (bench, mut alice, _) = stage(|_, _| Vec::new());
    lose_the_second(&bench);
    let by = alice.author();
    let error = alice
        .commit(&mut |table| super::fixture::grant(&by, "new.mcam", table.n + 1))
        .unwrap_err();
    assert!(matches!(error, StoreError::Share(_)), "{error}");
    assert!(!bench.path(".camctl/log/0/3.json").exists());
}

/// *Given* a commit of alice whose answer was lost with the commit before it; *when* the file that it is published from
/// cannot be removed at first; *then* it is not given up before: until then it might still arrive, after the gap.
#[test]
fn what_is_given_up_cannot_arrive_any_more() {
    let (bench, mut alice, share) = stage(|bench, _| {
        let bench = Arc::clone(bench);
        vec![Fault::Outage(Box::new(move || {
            lose_the_second(&bench);
            bench.write(".camctl/head", "torn");
            take(&mut bench.loaded("carol"), "c.mcam");
        }))]
    });
    *share.stubborn.lock().unwrap() = 2;
    assert_eq!(take(&mut alice, "new.mcam"), 3);
    assert_eq!(*share.stubborn.lock().unwrap(), 0, "tried again and again");
    assert_eq!(held(&bench.loaded("dave")), ["a.mcam", "c.mcam", "new.mcam"]);
    let leftovers = std::fs::read_dir(bench.path(".camctl/tmp")).map_or(0, Iterator::count);
    assert_eq!(leftovers, 0, "no file is left that it could be published from");
}
