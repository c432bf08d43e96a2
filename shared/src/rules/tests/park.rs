use super::*;
use crate::model::OnExit;
use crate::rules::{doze, park, revive};

const ME: &str = "alice@CAM-03";

/// Everything that a session can hold, and things of others beside it.
fn bench() -> Bench {
    Bench::new()
        .held("checkout.mcam", ME, |_| {})
        .held("guard.mcam", ME, |lock| {
            guard(lock);
            lock.queue = queue(&["bob@CNC-1"]);
        })
        .held("lease.mcam", ME, lease)
        .held("future.mcam", ME, |lock| lock.kind = Kind::Other("duet".into()))
        .held("elsewhere.mcam", "alice@CAM-04", guard)
        .held("other session.mcam", "alice@CAM-03/2", guard)
        .held("bob.mcam", "bob@CNC-1", guard)
}

fn ended(draft: &Draft) -> Vec<(&str, Option<String>)> {
    draft
        .changes
        .iter()
        .map(|change| {
            assert_eq!(change.verb.as_str(), "park");
            assert_eq!(change.ended.as_ref().unwrap().how.as_str(), "released");
            let next = change.lock.as_ref().map(|lock| name(&lock.owner));
            (change.file.as_str(), next)
        })
        .collect()
}

#[test]
fn parking_keeps_checkouts_and_ends_guards() {
    let mut bench = bench();
    let draft = park(&bench.scene(), &owner(ME));
    assert_eq!(ended(&draft), [("guard.mcam", Some("bob@CNC-1".to_owned()))]);
    let [away] = &draft.sessions[..] else {
        panic!("one session parks")
    };
    assert_eq!((&away.session, away.parked), (&session(ME), Some(now())));
    bench.commit(&owner(ME), draft);
    assert_eq!(bench.table.parked[&session(ME)].commit, 41);
    assert_eq!(bench.lock("checkout.mcam").token, Some(7));
    assert_eq!(bench.lock("lease.mcam").token, Some(7));

    bench.commit(&owner(ME), revive(&session(ME)));
    assert!(bench.table.parked.is_empty());
    assert_eq!(
        bench.lock("checkout.mcam").token,
        Some(7),
        "as if nothing had happened"
    );
}

#[test]
fn on_exit_release_ends_checkouts_too() {
    let mut bench = bench();
    bench.policy.on_exit = OnExit::Release;
    let draft = park(&bench.scene(), &owner(ME));
    let files: Vec<&str> = ended(&draft).into_iter().map(|(file, _)| file).collect();
    assert_eq!(files, ["checkout.mcam", "guard.mcam"]);
    assert_eq!(draft.sessions.len(), 1, "the lease is left to end by itself");
}

#[test]
fn whoever_keeps_nothing_is_not_parked() {
    let bench = Bench::new().held("bob.mcam", "bob@CNC-1", |_| {});
    assert!(park(&bench.scene(), &owner(ME)).is_empty());
    let guards_alone = Bench::new().held("guard.mcam", ME, guard);
    let draft = park(&guards_alone.scene(), &owner(ME));
    assert_eq!(ended(&draft), [("guard.mcam", None)]);
    assert!(draft.sessions.is_empty());
    assert!(
        park(&bench.scene(), &owner("alice")).is_empty(),
        "nor is one without a session"
    );
}

#[test]
fn whose_machine_sleeps_is_parked_and_nothing_ends() {
    let mut bench = bench();
    bench.policy.on_exit = OnExit::Release;
    let draft = doze(&bench.scene(), &owner(ME));
    assert!(draft.changes.is_empty(), "its programs go on when it wakes");
    let [away] = &draft.sessions[..] else {
        panic!("one session parks")
    };
    assert_eq!((&away.session, away.parked), (&session(ME), Some(now())));
    bench.commit(&owner(ME), draft);
    assert!(
        doze(&bench.scene(), &owner(ME)).is_empty(),
        "it is parked already"
    );
    // When the machine does not sleep but stops, the rest follows.
    bench.policy.on_exit = OnExit::Park;
    let draft = park(&bench.scene(), &owner(ME));
    assert_eq!(ended(&draft), [("guard.mcam", Some("bob@CNC-1".to_owned()))]);
    assert!(draft.sessions.is_empty());
}

#[test]
fn whoever_has_nothing_and_waits_for_nothing_sleeps_without_a_word() {
    let bench = Bench::new().held("bob.mcam", "bob@CNC-1", |lock| lock.queue = queue(&["carol@LAB"]));
    assert!(doze(&bench.scene(), &owner(ME)).is_empty());
    assert!(doze(&bench.scene(), &owner("alice")).is_empty());
    let waits = Bench::new().held("bob.mcam", "bob@CNC-1", |lock| lock.queue = queue(&[ME]));
    assert_eq!(doze(&waits.scene(), &owner(ME)).sessions.len(), 1);
}

#[test]
fn a_place_in_line_is_kept() {
    let bench = Bench::new().held("bob.mcam", "bob@CNC-1", |lock| lock.queue = queue(&[ME]));
    let draft = park(&bench.scene(), &owner(ME));
    assert!(draft.changes.is_empty());
    assert_eq!(draft.sessions[0].session, session(ME));
}

#[test]
fn whoever_stops_gets_nothing_on_the_way_out() {
    let bench = Bench::new().held("guard.mcam", ME, |lock| {
        guard(lock);
        lock.queue = queue(&[ME, "bob@CNC-1"]);
    });
    let draft = park(&bench.scene(), &owner(ME));
    assert_eq!(ended(&draft), [("guard.mcam", Some("bob@CNC-1".to_owned()))]);
    assert_eq!(line(draft.changes[0].lock.as_ref().unwrap()), [ME]);
    assert_eq!(draft.sessions.len(), 1, "and so is parked, to keep the place");

    let alone = Bench::new().held("guard.mcam", ME, |lock| {
        guard(lock);
        lock.queue = queue(&[ME]);
    });
    let draft = park(&alone.scene(), &owner(ME));
    assert_eq!(ended(&draft), [("guard.mcam", None)]);
    assert!(draft.sessions.is_empty(), "a line of nobody is no line");
}

#[test]
fn a_guard_stays_as_long_as_its_program_runs() {
    let mut bench = bench();
    bench.judge.running = [file("guard.mcam"), file("bob.mcam")].into();
    let draft = park(&bench.scene(), &owner(ME));
    assert!(draft.changes.is_empty());
    let mut alone = Bench::new().held("guard.mcam", ME, guard);
    alone.judge.running = [file("guard.mcam")].into();
    let draft = park(&alone.scene(), &owner(ME));
    assert_eq!(
        (draft.changes.len(), draft.sessions.len()),
        (0, 1),
        "its session is away"
    );
}
