use super::*;

const FREE: &str = "free.mcam";
const F: &str = "4801247.mcam";

fn alices() -> Bench {
    Bench::new().held(F, "alice@CAM-03", |_| {})
}

#[test]
fn a_free_file_is_granted_under_the_number_of_the_commit() {
    let bench = Bench::new();
    let wish = Checkout {
        message: Some("Working on revisions".into()),
        base: Some(Base {
            size: 5,
            modified: None,
            sha256: None,
            extra: Extra::new(),
        }),
        ..Checkout::default()
    };
    let request = ask("alice@CAM-03", FREE, Intent::Checkout(wish.clone()));
    let decision = bench.decide(std::slice::from_ref(&request));
    let [change] = &decision.draft.changes[..] else {
        panic!("one change")
    };
    let lock = change.lock.as_ref().unwrap();
    assert_eq!((lock.token, lock.renewed, lock.since), (Some(41), 41, now()));
    assert_eq!(lock.owner, request.by);
    assert_eq!(Some(&lock.message), wish.message.as_ref());
    assert_eq!((&lock.kind, &lock.base), (&Kind::Checkout, &wish.base));
    assert_eq!((change.verb.as_str(), &change.ended), ("checkout", &None));
    assert!(change.grants(41));
    assert_eq!(decision.draft.requests, [request.id]);
}

#[test]
#[expect(clippy::large_stack_arrays, reason = "a table of a test")]
fn who_gets_a_file_that_is_held() {
    let guard_wish = || take_as(Form::Guard(another_program()));
    let its_own = || take_as(Form::Guard(program()));
    let lease_wish = || take_as(Form::Lease(Duration::from_mins(5)));
    let guarded = || Bench::new().held(F, "alice@CAM-03", guard);
    let leased = || Bench::new().held(F, "alice@CAM-03", lease);
    let old = || Bench::new().held(F, "alice", old_record);
    let other_kind = || {
        Bench::new().held(F, "alice@CAM-03", |lock| {
            lock.kind = Kind::Other("duet".into());
        })
    };
    let cases = [
        // Another's.
        (alices(), "bob@CNC-1", take(), "held by alice@CAM-03, place 1"),
        (alices(), "bob@CAM-03", take(), "held by alice@CAM-03, place 1"),
        (alices(), "boss@CNC-1", take(), "held by alice@CAM-03, place 1"),
        (
            alices(),
            "bob@CNC-1",
            guard_wish(),
            "held by alice@CAM-03, place 1",
        ),
        (guarded(), "bob@CNC-1", take(), "held by alice@CAM-03, place 1"),
        (leased(), "bob@CNC-1", take(), "held by alice@CAM-03, place 1"),
        (other_kind(), "bob@CNC-1", take(), "held by alice@CAM-03, place 1"),
        // One's own, at the same desk, through whatever session.
        (alices(), "alice@CAM-03", take(), "renewed"),
        (alices(), "alice@CAM-03/2", take(), "renewed"),
        (alices(), "alice@CAM-03", lease_wish(), "renewed"),
        (leased(), "alice@CAM-03", take(), "renewed"),
        (other_kind(), "alice@CAM-03", take(), "renewed"),
        (alices(), "alice@CAM-03", steal("it is mine"), "renewed"),
        // A guard is never shared, not even with oneself.
        (guarded(), "alice@CAM-03", guard_wish(), "guarded"),
        (guarded(), "alice@CAM-03", take(), "guarded"),
        // But the program itself goes on, whatever its agent has forgotten.
        (guarded(), "alice@CAM-03/2", its_own(), "renewed"),
        (
            guarded(),
            "alice@CAM-04",
            its_own(),
            "held by alice@CAM-03, place 1",
        ),
        (guarded(), "bob@CNC-1", its_own(), "held by alice@CAM-03, place 1"),
        (
            guarded(),
            "alice@CAM-03",
            steal("it hangs"),
            "granted, alice@CAM-03 released",
        ),
        (
            alices(),
            "alice@CAM-03",
            guard_wish(),
            "held by alice@CAM-03, place 1",
        ),
        // One's own, from another machine.
        (alices(), "alice@CAM-04", take(), "held by alice@CAM-03, place 1"),
        (
            alices(),
            "alice@CAM-04",
            steal("I sit here now"),
            "granted, alice@CAM-03 released",
        ),
        // An older tool's record.
        (old(), "alice@CAM-03", take(), "granted, alice released"),
        (old(), "alice@CAM-03", guard_wish(), "granted, alice released"),
        (old(), "bob@CNC-1", take(), "held by alice, place 1"),
        (old(), "bob@CNC-1", steal("he is away"), "alive"),
        (old(), "boss@CNC-1", steal("he is away"), "granted, alice forced"),
    ];
    for (bench, by, intent, outcome) in cases {
        let request = ask(by, F, intent);
        assert_eq!(bench.outcome(&request), outcome, "{request:?}");
    }
}

