use super::*;

#[test]
fn the_first_come_gets_the_file_and_the_others_come_later() {
    let mut bench = Bench::new();
    let asks = [
        ask("alice@CAM-03", "a.mcam", take()),
        ask("bob@CNC-1", "a.mcam", take()),
        ask("bob@CNC-1", "b.mcam", take()),
        ask("alice@CAM-03", "a.mcam", give_back(None)),
    ];
    let decision = bench.decide(&asks);
    let said: Vec<String> = decision.answers.iter().map(say).collect();
    assert_eq!(said, ["granted", "later", "granted", "later"]);
    assert_eq!(decision.draft.requests, [asks[0].id.clone(), asks[2].id.clone()]);
    assert_eq!(bench.run(&asks), said);
    // The next commit takes what was left, in its order, and knows what was settled.
    assert_eq!(
        bench.run(&asks),
        [
            "settled by 41",
            "held by alice@CAM-03, place 1",
            "settled by 41",
            "released"
        ]
    );
    assert_eq!(
        bench.run(&asks),
        ["settled by 41", "granted", "settled by 41", "settled by 42"]
    );
    assert_eq!(bench.table.n, 43);
}

#[test]
fn a_refusal_stands_in_nobodys_way() {
    let bench = Bench::new().held("a.mcam", "alice@CAM-03", |_| {});
    let asks = [
        ask("bob@CNC-1", "a.mcam", take()),
        ask("carol@CNC-2", "a.mcam", give_back(None)),
        ask("alice@CAM-03", "a.mcam", give_back(Some(7))),
        ask("bob@CNC-1", "a.mcam", take()),
    ];
    let decision = bench.decide(&asks);
    let said: Vec<String> = decision.answers.iter().map(say).collect();
    assert_eq!(
        said,
        [
            "held by alice@CAM-03, place 1",
            "not yours but alice@CAM-03's",
            "released",
            "later"
        ]
    );
    assert_eq!(decision.draft.requests, [asks[2].id.clone()]);
    assert_eq!(decision.draft.changes.len(), 1);
}

#[test]
fn a_settled_request_is_not_done_again() {
    let mut bench = Bench::new();
    let request = ask("alice@CAM-03", "a.mcam", take());
    let retried = std::slice::from_ref(&request);
    assert_eq!(bench.run(retried), ["granted"]);
    let decision = bench.decide(retried);
    assert_eq!(decision.answers, [Answer::Settled(41)]);
    assert!(decision.draft.is_empty() && decision.draft.requests.is_empty());

    // Also when the file has long changed hands.
    bench.run(&[ask("alice@CAM-03", "a.mcam", give_back(None))]);
    bench.run(&[ask("bob@CNC-1", "a.mcam", take())]);
    assert_eq!(bench.run(retried), ["settled by 41"]);
    assert_eq!(bench.lock("a.mcam").owner, owner("bob@CNC-1"));
}

#[test]
fn the_same_request_twice_in_one_batch_is_done_once() {
    let bench = Bench::new();
    let request = ask("alice@CAM-03", "a.mcam", take());
    let decision = bench.decide(&[request.clone(), request.clone()]);
    let said: Vec<String> = decision.answers.iter().map(say).collect();
    assert_eq!(said, ["granted", "later"]);
    assert_eq!(decision.draft.requests, [request.id]);
}

#[test]
fn nothing_asked_is_nothing_to_commit() {
    let decision = Bench::new().decide(&[]);
    assert_eq!(decision, Decision::default());
    let refused = Bench::new().decide(&[ask("alice@CAM-03", "a.mcam", give_back(None))]);
    assert!(refused.draft.is_empty());
}
