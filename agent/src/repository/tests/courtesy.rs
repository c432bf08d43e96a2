//! What a person is told about what others do with the files that they wait for.

use super::*;
use crate::desktop::What;
use crate::repository::digest;
use crate::repository::schedule::Pace;

/// The files of which it was told that they are free, and by whom they were given back.
fn freed(desk: &Desk) -> Vec<(String, String)> {
    let told = desk.desktop.told().into_iter();
    told.filter_map(|what| match what {
        What::Free { file, by, .. } => Some((file.as_str().to_owned(), by.user.to_string())),
        _ => None,
    })
    .collect()
}

fn by_alice(file: &str) -> (String, String) {
    (file.to_owned(), "alice".to_owned())
}

/// alice holds `a.mcam`, and bob was refused it.
fn refused(office: &Office) -> (Desk, Desk) {
    let (mut alice, mut bob) = (office.desk("alice"), office.desk("bob"));
    assert!(alice.ask(checkout("a.mcam")).result.is_ok());
    assert!(bob.ask(checkout("a.mcam")).result.is_err());
    (alice, bob)
}

#[test]
fn whoever_was_refused_is_told_with_the_next_calm_poll_and_once() {
    let office = Office::new();
    let (mut alice, mut bob) = refused(&office);
    office.pass(Duration::from_secs(61), &mut [&mut alice, &mut bob]);
    assert_eq!(bob.board.pace(office.clock.moment()), Pace::Calm);
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
    office.pass(office.policy.poll_calm, &mut [&mut bob]);
    assert_eq!(freed(&bob), [by_alice("a.mcam")]);
    assert!(alice.ask(checkout("a.mcam")).result.is_ok());
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
    office.pass(Duration::from_secs(60), &mut [&mut alice, &mut bob]);
    assert_eq!(freed(&bob), [by_alice("a.mcam")], "once");
    office.pass(Duration::from_secs(60), &mut [&mut bob]);
    assert_eq!(
        bob.board.pace(office.clock.moment()),
        Pace::Idle,
        "nobody waits any more"
    );
}

#[test]
fn nobody_is_told_of_a_file_that_was_taken_again_or_that_they_have() {
    let office = Office::new();
    let (mut alice, mut bob) = refused(&office);
    let mut carol = office.desk("carol");
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
    assert!(carol.ask(checkout("a.mcam")).result.is_ok());
    office.pass(Duration::from_secs(5), &mut [&mut bob]);
    assert_eq!(freed(&bob), [], "free and taken between two looks");
    assert!(carol.ask(checkin("a.mcam")).result.is_ok());
    assert!(bob.ask(checkout("a.mcam")).result.is_ok());
    office.pass(Duration::from_secs(5), &mut [&mut bob]);
    assert!(bob.board.state().courtesy.wishes.is_empty());
}

#[test]
fn a_wish_for_a_day_ends_after_a_day() {
    let office = Office::new();
    let (mut alice, mut bob) = refused(&office);
    office.pass(Duration::from_secs(25 * 3600), &mut [&mut alice, &mut bob]);
    assert!(!bob.board.state().courtesy.waits());
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
    office.pass(Duration::from_secs(60), &mut [&mut bob]);
    assert_eq!(freed(&bob), []);
}

/// Given bob's wish, when his agent is gone while alice gives the file back, and then restarts again and again,
/// then it is told by the first run that sees it, and by no other.
#[test]
fn what_became_free_meanwhile_is_told_once_after_a_restart() {
    let office = Office::new();
    let (mut alice, bob) = refused(&office);
    let kept = digest::kept(&bob.board);
    assert_eq!(kept.wishes.len(), 1);
    drop(bob);
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
    let first = office.desk_with("bob", "session-bob", kept);
    assert_eq!(freed(&first), [by_alice("a.mcam")]);
    let second = office.desk_with("bob", "session-bob", digest::kept(&first.board));
    assert_eq!(freed(&second), []);
}
