//! The observer, with a clock that moves when told and a share that shows what the test says.

use super::*;
use crate::clock::{Clock, ManualClock};

pub(super) const ALICE: &str = "alice@CAM-03";
pub(super) const BOB: &str = "bob@CNC-1";
pub(super) const F: &str = "4801247.mcam";
pub(super) const BEAT: Duration = Duration::from_secs(30);
const STALE: Duration = Duration::from_mins(5);

/// One observing machine. Time passes in rounds of 30 s; `signs` is what the share shows.
pub(super) struct Watch {
    pub clock: ManualClock,
    pub bench: Bench,
    pub signs: BTreeMap<SessionId, Sign>,
    pub observer: Observer,
}

impl Watch {
    /// alice holds a file, and the first round has seen her.
    pub fn new() -> Self {
        let mut watch = Self::over(Bench::new().held(F, ALICE, |_| {}));
        watch.signs.insert(session(ALICE), Some(1));
        watch.look();
        watch
    }

    pub fn over(bench: Bench) -> Self {
        Self {
            clock: ManualClock::new(now()),
            observer: Observer::new(&bench.policy, BTreeMap::new()),
            bench,
            signs: BTreeMap::new(),
        }
    }

    pub fn look(&mut self) {
        self.observer.look(
            self.clock.moment(),
            self.clock.wall(),
            &self.bench.table,
            &self.signs,
        );
    }

    /// Rounds in which nobody but the observer shows a sign of life.
    pub fn rounds(&mut self, count: u32) {
        for _ in 0..count {
            self.clock.advance(BEAT);
            self.look();
        }
    }

    pub fn beat(&mut self, of: &str) {
        let sign = self.signs.entry(session(of)).or_default();
        *sign = Some(sign.unwrap_or(0) + 1);
    }

    pub fn standing(&mut self, name: &str) -> Standing {
        self.observer.tick(self.clock.moment());
        self.observer
            .lock(&self.bench.table, &file(name), self.bench.lock(name))
    }

    pub fn commit(&mut self, by: &str, draft: Draft) {
        self.bench.commit(&owner(by), draft);
    }

    pub fn park(&mut self, who: &str) {
        let draft = park(&self.bench.scene(), &owner(who));
        self.commit(who, draft);
    }
}

pub(super) fn alive(silent: Duration) -> Standing {
    Standing::Alive { silent: Some(silent) }
}

pub(super) const UNKNOWN: Standing = Standing::Alive { silent: None };

#[test]
fn a_session_is_stale_after_five_minutes_of_unbroken_silence() {
    let mut watch = Watch::new();
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
    watch.rounds(9);
    assert_eq!(watch.standing(F), alive(BEAT * 9));
    assert!(
        !watch
            .observer
            .session_is_stale(&watch.bench.table, &session(ALICE))
    );
    watch.rounds(1);
    assert_eq!(watch.standing(F), Standing::Stale { silent: STALE });
    assert!(
        watch
            .observer
            .session_is_stale(&watch.bench.table, &session(ALICE))
    );
    watch.beat(ALICE);
    watch.rounds(1);
    assert_eq!(
        watch.standing(F),
        alive(Duration::ZERO),
        "whoever comes back first goes on"
    );
}

#[test]
fn silence_is_what_was_seen_and_not_what_may_have_happened_since() {
    let mut watch = Watch::new();
    watch.rounds(9);
    watch.clock.advance(Duration::from_secs(59));
    assert_eq!(watch.standing(F), alive(BEAT * 9), "nobody has looked since");
}

#[test]
fn every_movement_of_the_counter_is_a_sign_of_life() {
    for (before, after) in [
        (Some(5), Some(6)),
        (Some(900), Some(1)),
        (Some(5), None),
        (None, Some(1)),
        (Some(0), Some(u64::MAX)),
    ] {
        let mut watch = Watch::new();
        watch.signs.insert(session(ALICE), before);
        watch.rounds(9);
        watch.signs.insert(session(ALICE), after);
        watch.rounds(9);
        assert_eq!(watch.standing(F), alive(BEAT * 8), "{before:?} to {after:?}");
        watch.rounds(2);
        assert_eq!(
            watch.standing(F),
            Standing::Stale { silent: STALE },
            "{before:?} to {after:?}"
        );
    }
}

#[test]
fn a_missing_heartbeat_file_is_silence_from_when_it_was_first_missed() {
    let mut watch = Watch::over(Bench::new().held(F, ALICE, |_| {}));
    watch.signs.insert(session(ALICE), None);
    watch.look();
    watch.rounds(9);
    assert_eq!(watch.standing(F), alive(BEAT * 9));
    watch.rounds(1);
    assert_eq!(watch.standing(F), Standing::Stale { silent: STALE });
}

