//! Requests become commits, and every answer is true.

use camctl_shared::model::{How, NameError, Refusal};
use camctl_shared::rules::Done;

use super::*;
use crate::desktop::What as Told;
use crate::problem::Problem;

fn granted(verdict: &Verdict) -> bool {
    matches!(&verdict.result, Ok(success) if matches!(success.done, Done::Granted { .. }))
}

fn held_by(verdict: &Verdict) -> Option<String> {
    match &verdict.result {
        Err(Problem::Refused(Refusal::Held { lock, .. })) => Some(lock.owner.user.to_string()),
        _ => None,
    }
}

#[test]
fn requests_that_wait_together_become_one_commit() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let waiting: Vec<Waiting> = (0..40)
        .map(|n| alice.send(vec![checkout(&format!("{n}.mcam"))], Unread::Keep))
        .collect();
    alice.settle_down();
    assert!(waiting.into_iter().all(|one| granted(&one.verdict())));
    assert_eq!(office.log.commits().len(), 2, "the first commit, and one for all");
}

#[test]
fn two_wishes_for_one_file_are_answered_in_their_order() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let first = alice.send(vec![checkout("a.mcam")], Unread::Keep);
    let second = alice.send(vec![checkin("a.mcam")], Unread::Keep);
    let third = alice.send(vec![checkout("a.mcam")], Unread::Keep);
    alice.settle_down();
    assert!(granted(&first.verdict()));
    assert!(matches!(second.verdict().result, Ok(success) if matches!(success.done, Done::Released { .. })));
    assert!(granted(&third.verdict()));
    assert_eq!(alice.lock("a.mcam").unwrap().token, Some(3));
}

#[test]
fn whoever_comes_second_is_refused_although_the_table_looked_free() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut bob = office.desk("bob");
    alice
        .faults
        .before_publish(move || assert!(granted(&bob.ask(checkout("a.mcam")))));
    let verdict = alice.ask(checkout("a.mcam"));
    assert_eq!(held_by(&verdict).as_deref(), Some("bob"));
}

#[test]
fn a_lost_reply_is_settled_and_then_answered() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    alice.faults.unsettle_next(Lost::Reply);
    let verdict = alice.ask(checkout("a.mcam"));
    assert!(granted(&verdict), "{verdict:?}");
    assert_eq!(office.log.commits().len(), 2, "it is applied once");
}

#[test]
fn a_lost_request_is_settled_against_whoever_was_faster() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut bob = office.desk("bob");
    alice.lose_for_a_while(Lost::Request);
    let mut waiting = alice.send(vec![checkout("a.mcam")], Unread::Keep);
    alice.settle_down();
    assert!(waiting.is_open(), "nobody says what nobody knows");
    assert!(granted(&bob.ask(checkout("a.mcam"))));
    office.pass(Duration::from_secs(30), &mut [&mut alice, &mut bob]);
    assert_eq!(held_by(&waiting.verdict()).as_deref(), Some("bob"));
}

#[test]
fn who_asks_while_a_commit_is_being_settled_does_not_keep_it_from_being_settled() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    alice.lose_for_a_while(Lost::Reply);
    let first = alice.send(vec![checkout("a.mcam")], Unread::Keep);
    alice.settle_down();
    let second = alice.send(vec![checkout("b.mcam")], Unread::Keep);
    office.pass(Duration::from_secs(30), &mut [&mut alice]);
    assert!(granted(&first.verdict()) && granted(&second.verdict()));
}

/// Found by the simulation: the disk was full, and the worker tried to come back thousands of times a second.
#[test]
fn who_waits_for_a_settled_commit_waits_quietly_until_the_desk_can_show_itself() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    alice.lose_for_a_while(Lost::Request);
    let mut waiting = alice.send(vec![checkout("a.mcam")], Unread::Keep);
    alice.settle_down();
    // Her machine sleeps, and then nothing can be written for a while.
    office.clock.advance(STALE);
    for _ in 0..1000 {
        alice.faults.fail_next_call(Call::Commit, away());
    }
    office.pass(Duration::from_secs(60), &mut [&mut alice]);
    assert!(waiting.is_open());
    let left = alice.faults.forget(Call::Commit);
    assert!(left > 900, "it was tried {} times in a minute", 1000 - left);
    office.pass(Duration::from_secs(60), &mut [&mut alice]);
    assert!(granted(&waiting.verdict()));
}

