//! Places in line: who waits, for whom, and what becomes of it when somebody leaves, dies or comes back.

mod ends;

use camctl_shared::rules::Queue;

use super::*;
use crate::desktop::What;
use crate::repository::digest;

const FILE: &str = "a.mcam";

fn join() -> Item {
    Item {
        path: FILE.into(),
        intent: Intent::Queue(Queue::Join(rules::Checkout::default())),
    }
}

/// How often it was told that the file is theirs.
fn yours(desk: &Desk) -> usize {
    let told = desk.desktop.told();
    told.iter()
        .filter(|what| matches!(what, What::Yours { .. }))
        .count()
}

fn line(desk: &Desk) -> Vec<String> {
    let lock = desk.lock(FILE);
    let queue = lock.map(|lock| lock.queue.clone()).unwrap_or_default();
    queue.iter().map(|waiter| waiter.owner.user.to_string()).collect()
}

/// A program of this desk waits along.
fn waits_along(desk: &mut Desk) {
    let waiting = desk.send(vec![join()], Unread::GiveBack);
    desk.settle_down();
    assert!(matches!(
        waiting.verdict().result,
        Ok(success) if matches!(success.done, rules::Done::Joined { .. })
    ));
    assert_eq!(desk.board.state().courtesy.places[&name(FILE)].programs, 1);
}

fn leaves(desk: &mut Desk) {
    desk.board.state().courtesy.left(&name(FILE), None);
    desk.jobs.send(Job::Wake).unwrap();
    desk.settle_down();
}

fn second() -> Duration {
    Duration::from_secs(1)
}

/// After so long everybody knows: nobody sits there and counts the seconds.
fn a_look() -> Duration {
    Policy::default().poll_calm + second()
}

/// alice has the file.
fn office() -> (Office, Desk) {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(alice.ask(checkout(FILE)).result.is_ok());
    (office, alice)
}

#[test]
fn people_are_served_in_the_order_in_which_they_came() {
    let (office, mut alice) = office();
    let (mut bob, mut carol) = (office.desk("bob"), office.desk("carol"));
    for desk in [&mut bob, &mut carol] {
        assert!(desk.ask(join()).result.is_ok());
    }
    assert_eq!(line(&carol), ["bob", "carol"]);
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    office.pass(a_look(), &mut [&mut bob, &mut carol]);
    assert_eq!((yours(&bob), yours(&carol)), (1, 0));
    let lock = bob.lock(FILE).unwrap();
    assert_eq!(&*lock.owner.user, "bob");
    assert!(
        lock.base.is_some(),
        "the agent looked at the file that it was handed"
    );
    assert!(bob.ask(checkin(FILE)).result.is_ok());
    office.pass(a_look(), &mut [&mut bob, &mut carol]);
    assert_eq!((yours(&bob), yours(&carol)), (1, 1));
    assert!(bob.board.state().courtesy.places.is_empty());
}

#[test]
fn whoever_left_has_no_place() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    waits_along(&mut bob);
    leaves(&mut bob);
    assert_eq!(line(&bob), Vec::<String>::new());
    assert!(bob.board.state().courtesy.places.is_empty());
    // Nobody reads that bob has a place: nobody waits there.
    let unread = bob.send(vec![join()], Unread::GiveBack);
    bob.settle_down();
    drop(unread);
    office.pass(a_look(), &mut [&mut bob]);
    assert_eq!(line(&bob), Vec::<String>::new());
    assert!(alice.ask(checkin(FILE)).result.is_ok());
}

#[test]
fn a_place_is_left_when_the_share_is_back() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    waits_along(&mut bob);
    bob.faults.fail_next_call(Call::Commit, away());
    leaves(&mut bob);
    assert_eq!(line(&bob), ["bob"], "it could not be left");
    office.pass(second() * 20, &mut [&mut alice, &mut bob]);
    assert_eq!(line(&alice), Vec::<String>::new());
}

/// Given bob's program that waits, when alice gives the file back and the program leaves before it knows,
/// then bob's agent gives the file back too, and carol gets it.
#[test]
fn a_file_that_was_handed_over_in_the_moment_of_leaving_is_given_back() {
    let (office, mut alice) = office();
    let (mut bob, mut carol) = (office.desk("bob"), office.desk("carol"));
    waits_along(&mut bob);
    assert!(carol.ask(join()).result.is_ok());
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    leaves(&mut bob);
    office.pass(a_look(), &mut [&mut bob, &mut carol]);
    assert_eq!(carol.holder(FILE).as_deref(), Some("carol"));
    assert_eq!((yours(&bob), yours(&carol)), (0, 1));
}

