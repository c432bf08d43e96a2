//! Sessions that fall silent, come back, park and go on.

use camctl_shared::model::{How, Refusal, Verb};
use camctl_shared::rules::Done;

use super::super::board::{Health, Held};
use camctl_shared::store::SharedTable;

use super::super::digest::digest;
use super::*;
use crate::desktop::What as Told;
use crate::problem::Problem;

fn granted(verdict: &Verdict) -> bool {
    matches!(&verdict.result, Ok(success) if matches!(success.done, Done::Granted { .. }))
}

fn last_session_verb(office: &Office) -> Option<Verb> {
    let commits = office.log.commits();
    let sessions = commits.iter().flat_map(|commit| commit.draft.sessions.iter());
    sessions.last().map(|change| change.verb.clone())
}

/// Alice has two files, and her machine sleeps; bob's watches.
fn alice_sleeps() -> (Office, Desk, Desk) {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut bob = office.desk("bob");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    assert!(granted(&alice.ask(checkout("b.mcam"))));
    office.pass(STALE, &mut [&mut bob]);
    (office, alice, bob)
}

#[test]
fn a_silent_session_loses_its_lock_to_whoever_wants_it_and_hears_of_it() {
    let (office, mut alice, mut bob) = alice_sleeps();
    match bob.ask(checkout("a.mcam")).result {
        Ok(success) => match success.done {
            Done::Granted {
                after: Some(ended), ..
            } => assert_eq!(ended.how, How::Broken),
            other => panic!("{other:?}"),
        },
        Err(problem) => panic!("{problem}"),
    }
    assert!(!alice.is_safe());
    // It wakes, and the first that happens is a request.
    match alice.ask(checkin("a.mcam")).result {
        Err(Problem::Lost { ended, by, .. }) => {
            assert_eq!((ended.how, by.user.as_ref()), (How::Broken, "bob"));
        }
        other => panic!("{other:?}"),
    }
    assert!(
        matches!(alice.desktop.told().as_slice(), [Told::LockEnded { file, .. }] if *file == name("a.mcam"))
    );
    assert_eq!(last_session_verb(&office), Some(Verb::REVIVE));
    assert_eq!(
        alice.holder("b.mcam").as_deref(),
        Some("alice"),
        "what nobody wanted is hers"
    );
    assert!(alice.is_safe());
    // Told once: from now on it is simply bob's.
    assert!(matches!(
        alice.ask(checkin("a.mcam")).result,
        Err(Problem::Refused(Refusal::NotYours { .. }))
    ));
}

#[test]
fn a_lock_that_was_lost_in_commits_that_were_pruned_meanwhile_is_trusted_no_longer() {
    let (_office, mut alice, mut bob) = alice_sleeps();
    // For so long that nobody remembers how her lock ended.
    assert!(granted(&bob.ask(checkout("a.mcam"))));
    assert!(granted(&bob.ask(checkout("c.mcam"))));
    alice.faults.prune_next_news();
    alice.settle_down();
    assert!(alice.is_safe());
    let mine: Vec<String> = alice.board.state().mine.keys().map(ToString::to_string).collect();
    assert_eq!(mine, ["b.mcam"]);
    assert!(
        matches!(alice.desktop.told().as_slice(), [Told::LockGone { file, .. }] if *file == name("a.mcam"))
    );
}

#[test]
fn after_a_gap_nothing_is_granted_before_the_session_is_back_in_the_log() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    office.clock.advance(STALE);
    assert!(granted(&alice.ask(checkout("b.mcam"))));
    let verbs: Vec<Vec<Verb>> = office
        .log
        .commits()
        .iter()
        .skip(2)
        .map(|commit| {
            commit
                .draft
                .sessions
                .iter()
                .map(|change| change.verb.clone())
                .collect()
        })
        .collect();
    assert_eq!(
        verbs,
        [vec![Verb::REVIVE], vec![]],
        "revive is a commit of its own, and the first"
    );
}

#[test]
fn a_session_that_cannot_come_back_grants_nothing() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    office.clock.advance(STALE);
    alice.faults.fail_next_call(Call::Commit, away());
    assert!(matches!(
        alice.ask(checkout("b.mcam")).result,
        Err(Problem::Store(_))
    ));
    assert_eq!(alice.holder("b.mcam"), None);
}

