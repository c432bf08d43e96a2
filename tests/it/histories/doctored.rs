//! Histories with lies in them: whoever checks histories has to find each.

use testkit::ledger::{Desk, Ledger};

use super::act::{Act, Edge, Lock, Told, Wish};
use super::model;
use super::order::Order;

/// A history as it was recorded, and a look at a held file that says that it is free.
pub fn with_a_stale_look(acts: &[Act]) -> Vec<Act> {
    let mut acts = acts.to_vec();
    let held = |took: &Act| {
        let [(file, Told::Took { lock, .. })] = took.told.as_slice() else {
            return None;
        };
        let granted = took.answered?;
        // Given back by a request that came later: in between nobody else had anything to say.
        let gave = acts.iter().find(|gave| {
            let ended = matches!(gave.told.as_slice(), [(name, Told::Ended { token, .. })] if name == file && *token == lock.token);
            ended && gave.asked.turn > granted.turn + 1
        })?;
        let between = |other: &&Act| (granted.turn..gave.asked.turn).contains(&other.asked.turn);
        let asked = acts.iter().find(between)?.asked;
        Some((file.clone(), asked))
    };
    let (file, moment) = acts
        .iter()
        .find_map(held)
        .expect("somebody held a file for a while");
    // At one moment with somebody else's question: before its answer, after the grant's.
    acts.push(Act {
        desk: acts[0].desk.clone(),
        told: vec![(file, Told::Saw(None))],
        asked: moment,
        answered: Some(moment),
    });
    acts
}

fn desk(user: &str) -> Desk {
    Desk {
        user: user.into(),
        machine: "M".into(),
    }
}

fn lock(user: &str, token: u64) -> Lock {
    Lock {
        token,
        desk: desk(user),
    }
}

fn took(user: &str, token: u64) -> Told {
    Told::Took {
        lock: lock(user, token),
        after: None,
    }
}

fn gave(token: u64) -> Told {
    Told::Ended {
        token,
        how: "released".into(),
        next: None,
    }
}

fn saw(user: &str, token: u64) -> Told {
    Told::Saw(Some(lock(user, token)))
}