#[test]
fn a_lock_that_is_over_ends_for_whoever_wants_the_file() {
    for (standing, over) in STANDINGS {
        for kind in [|_: &mut Lock| {}, guard, lease] {
            let bench = Bench::new().held(F, "alice@CAM-03", kind).judged(F, standing);
            let outcome = bench.outcome(&ask("bob@CNC-1", F, take()));
            let expected = if over {
                format!("granted, alice@CAM-03 {}", ends_as(standing))
            } else {
                "held by alice@CAM-03, place 1".to_owned()
            };
            assert_eq!(outcome, expected, "{standing:?}");
        }
        // Its owner who comes back first goes on as if nothing had happened; but a guard that is over is a new grant.
        let renewed = alices()
            .judged(F, standing)
            .outcome(&ask("alice@CAM-03", F, take()));
        assert_eq!(renewed, "renewed", "{standing:?}");
        let guarded = Bench::new().held(F, "alice@CAM-03", guard).judged(F, standing);
        let expected = if over {
            format!("granted, alice@CAM-03 {}", ends_as(standing))
        } else {
            "guarded".to_owned()
        };
        let wish = take_as(Form::Guard(another_program()));
        assert_eq!(
            guarded.outcome(&ask("alice@CAM-03", F, wish)),
            expected,
            "{standing:?}"
        );
    }
}

#[test]
fn who_may_steal() {
    for (standing, over) in STANDINGS {
        let bench = alices().judged(F, standing);
        let ended = ends_as(standing);
        let cases = [
            ("bob@CNC-1", "she left", over.then_some(ended), "alive"),
            ("bob@CNC-1", " \t", None, "no reason"),
            (
                "boss@CNC-1",
                "she left",
                Some(if over { ended } else { "forced" }),
                "",
            ),
            ("boss@CNC-1", "", None, "no reason"),
            ("alice@CAM-04", "I moved", Some("released"), ""),
        ];
        for (by, reason, how, refusal) in cases {
            let expected = match how {
                Some(how) => format!("granted, alice@CAM-03 {how}"),
                None => refusal.to_owned(),
            };
            let outcome = bench.outcome(&ask(by, F, steal(reason)));
            assert_eq!(outcome, expected, "{standing:?}, {by}, {reason:?}");
        }
    }
    let free = Bench::new().outcome(&ask("bob@CNC-1", FREE, steal("")));
    assert_eq!(
        free, "granted",
        "nobody is asked for a reason where nothing is ended"
    );
}

#[test]
fn what_a_steal_leaves_in_the_history() {
    let bench = alices();
    let decision = bench.decide(&[ask("boss@CNC-1", F, steal("she is on holiday"))]);
    let change = &decision.draft.changes[0];
    assert_eq!(change.verb.as_str(), "steal");
    let ended = change.ended.as_ref().unwrap();
    assert_eq!((&ended.owner, ended.token), (&owner("alice@CAM-03"), Some(7)));
    assert_eq!(ended.reason.as_deref(), Some("she is on holiday"));
    assert_eq!(ended.since, lock("alice@CAM-03", 7).since);
    assert!(change.grants(41));
}