#[test]
fn the_last_look_decides_a_session_that_showed_itself_a_moment_ago_keeps_its_lock() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut bob = office.desk("bob");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    office.pass(Duration::from_secs(299), &mut [&mut bob]);
    office.clock.advance(Duration::from_secs(1));
    // Her heartbeat reaches the share, without any commit; bob's last round was before that.
    let heartbeat = camctl_shared::store::Heartbeat {
        session: SessionId::parse("session-alice").unwrap(),
        user: "alice".into(),
        machine: "DESK-alice".into(),
        counter: 7,
        version: "test".into(),
    };
    let mut hand = office
        .log
        .open(Owner::new("alice", "DESK-alice", heartbeat.session.clone()));
    office.pass(Duration::from_secs(10), &mut [&mut bob]);
    hand.heartbeat(&heartbeat).unwrap();
    let verdict = bob.ask(checkout("a.mcam"));
    assert!(
        matches!(verdict.result, Err(Problem::Refused(Refusal::Held { .. }))),
        "{verdict:?}"
    );
}

#[test]
fn the_owner_gives_up_before_others_may_take_over() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    alice.faults.away(Some(away()));
    office.pass(Duration::from_secs(224), &mut [&mut alice]);
    assert!(alice.is_safe());
    office.pass(Duration::from_secs(32), &mut [&mut alice]);
    assert!(!alice.is_safe());
    assert!(alice.desktop.told().contains(&Told::Unsafe { locks: 1 }));
    alice.faults.away(None);
    office.pass(Duration::from_secs(30), &mut [&mut alice]);
    assert!(alice.is_safe());
    assert!(alice.desktop.told().contains(&Told::SafeAgain { locks: 1 }));
    assert_eq!(last_session_verb(&office), Some(Verb::REVIVE));
}

#[test]
fn a_share_that_is_away_is_said_to_be_away_once_and_back_once() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut news = alice.board.subscribe();
    alice.faults.away(Some(away()));
    office.pass(Duration::from_secs(100), &mut [&mut alice]);
    assert!(alice.board.readable().is_err());
    assert!(matches!(
        alice.ask(checkout("a.mcam")).result,
        Err(Problem::Store(_))
    ));
    alice.faults.away(None);
    office.pass(Duration::from_secs(60), &mut [&mut alice]);
    assert!(alice.board.readable().is_ok());
    let told = alice.desktop.told();
    assert!(
        matches!(told.as_slice(), [Told::Away { .. }, Told::Back]),
        "{told:?}"
    );
    assert!(matches!(
        news.try_recv(),
        Ok(super::super::board::News::Away { .. })
    ));
    assert!(matches!(
        news.try_recv(),
        Ok(super::super::board::News::Back { .. })
    ));
}

#[test]
fn a_damaged_table_is_an_error_until_it_is_mended() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    let damaged = StoreError::Damaged {
        path: "/mnt/cam/.camctl/log/0/1.json".into(),
        problem: "it does not parse".into(),
    };
    alice.faults.away(Some(damaged));
    office.pass(Duration::from_secs(30), &mut [&mut alice]);
    assert!(matches!(alice.board.state().health, Health::Damaged(_)));
    assert!(matches!(
        alice.ask(checkin("a.mcam")).result,
        Err(Problem::Store(StoreError::Damaged { .. }))
    ));
    assert_eq!(
        alice.holder("a.mcam").as_deref(),
        Some("alice"),
        "what is known is not forgotten"
    );
    alice.faults.away(None);
    office.pass(Duration::from_secs(30), &mut [&mut alice]);
    assert!(alice.board.readable().is_ok());
}

#[test]
fn parking_keeps_checkouts_and_a_restart_goes_on_with_them() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    assert!(granted(&alice.ask(checkout("a.mcam"))));
    let (reply, mut parked) = oneshot::channel();
    alice.jobs.send(Job::Park(reply)).unwrap();
    alice.worker.turn(alice.queue.try_iter().collect());
    assert!(alice.worker.is_stopped());
    assert!(parked.try_recv().unwrap().is_ok());
    assert_eq!(last_session_verb(&office), Some(Verb::PARK));
    drop(alice);
    office.clock.advance(Duration::from_secs(3600));
    let alice = office.desk("alice");
    assert_eq!(last_session_verb(&office), Some(Verb::REVIVE));
    assert!(alice.is_safe());
    assert_eq!(alice.board.state().mine.len(), 1);
}

#[test]
fn a_new_session_answers_for_the_locks_of_its_desk() {
    let office = Office::new();
    let mut before = office.desk_with("alice", "session-old", Kept::default());
    assert!(granted(&before.ask(checkout("a.mcam"))));
    drop(before);
    let mut after = office.desk_with("alice", "session-new", Kept::default());
    let lock = after.lock("a.mcam").unwrap();
    assert_eq!(lock.owner.session, SessionId::parse("session-new"));
    assert_eq!(lock.token, Some(1), "it is the same lock");
    assert!(after.ask(checkin("a.mcam")).result.is_ok());
}