/// A request about the only file: who, when, how long the log was before and after, and what was told.
type Line = (&'static str, (u64, u64), (u64, u64), Told);

fn acts(lines: &[Line]) -> Vec<Act> {
    let act = |(user, turns, newest, told): &Line| Act {
        desk: desk(user),
        told: vec![("f".into(), told.clone())],
        asked: Edge {
            turn: turns.0,
            newest: newest.0,
        },
        answered: (turns.1 < u64::MAX).then_some(Edge {
            turn: turns.1,
            newest: newest.1,
        }),
    };
    lines.iter().map(act).collect()
}

/// The log: alice has the file from commit 1 to 2, bob from 3 to 4, alice from 5 on.
fn order() -> Order {
    let mut ledger = Ledger::empty();
    let owner = |user: &str| serde_json::json!({"user": user, "machine": "M", "session": user});
    let grant = |user: &str, n: u64| serde_json::json!({"file": "f", "by": owner(user), "lock": {"user": user, "machine": "M", "token": n}});
    let release = |user: &str, token: u64| serde_json::json!({"file": "f", "by": owner(user), "ended": {"owner": owner(user), "token": token, "how": "released"}});
    let changes = [
        None,
        Some(grant("alice", 1)),
        Some(release("alice", 1)),
        Some(grant("bob", 3)),
        Some(release("bob", 3)),
        Some(grant("alice", 5)),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        ledger.take(&serde_json::json!({
            "n": n, "author": {"session": "s"}, "time": "2026-11-20T08:00:00Z",
            "previous": format!("nonce {}", n.wrapping_sub(1)), "nonce": format!("nonce {n}"),
            "requests": [format!("request {n}")], "changes": Vec::from_iter(change),
            "table": {"folder_size": 1000, "locks": {}},
        }));
    }
    Order::of(&ledger)
}

#[test]
fn what_fits_together_is_found_to_fit() {
    let sound: [&[Line]; 4] = [
        // One after the other.
        &[
            ("alice", (0, 1), (0, 1), took("alice", 1)),
            ("bob", (2, 3), (1, 1), saw("alice", 1)),
            ("alice", (4, 5), (1, 2), gave(1)),
            ("bob", (6, 7), (2, 2), Told::Saw(None)),
            ("bob", (8, 9), (2, 3), took("bob", 3)),
        ],
        // Two looks beside a checkout: the earlier one may see it, and then the later one must.
        &[
            ("alice", (0, 9), (0, 1), took("alice", 1)),
            ("bob", (1, 2), (0, 0), Told::Saw(None)),
            ("carol", (3, 4), (0, 1), saw("alice", 1)),
            ("bob", (5, 6), (1, 1), saw("alice", 1)),
        ],
        // Nobody was told of the grant that somebody else sees.
        &[
            ("alice", (0, u64::MAX), (0, 0), Told::Unknown(Wish::Take)),
            ("bob", (1, 2), (0, 0), Told::Saw(None)),
            ("bob", (3, 4), (1, 1), saw("alice", 1)),
            ("alice", (5, u64::MAX), (1, 1), Told::Unknown(Wish::GiveBack)),
            ("bob", (6, 7), (1, 3), took("bob", 3)),
        ],
        // What was never answered was never done.
        &[
            ("bob", (0, u64::MAX), (0, 0), Told::Unknown(Wish::Take)),
            ("alice", (1, 2), (0, 1), took("alice", 1)),
            ("bob", (3, u64::MAX), (1, 1), Told::Unknown(Wish::Break)),
            ("alice", (4, 5), (1, 2), gave(1)),
        ],
    ];
    for lines in sound {
        let acts = acts(lines);
        model::check(&acts).unwrap();
        order().check(&acts).unwrap();
    }
}

#[test]
fn what_does_not_fit_together_is_found() {
    let lies: [(&str, &[Line]); 7] = [
        (
            "a double grant",
            &[
                ("alice", (0, 1), (0, 1), took("alice", 1)),
                ("bob", (2, 3), (1, 3), took("bob", 3)),
                ("alice", (4, 5), (3, 4), gave(1)),
            ],
        ),
        (
            "a grant of a token that somebody else has had",
            &[
                ("alice", (0, 1), (0, 1), took("alice", 1)),
                ("alice", (2, 3), (1, 2), gave(1)),
                ("bob", (4, 5), (2, 3), took("bob", 1)),
            ],
        ),
        (
            "an old state after a grant was acknowledged",
            &[
                ("alice", (0, 1), (0, 1), took("alice", 1)),
                ("bob", (2, 3), (1, 1), Told::Saw(None)),
                ("alice", (4, 5), (1, 2), gave(1)),
            ],
        ),
        (
            "a refusal for a lock that was given back before",
            &[
                ("alice", (0, 1), (0, 1), took("alice", 1)),
                ("alice", (2, 3), (1, 2), gave(1)),
                ("bob", (4, 5), (2, 2), saw("alice", 1)),
            ],
        ),
        (
            "the second of two looks sees less than the first, beside a checkout",
            &[
                ("alice", (0, 9), (0, 1), took("alice", 1)),
                ("bob", (1, 2), (0, 1), saw("alice", 1)),
                ("carol", (3, 4), (1, 1), Told::Saw(None)),
            ],
        ),
        (
            "tokens that shrink",
            &[
                ("alice", (0, 1), (0, 5), took("alice", 5)),
                ("alice", (2, 3), (5, 5), gave(5)),
                ("bob", (4, 5), (5, 5), took("bob", 3)),
            ],
        ),
        (
            "a lock that is given back twice",
            &[
                ("alice", (0, 1), (0, 1), took("alice", 1)),
                ("alice", (2, 3), (1, 2), gave(1)),
                ("alice", (4, 5), (2, 2), gave(1)),
            ],
        ),
    ];
    for (lie, lines) in lies {
        let acts = acts(lines);
        assert!(model::check(&acts).is_err(), "{lie}: the search does not find it");
        assert!(order().check(&acts).is_err(), "{lie}: the log does not find it");
    }
}

#[test]
fn what_was_in_the_log_before_it_was_asked_for_or_not_when_it_was_told_is_found() {
    let lies: [(&str, Line); 3] = [
        ("before it was asked", ("alice", (0, 1), (1, 1), took("alice", 1))),
        ("not yet", ("alice", (0, 1), (0, 0), took("alice", 1))),
        ("not yet", ("bob", (0, 1), (0, 2), saw("bob", 3))),
    ];
    for (lie, line) in lies {
        assert!(order().check(&acts(&[line])).is_err(), "{lie}");
    }
}
