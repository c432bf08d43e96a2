use super::*;

const F: &str = "4801247.mcam";

/// alice holds the file, and these wait for it.
fn waiting(of: &[&str]) -> Bench {
    Bench::new().held(F, "alice@CAM-03", |lock| lock.queue = queue(of))
}

#[test]
fn the_first_who_lives_gets_the_file_in_the_same_commit() {
    let three = || waiting(&["bob@CNC-1", "carol@CNC-2", "dave@CNC-3"]);
    let cases: [(Bench, &str, &[&str]); 6] = [
        (
            three(),
            "released, next bob@CNC-1",
            &["carol@CNC-2", "dave@CNC-3"],
        ),
        // Whoever is stale leaves the line; whoever is parked keeps the place.
        (
            three().stale("bob@CNC-1"),
            "released, next carol@CNC-2",
            &["dave@CNC-3"],
        ),
        (
            three().parked("bob@CNC-1"),
            "released, next carol@CNC-2",
            &["bob@CNC-1", "dave@CNC-3"],
        ),
        (
            three()
                .parked("bob@CNC-1")
                .stale("bob@CNC-1")
                .stale("carol@CNC-2"),
            "released, next dave@CNC-3",
            &["bob@CNC-1"],
        ),
        // Those behind are nobody's business yet.
        (
            three().stale("carol@CNC-2"),
            "released, next bob@CNC-1",
            &["carol@CNC-2", "dave@CNC-3"],
        ),
        (
            three()
                .stale("bob@CNC-1")
                .parked("carol@CNC-2")
                .stale("dave@CNC-3"),
            "released",
            &[],
        ),
    ];
    for (mut bench, outcome, left) in cases {
        assert_eq!(
            bench.run(&[ask("alice@CAM-03", F, give_back(Some(7)))]),
            [outcome]
        );
        match bench.table.locks.get(&file(F)) {
            Some(lock) => assert_eq!(line(lock), left),
            None => assert_eq!(outcome, "released"),
        }
    }
}

#[test]
fn a_hand_over_is_a_grant_of_its_own() {
    let mut bench = waiting(&["bob@CNC-1"]);
    let decision = bench.decide(&[ask("alice@CAM-03", F, give_back(Some(7)))]);
    let change = &decision.draft.changes[0];
    assert!(change.grants(41) && change.ended.is_some());
    bench.commit(&owner("alice@CAM-03"), decision.draft);
    let lock = bench.lock(F);
    assert_eq!((lock.owner.clone(), lock.token), (owner("bob@CNC-1"), Some(41)));
    assert_eq!((&*lock.message, lock.since), ("bob@CNC-1 needs it", now()));
    assert_eq!(
        (&lock.kind, lock.lease, &lock.process),
        (&Kind::Checkout, None, &None)
    );
}

#[test]
fn breaking_hands_over_too() {
    let bench = waiting(&["bob@CNC-1", "carol@CNC-2"]).judged(F, STANDINGS[3].0);
    let outcome = bench.outcome(&ask("dave@CNC-3", F, end("she left")));
    assert_eq!(outcome, "ended as broken, next bob@CNC-1");
}

#[test]
fn nobody_jumps_the_line() {
    let over = || waiting(&["bob@CNC-1", "carol@CNC-2"]).judged(F, STANDINGS[3].0);
    let live = || waiting(&["bob@CNC-1"]);
    let guarded = || {
        Bench::new()
            .held(F, "alice@CAM-03", |lock| {
                guard(lock);
                lock.queue = queue(&["bob@CNC-1"]);
            })
            .judged(F, Standing::Orphaned)
    };
    let guard_wish = || take_as(Form::Guard(another_program()));
    let cases = [
        (over(), "dave@CNC-3", take(), "held by alice@CAM-03, place 3"),
        (over(), "carol@CNC-2", take(), "held by alice@CAM-03, place 2"),
        (over(), "bob@CNC-1", take(), "granted, alice@CAM-03 broken"),
        (over(), "bob@CNC-1/2", take(), "granted, alice@CAM-03 broken"),
        (
            over(),
            "dave@CNC-3",
            steal("she left"),
            "held by alice@CAM-03, place 3",
        ),
        (
            over(),
            "bob@CNC-1",
            steal("she left"),
            "granted, alice@CAM-03 broken",
        ),
        // Those who are passed over stop nobody.
        (
            over().stale("bob@CNC-1"),
            "carol@CNC-2",
            take(),
            "granted, alice@CAM-03 broken",
        ),
        (
            over().parked("bob@CNC-1"),
            "carol@CNC-2",
            take(),
            "granted, alice@CAM-03 broken",
        ),
        (
            over().stale("bob@CNC-1"),
            "dave@CNC-3",
            take(),
            "held by alice@CAM-03, place 3",
        ),
        // An administrator may; and an owner who moves a lock of their own does not give the file up.
        (
            over(),
            "boss@CNC-9",
            steal("urgent"),
            "granted, alice@CAM-03 broken",
        ),
        (
            live(),
            "boss@CNC-9",
            steal("urgent"),
            "granted, alice@CAM-03 forced",
        ),
        (
            live(),
            "alice@CAM-04",
            steal("I moved"),
            "granted, alice@CAM-03 released",
        ),
        (live(), "alice@CAM-03", take(), "renewed"),
        (over(), "alice@CAM-03", take(), "renewed"),
        // But a guard that is over has ended, also for its own user.
        (guarded(), "alice@CAM-03", guard_wish(), "guarded"),
        (
            guarded().stale("bob@CNC-1"),
            "alice@CAM-03",
            guard_wish(),
            "granted, alice@CAM-03 broken",
        ),
        (guarded(), "bob@CNC-1", take(), "granted, alice@CAM-03 broken"),
        (
            guarded(),
            "alice@CAM-03",
            steal("again"),
            "held by alice@CAM-03, place 2",
        ),
        (
            guarded(),
            "alice@CAM-04",
            steal("again"),
            "held by alice@CAM-03, place 2",
        ),
    ];
    for (bench, by, intent, outcome) in cases {
        let request = ask(by, F, intent);
        assert_eq!(bench.outcome(&request), outcome, "{request:?}");
    }
}

