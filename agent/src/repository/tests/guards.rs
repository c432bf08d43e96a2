//! Guards, their programs, and agents that come and go.

use camctl_shared::model::How;
use camctl_shared::rules::{Checkout, Done, Form};

use super::*;
use crate::programs::describe;

const PROGRAM: u32 = 4711;

fn run(office: &Office, pid: u32) -> Item {
    office.programs.0.lock().unwrap().insert(pid);
    Item {
        path: "wems.db".into(),
        intent: Intent::Checkout(Checkout {
            form: Form::Guard(describe(office.programs.as_ref(), pid).unwrap()),
            ..Checkout::default()
        }),
    }
}

fn end(office: &Office, pid: u32) {
    office.programs.0.lock().unwrap().remove(&pid);
}

fn token(desk: &Desk) -> Option<u64> {
    desk.lock("wems.db").and_then(|lock| lock.token)
}

/// Alice's program has the file.
fn running() -> (Office, Desk, Desk) {
    let office = Office::new();
    let (mut alice, bob) = (office.desk("alice"), office.desk("bob"));
    let verdict = alice.ask(run(&office, PROGRAM));
    assert!(matches!(verdict.result, Ok(ref done) if matches!(done.done, Done::Granted { .. })));
    (office, alice, bob)
}

#[test]
fn a_guard_goes_with_its_program_and_not_before() {
    let (office, mut alice, mut bob) = running();
    let had = token(&alice);
    office.pass(Duration::from_secs(3600), &mut [&mut alice, &mut bob]);
    assert_eq!((token(&alice), had.is_some()), (had, true));
    end(&office, PROGRAM);
    office.pass(Duration::from_secs(2), &mut [&mut alice, &mut bob]);
    assert_eq!(alice.holder("wems.db"), None);
    let commits = office.log.commits();
    let ended = commits.last().unwrap().draft.changes[0].ended.clone().unwrap();
    assert_eq!(
        (ended.how, ended.reason.as_deref()),
        (How::Released, Some("its program has ended"))
    );
    assert!(alice.desktop.told().is_empty(), "nothing was lost");
}

#[test]
fn whoever_answers_for_a_guard_ends_it() {
    let (office, mut alice, _) = running();
    let guard = (name("wems.db"), token(&alice).unwrap());
    alice.board.state().attended.insert(guard, 1);
    end(&office, PROGRAM);
    office.pass(Duration::from_secs(3600), &mut [&mut alice]);
    assert_eq!(alice.holder("wems.db").as_deref(), Some("alice"));
    alice.board.state().attended.clear();
    alice.jobs.send(Job::Wake).unwrap();
    alice.settle_down();
    assert_eq!(alice.holder("wems.db"), None);
}

/// Given alice's program, when her agent is killed, or loses what it knew, and comes back, then the guard goes on with its
/// token, and belongs to the new session.
#[test]
fn an_agent_that_comes_back_finds_its_programs_again() {
    for session in ["session-alice", "session-alice-2"] {
        let (office, alice, mut bob) = running();
        let had = token(&alice);
        drop(alice);
        let mut again = office.desk_with("alice", session, Kept::default());
        office.pass(Duration::from_secs(3600), &mut [&mut again, &mut bob]);
        let lock = again.lock("wems.db").unwrap();
        assert_eq!(
            (lock.token, lock.owner.session.as_ref().unwrap().as_str()),
            (had, session)
        );
        assert_eq!(bob.holder("wems.db").as_deref(), Some("alice"));
        end(&office, PROGRAM);
        office.pass(Duration::from_secs(2), &mut [&mut again, &mut bob]);
        assert_eq!(again.holder("wems.db"), None);
    }
}

/// Given alice's program that ended while her agent was dead, when an agent of hers starts, then it gives the file back.
#[test]
fn an_orphaned_guard_is_over_when_its_agent_is_back() {
    for session in ["session-alice", "session-alice-2"] {
        let (office, alice, _) = running();
        drop(alice);
        end(&office, PROGRAM);
        let mut again = office.desk_with("alice", session, Kept::default());
        office.pass(Duration::from_secs(2), &mut [&mut again]);
        assert_eq!(again.holder("wems.db"), None, "{session}");
    }
}

/// Given alice's program that ended while her agent was dead, then bob, who sits elsewhere, has to wait until her session is
/// stale, for he cannot know.
#[test]
fn elsewhere_only_silence_tells() {
    let (office, alice, mut bob) = running();
    drop(alice);
    end(&office, PROGRAM);
    assert!(bob.ask(run(&office, 5)).result.is_err());
    office.pass(Duration::from_secs(400), &mut [&mut bob]);
    assert!(bob.ask(run(&office, 5)).result.is_ok());
}

#[test]
fn stopping_ends_guards_but_for_those_whose_programs_run() {
    for runs in [true, false] {
        let (office, mut alice, bob) = running();
        let had = token(&alice);
        let guard = (name("wems.db"), had.unwrap());
        alice.board.state().attended.insert(guard, 1);
        if !runs {
            end(&office, PROGRAM);
        }
        let (reply, _answer) = oneshot::channel();
        alice.jobs.send(Job::Park(reply)).unwrap();
        alice.settle_down();
        let mut bob = bob;
        office.pass(Duration::from_secs(60), &mut [&mut bob]);
        assert_eq!(token(&bob), had.filter(|_| runs));
        if runs {
            let mut again = office.desk("alice");
            office.pass(Duration::from_secs(3600), &mut [&mut again, &mut bob]);
            assert_eq!(token(&bob), had);
        }
    }
}
