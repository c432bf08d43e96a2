//! The observer on what ends by itself or is kept for a while: parkings, leases, a policy that changed.

use super::stale::{ALICE, BEAT, BOB, F, Watch, alive};
use super::*;
use crate::clock::Clock;

#[test]
fn a_parked_session_is_away_and_not_stale_until_the_limit() {
    let mut watch = Watch::new();
    watch.park(ALICE);
    assert_eq!(
        watch.standing(F),
        Standing::Parked,
        "before any round has seen it"
    );
    watch.rounds(1);
    watch.rounds(7 * 24 * 120 - 1);
    assert_eq!(watch.standing(F), Standing::Parked);
    watch.rounds(1);
    assert_eq!(watch.standing(F), Standing::ParkedTooLong);
    // Back: not parked, not stale, whatever the silence was.
    watch.commit(ALICE, revive(&session(ALICE)));
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
    // Away again: the limit begins again, also before a round has seen the new parking.
    watch.park(ALICE);
    assert_eq!(watch.standing(F), Standing::Parked);
    watch.rounds(100);
    assert_eq!(watch.standing(F), Standing::Parked);
}

#[test]
fn a_guard_falls_silent_with_its_machine() {
    let (checkout, guarded) = (F, "guard.mcam");
    let mut watch = Watch::over(
        Bench::new()
            .held(checkout, ALICE, |_| {})
            .held(guarded, ALICE, guard),
    );
    watch.signs.insert(session(ALICE), Some(1));
    watch.look();
    let asleep = doze(&watch.bench.scene(), &owner(ALICE));
    watch.commit(ALICE, asleep);
    watch.rounds(1);
    assert_eq!(watch.standing(guarded), alive(Duration::ZERO));
    watch.rounds(10);
    assert!(watch.standing(guarded).is_over(), "nobody knows of its program");
    assert_eq!(watch.standing(checkout), Standing::Parked);
}

#[test]
fn a_wall_clock_that_jumps_ages_no_parking() {
    let mut watch = Watch::new();
    watch.park(ALICE);
    for years in [20, -40, 20, 1] {
        watch.rounds(1);
        let jumped = watch.clock.wall() + jiff::SignedDuration::from_hours(years * 365 * 24);
        watch.clock.set_wall(jumped);
    }
    watch.rounds(1);
    assert_eq!(watch.standing(F), Standing::Parked);
    assert_eq!(watch.observer.away()[&session(ALICE)].so_far, BEAT * 4);
}

#[test]
fn a_parking_goes_on_over_restarts_of_the_observer_a_day_at_most_each() {
    let mut watch = Watch::new();
    watch.park(ALICE);
    watch.rounds(3);
    let restart = |watch: &mut Watch, wall: jiff::SignedDuration| {
        let kept = watch.observer.away().clone();
        watch.observer = Observer::new(&watch.bench.policy, kept);
        watch.clock.set_wall(watch.clock.wall() + wall);
        watch.look();
        watch.observer.away()[&session(ALICE)].so_far
    };
    let mut so_far = BEAT * 2;
    assert_eq!(watch.observer.away()[&session(ALICE)].so_far, so_far);
    so_far += Duration::from_hours(10);
    assert_eq!(restart(&mut watch, jiff::SignedDuration::from_hours(10)), so_far);
    assert_eq!(
        restart(&mut watch, jiff::SignedDuration::from_hours(-300)),
        so_far,
        "set back"
    );
    so_far += Duration::from_hours(24);
    assert_eq!(
        restart(&mut watch, jiff::SignedDuration::from_hours(24 * 365)),
        so_far,
        "set forward"
    );
    assert_eq!(watch.standing(F), Standing::Parked);
    for _ in 0..6 {
        restart(&mut watch, jiff::SignedDuration::from_hours(48));
    }
    assert_eq!(watch.standing(F), Standing::ParkedTooLong);

    // What is known of an earlier parking says nothing of a later one.
    watch.commit(ALICE, revive(&session(ALICE)));
    watch.park(ALICE);
    restart(&mut watch, jiff::SignedDuration::from_hours(1));
    assert_eq!(watch.standing(F), Standing::Parked);
}