/// Given bob who waits, when he leaves although he has checked the file out by himself meanwhile,
/// then his lock stands.
#[test]
fn nothing_is_given_back_that_was_taken() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    waits_along(&mut bob);
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    assert!(bob.ask(checkout(FILE)).result.is_ok());
    leaves(&mut bob);
    office.pass(a_look(), &mut [&mut bob]);
    assert_eq!(bob.holder(FILE).as_deref(), Some("bob"));
    assert!(bob.board.state().courtesy.places.is_empty());
}

#[test]
fn a_person_waits_over_restarts_and_is_told_once() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    assert!(bob.ask(join()).result.is_ok());
    let kept = digest::kept(&bob.board);
    drop(bob);
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    assert_eq!(
        alice.holder(FILE).as_deref(),
        Some("bob"),
        "not silent for long enough"
    );
    let first = office.desk_with("bob", "session-bob", kept);
    assert_eq!(yours(&first), 1);
    let second = office.desk_with("bob", "session-bob", digest::kept(&first.board));
    assert_eq!(yours(&second), 0);
    assert_eq!(second.holder(FILE).as_deref(), Some("bob"));
}

/// The state may have been lost with the machine: then the log tells, and the table.
#[test]
fn programs_do_not_wait_over_restarts() {
    for remembered in [true, false] {
        let (office, mut alice) = office();
        let mut bob = office.desk("bob");
        waits_along(&mut bob);
        let kept = digest::kept(&bob.board);
        drop(bob);
        let kept = if remembered { kept } else { Kept::default() };
        let bob = office.desk_with("bob", "session-bob", kept);
        assert_eq!(line(&bob), Vec::<String>::new(), "remembered: {remembered}");
        assert!(alice.ask(checkin(FILE)).result.is_ok());
        assert_eq!(alice.holder(FILE), None);
    }
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    waits_along(&mut bob);
    let kept = digest::kept(&bob.board);
    drop(bob);
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    let bob = office.desk_with("bob", "session-bob", kept);
    assert_eq!(
        (bob.holder(FILE), yours(&bob)),
        (None, 0),
        "handed to a program that is gone"
    );
}

#[test]
fn whoever_stops_leaves_with_the_programs_and_keeps_the_persons_place() {
    for (person, left) in [(false, vec![]), (true, vec!["bob".to_owned()])] {
        let (office, mut alice) = office();
        let mut bob = office.desk("bob");
        waits_along(&mut bob);
        if person {
            assert!(bob.ask(join()).result.is_ok());
        }
        let (reply, mut parked) = oneshot::channel();
        bob.jobs.send(Job::Park(reply)).unwrap();
        let jobs = bob.queue.try_iter().collect();
        bob.worker.turn(jobs);
        assert!(parked.try_recv().unwrap().is_ok());
        assert!(alice.ask(checkout(FILE)).result.is_ok());
        assert_eq!(line(&alice), left);
        let kept = digest::kept(&bob.board);
        assert_eq!(kept.places.len(), left.len());
        // Whoever is away is passed over, and the line with them; back again, they get what is free.
        assert!(alice.ask(checkin(FILE)).result.is_ok());
        assert_eq!(alice.holder(FILE), None);
        let mut bob = office.desk_with("bob", "session-bob", kept);
        office.pass(a_look(), &mut [&mut bob]);
        assert_eq!(bob.holder(FILE).is_some(), person);
        assert_eq!(yours(&bob), left.len());
    }
}

#[test]
fn the_first_in_line_takes_what_a_dead_agent_holds() {
    let (office, alice) = office();
    let (mut bob, mut carol) = (office.desk("bob"), office.desk("carol"));
    for desk in [&mut bob, &mut carol] {
        assert!(desk.ask(join()).result.is_ok());
    }
    drop(alice);
    office.pass(Duration::from_secs(200), &mut [&mut bob, &mut carol]);
    assert_eq!(bob.holder(FILE).as_deref(), Some("alice"));
    office.pass(Duration::from_secs(150), &mut [&mut bob, &mut carol]);
    assert_eq!(bob.holder(FILE).as_deref(), Some("bob"));
    assert_eq!((yours(&bob), yours(&carol)), (1, 0));
    assert_eq!(line(&bob), ["carol"]);
}
