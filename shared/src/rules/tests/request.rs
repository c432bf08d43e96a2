use super::*;

const F: &str = "4801247.mcam";

fn held() -> Bench {
    Bench::new().held(F, "alice@CAM-03", |_| ())
}

#[test]
fn whoever_needs_a_file_may_ask_its_owner_and_nobody_else() {
    let cases = [
        (held(), "bob@CNC-1", "asked alice@CAM-03"),
        (Bench::new(), "bob@CNC-1", "not held"),
        (held(), "alice@CAM-03", "yours"),
        // From another machine one gives it back oneself.
        (held(), "alice@CAM-04", "yours"),
        (
            Bench::new().held(F, "alice", old_record),
            "bob@CNC-1",
            "asked alice",
        ),
        (
            Bench::new().held(F, "alice@CAM-03", guard),
            "bob@CNC-1",
            "asked alice@CAM-03",
        ),
        // An owner who is silent or away reads it when they come back.
        (
            held().judged(F, STANDINGS[3].0),
            "bob@CNC-1",
            "asked alice@CAM-03",
        ),
        (held().parked("alice@CAM-03"), "bob@CNC-1", "asked alice@CAM-03"),
    ];
    for (bench, by, outcome) in cases {
        assert_eq!(bench.outcome(&ask(by, F, request("Op 30"))), outcome);
    }
}

#[test]
fn a_request_changes_nothing_but_the_requests() {
    let mut bench = held();
    let before = bench.lock(F).clone();
    let decision = bench.decide(&[ask("bob@CNC-1", F, request("Op 30"))]);
    let change = &decision.draft.changes[0];
    assert_eq!((change.verb.as_str(), &change.ended), ("request", &None));
    bench.commit(&owner("bob@CNC-1"), decision.draft);
    let after = Lock {
        requests: Vec::new(),
        ..bench.lock(F).clone()
    };
    assert_eq!(after, before);
    assert_eq!(notes(bench.lock(F)), ["bob@CNC-1: Op 30"]);
}

#[test]
fn a_desk_asks_one_thing_at_a_time() {
    let mut bench = held();
    bench.run(&[ask("bob@CNC-1", F, request("Op 30"))]);
    bench.run(&[ask("carol@CNC-2", F, request(""))]);
    bench.run(&[ask("bob@CNC-1/2", F, request("Op 30 and 40"))]);
    assert_eq!(notes(bench.lock(F)), ["carol@CNC-2: ", "bob@CNC-1: Op 30 and 40"]);
    assert_eq!(bench.lock(F).requests[1].from, owner("bob@CNC-1/2"));
    // Asked anew after an answer, it is open again.
    bench.run(&[ask("alice@CAM-03", F, answer(Said::No, To::All))]);
    bench.run(&[ask("bob@CNC-1", F, request(""))]);
    assert_eq!(notes(bench.lock(F)), ["carol@CNC-2:  (no)", "bob@CNC-1: "]);
}

#[test]
fn the_same_again_is_no_new_question() {
    let mut bench = held();
    bench.run(&[ask("bob@CNC-1", F, request("Op 30"))]);
    let mut lock = bench.lock(F).clone();
    let earlier = now() - jiff::SignedDuration::from_hours(1);
    lock.requests[0].at = earlier;
    bench.table.locks.insert(file(F), Arc::new(lock));
    for (message, at, stands) in [
        ("", earlier, "Op 30"),
        ("Op 30", earlier, "Op 30"),
        ("Op 40", now(), "Op 40"),
    ] {
        bench.run(&[ask("bob@CNC-1", F, request(message))]);
        let note = &bench.lock(F).requests[0];
        assert_eq!((note.at, &*note.message), (at, stands), "{message}");
    }
}

#[test]
fn after_later_it_is_asked_anew_for_the_same_reason() {
    let mut bench = held();
    bench.run(&[ask("bob@CNC-1", F, request("Op 30"))]);
    bench.run(&[ask("alice@CAM-03", F, answer(Said::Later, To::All))]);
    bench.run(&[ask("bob@CNC-1", F, request(""))]);
    assert_eq!(notes(bench.lock(F)), ["bob@CNC-1: Op 30"]);
}

#[test]
fn requests_have_an_end_of_number_and_those_that_were_answered_make_room() {
    let mut bench = held();
    let desk = |n: usize| format!("bob@CNC-{n}");
    for n in 0..100 {
        assert_eq!(
            bench.run(&[ask(&desk(n), F, request(""))]),
            ["asked alice@CAM-03"]
        );
    }
    assert_eq!(bench.run(&[ask(&desk(100), F, request(""))]), ["crowded"]);
    assert_eq!(
        bench.run(&[ask(&desk(7), F, request("again"))]),
        ["asked alice@CAM-03"]
    );
    let to = To::Question {
        from: owner(&desk(3)),
        at: now(),
    };
    bench.run(&[ask("alice@CAM-03", F, answer(Said::No, to))]);
    assert_eq!(
        bench.run(&[ask(&desk(100), F, request(""))]),
        ["asked alice@CAM-03"]
    );
    let froms = notes(bench.lock(F));
    assert_eq!(froms.len(), 100);
    assert!(!froms.iter().any(|from| from.starts_with("bob@CNC-3:")));
}

#[test]
fn requests_stay_with_their_lock_and_end_with_it() {
    let asked = || {
        let mut bench = held();
        bench.run(&[ask("bob@CNC-1", F, request("Op 30"))]);
        bench
    };
    let mut bench = asked();
    bench.run(&[ask("alice@CAM-03", F, take())]);
    bench.run(&[ask("carol@CNC-2", F, join())]);
    bench.run(&[ask("carol@CNC-2", F, leave(None))]);
    assert_eq!(notes(bench.lock(F)), ["bob@CNC-1: Op 30"]);
    // Moved to another machine of hers, it is still she who is asked.
    let mut moved = asked();
    moved.run(&[ask("alice@CAM-04", F, steal("I sit there now"))]);
    assert_eq!(moved.lock(F).owner, owner("alice@CAM-04"));
    assert_eq!(notes(moved.lock(F)), ["bob@CNC-1: Op 30"]);
    let mut old = Bench::new().held(F, "alice", old_record);
    old.run(&[ask("bob@CNC-1", F, request("Op 30"))]);
    old.run(&[ask("alice@CAM-03", F, take())]);
    assert_eq!(notes(old.lock(F)), ["bob@CNC-1: Op 30"]);
    for (by, intent) in [
        ("alice@CAM-03", give_back(None)),
        ("boss@CNC-9", end("she left")),
        ("boss@CNC-9", steal("she left")),
    ] {
        let mut bench = asked();
        bench.run(&[ask("carol@CNC-2", F, join())]);
        bench.run(&[ask(by, F, intent)]);
        assert_eq!(notes(bench.lock(F)), Vec::<String>::new(), "{by}");
    }
}
