//! Who loses races, and what becomes of them: on a slow share each takes a second, and others are faster again and again.

use std::sync::Arc;
use std::time::Duration;

use super::faults::{Fault, faulty};
use super::fixture::{Bench, grant, system_clock, take};
use crate::clock::{Clock, ManualClock};
use crate::model::StoreError;
use crate::store::folder::{FolderStore, layout};
use crate::store::{Committed, LockStore};

/// What one attempt takes on a slow share.
const TURN: Duration = Duration::from_millis(1500);

/// A store of alice, whose first `races` attempts take a turn each, in which bob is faster.
fn loser(bench: &Bench, races: usize) -> (FolderStore, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
    let race = |_| {
        let (mut bob, clock) = (bench.loaded("bob"), Arc::clone(&clock));
        Fault::Before(Box::new(move || {
            bob.commit(&mut |_| crate::rules::revive(&crate::model::SessionId::random()))
                .unwrap();
            clock.advance(TURN);
        }))
    };
    let share = faulty(bench, (0..races).map(race).collect());
    let mut alice = bench.store_on(share, "alice", Arc::clone(&clock) as Arc<dyn Clock>);
    alice.load().unwrap();
    (alice, clock)
}

#[test]
fn who_loses_twenty_races_on_a_slow_share_is_served_all_the_same() {
    let bench = Bench::new(1000).without_mutex();
    let (mut alice, _) = loser(&bench, 20);
    assert_eq!(take(&mut alice, "a.mcam"), 21);
}

#[test]
fn who_loses_every_race_is_told_so_in_the_end() {
    let bench = Bench::new(1000).without_mutex();
    let (mut alice, clock) = loser(&bench, 100);
    let (by, before) = (alice.author(), clock.moment());
    let error = alice
        .commit(&mut |table| grant(&by, "a.mcam", table.n + 1))
        .unwrap_err();
    let waited = clock.moment().since(before);
    assert!(
        matches!(error, StoreError::Contended { attempts: 8.., .. }),
        "{error}"
    );
    assert!(
        waited < Duration::from_secs(65),
        "every wait has an end: {waited:?}"
    );
    assert!(waited > TURN * 30, "and patience fits the share: {waited:?}");
}

/// *Given* a mutex that could not be had, so that alice has given it up; *when* she loses a race to one who lives, and
/// meanwhile the mutex is free; *then* she makes her next attempt with the mutex in her hand.
#[test]
fn who_has_lost_a_race_queues_at_the_mutex_again() {
    let bench = Bench::new(1000);
    let holder = bench.share();
    let held = holder.try_lock(layout::MUTEX).unwrap().unwrap();
    let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
    let mut bob = bench.loaded("bob");
    let faster = Fault::Before(Box::new(move || {
        take(&mut bob, "b.mcam");
        drop(held);
    }));
    let share = faulty(&bench, vec![faster]);
    let mut alice = bench.store_on(share, "alice", Arc::clone(&clock) as Arc<dyn Clock>);
    alice.load().unwrap();
    let (by, eyes) = (alice.author(), bench.share());
    let mut is_free = Vec::new();
    let committed = alice.commit(&mut |table| {
        is_free.push(eyes.try_lock(layout::MUTEX).unwrap().is_some());
        grant(&by, "a.mcam", table.n + 1)
    });
    assert_eq!(committed.unwrap(), Committed::At(2));
    assert_eq!(is_free, [false, false], "first bob's friend had it, then alice");
    assert!(
        eyes.try_lock(layout::MUTEX).unwrap().is_some(),
        "and gave it back"
    );
}

/// *Given* a share on which an attempt takes a tenth of a second, and four who want something of it all the time; *then*
/// each is served before any other has finished: whoever had the mutex leaves it to those who queue.
#[test]
fn nobody_is_passed_again_and_again_on_a_slow_share() {
    const EACH: usize = 8;
    let bench = Bench::new(1000).on_a_network();
    let slow = |_| Fault::Before(Box::new(|| std::thread::sleep(Duration::from_millis(100))));
    let served = &|who: usize| {
        let share = faulty(&bench, (0..EACH * 10).map(slow).collect());
        let mut store = bench.store_on(share, &format!("user{who}"), system_clock());
        store.load().unwrap();
        let turns = (0..EACH).map(|step| take(&mut store, &format!("{who}-{step}.mcam")));
        turns.collect::<Vec<u64>>()
    };
    let served: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let people = (0..4).map(|who| scope.spawn(move || served(who)));
        let people: Vec<_> = people.collect();
        people.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let first = served.iter().filter_map(|turns| turns.first()).max();
    let last = served.iter().filter_map(|turns| turns.last()).min();
    assert!(first < last, "{served:?}");
}