#[test]
fn whoever_gets_the_file_leaves_the_line_and_the_others_stay() {
    let all = ["bob@CNC-1", "carol@CNC-2", "bob@CNC-1/2", "dave@CNC-3"];
    let mut bench = waiting(&all).judged(F, STANDINGS[3].0);
    bench.run(&[ask("bob@CNC-1", F, take())]);
    assert_eq!(line(bench.lock(F)), ["carol@CNC-2", "dave@CNC-3"]);
    let mut bench = waiting(&all);
    bench.run(&[ask("boss@CNC-9", F, steal("urgent"))]);
    assert_eq!(
        bench.lock(F).queue.len(),
        all.len(),
        "force takes the lock, not the line"
    );
}

#[test]
fn who_waits_gets_what_is_free_and_else_a_place() {
    let held = || waiting(&["bob@CNC-1"]);
    let over = || waiting(&["bob@CNC-1"]).judged(F, STANDINGS[3].0);
    let cases = [
        (Bench::new(), "carol@CNC-2", "granted"),
        (held(), "carol@CNC-2", "waits for alice@CAM-03, place 2"),
        (held(), "alice@CAM-03", "renewed"),
        (held(), "alice@CAM-04", "waits for alice@CAM-03, place 2"),
        // Twice at one desk is one place, also with another session.
        (held(), "bob@CNC-1", "waits for alice@CAM-03, place 1"),
        (held(), "bob@CNC-1/2", "waits for alice@CAM-03, place 1"),
        // Nobody jumps the line of a lock that is over.
        (over(), "carol@CNC-2", "waits for alice@CAM-03, place 2"),
        (over(), "bob@CNC-1", "granted, alice@CAM-03 broken"),
        (
            over().stale("bob@CNC-1"),
            "carol@CNC-2",
            "granted, alice@CAM-03 broken",
        ),
    ];
    for (mut bench, by, outcome) in cases {
        assert_eq!(bench.run(&[ask(by, F, join())]), [outcome], "{by}");
        let desks: BTreeSet<String> = line(bench.lock(F)).into_iter().collect();
        assert_eq!(desks.len(), bench.lock(F).queue.len(), "one place for each desk");
    }
}

#[test]
fn a_line_is_served_in_the_order_in_which_it_came_together() {
    let mut bench = Bench::new().held(F, "alice@CAM-03", |_| {});
    let desks = ["bob@CNC-1", "carol@CNC-2", "dave@CNC-3", "bob@CNC-4"];
    for desk in desks {
        bench.run(&[ask(desk, F, join())]);
    }
    // Asked again, with another reason and for a time: the place stays.
    let again = Checkout {
        message: Some("Op 30".into()),
        form: Form::Lease(Duration::from_mins(30)),
        ..Checkout::default()
    };
    bench.run(&[ask("carol@CNC-2", F, Intent::Queue(Queue::Join(again)))]);
    let mut owner = "alice@CAM-03";
    for next in desks {
        let outcome = format!("released, next {next}");
        assert_eq!(bench.run(&[ask(owner, F, give_back(None))]), [outcome]);
        let lock = bench.lock(F);
        assert_eq!(lock.token, Some(bench.table.n));
        let lease = (next == "carol@CNC-2").then_some(Duration::from_mins(30));
        assert_eq!((lock.lease, lock.expires.is_some()), (lease, lease.is_some()));
        assert_eq!(lock.kind == Kind::Lease, lease.is_some());
        assert_eq!(&*lock.message, if lease.is_some() { "Op 30" } else { "" });
        owner = next;
    }
    assert_eq!(bench.run(&[ask(owner, F, give_back(None))]), ["released"]);
}

