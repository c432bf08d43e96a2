use camctl_shared::model::{Case, Extra, RepositoryId, RequestId, SessionId, Verb, Waiter};
use camctl_shared::rules::{Intent, Lively, Queue};

use super::*;

fn owner(user: &str) -> Arc<Owner> {
    Arc::new(Owner::new(user, "DESK", SessionId::parse(user).unwrap()))
}

fn file() -> FileName {
    FileName::parse("a.mcam", Case::Sensitive).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn held_by(user: &str, token: Token) -> Arc<Lock> {
    Arc::new(Lock::new(owner(user), now(), token))
}

/// alice's lock passes to `to`, or ends.
fn change(by: &str, to: Option<(&str, Token)>) -> Change {
    Change {
        file: file(),
        verb: Verb::CHECKIN,
        by: owner(by),
        ended: Some(Ended {
            owner: owner("alice"),
            token: Some(1),
            since: now(),
            how: How::Released,
            reason: None,
        }),
        lock: to.map(|(user, token)| held_by(user, token)),
        extra: Extra::new(),
    }
}

/// Carol wishes for alice's file; these commits come together. What she is told, and whether she goes on wishing.
fn told(asked: bool, later: Duration, changes: &[Change]) -> (usize, bool) {
    let mut courtesy = Courtesy::default();
    courtesy.wish(file(), &held_by("alice", 1), asked, now());
    let (mut at_once, mut freed) = (Vec::new(), Freed::new());
    for change in changes {
        courtesy.take(change, &owner("carol"), &mut at_once, &mut freed);
    }
    let then = now().checked_add(later).unwrap();
    let told = courtesy.fulfil(freed, then);
    courtesy.forget_old(then);
    (told.len(), !courtesy.wishes.is_empty())
}

#[test]
fn a_wish_is_fulfilled_once_when_the_file_is_free_after_all() {
    let soon = Duration::from_secs(60);
    let free = || change("alice", None);
    let to = |user| change("alice", Some((user, 2)));
    let cases: [(&[Change], (usize, bool)); 7] = [
        (&[free()], (1, false)),
        (&[free(), to("bob")], (0, true)),
        (&[to("bob")], (0, true)),
        (&[to("bob"), free()], (1, false)),
        (&[to("carol")], (0, false)),
        // Whoever ends the lock need not be told that.
        (&[change("carol", None)], (0, false)),
        (&[], (0, true)),
    ];
    for (changes, expected) in cases {
        for asked in [false, true] {
            assert_eq!(told(asked, soon, changes), expected, "{changes:?}");
        }
    }
}

#[test]
fn a_refusal_is_remembered_for_a_day_and_what_was_asked_for_without_end() {
    let free = [change("alice", None)];
    let (day, hour) = (REFUSED_TODAY, Duration::from_secs(3600));
    assert_eq!(told(false, day.saturating_sub(hour), &free), (1, false));
    assert_eq!(told(false, day + hour, &free), (0, false));
    assert_eq!(told(true, day * 1000, &free), (1, false));
    let mut courtesy = Courtesy::default();
    courtesy.wish(file(), &held_by("alice", 1), true, now());
    courtesy.wish(file(), &held_by("bob", 2), false, now());
    assert_eq!(courtesy.wishes[&file()].until, None, "a refusal shortens nothing");
    assert_eq!(courtesy.wishes[&file()].was.token, Some(2));
}

#[test]
fn after_a_gap_the_table_tells_what_is_free() {
    let cases = [
        (None, 1, false),
        (Some("bob"), 0, true),
        (Some("carol"), 0, false),
    ];
    for (holder, count, waits) in cases {
        let mut courtesy = Courtesy::default();
        courtesy.wish(file(), &held_by("alice", 1), false, now());
        let mut table = Table::empty(RepositoryId::random(), Case::Sensitive);
        table.locks.extend(holder.map(|user| (file(), held_by(user, 9))));
        let told = courtesy.compare(&table, &owner("carol"), now());
        assert_eq!((told.len(), courtesy.waits()), (count, waits), "{holder:?}");
        if let [What::Free { was, by, .. }] = told.as_slice() {
            assert_eq!(
                (was.token, &*by.user),
                (Some(1), "alice"),
                "the last that is known of it"
            );
        }
    }
}

/// Given a place in the table that nobody remembers, when the file is handed over before the line was left,
/// then it is given back: nobody is told of it, and nobody holds it unknowingly.
#[test]
fn what_is_handed_over_to_a_forgotten_place_is_given_back() {
    let mut table = Table::empty(RepositoryId::random(), Case::Sensitive);
    let mut lock = Lock::clone(&held_by("alice", 1));
    lock.queue.push(Waiter {
        owner: owner("carol"),
        since: now(),
        message: "".into(),
        lease: None,
        guard: None,
        request: RequestId::random(),
        extra: Extra::new(),
    });
    table.n = 7;
    table.locks.insert(file(), Arc::new(lock));
    let mut courtesy = Courtesy::default();
    courtesy.find_forgotten(&table, &owner("carol"));
    let handed = change("alice", Some(("carol", 8)));
    let (mut told, mut freed) = (Vec::new(), Freed::new());
    courtesy.take(&handed, &owner("carol"), &mut told, &mut freed);
    assert_eq!(told, []);
    table.n = 8;
    table.locks.insert(file(), handed.lock.unwrap());
    let chores = courtesy.chores(&table, &Lively, &owner("carol"));
    let leave = Intent::Queue(Queue::Leave { joined: Some(7) });
    assert_eq!((chores.wanted, chores.told), (vec![(file(), leave)], Vec::new()));
}

#[test]
fn what_was_given_up_is_remembered_while_somebody_has_to_hear_of_it() {
    let mut courtesy = Courtesy::default();
    courtesy.give_up(&file());
    assert!(courtesy.is_given_up(&file(), 0));
    courtesy.nobody_waits_along();
    assert!(!courtesy.is_given_up(&file(), 0));
    assert_eq!(
        courtesy,
        Courtesy {
            ids: 1,
            ..Courtesy::default()
        }
    );
}