#[test]
fn what_was_lost_while_the_agent_was_away_is_told_at_its_return() {
    let office = Office::new();
    let held = Held {
        token: Some(1),
        since: office.clock.wall(),
    };
    let kept = Kept {
        held: BTreeMap::from([("a.mcam".into(), held)]),
        ..Kept::default()
    };
    let mut bob = office.desk("bob");
    assert!(granted(&bob.ask(checkout("a.mcam"))));
    let mut alice = office.desk_with("alice", "session-alice", kept);
    assert!(
        matches!(alice.desktop.told().as_slice(), [Told::LockGone { file, .. }] if *file == name("a.mcam"))
    );
    assert!(
        matches!(alice.ask(checkin("a.mcam")).result, Err(Problem::Lost { by, .. }) if &*by.user == "bob")
    );
}

/// Given a loss, when the agent asks by itself, or nobody reads the answer, then whoever asks next is told.
#[test]
fn a_loss_is_told_to_somebody() {
    let (office, mut alice, mut bob) = alice_sleeps();
    assert!(granted(&bob.ask(checkout("a.mcam"))));
    office.pass(Duration::from_secs(8), &mut [&mut alice, &mut bob]);
    let unasked = Asks::unasked(vec![checkin("a.mcam")]);
    alice.jobs.send(Job::Asks(unasked)).unwrap();
    alice.settle_down();
    let unread = alice.send(vec![checkin("a.mcam")], Unread::Keep);
    alice.settle_down();
    drop(unread);
    alice.settle_down();
    assert!(matches!(
        alice.ask(checkin("a.mcam")).result,
        Err(Problem::Lost { .. })
    ));
    assert!(matches!(
        alice.ask(checkin("a.mcam")).result,
        Err(Problem::Refused(Refusal::NotYours { .. }))
    ));
}

#[test]
fn a_lease_ends_by_itself_although_its_owner_lives() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let mut bob = office.desk("bob");
    let lease = Item {
        path: "a.mcam".into(),
        intent: Intent::Checkout(rules::Checkout {
            form: rules::Form::Lease(Duration::from_secs(60)),
            ..rules::Checkout::default()
        }),
    };
    assert!(granted(&alice.ask(lease)));
    office.pass(Duration::from_secs(50), &mut [&mut alice, &mut bob]);
    assert!(!granted(&bob.ask(checkout("a.mcam"))));
    office.pass(Duration::from_secs(45), &mut [&mut alice, &mut bob]);
    assert!(granted(&bob.ask(checkout("a.mcam"))));
}

#[test]
fn a_wrong_policy_stops_the_work_on_its_repository_until_it_is_right_again() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    let wrong = StoreError::Policy {
        path: "/mnt/cam/.camctl/repo.toml".into(),
        line: 3,
        problem: "\"soon\" is not a time".into(),
    };
    // Seen by the look at everything alone; a poll of `head` reads no policy, and must not take it for mended.
    alice.faults.fail_next_call(Call::CatchUp, wrong.clone());
    alice.worker.poll(super::super::schedule::Chore::Listing);
    alice.faults.fail_next_call(Call::CatchUp, wrong);
    assert!(matches!(
        alice.ask(checkout("a.mcam")).result,
        Err(Problem::Store(StoreError::Policy { line: 3, .. }))
    ));
    assert!(
        granted(&alice.ask(checkout("a.mcam"))),
        "it was mended, and the next request finds that out"
    );
}

/// *Given* two commits that a server has lost with its power: one that gave alice a file, and one that took hers; *then* she is
/// told of the first, and the second has never been.
#[test]
fn what_a_server_has_lost_with_its_power_has_not_happened() {
    let (office, mut alice, mut bob) = alice_sleeps();
    let before = alice.board.table().unwrap().read().clone();
    assert!(granted(&bob.ask(checkout("a.mcam"))));
    assert!(granted(&alice.ask(checkout("c.mcam"))));
    assert_eq!(alice.desktop.told().len(), 1, "of a.mcam");
    assert!(alice.board.state().lost.contains_key(&name("a.mcam")));
    let board = Board::new(
        "/mnt/cam".into(),
        Arc::clone(&alice.board.me),
        office.clock.clone(),
        Duration::from_secs(12),
        Arc::new(Notify::new()),
    );
    board.set_table(SharedTable::new(before));
    {
        let (mut state, was) = (board.state(), alice.board.state());
        (state.mine, state.lost) = (was.mine.clone(), was.lost.clone());
        state.digested = was.digested;
    }
    digest(&board, &*alice.desktop, &[]);
    let gone = Told::LockGone {
        file: name("c.mcam"),
        holder: None,
    };
    assert_eq!(alice.desktop.told().get(1..), Some([gone].as_slice()));
    let state = board.state();
    let mine: Vec<&str> = state.mine.keys().map(FileName::as_str).collect();
    assert_eq!(mine, ["a.mcam", "b.mcam"]);
    assert!(!state.lost.contains_key(&name("a.mcam")));
}