#[test]
fn a_refusal_to_steal_says_how_long_the_owner_has_been_silent() {
    let silent = Some(Duration::from_secs(200));
    let bench = alices().judged(F, Standing::Alive { silent });
    let decision = bench.decide(&[ask("bob@CNC-1", F, steal("she left"))]);
    let Answer::Refused(Refusal::Alive {
        silent: said, lock, ..
    }) = &decision.answers[0]
    else {
        panic!("{:?}", decision.answers)
    };
    assert_eq!((*said, &lock.owner), (silent, &owner("alice@CAM-03")));
}

#[test]
fn renewing_keeps_the_lock_and_changes_what_was_said() {
    let base = Some(Base {
        size: 1,
        modified: None,
        sha256: Some("aa".into()),
        extra: Extra::new(),
    });
    let mut bench = Bench::new().held(F, "alice@CAM-03", |lock| {
        lock.queue = queue(&["bob@CNC-1"]);
        lock.extra.insert("x_future".into(), 1.into());
    });
    let before = bench.lock(F).clone();
    let wish = Checkout {
        message: Some("still at it".into()),
        base: base.clone(),
        ..Checkout::default()
    };
    bench.run(&[ask("alice@CAM-03/2", F, Intent::Checkout(wish))]);
    let expected = Lock {
        owner: owner("alice@CAM-03/2"),
        message: "still at it".into(),
        renewed: 41,
        base: base.clone(),
        ..before
    };
    assert_eq!(
        *bench.lock(F),
        expected,
        "the base is filled in where there was none"
    );

    let later = Checkout {
        base: Some(Base {
            size: 2,
            modified: None,
            sha256: None,
            extra: Extra::new(),
        }),
        ..Checkout::default()
    };
    bench.run(&[ask("alice@CAM-03/2", F, Intent::Checkout(later))]);
    let expected = Lock {
        renewed: 42,
        ..expected
    };
    assert_eq!(
        *bench.lock(F),
        expected,
        "but it is the file as it was at checkout, and so is the message"
    );
}

#[test]
fn a_lease_runs_from_its_last_renewal() {
    let mut bench = Bench::new();
    let half = Duration::from_mins(30);
    bench.run(&[ask("alice@CAM-03", F, take_as(Form::Lease(half)))]);
    let lock = bench.lock(F).clone();
    assert_eq!((&lock.kind, lock.lease), (&Kind::Lease, Some(half)));
    assert_eq!((lock.renewed, lock.expires), (41, Some(now() + half)));

    bench.run(&[ask("alice@CAM-03", F, take())]);
    let renewed = bench.lock(F).clone();
    assert_eq!(
        (renewed.token, renewed.renewed, renewed.lease),
        (Some(41), 42, Some(half))
    );

    bench.run(&[ask("alice@CAM-03", F, take_as(Form::Lease(half * 2)))]);
    assert_eq!(bench.lock(F).lease, Some(half * 2), "and may be made longer");
    assert_eq!(bench.lock(F).token, Some(41));

    let mut bench = alices();
    bench.run(&[ask("alice@CAM-03", F, take_as(Form::Lease(half)))]);
    assert_eq!(
        (&bench.lock(F).kind, bench.lock(F).token),
        (&Kind::Lease, Some(7))
    );

    let endless = Bench::new().decide(&[ask("alice@CAM-03", F, take_as(Form::Lease(Duration::MAX)))]);
    let lock = endless.draft.changes[0].lock.as_ref().unwrap();
    assert_eq!(
        lock.expires,
        Some(Timestamp::MAX),
        "a lease beyond the calendar ends with it"
    );
}

#[test]
fn a_kind_of_the_future_stays_what_it_is() {
    let mut bench = Bench::new().held(F, "alice@CAM-03", |lock| lock.kind = Kind::Other("duet".into()));
    bench.run(&[ask(
        "alice@CAM-03",
        F,
        take_as(Form::Lease(Duration::from_mins(1))),
    )]);
    assert_eq!(bench.lock(F).kind, Kind::Other("duet".into()));
    assert_eq!(bench.lock(F).lease, None);
}
