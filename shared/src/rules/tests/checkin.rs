use super::*;

const F: &str = "4801247.mcam";

#[test]
fn who_may_give_a_lock_back() {
    let held = || Bench::new().held(F, "alice@CAM-03", |_| {});
    let guarded = || Bench::new().held(F, "alice@CAM-03", guard);
    let old = || Bench::new().held(F, "alice", old_record);
    let half_old = || Bench::new().held(F, "alice@CAM-03", old_record);
    let cases = [
        (Bench::new(), "alice@CAM-03", None, "not held"),
        (Bench::new(), "alice@CAM-03", Some(7), "7 is over"),
        // Its owner's user, from every machine and session.
        (held(), "alice@CAM-03", None, "released"),
        (held(), "alice@CAM-03", Some(7), "released"),
        (held(), "alice@CAM-03/2", Some(7), "released"),
        (held(), "alice@CAM-04", Some(7), "released"),
        (held(), "alice@CAM-04", None, "released"),
        (guarded(), "alice@CAM-03", Some(7), "released"),
        // A token that is not the one that stands: older, newer, or of an older tool's record.
        (held(), "alice@CAM-03", Some(6), "6 is over, alice@CAM-03 has it"),
        (held(), "alice@CAM-03", Some(8), "8 is over, alice@CAM-03 has it"),
        (old(), "alice@CAM-03", Some(7), "7 is over, alice has it"),
        // Another's.
        (held(), "bob@CNC-1", None, "not yours but alice@CAM-03's"),
        (held(), "bob@CAM-03", None, "not yours but alice@CAM-03's"),
        (held(), "bob@CNC-1", Some(7), "not yours but alice@CAM-03's"),
        (held(), "bob@CNC-1", Some(6), "6 is over, alice@CAM-03 has it"),
        (held(), "boss@CNC-1", None, "not yours but alice@CAM-03's"),
        // An older tool's record: its user, or an administrator.
        (old(), "alice@CAM-03", None, "released"),
        (old(), "bob@CNC-1", None, "not yours but alice's"),
        (old(), "boss@CNC-1", None, "released"),
        (half_old(), "boss@CNC-1", None, "released"),
    ];
    for (bench, by, token, outcome) in cases {
        let request = ask(by, F, give_back(token));
        assert_eq!(bench.outcome(&request), outcome, "{request:?}");
    }
}

#[test]
fn an_owner_gives_back_whatever_others_think_of_the_lock() {
    for (standing, _) in STANDINGS {
        let bench = Bench::new().held(F, "alice@CAM-03", |_| {}).judged(F, standing);
        let outcome = bench.outcome(&ask("alice@CAM-03", F, give_back(Some(7))));
        assert_eq!(outcome, "released", "{standing:?}");
        let outcome = bench.outcome(&ask("bob@CNC-1", F, give_back(None)));
        assert_eq!(outcome, "not yours but alice@CAM-03's", "{standing:?}");
    }
}

#[test]
fn a_checkin_frees_the_file_and_says_why() {
    let mut bench = Bench::new().held(F, "alice@CAM-03", |_| {});
    let decision = bench.decide(&[ask("alice@CAM-04", F, give_back(Some(7)))]);
    let change = decision.draft.changes[0].clone();
    assert_eq!(change.verb.as_str(), "checkin");
    assert_eq!(change.by, owner("alice@CAM-04"));
    let ended = change.ended.unwrap();
    assert_eq!((&ended.owner, ended.token), (&owner("alice@CAM-03"), Some(7)));
    assert_eq!(
        (ended.how.as_str(), ended.reason.as_deref()),
        ("released", Some("done"))
    );
    assert_eq!(change.lock, None);
    bench.commit(&owner("alice@CAM-04"), decision.draft);
    assert!(bench.table.locks.is_empty());
}

#[test]
fn who_comes_back_second_is_told_who_has_the_file() {
    let mut bench = Bench::new()
        .held(F, "alice@CAM-03", |_| {})
        .judged(F, STANDINGS[3].0);
    assert_eq!(
        bench.run(&[ask("bob@CNC-1", F, take())]),
        ["granted, alice@CAM-03 broken"]
    );
    let late = ask("alice@CAM-03", F, give_back(Some(7)));
    assert_eq!(bench.run(&[late]), ["7 is over, bob@CNC-1 has it"]);
    assert_eq!(bench.lock(F).owner, owner("bob@CNC-1"));
}

/// A grant that nobody heard of is given back, unless another program of the desk has asked for the file since, and was told
/// that it has it.
#[test]
fn what_was_renewed_since_is_not_given_back_for_who_did_not_hear_of_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.run(&[ask("alice@CAM-03", F, take())]), ["granted"]);
    let granted = bench.lock(F).clone();
    let unheard = Intent::Checkin(Checkin {
        token: granted.token,
        renewed: Some(granted.renewed),
        ..Checkin::default()
    });
    assert_eq!(
        bench.outcome(&ask("alice@CAM-03", F, unheard.clone())),
        "released"
    );
    assert_eq!(bench.run(&[ask("alice@CAM-03", F, take())]), ["renewed"]);
    let token = granted.token.unwrap();
    let refused = format!("{token} is over, alice@CAM-03 has it");
    assert_eq!(bench.outcome(&ask("alice@CAM-03", F, unheard)), refused);
}
