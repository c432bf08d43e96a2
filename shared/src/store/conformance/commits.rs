//! Commits: their numbers, their tokens, and the requests that they settle.

use super::{Answer, Bed, Checkout, Committed, Draft, FOLDER_SIZE, Intent, Machine, RequestId};

/// What changes nothing is not written, and nobody hears of it.
pub fn an_empty_draft_commits_nothing(bed: &mut dyn Bed) {
    let mut machine = Machine::open(bed, "alice", "CAM-03");
    let before = machine.table();
    let drafts = [
        Draft::default(),
        Draft {
            requests: vec![RequestId::random()],
            ..Draft::default()
        },
    ];
    for draft in drafts {
        let committed = machine.store.commit(&mut |_| draft.clone()).unwrap();
        assert_eq!(committed, Committed::Nothing);
    }
    assert!(machine.hear().is_empty());
    assert_eq!(machine.table(), before);
    let other = Machine::open(bed, "bob", "CNC-1");
    assert_eq!(other.n(), before.n, "nor is there anything in the log");
}

/// Settling when all is settled does nothing.
pub fn nothing_pending_settles_as_nothing(bed: &mut dyn Bed) {
    let mut machine = Machine::open(bed, "alice", "CAM-03");
    assert_eq!(machine.store.settle().unwrap(), Committed::Nothing);
    let token = machine.checkout("a.mcam");
    assert_eq!(machine.store.settle().unwrap(), Committed::Nothing);
    assert_eq!(machine.n(), token);
}

/// Whoever commits, the numbers go on by one, also over checkpoints.
pub fn commits_are_numbered_without_gaps(bed: &mut dyn Bed) {
    let mut machines = [
        Machine::open(bed, "alice", "CAM-03"),
        Machine::open(bed, "bob", "CNC-1"),
        Machine::open(bed, "carol", "CNC-2"),
    ];
    let start = machines[0].n();
    for step in 0..3 * FOLDER_SIZE {
        let machine = &mut machines[usize::try_from(step % 3).unwrap()];
        let name = format!("{step}.mcam");
        assert_eq!(machine.checkout(&name), start + 1 + step);
        assert_eq!(
            machine.n(),
            start + 1 + step,
            "one's own commit is in one's table"
        );
        assert_eq!(machine.table().nonce, machine.store.news().last().unwrap().nonce);
    }
}

/// A grant's token is the number of its commit, on every machine, and so it only grows.
pub fn a_token_is_the_number_of_its_commit(bed: &mut dyn Bed) {
    let mut machines = [
        Machine::open(bed, "alice", "CAM-03"),
        Machine::open(bed, "bob", "CNC-1"),
    ];
    let mut last = 0;
    for round in 0..FOLDER_SIZE + 2 {
        let [first, second] = &mut machines;
        let (holder, other) = if round % 2 == 0 {
            (first, second)
        } else {
            (second, first)
        };
        let token = holder.checkout("a.mcam");
        assert!(token > last, "{token} after {last}");
        assert_eq!(holder.lock("a.mcam").unwrap().token, Some(token));
        assert_eq!(other.try_checkout("a.mcam"), None, "held is held");
        assert_eq!(other.lock("a.mcam"), holder.lock("a.mcam"));
        let end = holder.checkin("a.mcam", token);
        assert!(end > token);
        last = end;
    }
}

/// Group commit: many requests, one step of the log, one token.
pub fn requests_that_arrive_together_are_one_commit(bed: &mut dyn Bed) {
    let mut machine = Machine::open(bed, "alice", "CAM-03");
    let before = machine.n();
    let names: Vec<String> = (0..8).map(|i| format!("fixtures/{i}.mcam")).collect();
    let asks: Vec<_> = names
        .iter()
        .map(|name| machine.ask(name, Intent::Checkout(Checkout::default())))
        .collect();
    let (committed, answers) = machine.run(&asks);
    assert_eq!(committed, Committed::At(before + 1));
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Done(_))));
    let other = Machine::open(bed, "bob", "CNC-1");
    for (name, ask) in names.iter().zip(&asks) {
        assert_eq!(other.lock(name).unwrap().token, Some(before + 1), "{name}");
        assert_eq!(other.table().recent.find(&ask.id), Some(before + 1), "{name}");
    }
}

/// A client that lost its reply finds its request: at once, folders later, and on a machine that starts then.
pub fn a_request_is_found_long_after_it_was_settled(bed: &mut dyn Bed) {
    let mut machine = Machine::open(bed, "alice", "CAM-03");
    let mut other = Machine::open(bed, "bob", "CNC-1");
    let ask = machine.ask("a.mcam", Intent::Checkout(Checkout::default()));
    let (committed, _) = machine.run(std::slice::from_ref(&ask));
    let Committed::At(n) = committed else {
        panic!("not committed")
    };
    assert_eq!(machine.table().recent.find(&ask.id), Some(n));
    other.fill(2 * FOLDER_SIZE + 3);
    assert_eq!(other.table().recent.find(&ask.id), Some(n));
    machine.store.load().unwrap();
    assert_eq!(machine.table().recent.find(&ask.id), Some(n));
    let fresh = Machine::open(bed, "carol", "CNC-2");
    assert_eq!(fresh.table().recent.find(&ask.id), Some(n));
    let again = machine.run(std::slice::from_ref(&ask));
    assert_eq!(
        again,
        (Committed::Nothing, vec![Answer::Settled(n)]),
        "once is enough"
    );
    assert_eq!(fresh.table().recent.find(&RequestId::random()), None);
}
