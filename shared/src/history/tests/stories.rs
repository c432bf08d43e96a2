//! What some stories add up to.

use super::{Heard, MINUTE, Tale, desk};
use crate::history::{Counts, Listener as _, Measure, Names, Period, QUARTER, Reckoner, Slot};
use crate::model::How;

const ALICE: u32 = 1;
const BOB: u32 = 2;
const BOSS: u32 = 3;

#[test]
fn a_lock_is_one_episode_from_its_grant_to_its_end() {
    let mut tale = Tale::of(7);
    tale.take(ALICE, How::Released).change(ALICE, |lock, _| {
        lock.message = "revision C".into();
    });
    tale.over(ALICE, How::Released, "done");
    let heard = Heard::of(tale.steps);
    let [episode] = heard.episodes.as_slice() else {
        panic!("{heard:?}")
    };
    let ending = episode.ending.as_ref().unwrap();
    assert_eq!(
        (episode.owner, episode.taken, ending.at),
        (desk(ALICE), MINUTE, 3 * MINUTE)
    );
    assert_eq!((&*episode.message, &*ending.reason), ("revision C", "done"));
    assert_eq!(
        (ending.how, ending.by, ending.next),
        (Some(How::Released), Some(desk(ALICE)), None)
    );
    assert!(heard.waits.is_empty() && heard.conflicts.is_empty());
}

#[test]
fn a_hand_over_ends_a_wait_and_begins_an_episode_that_says_so() {
    let mut tale = Tale::of(7);
    tale.take(ALICE, How::Released).join(BOB).join(BOSS).leave(BOSS);
    tale.over(ALICE, How::Released, "");
    let heard = Heard::of(tale.steps);
    let [hers, his] = heard.episodes.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(hers.ending.as_ref().unwrap().next, Some(desk(BOB)));
    assert_eq!(
        (his.owner, his.waited, &his.ending),
        (desk(BOB), Some(3 * 60_000_000), &None)
    );
    let waits: Vec<_> = heard.waits.iter().map(|wait| (wait.who, wait.served)).collect();
    assert_eq!(waits, [(desk(BOSS), false), (desk(BOB), true)]);
    let wanted: Vec<_> = heard.conflicts.iter().map(|one| (one.user, one.holder)).collect();
    assert_eq!(wanted, [(BOB, ALICE), (BOSS, ALICE)]);
}

#[test]
fn whoever_wants_a_file_is_counted_once_however_they_show_it() {
    let mut tale = Tale::of(7);
    tale.take(ALICE, How::Released)
        .ask(BOB)
        .join(BOB)
        .take(BOB, How::Broken);
    let heard = Heard::of(tale.steps.clone());
    assert_eq!(heard.conflicts.len(), 1, "{heard:?}");
    assert_eq!(heard.episodes[0].ending.as_ref().unwrap().how, Some(How::Broken));
    // From the end of that want on, it may be another one.
    tale.over(BOB, How::Released, "")
        .take(ALICE, How::Released)
        .join(BOB);
    assert_eq!(Heard::of(tale.steps).conflicts.len(), 2);
}

#[test]
fn a_lease_that_is_over_and_ones_own_other_machine_are_no_conflicts() {
    let mut tale = Tale::of(7);
    tale.take(ALICE, How::Released).take(BOB, How::Expired);
    tale.take(BOB, How::Released).over(BOSS, How::Forced, "needed");
    let heard = Heard::of(tale.steps);
    let wanted: Vec<_> = heard.conflicts.iter().map(|one| (one.user, one.holder)).collect();
    assert_eq!(wanted, [(BOSS, BOB)]);
    let ended: Vec<_> = heard
        .episodes
        .iter()
        .map(|one| one.ending.as_ref().unwrap().how)
        .collect();
    assert_eq!(
        ended,
        [Some(How::Expired), Some(How::Released), Some(How::Forced)]
    );
}

/// Given what an older log told, and a gap, when the table after the gap is taken over, then what still stands goes on,
/// and of all else it is said that nobody knows how it ended.
#[test]
fn after_a_gap_the_table_tells_what_still_stands() {
    let (mut kept, mut gone, mut new) = (Tale::of(1), Tale::of(2), Tale::of(3));
    kept.take(ALICE, How::Released);
    gone.take(BOB, How::Released);
    new.take(BOSS, How::Released);
    let mut heard = Heard::default();
    let mut reckoner = Reckoner::default();
    for step in kept.steps.iter().chain(&gone.steps) {
        reckoner.step(step.clone(), &mut heard);
    }
    let table = vec![(1, kept.lock.clone().unwrap()), (3, new.lock.clone().unwrap())];
    reckoner.begin(10 * MINUTE, table, &mut heard);
    let [lost] = heard.episodes.as_slice() else {
        panic!("{heard:?}")
    };
    let ending = lost.ending.as_ref().unwrap();
    assert_eq!(
        (lost.file, ending.how, ending.by, ending.at),
        (2, None, None, 10 * MINUTE)
    );
    kept.over(ALICE, How::Released, "");
    for step in kept.steps.drain(1..) {
        reckoner.step(step, &mut heard);
    }
    reckoner.finish(&mut heard);
    let all: Vec<_> = heard.episodes[1..]
        .iter()
        .map(|one| (one.file, one.taken, one.ending.is_some()))
        .collect();
    assert_eq!(all, [(1, MINUTE, true), (3, MINUTE, false)]);
}

