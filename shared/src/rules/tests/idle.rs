use super::*;
use crate::rules::{Idle, Use, idle, warning};

/// An hour without a touch is enough here.
fn policy() -> Policy {
    Policy {
        idle_release: Some(Duration::from_hours(1)),
        ..Policy::default()
    }
}

/// Left alone for two hours, warned half an hour ago, as it was.
const FORGOTTEN: Use = Use {
    untouched: Some(Duration::from_hours(2)),
    changed: Some(false),
    warned: Some(Duration::from_mins(30)),
};

fn mine(change: impl FnOnce(&mut Lock)) -> Lock {
    let mut lock = lock("alice@CAM-03", 7);
    change(&mut lock);
    lock
}

#[test]
fn who_forgot_a_file_is_warned_and_then_it_is_given_back() {
    let judged = |untouched_min: u64, warned_min: Option<u64>| {
        let seen = Use {
            untouched: Some(Duration::from_mins(untouched_min)),
            warned: warned_min.map(Duration::from_mins),
            ..FORGOTTEN
        };
        idle(&policy(), &mine(|_| {}), seen)
    };
    assert_eq!(judged(59, None), Idle::Leave);
    assert_eq!(judged(60, None), Idle::Warn);
    assert_eq!(judged(69, Some(9)), Idle::Leave, "there is time to say no");
    assert_eq!(judged(70, Some(10)), Idle::GiveBack);
    assert_eq!(judged(3, Some(10)), Idle::Leave, "somebody is there");
}

#[test]
fn what_is_in_use_or_not_known_is_left_alone() {
    let unknown = Use {
        untouched: None,
        ..FORGOTTEN
    };
    let changed = |changed| Use { changed, ..FORGOTTEN };
    for seen in [unknown, changed(None), changed(Some(true))] {
        assert_eq!(idle(&policy(), &mine(|_| {}), seen), Idle::Leave, "{seen:?}");
    }
    assert_eq!(idle(&policy(), &mine(|_| {}), FORGOTTEN), Idle::GiveBack);
}

#[test]
fn only_checkouts_and_only_where_the_policy_says_so() {
    assert_eq!(idle(&Policy::default(), &mine(|_| {}), FORGOTTEN), Idle::Leave);
    let duet = |lock: &mut Lock| lock.kind = Kind::Other("duet".into());
    for other in [mine(guard), mine(lease), mine(duet)] {
        assert_eq!(idle(&policy(), &other, FORGOTTEN), Idle::Leave, "{other:?}");
    }
}

#[test]
fn a_warning_lasts_a_quarter_of_the_time_and_never_long() {
    assert_eq!(warning(Duration::from_millis(800)), Duration::from_millis(200));
    assert_eq!(warning(Duration::from_hours(8)), Duration::from_mins(10));
}