#[test]
fn a_heartbeat_that_cannot_be_read_is_unknown_and_so_alive() {
    let mut watch = Watch::new();
    watch.rounds(9);
    let sign = watch.signs.remove(&session(ALICE)).unwrap();
    watch.rounds(3);
    assert_eq!(watch.standing(F), UNKNOWN);
    watch.signs.insert(session(ALICE), sign);
    watch.rounds(10);
    assert_eq!(
        watch.standing(F),
        alive(BEAT * 9),
        "and is watched anew from then on"
    );
    watch.rounds(1);
    assert_eq!(watch.standing(F), Standing::Stale { silent: STALE });
}

#[test]
fn who_has_just_started_to_watch_knows_nothing() {
    let mut watch = Watch::over(Bench::new().held(F, ALICE, |_| {}));
    assert_eq!(watch.standing(F), UNKNOWN);
    watch.clock.advance(Duration::from_hours(24));
    assert_eq!(watch.standing(F), UNKNOWN);
    watch.signs.insert(session(ALICE), Some(1));
    watch.look();
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
}

#[test]
fn a_session_that_is_first_seen_later_has_its_whole_time() {
    let mut watch = Watch::new();
    watch.rounds(9);
    watch.bench = watch.bench.held("b.mcam", BOB, |_| {});
    assert_eq!(watch.standing("b.mcam"), UNKNOWN);
    watch.signs.insert(session(BOB), Some(70));
    watch.rounds(1);
    assert_eq!(watch.standing("b.mcam"), alive(Duration::ZERO));
    assert_eq!(watch.standing(F), Standing::Stale { silent: STALE });
}

#[test]
fn a_gap_in_the_watching_starts_everybodys_time_again() {
    let cases = [
        (Duration::from_mins(1), false),
        (Duration::from_millis(60_001), true),
        (Duration::from_hours(72), true),
    ];
    for (gap, restarts) in cases {
        let mut watch = Watch::new();
        watch.rounds(9);
        watch.clock.advance(gap);
        let before = watch.standing(F);
        assert_eq!(
            before == UNKNOWN,
            restarts,
            "{gap:?}, before the next round: {before:?}"
        );
        watch.look();
        let after = watch.standing(F);
        if restarts {
            assert_eq!(after, alive(Duration::ZERO), "{gap:?}");
            watch.rounds(9);
            assert_eq!(watch.standing(F), alive(BEAT * 9), "{gap:?}");
            watch.rounds(1);
        }
        assert!(matches!(watch.standing(F), Standing::Stale { .. }), "{gap:?}");
    }
}

#[test]
fn a_share_that_was_away_for_everybody_makes_nobody_stale() {
    let mut watch = Watch::new();
    watch.signs.insert(session(BOB), Some(1));
    watch.bench = watch.bench.held("b.mcam", BOB, |_| {});
    watch.rounds(9);
    // For an hour every round fails, and so do one's own heartbeats.
    for _ in 0..120 {
        watch.clock.advance(BEAT);
        watch.observer.interrupted();
        assert_eq!(watch.standing(F), UNKNOWN);
    }
    // The share is back: the first round shows the same counters as ever, and bob beats again.
    watch.look();
    for _ in 0..9 {
        watch.beat(BOB);
        watch.rounds(1);
        assert!(!watch.standing(F).is_over() && !watch.standing("b.mcam").is_over());
    }
    watch.rounds(1);
    assert_eq!(watch.standing(F), Standing::Stale { silent: STALE });
    assert_eq!(watch.standing("b.mcam"), alive(BEAT));
}

#[test]
fn an_own_heartbeat_that_failed_once_starts_everybodys_time_again() {
    let mut watch = Watch::new();
    watch.rounds(10);
    assert!(watch.standing(F).is_over());
    watch.observer.interrupted();
    assert_eq!(watch.standing(F), UNKNOWN);
    watch.rounds(10);
    assert!(!watch.standing(F).is_over());
    watch.rounds(1);
    assert!(watch.standing(F).is_over());
}

#[test]
fn a_commit_is_a_sign_of_life() {
    let mut watch = Watch::new();
    watch.rounds(9);
    watch.commit(ALICE, revive(&session("somebody")));
    watch.rounds(1);
    assert_eq!(watch.standing(F), alive(Duration::ZERO), "seen in the round");
    watch.rounds(9);
    watch.commit(BOB, revive(&session("somebody")));
    watch.rounds(1);
    assert_eq!(
        watch.standing(F),
        Standing::Stale { silent: STALE },
        "another's is not hers"
    );
}

#[test]
fn a_commit_that_no_round_has_seen_yet_counts_too() {
    let mut watch = Watch::new();
    watch.rounds(20);
    assert!(watch.standing(F).is_over());
    // The judge decides on a table that was caught up a moment ago, long after its last round.
    watch.commit(ALICE, revive(&session(ALICE)));
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
    assert!(
        !watch
            .observer
            .session_is_stale(&watch.bench.table, &session(ALICE))
    );
    watch.rounds(10);
    assert_eq!(
        watch.standing(F),
        alive(BEAT * 9),
        "her time runs from the round that saw it"
    );
    watch.rounds(1);
    assert!(watch.standing(F).is_over());
}