#[test]
fn who_leaves_has_no_place_and_no_file_that_nobody_took_up() {
    let handed = |by: &str| Bench::new().held(F, by, |lock| lock.queue = queue(&["carol@CNC-2"]));
    let taken_up = |lock: &mut Lock| {
        lock.base = Some(Base {
            size: 1,
            modified: None,
            sha256: None,
            extra: Extra::new(),
        });
    };
    let cases = [
        (Bench::new(), None, "not waiting"),
        (waiting(&["carol@CNC-2"]), Some(3), "not waiting"),
        (waiting(&["bob@CNC-1", "carol@CNC-2"]), None, "left"),
        (waiting(&["carol@CNC-2", "bob@CNC-1/2"]), Some(3), "left"),
        // Handed over by commit 7, which nobody has noticed.
        (handed("bob@CNC-1"), Some(6), "released, next carol@CNC-2"),
        (handed("bob@CNC-1"), Some(7), "not waiting"),
        (handed("bob@CNC-1"), None, "not waiting"),
        (handed("bob@CNC-4"), Some(6), "not waiting"),
        (
            Bench::new().held(F, "bob@CNC-1", taken_up),
            Some(6),
            "not waiting",
        ),
        (
            Bench::new().held(F, "bob@CNC-1", |lock| lock.renewed = 9),
            Some(6),
            "not waiting",
        ),
        (
            Bench::new().held(F, "bob@CNC-1", old_record),
            Some(6),
            "not waiting",
        ),
    ];
    for (mut bench, joined, outcome) in cases {
        assert_eq!(bench.run(&[ask("bob@CNC-1", F, leave(joined))]), [outcome]);
        let waits = |lock: &Arc<Lock>| line(lock).contains(&"bob@CNC-1".to_owned());
        assert!(!bench.table.locks.get(&file(F)).is_some_and(waits));
    }
}

#[test]
fn what_was_handed_over_is_taken_up_once_and_nothing_else_is() {
    let base = Base {
        size: 7,
        modified: None,
        sha256: None,
        extra: Extra::new(),
    };
    let take_up = |token| {
        Intent::Queue(Queue::TakeUp {
            token,
            base: Some(base.clone()),
        })
    };
    let mut bench = waiting(&["bob@CNC-1"]);
    bench.run(&[ask("alice@CAM-03", F, give_back(None))]);
    assert!(is_untouched(bench.lock(F)));
    assert_eq!(
        bench.run(&[ask("bob@CNC-1", F, take_up(40))]),
        ["40 is over, bob@CNC-1 has it"]
    );
    assert_eq!(
        bench.run(&[ask("carol@CNC-2", F, take_up(41))]),
        ["41 is over, bob@CNC-1 has it"]
    );
    assert_eq!(bench.run(&[ask("bob@CNC-1", F, take_up(41))]), ["granted"]);
    let lock = bench.lock(F);
    assert_eq!(
        (lock.token, lock.renewed, lock.base.as_ref()),
        (Some(41), 42, Some(&base))
    );
    assert!(!is_untouched(lock));
    assert_eq!(bench.run(&[ask("bob@CNC-1", F, leave(Some(3)))]), ["not waiting"]);
    assert_eq!(bench.run(&[ask("bob@CNC-1", F, take_up(41))]), ["renewed"]);
    bench.run(&[ask("bob@CNC-1", F, give_back(None))]);
    assert_eq!(bench.run(&[ask("bob@CNC-1", F, take_up(41))]), ["41 is over"]);
}

#[test]
fn a_program_that_waits_in_line_gets_a_guard() {
    let as_guard = |program: Process| {
        Intent::Queue(Queue::Join(Checkout {
            form: Form::Guard(program),
            ..Checkout::default()
        }))
    };
    // Also behind a program of one's own.
    let mut bench = Bench::new().held(F, "alice@CAM-03", guard);
    let outcome = bench.run(&[ask("alice@CAM-03", F, as_guard(another_program()))]);
    assert_eq!(outcome, ["waits for alice@CAM-03, place 1"]);
    assert_eq!(bench.lock(F).queue[0].guard, Some(another_program()));
    bench.run(&[ask("bob@CNC-1", F, join())]);
    let outcome = bench.run(&[ask("alice@CAM-03", F, give_back(Some(7)))]);
    assert_eq!(outcome, ["released, next alice@CAM-03"]);
    let lock = bench.lock(F);
    assert_eq!(
        (&lock.kind, &lock.process),
        (&Kind::Guard, &Some(another_program()))
    );
    assert!(is_untouched(lock));
    // Whoever asks again wants it for that from then on.
    bench.run(&[ask("bob@CNC-1", F, as_guard(program()))]);
    assert_eq!(bench.lock(F).queue[0].guard, Some(program()));
    bench.run(&[ask("bob@CNC-1", F, join())]);
    bench.run(&[ask("alice@CAM-03", F, give_back(None))]);
    let lock = bench.lock(F);
    assert_eq!((&lock.kind, &lock.process), (&Kind::Checkout, &None));
}
