//! The machine sleeps, and wakes.

use camctl_shared::model::Verb;
use camctl_shared::rules::Done;

use super::*;
use crate::desktop::What as Told;
use crate::problem::Problem;

const NAP: Duration = Duration::from_secs(10);
const NIGHT: Duration = Duration::from_hours(14);

/// Whether the session verbs of the log are these, oldest first.
fn verbs(office: &Office) -> Vec<Verb> {
    let commits = office.log.commits();
    let sessions = commits.iter().flat_map(|commit| commit.draft.sessions.iter());
    sessions.map(|change| change.verb.clone()).collect()
}

fn doze(desk: &mut Desk) -> Result<(), Problem> {
    let (reply, mut dozes) = oneshot::channel();
    desk.jobs.send(Job::Doze(reply)).unwrap();
    desk.worker.turn(desk.queue.try_iter().collect());
    dozes.try_recv().unwrap()
}

fn wake_up(desk: &mut Desk) {
    desk.jobs.send(Job::WakeUp).unwrap();
    desk.settle_down();
}

fn takes(desk: &mut Desk, file: &str) {
    let verdict = desk.ask(checkout(file));
    assert!(
        matches!(&verdict.result, Ok(success) if matches!(success.done, Done::Granted { .. })),
        "{verdict:?}"
    );
}

/// Given a checkout, when the machine sleeps a night, then nobody takes it for stale, and when it wakes it is said in the
/// log that its owner is back, before anything else.
#[test]
fn who_sleeps_a_night_is_away_and_then_back() {
    let office = Office::new();
    let (mut alice, mut bob) = (office.desk("alice"), office.desk("bob"));
    takes(&mut alice, "a.mcam");
    assert!(doze(&mut alice).is_ok());
    assert!(!alice.worker.is_stopped());
    assert_eq!(verbs(&office), [Verb::PARK]);
    office.pass(NIGHT, &mut [&mut bob]);
    assert!(bob.ask(checkout("a.mcam")).result.is_err());
    wake_up(&mut alice);
    assert_eq!(verbs(&office), [Verb::PARK, Verb::REVIVE]);
    assert!(alice.is_safe());
    assert_eq!(alice.desktop.told(), [], "nothing happened to her");
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
}

/// Given a machine that sleeps without a sign that it wakes, or that does not sleep after all, then whatever comes first
/// brings its session back.
#[test]
fn whatever_comes_first_brings_it_back() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    takes(&mut alice, "a.mcam");
    assert!(doze(&mut alice).is_ok());
    office.clock.advance(NAP);
    takes(&mut alice, "b.mcam");
    assert_eq!(verbs(&office), [Verb::PARK, Verb::REVIVE]);
    assert!(doze(&mut alice).is_ok());
    office.pass(Duration::from_secs(20), &mut [&mut alice]);
    assert_eq!(
        verbs(&office).last(),
        Some(&Verb::PARK),
        "it does not undo at once what it has said"
    );
    office.pass(Duration::from_secs(15), &mut [&mut alice]);
    assert_eq!(verbs(&office).last(), Some(&Verb::REVIVE));
}

/// Given a checkout that an administrator ended while its owner's machine slept, then the owner is told of that when it
/// wakes, and of nothing else; also when the share is away at first.
#[test]
fn what_was_lost_in_sleep_is_told_before_anything_else() {
    let office = Office::with(Policy {
        administrators: vec!["boss".into()],
        ..Policy::default()
    });
    let (mut alice, mut boss) = (office.desk("alice"), office.desk("boss"));
    takes(&mut alice, "a.mcam");
    takes(&mut alice, "b.mcam");
    assert!(doze(&mut alice).is_ok());
    let force = Item {
        path: "a.mcam".into(),
        intent: Intent::Break {
            reason: "needed".into(),
        },
    };
    assert!(boss.ask(force).result.is_ok());
    office.clock.advance(NIGHT);
    alice.faults.away(Some(away()));
    wake_up(&mut alice);
    let told = alice.desktop.told();
    assert!(
        !told.iter().any(|one| matches!(one, Told::Unsafe { .. })),
        "a parked session is protected: {told:?}"
    );
    alice.faults.away(None);
    office.pass(Duration::from_secs(10), &mut [&mut alice]);
    let told: Vec<Told> = alice.desktop.told();
    let told: Vec<&Told> = told
        .iter()
        .filter(|one| !matches!(one, Told::Away { .. } | Told::Back))
        .collect();
    assert!(
        matches!(told.as_slice(), [Told::LockEnded { file, .. }] if *file == name("a.mcam")),
        "{told:?}"
    );
    assert!(alice.is_safe());
    assert_eq!(alice.board.state().mine.len(), 1);
}

/// Given nothing that is held or waited for, when the machine sleeps, then nothing is said.
#[test]
fn who_has_nothing_sleeps_without_a_commit() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    takes(&mut alice, "a.mcam");
    assert!(alice.ask(checkin("a.mcam")).result.is_ok());
    let before = office.log.commits().len();
    assert!(doze(&mut alice).is_ok());
    office.clock.advance(NAP);
    wake_up(&mut alice);
    assert_eq!(office.log.commits().len(), before);
    assert!(alice.is_safe());
}

/// Given a parking whose answer was lost, and that turns out to be in the log, then the session comes back from it all
/// the same.
#[test]
fn a_parking_of_which_nobody_knew_is_ended_too() {
    let office = Office::new();
    let mut alice = office.desk("alice");
    takes(&mut alice, "a.mcam");
    alice.lose_for_a_while(Lost::Reply);
    assert!(doze(&mut alice).is_err());
    assert!(
        alice.board.state().life.is_safe(office.clock.moment()),
        "as far as she knows"
    );
    office.clock.advance(NAP);
    wake_up(&mut alice);
    assert_eq!(verbs(&office), [Verb::PARK, Verb::REVIVE]);
    assert!(alice.is_safe());
}
