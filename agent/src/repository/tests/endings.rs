//! Whoever took a file for a time is told before that is over.

use camctl_shared::rules::Form;

use super::*;
use crate::desktop::What;
use crate::repository::digest;

fn lease(minutes: u64) -> Item {
    Item {
        path: "a.mcam".into(),
        intent: Intent::Checkout(rules::Checkout {
            form: Form::Lease(Duration::from_mins(minutes)),
            ..rules::Checkout::default()
        }),
    }
}

/// How long after now the leases end that were told of.
fn told(desk: &Desk) -> usize {
    let told = desk.desktop.told().into_iter();
    told.filter(|what| matches!(what, What::Ending { .. })).count()
}

#[test]
fn it_is_told_once_and_once_more_when_it_was_renewed() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(alice.ask(lease(30)).result.is_ok());
    office.pass(Duration::from_secs(27 * 60 - 1), &mut [&mut alice]);
    assert_eq!(told(&alice), 0);
    office.pass(Duration::from_secs(1), &mut [&mut alice]);
    assert_eq!(told(&alice), 1, "a tenth of its length before");
    let again = office.desk_with("alice", "session-alice", digest::kept(&alice.board));
    assert_eq!(told(&again), 0, "not after a restart");
    office.pass(Duration::from_secs(60), &mut [&mut alice]);
    assert_eq!(told(&alice), 1);
    assert!(alice.ask(lease(120)).result.is_ok());
    office.pass(Duration::from_secs(115 * 60 - 1), &mut [&mut alice]);
    assert_eq!(told(&alice), 1);
    office.pass(Duration::from_secs(1), &mut [&mut alice]);
    assert_eq!(told(&alice), 2, "five minutes before");
}

#[test]
fn the_worker_wakes_for_it_in_time() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(alice.ask(lease(1)).result.is_ok());
    let now = office.clock.moment();
    let mut next = now;
    while next <= now.after(Duration::from_secs(54)) && told(&alice) == 0 {
        office.clock.advance(next.since(office.clock.moment()));
        next = alice.worker.turn(Vec::new());
    }
    assert_eq!(told(&alice), 1);
    assert_eq!(office.clock.moment(), now.after(Duration::from_secs(54)));
}

#[test]
fn what_was_given_back_or_is_over_is_not_told() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(alice.ask(lease(30)).result.is_ok());
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
    office.pass(Duration::from_secs(40 * 60), &mut [&mut alice]);
    assert_eq!(told(&alice), 0);
    assert!(alice.ask(lease(30)).result.is_ok());
    let kept = digest::kept(&alice.board);
    drop(alice);
    office.clock.advance(Duration::from_secs(31 * 60));
    assert_eq!(told(&office.desk_with("alice", "session-alice", kept)), 0);
}
