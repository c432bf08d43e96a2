//! How a place ends: by leaving it under whatever name, with the file, by being served in ways that are not the usual.

use super::*;

fn leave() -> Item {
    Item {
        path: FILE.into(),
        intent: Intent::Queue(Queue::Leave { joined: None }),
    }
}

/// As `camctl queue --leave` does, by a name that only the share resolves.
#[test]
fn whoever_leaves_by_another_name_of_the_file_has_left() {
    let (office, _alice) = office();
    let mut bob = office.desk("bob");
    assert!(bob.ask(join()).result.is_ok());
    // The path that was asked for is not the file's name: nobody knows that before the share has looked.
    bob.files.link("linked/a.mcam", FILE);
    let linked = Item {
        path: "linked/a.mcam".into(),
        ..leave()
    };
    assert!(bob.ask(linked).result.is_ok());
    office.pass(second() * 20, &mut [&mut bob]);
    assert_eq!(line(&bob), Vec::<String>::new(), "joined again");
    assert!(bob.board.state().courtesy.places.is_empty());
}

#[test]
fn whoever_leaves_while_the_join_is_on_its_way_has_left() {
    let (office, _alice) = office();
    let mut bob = office.desk("bob");
    let joining = bob.send(vec![join()], Unread::Keep);
    // What the handler does first: there is no place to be given up yet.
    assert!(!bob.board.state().courtesy.give_up(&name(FILE)));
    let leaving = bob.send(vec![leave()], Unread::Keep);
    bob.settle_down();
    assert!(joining.verdict().result.is_ok());
    assert!(leaving.verdict().result.is_ok());
    office.pass(second() * 20, &mut [&mut bob]);
    assert_eq!(line(&bob), Vec::<String>::new(), "joined again");
}

/// Given bob, whose agent is about to join anew because the line was lost with its lock, when he leaves before that is
/// done, then his agent leaves after it.
#[test]
fn a_join_of_the_agents_own_is_for_nobody_who_has_left() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    assert!(bob.ask(join()).result.is_ok());
    // The table loses the line: bob's place is there, and he waits in no queue.
    assert!(bob.ask(leave()).result.is_ok());
    {
        let lock = bob.lock(FILE).unwrap();
        let mut state = bob.board.state();
        let whom = Some(crate::repository::courtesy::line::For::Person);
        state.courtesy.joined(&name(FILE), &lock, &bob.board.me, 1, whom);
    }
    // The chore is in the backlog after this turn, and not decided.
    office.clock.advance(second() * 10);
    bob.worker.turn(Vec::new());
    assert!(bob.board.state().courtesy.give_up(&name(FILE)));
    bob.settle_down();
    office.pass(second() * 20, &mut [&mut alice, &mut bob]);
    assert_eq!(line(&bob), Vec::<String>::new());
    assert!(bob.board.state().courtesy.places.is_empty());
}

/// Given bob in line for a file that is deleted, when its lock ends with a silent owner,
/// then bob is told once that it cannot be had, nobody asks for it again, and he is in no line.
#[test]
fn a_place_for_a_file_that_is_gone_ends() {
    let (office, alice) = office();
    let mut bob = office.desk("bob");
    assert!(bob.ask(join()).result.is_ok());
    drop(alice);
    bob.files.delete(FILE);
    office.pass(STALE + second() * 30, &mut [&mut bob]);
    let told = || {
        let told = bob.desktop.told().into_iter();
        told.filter(|what| matches!(what, What::OutOfLine { .. })).count()
    };
    assert_eq!(told(), 1);
    assert!(bob.board.state().courtesy.places.is_empty());
    assert_eq!(line(&bob), Vec::<String>::new());
}

/// An editor that replaces the file when it saves lets it be missing for a moment.
#[test]
fn a_file_that_is_missing_for_a_moment_is_waited_for() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    assert!(bob.ask(join()).result.is_ok());
    let (reply, _parked) = oneshot::channel();
    bob.jobs.send(Job::Park(reply)).unwrap();
    let jobs = bob.queue.try_iter().collect();
    bob.worker.turn(jobs);
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    let files = bob.files.clone();
    files.delete(FILE);
    let mut bob = office.desk_on("bob", "session-bob", digest::kept(&bob.board), files);
    bob.files.make(FILE);
    office.pass(second() * 20, &mut [&mut bob]);
    assert_eq!((bob.holder(FILE).as_deref(), yours(&bob)), (Some("bob"), 1));
}