#[test]
fn a_breaker_who_loses_the_race_against_a_revival_judges_anew() {
    let mut watch = Watch::new();
    watch.rounds(20);
    let request = [ask(BOB, F, take())];
    let decide_now = |watch: &Watch| {
        let scene = Scene {
            judge: &watch.observer,
            ..watch.bench.scene()
        };
        say(&decide(&scene, &request).answers[0])
    };
    watch.observer.tick(watch.clock.moment());
    assert_eq!(decide_now(&watch), "granted, alice@CAM-03 broken");
    watch.commit(ALICE, revive(&session(ALICE)));
    assert_eq!(decide_now(&watch), "held by alice@CAM-03, place 1");
}

#[test]
fn a_round_that_took_long_counts_nobodys_silence_twice() {
    let mut watch = Watch::new();
    let slow_round = |watch: &mut Watch| {
        watch.observer.begin(watch.clock.moment());
        watch.clock.advance(BEAT);
        watch.look();
    };
    slow_round(&mut watch);
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
    watch.beat(ALICE);
    slow_round(&mut watch);
    assert_eq!(
        watch.standing(F),
        alive(Duration::ZERO),
        "she moved at the end of it, for all one knows"
    );
    slow_round(&mut watch);
    assert_eq!(
        watch.standing(F),
        alive(Duration::ZERO),
        "and was read at the beginning of this one"
    );
    slow_round(&mut watch);
    assert_eq!(watch.standing(F), alive(BEAT));
    for _ in 0..9 {
        slow_round(&mut watch);
    }
    assert_eq!(watch.standing(F), Standing::Stale { silent: STALE });
    // Rounds and the times between them that come to more than the gap are no watching at all.
    watch.observer.begin(watch.clock.moment());
    watch.clock.advance(BEAT + Duration::from_millis(1));
    watch.look();
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
}

#[test]
fn a_heartbeat_read_again_before_the_judgement_counts() {
    let mut watch = Watch::new();
    watch.rounds(20);
    let moment = watch.clock.moment();
    watch.observer.sign(moment, &session(ALICE), Some(1));
    assert!(watch.standing(F).is_over(), "it is the same as ever");
    watch.observer.sign(moment, &session(ALICE), Some(2));
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
    watch.observer.sign(moment, &session(BOB), Some(9));
    assert!(!watch.observer.session_is_stale(&watch.bench.table, &session(BOB)));
}

#[test]
fn older_tools_and_kinds_of_the_future_are_nobodys_to_judge() {
    let mut watch = Watch::new();
    watch.bench = watch
        .bench
        .held("old.mcam", "dave", old_record)
        .held("future.mcam", ALICE, |lock| {
            lock.kind = Kind::Other("duet".into());
        });
    watch.rounds(2000);
    assert!(watch.standing(F).is_over());
    assert_eq!(watch.standing("old.mcam"), UNKNOWN);
    assert_eq!(watch.standing("future.mcam"), UNKNOWN);
    watch.park(ALICE);
    watch.rounds(30_000);
    assert_eq!(watch.standing(F), Standing::ParkedTooLong);
    assert_eq!(watch.standing("future.mcam"), UNKNOWN);
}

#[test]
fn a_guard_is_over_when_its_program_is_known_to_be_dead() {
    let mut watch = Watch::new();
    watch.bench = watch.bench.held("guard.mcam", ALICE, guard);
    let seen = |name: &str, token, lives| [(file(name), (Some(token), lives))].into();
    let lives = |watch: &Watch| {
        let lock = watch.bench.lock("guard.mcam");
        watch.observer.program_lives(&file("guard.mcam"), lock)
    };
    assert_eq!(
        (watch.standing("guard.mcam"), lives(&watch)),
        (alive(Duration::ZERO), false)
    );
    watch.observer.see_programs(seen("guard.mcam", 7, true));
    assert_eq!(
        (watch.standing("guard.mcam"), lives(&watch)),
        (alive(Duration::ZERO), true)
    );
    watch.observer.see_programs(seen("guard.mcam", 7, false));
    assert_eq!(
        (watch.standing("guard.mcam"), lives(&watch)),
        (Standing::Orphaned, false)
    );
    // Of another lock on the same file that says nothing; nor of one that is no guard.
    watch.observer.see_programs(seen("guard.mcam", 6, false));
    assert_eq!(watch.standing("guard.mcam"), alive(Duration::ZERO));
    watch.observer.see_programs(seen(F, 7, false));
    assert_eq!(watch.standing(F), alive(Duration::ZERO));
}
