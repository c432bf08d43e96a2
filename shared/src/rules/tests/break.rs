use super::*;

const F: &str = "4801247.mcam";

#[test]
fn who_may_end_anothers_lock() {
    for (standing, over) in STANDINGS {
        for kind in [|_: &mut Lock| {}, guard, lease] {
            let bench = Bench::new().held(F, "alice@CAM-03", kind).judged(F, standing);
            let ended = ends_as(standing);
            let cases = [
                ("bob@CNC-1", if over { ended } else { "" }),
                ("boss@CNC-1", if over { ended } else { "forced" }),
                ("alice@CAM-03", "released"),
                ("alice@CAM-04", "released"),
            ];
            for (by, how) in cases {
                let expected = match how {
                    "" => "alive".to_owned(),
                    how => format!("ended as {how}"),
                };
                let outcome = bench.outcome(&ask(by, F, end("she left")));
                assert_eq!(outcome, expected, "{standing:?}, {by}");
            }
        }
    }
}

#[test]
fn breaking_needs_a_lock_and_a_reason() {
    let held = || Bench::new().held(F, "alice@CAM-03", |_| {});
    let cases = [
        (Bench::new(), "boss@CNC-1", "she left", "not held"),
        (Bench::new(), "boss@CNC-1", "", "not held"),
        (held(), "boss@CNC-1", "", "no reason"),
        (held(), "boss@CNC-1", " \n", "no reason"),
        (held(), "alice@CAM-03", "", "no reason"),
        (held(), "bob@CNC-1", "", "no reason"),
    ];
    for (bench, by, reason, outcome) in cases {
        assert_eq!(
            bench.outcome(&ask(by, F, end(reason))),
            outcome,
            "{by} {reason:?}"
        );
    }
}

#[test]
fn administrators_are_found_by_their_exact_name() {
    let bench = Bench::new().held(F, "alice@CAM-03", |_| {});
    for by in ["Boss@CNC-1", "boss2@CNC-1", "bos@CNC-1"] {
        assert_eq!(bench.outcome(&ask(by, F, end("she left"))), "alive", "{by}");
    }
}

#[test]
fn an_older_tools_record_is_ended_by_its_user_or_an_administrator() {
    let bench = Bench::new().held(F, "alice", old_record);
    let cases = [
        ("bob@CNC-1", "alive"),
        ("boss@CNC-1", "ended as forced"),
        ("alice@CAM-03", "ended as released"),
    ];
    for (by, outcome) in cases {
        assert_eq!(
            bench.outcome(&ask(by, F, end("nobody works on it"))),
            outcome,
            "{by}"
        );
    }
}

#[test]
fn what_a_break_leaves_in_the_history() {
    let mut bench = Bench::new().held(F, "alice@CAM-03", |_| {});
    let decision = bench.decide(&[ask("boss@CNC-1", F, end("she is on holiday"))]);
    let change = decision.draft.changes[0].clone();
    assert_eq!((change.verb.as_str(), &*change.by.user), ("break", "boss"));
    let ended = change.ended.unwrap();
    assert_eq!((&ended.owner, ended.token), (&owner("alice@CAM-03"), Some(7)));
    assert_eq!(
        (ended.how.as_str(), ended.reason.as_deref()),
        ("forced", Some("she is on holiday"))
    );
    bench.commit(&owner("boss@CNC-1"), decision.draft);
    assert!(
        bench.table.locks.is_empty(),
        "the file is free, and not the breaker's"
    );
}