/// Given bob's program in line, when alice gives the file back while his agent is gone, and the agent comes back without
/// its memory, then bob is told that he has it, and the agent looks at it.
#[test]
fn what_was_handed_over_to_a_place_that_nobody_remembers_is_told() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    waits_along(&mut bob);
    drop(bob);
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    let mut bob = office.desk_with("bob", "session-bob", Kept::default());
    assert_eq!(yours(&bob), 1);
    office.pass(second() * 20, &mut [&mut bob]);
    assert!(bob.lock(FILE).unwrap().base.is_some(), "it is taken up");
    let again = office.desk_with("bob", "session-bob", digest::kept(&bob.board));
    assert_eq!(yours(&again), 0);
}

#[test]
fn what_could_not_be_taken_up_is_taken_up_later() {
    let (office, mut alice) = office();
    let mut bob = office.desk("bob");
    assert!(bob.ask(join()).result.is_ok());
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    bob.faults.fail_next_call(Call::Commit, away());
    office.pass(second() * 20, &mut [&mut bob]);
    assert_eq!(bob.faults.forget(Call::Commit), 0, "it was tried, and failed");
    assert_eq!(yours(&bob), 1);
    assert!(bob.lock(FILE).unwrap().base.is_some());
    assert!(!bob.board.state().courtesy.has_chores(), "and then no more");
}

#[test]
fn whoever_breaks_the_lock_that_they_wait_for_is_told_that_it_is_theirs() {
    let office = Office::with(Policy {
        administrators: vec!["bob".into()],
        ..Policy::default()
    });
    let (mut alice, mut bob) = (office.desk("alice"), office.desk("bob"));
    assert!(alice.ask(checkout(FILE)).result.is_ok());
    assert!(bob.ask(join()).result.is_ok());
    let breaks = Item {
        path: FILE.into(),
        intent: Intent::Break {
            reason: "on holiday".into(),
        },
    };
    assert!(bob.ask(breaks).result.is_ok());
    office.pass(second() * 20, &mut [&mut bob]);
    assert_eq!((bob.holder(FILE).as_deref(), yours(&bob)), (Some("bob"), 1));
    assert!(bob.lock(FILE).unwrap().base.is_some());
}

/// Given alice, whose program guards a file, when she waits for it too, then it is not hers before the program ends, and
/// then it is.
#[test]
fn behind_ones_own_guard_one_waits() {
    let office = Office::new();
    let (mut alice, mut carol) = (office.desk("alice"), office.desk("carol"));
    let guard = rules::Checkout {
        form: rules::Form::Guard(camctl_shared::model::Process {
            pid: 1,
            started: 1,
            boot: None,
            agent: None,
            extra: camctl_shared::model::Extra::new(),
        }),
        ..rules::Checkout::default()
    };
    let guard = Item {
        path: FILE.into(),
        intent: Intent::Checkout(guard),
    };
    assert!(alice.ask(guard).result.is_ok());
    assert!(alice.ask(join()).result.is_ok());
    assert!(carol.ask(join()).result.is_ok());
    office.pass(second() * 20, &mut [&mut alice, &mut carol]);
    assert_eq!(yours(&alice), 0);
    assert_eq!(alice.board.state().courtesy.places.len(), 1);
    let token = alice.lock(FILE).unwrap().token;
    assert!(alice.ask(checkin(FILE)).result.is_ok());
    office.pass(second() * 20, &mut [&mut alice, &mut carol]);
    assert_eq!((alice.holder(FILE).as_deref(), yours(&alice)), (Some("alice"), 1));
    assert_ne!(alice.lock(FILE).unwrap().token, token);
    assert!(alice.lock(FILE).unwrap().base.is_some());
}