#[test]
fn the_end_of_a_lock_whose_beginning_is_not_known_tells_of_it() {
    let mut tale = Tale::of(7);
    tale.take(ALICE, How::Released)
        .over(BOSS, How::Forced, "left the firm");
    let heard = Heard::of(tale.steps.split_off(1));
    let [episode] = heard.episodes.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(
        (episode.owner, episode.taken, episode.kind),
        (desk(ALICE), MINUTE, None)
    );
}

#[test]
fn lengths_are_measured_by_the_nearest_rank() {
    let cases: [(&[u64], [u64; 5]); 5] = [
        (&[], [0, 0, 0, 0, 0]),
        (&[7], [1, 7, 7, 7, 7]),
        (&[9, 1], [2, 1, 9, 9, 10]),
        (&[5, 1, 3], [3, 3, 5, 5, 9]),
        (&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], [10, 5, 9, 10, 55]),
    ];
    for (lengths, expected) in cases {
        let of = Measure::of(&mut lengths.to_vec());
        let found = [of.count, of.median, of.ninety, of.longest, of.total];
        assert_eq!(found, expected, "{lengths:?}");
    }
}

fn counts(steps: &[super::Step], since: Option<i64>) -> Counts {
    let mut counts = Counts::new(Period { since });
    let mut reckoner = Reckoner::default();
    for step in steps {
        reckoner.step(step.clone(), &mut counts);
    }
    reckoner.finish(&mut counts);
    counts
}

#[test]
fn numbers_are_of_the_period_and_of_each_file_and_person() {
    let mut tale = Tale::of(7);
    tale.take(ALICE, How::Released)
        .join(BOB)
        .over(ALICE, How::Released, "");
    tale.n = 20;
    tale.over(BOB, How::Released, "").take(ALICE, How::Released);
    let mut all = counts(&tale.steps, None);
    assert_eq!(
        (all.ended(Some(How::Released)), all.ended(Some(How::Broken))),
        (2, 0)
    );
    assert_eq!(all.standing.len(), 1);
    let minute = u64::try_from(MINUTE).unwrap();
    assert_eq!(all.classes(&[minute, 2 * minute, 17 * minute]), [0, 1, 0, 1]);
    let slots = all.slots();
    let slot = |quarter, taken, conflicts| Slot {
        quarter,
        taken,
        conflicts,
    };
    assert_eq!(slots, [slot(0, 2, 1), slot(22 * MINUTE / QUARTER, 1, 0)]);
    let tally = all.all();
    assert_eq!(
        (tally.locks, tally.held.count, tally.held.longest),
        (3, 2, 18 * minute)
    );
    assert_eq!(
        (tally.waits, tally.waited.median, tally.conflicts),
        (1, minute, 1)
    );
    assert_eq!(all.files()[0].tally, tally, "there is one file");
    let people = all.people();
    assert_eq!(
        (people[0].name, people[0].tally.locks, people[0].tally.had),
        (ALICE, 2, 1)
    );
    assert_eq!(
        (people[1].name, people[1].tally.conflicts, people[1].tally.waits),
        (BOB, 1, 1)
    );
    let mut late = counts(&tale.steps, Some(20 * MINUTE));
    let tally = late.all();
    assert_eq!(
        (tally.locks, tally.waits, tally.conflicts),
        (2, 0, 0),
        "one ended, one stands"
    );
    assert_eq!(late.slots(), [slot(22 * MINUTE / QUARTER, 1, 0)]);
}

#[test]
fn names_are_kept_once() {
    let mut names = Names::default();
    let (a, b) = (names.number("a.mcam"), names.number("b.mcam"));
    assert_eq!((names.number("a.mcam"), a != b), (a, true));
    assert_eq!(
        (names.text(a), names.text(b), names.text(99)),
        ("a.mcam", "b.mcam", "")
    );
}

#[test]
fn clocks_that_disagree_make_no_length_negative() {
    let mut tale = Tale::of(7);
    tale.take(ALICE, How::Released);
    tale.change(ALICE, |lock, _| lock.since = 90 * MINUTE);
    tale.steps.remove(0);
    tale.over(BOSS, How::Forced, "");
    assert_eq!(counts(&tale.steps, None).all().held.longest, 0);
    let mut heard = Heard::default();
    heard.episode(Heard::of(tale.steps).episodes.remove(0));
    assert_eq!(heard.episodes.len(), 1);
}
