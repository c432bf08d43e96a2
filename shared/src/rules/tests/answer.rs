use super::*;

const F: &str = "4801247.mcam";

/// alice holds the file, and bob and carol ask for it.
fn asked() -> Bench {
    let mut bench = Bench::new().held(F, "alice@CAM-03", |_| ());
    bench.run(&[ask("bob@CNC-1", F, request("Op 30"))]);
    bench.run(&[ask("carol@CNC-2", F, request(""))]);
    bench
}

fn users(names: &[&str]) -> To {
    To::Users(names.iter().map(|name| (*name).into()).collect())
}

fn question(from: &str) -> To {
    To::Question {
        from: owner(from),
        at: now(),
    }
}

#[test]
fn only_the_owners_user_answers() {
    let yes = |to| answer(Said::Yes, to);
    let no = |to| answer(Said::No, to);
    let about = |token| {
        Intent::Answer(Response {
            said: Said::Yes,
            message: None,
            to: To::All,
            token: Some(token),
        })
    };
    let nobody = || Bench::new().held(F, "alice@CAM-03", |_| ());
    let cases = [
        (
            asked(),
            "alice@CAM-03",
            no(To::All),
            "answered bob@CNC-1, carol@CNC-2",
        ),
        (
            asked(),
            "alice@CAM-04",
            no(To::All),
            "answered bob@CNC-1, carol@CNC-2",
        ),
        (asked(), "alice@CAM-04", yes(To::All), "released"),
        (asked(), "bob@CNC-1", no(To::All), "not yours but alice@CAM-03's"),
        (
            asked(),
            "boss@CNC-9",
            yes(To::All),
            "not yours but alice@CAM-03's",
        ),
        (Bench::new(), "alice@CAM-03", yes(To::All), "not held"),
        (nobody(), "alice@CAM-03", yes(To::All), "not asked"),
        (asked(), "alice@CAM-03", about(7), "released"),
        (
            asked(),
            "alice@CAM-03",
            about(6),
            "6 is over, alice@CAM-03 has it",
        ),
        (
            asked(),
            "alice@CAM-03",
            no(users(&["carol"])),
            "answered carol@CNC-2",
        ),
        (asked(), "alice@CAM-03", no(users(&["dave"])), "not asked"),
        (
            asked(),
            "alice@CAM-03",
            no(question("bob@CNC-1/2")),
            "answered bob@CNC-1",
        ),
        (asked(), "alice@CAM-03", no(question("bob@CNC-2")), "not asked"),
        (asked(), "alice@CAM-03", yes(question("bob@CNC-1")), "released"),
    ];
    for (bench, by, intent, outcome) in cases {
        assert_eq!(bench.outcome(&ask(by, F, intent)), outcome);
    }
}

#[test]
fn what_a_program_needs_is_not_given_back_under_it() {
    let mut bench = Bench::new().held(F, "alice@CAM-03", guard);
    bench.run(&[ask("bob@CNC-1", F, request("Op 30"))]);
    for (said, outcome) in [
        (Said::Yes, "guarded"),
        (Said::Later, "answered bob@CNC-1"),
        (Said::No, "answered bob@CNC-1"),
    ] {
        assert_eq!(
            bench.run(&[ask("alice@CAM-03", F, answer(said, To::All))]),
            [outcome]
        );
    }
}

#[test]
fn yes_gives_it_back_and_the_line_goes_on_as_always() {
    let mut bench = asked();
    bench.run(&[ask("dave@CNC-3", F, join())]);
    let decision = bench.decide(&[ask("alice@CAM-03", F, answer(Said::Yes, To::All))]);
    assert_eq!(say(&decision.answers[0]), "released, next dave@CNC-3");
    let change = &decision.draft.changes[0];
    assert_eq!(change.verb.as_str(), "answer");
    assert!(change.ended.is_some() && change.grants(bench.table.n + 1));
}

#[test]
fn no_and_later_leave_the_lock_as_it_is() {
    let mut bench = asked();
    let before = bench.lock(F).clone();
    let later = Intent::Answer(Response {
        said: Said::Later,
        message: Some("in 10 minutes".into()),
        to: users(&["bob"]),
        token: None,
    });
    bench.run(&[ask("alice@CAM-03", F, later)]);
    let stands = ["bob@CNC-1: Op 30 (later: in 10 minutes)", "carol@CNC-2: "];
    assert_eq!(notes(bench.lock(F)), stands);
    let after = Lock {
        requests: before.requests.clone(),
        ..bench.lock(F).clone()
    };
    assert_eq!(after, before);
}

#[test]
fn later_is_not_the_last_word() {
    let mut bench = asked();
    for (said, to, outcome) in [
        (Said::Later, To::All, "answered bob@CNC-1, carol@CNC-2"),
        (Said::No, question("bob@CNC-1"), "answered bob@CNC-1"),
        (Said::No, question("bob@CNC-1"), "not asked"),
        (Said::No, To::All, "answered carol@CNC-2"),
        (Said::Yes, To::All, "not asked"),
        // Whoever is named is answered anew.
        (Said::Later, users(&["bob"]), "answered bob@CNC-1"),
        (Said::Yes, To::All, "released"),
    ] {
        assert_eq!(bench.run(&[ask("alice@CAM-03", F, answer(said, to))]), [outcome]);
    }
}