#[test]
fn sleep_counts_for_parkings_and_breaks_the_watching() {
    let mut watch = Watch::new();
    watch.bench = watch.bench.held("b.mcam", BOB, |_| {});
    watch.signs.insert(session(BOB), Some(1));
    watch.park(ALICE);
    watch.rounds(9);
    watch.clock.advance(Duration::from_hours(8 * 24));
    watch.look();
    assert_eq!(watch.standing(F), Standing::ParkedTooLong);
    assert_eq!(watch.standing("b.mcam"), alive(Duration::ZERO));
}

#[test]
fn a_lease_ends_by_the_observers_own_clock() {
    let mut watch = Watch::new();
    watch.bench = watch.bench.held("l.mcam", ALICE, |lock| {
        lease(lock);
        // What the owner's wall clock says decides nothing.
        lock.expires = Some(Timestamp::MIN);
    });
    assert_eq!(
        watch.standing("l.mcam"),
        alive(Duration::ZERO),
        "seen by nobody yet"
    );
    for _ in 0..60 {
        watch.beat(ALICE);
        watch.rounds(1);
        assert!(!watch.standing("l.mcam").is_over());
    }
    watch.clock.advance(BEAT);
    assert_eq!(
        watch.standing("l.mcam"),
        Standing::Expired,
        "alive or not, seen in a round or not"
    );

    // Renewed a moment ago, in the table at hand.
    watch.commit(
        ALICE,
        decide(&watch.bench.scene(), &[ask(ALICE, "l.mcam", take())]).draft,
    );
    assert_eq!(watch.standing("l.mcam"), alive(Duration::ZERO));
    let moment = watch.clock.moment();
    watch.observer.see_leases(moment, &watch.bench.table);
    for _ in 0..59 {
        watch.beat(ALICE);
        watch.rounds(1);
    }
    assert!(!watch.standing("l.mcam").is_over());
    watch.beat(ALICE);
    watch.rounds(1);
    assert_eq!(watch.standing("l.mcam"), Standing::Expired);
}

#[test]
fn a_lease_whose_owner_is_away_ends_all_the_same() {
    let mut watch = Watch::over(Bench::new().held("l.mcam", ALICE, lease));
    watch.look();
    watch.park(ALICE);
    watch.rounds(59);
    assert_eq!(watch.standing("l.mcam"), Standing::Parked);
    watch.rounds(1);
    assert_eq!(watch.standing("l.mcam"), Standing::Expired);
}

#[test]
fn a_shorter_patience_holds_only_when_everybody_can_know_of_it() {
    let mut watch = Watch::new();
    let short = Policy {
        heartbeat: Duration::from_secs(5),
        stale_after: Duration::from_secs(15),
        ..Policy::default()
    };
    watch.observer.follow(&short);
    let quick = |watch: &mut Watch, rounds: u32| {
        for _ in 0..rounds {
            watch.clock.advance(Duration::from_secs(5));
            watch.look();
        }
    };
    quick(&mut watch, 12);
    watch.observer.follow(&short);
    quick(&mut watch, 47);
    assert!(!watch.standing(F).is_over(), "she may still beat every 30 s");
    quick(&mut watch, 1);
    assert!(watch.standing(F).is_over());
    watch.beat(ALICE);
    quick(&mut watch, 3);
    assert!(!watch.standing(F).is_over());
    quick(&mut watch, 1);
    assert_eq!(
        watch.standing(F),
        Standing::Stale {
            silent: short.stale_after
        }
    );

    watch.observer.follow(&Policy::default());
    assert!(!watch.standing(F).is_over(), "a longer one holds at once");
}