#[test]
fn a_grant_that_came_too_late_is_kept_and_told() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(granted(&office.desk("bob").ask(checkout("b.mcam"))));
    alice.lose_for_a_while(Lost::Reply);
    let mut waiting = alice.send(vec![checkout("a.mcam"), checkout("b.mcam")], Unread::Keep);
    alice.settle_down();
    assert!(waiting.is_open());
    drop(waiting);
    office.pass(Duration::from_secs(30), &mut [&mut alice]);
    assert_eq!(alice.holder("a.mcam").as_deref(), Some("alice"));
    assert_eq!(alice.desktop.told(), [Told::GrantedLate { file: name("a.mcam") }]);
}

#[test]
fn a_lost_request_of_somebody_who_left_is_not_made_again() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut bob = office.desk("bob");
    alice.lose_for_a_while(Lost::Request);
    let waiting = alice.send(vec![checkout("a.mcam"), checkout("b.mcam")], Unread::Keep);
    alice.settle_down();
    drop(waiting);
    // Bob's commit takes the number that alice's would have had.
    assert!(granted(&bob.ask(checkout("c.mcam"))));
    office.pass(Duration::from_secs(30), &mut [&mut alice, &mut bob]);
    assert_eq!((alice.holder("a.mcam"), alice.holder("b.mcam")), (None, None));
    assert_eq!(alice.desktop.told(), []);
}

#[test]
fn what_was_waited_for_is_given_back_when_nobody_takes_it() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    alice.lose_for_a_while(Lost::Reply);
    drop(alice.send(vec![checkout("gone.mcam")], Unread::GiveBack));
    let waiting = alice.send(vec![checkout("a.mcam")], Unread::GiveBack);
    alice.settle_down();
    drop(waiting);
    office.pass(Duration::from_secs(30), &mut [&mut alice]);
    assert_eq!(alice.holder("gone.mcam"), None, "it was never started");
    assert_eq!(alice.holder("a.mcam"), None, "it was granted, and given back");
    let ended: Vec<How> = office
        .log
        .commits()
        .iter()
        .flat_map(|commit| commit.draft.changes.iter())
        .filter_map(|change| change.ended.as_ref().map(|ended| ended.how))
        .collect();
    assert_eq!(ended, [How::Released]);
}

#[test]
fn a_request_whose_asker_left_is_not_begun() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    drop(alice.send(vec![checkout("a.mcam")], Unread::Keep));
    alice.settle_down();
    assert_eq!(office.log.commits().len(), 1);
}

#[test]
fn files_are_found_before_they_are_taken() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut problem = |path: &str| alice.ask(checkout(path)).result.unwrap_err();
    assert!(matches!(problem("missing/a.mcam"), Problem::NoSuchFile));
    assert!(matches!(
        problem("outside/a.mcam"),
        Problem::Name(NameError::Outside)
    ));
    assert!(matches!(problem("a folder"), Problem::NotAFile));
    assert!(matches!(problem("../a.mcam"), Problem::Name(NameError::Outside)));
    assert!(matches!(problem("locks.json"), Problem::Name(NameError::Own)));
    assert!(matches!(problem(".camctl/head"), Problem::Name(NameError::Own)));
}

#[test]
fn a_file_that_is_gone_can_be_checked_in() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    alice.files.sizes.lock().unwrap().insert("a.mcam".into(), 101);
    match alice.ask(checkin("a.mcam")).result {
        Ok(success) => assert_eq!(success.changed, Some(true)),
        Err(problem) => panic!("{problem}"),
    }
    match alice.ask(checkin("missing/b.mcam")).result {
        Err(Problem::Refused(Refusal::NotHeld { .. })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_commit_that_fails_is_no_grant() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    alice.faults.fail_next_call(Call::Commit, away());
    assert!(matches!(
        alice.ask(checkout("a.mcam")).result,
        Err(Problem::Store(_))
    ));
    assert_eq!(alice.holder("a.mcam"), None);
    assert!(granted(&alice.ask(checkout("a.mcam"))));
}
