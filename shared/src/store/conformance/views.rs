//! Views: what each machine sees of the one table.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Bed, Commit, FOLDER_SIZE, Machine, SessionId};
use crate::store::Heartbeat;

/// Every machine hears every commit exactly once, in order, and the same as its author does.
pub fn every_machine_hears_every_commit_once_and_in_order(bed: &mut dyn Bed) {
    let mut machines = [
        Machine::open(bed, "alice", "CAM-03"),
        Machine::open(bed, "bob", "CNC-1"),
        Machine::open(bed, "carol", "CNC-2"),
    ];
    let start = machines[0].n();
    let mut heard: [Vec<Arc<Commit>>; 3] = Default::default();
    let steps = 3 * FOLDER_SIZE + 1;
    for step in 0..steps {
        let at = usize::try_from(step % 2).unwrap();
        machines[at].checkout(&format!("{step}.mcam"));
        // The third one looks now and then, in three different ways; the authors now and then, in two.
        let store = &mut machines[2].store;
        match step % 7 {
            2 => store.catch_up().unwrap(),
            4 => store.catch_up_fully().unwrap(),
            5 => heard[at].extend(machines[at].store.news()),
            6 => heard[2].extend(store.news()),
            _ => {}
        }
    }
    for (machine, heard) in machines.iter_mut().zip(&mut heard) {
        heard.extend(machine.hear());
        assert!(machine.hear().is_empty(), "what was heard is no news");
        let numbers: Vec<u64> = heard.iter().map(|commit| commit.n).collect();
        assert_eq!(numbers, (start + 1..=start + steps).collect::<Vec<_>>());
        let follows = |pair: &[Arc<Commit>]| pair[1].previous == pair[0].nonce;
        assert!(heard.windows(2).all(follows), "each names the one before it");
    }
    let [authors, other, listener] = heard;
    assert_eq!(authors, listener, "what is read is what was written");
    assert_eq!(other, listener);
}

/// Whoever starts now sees the table as everybody does: just before a checkpoint, at it, after it.
pub fn a_new_machine_sees_the_same_table(bed: &mut dyn Bed) {
    let mut machine = Machine::open(bed, "alice", "CAM-03");
    let mut other = Machine::open(bed, "bob", "CNC-1");
    for step in 0..2 * FOLDER_SIZE + 2 {
        let token = machine.checkout(&format!("{step}.mcam"));
        if step % 3 == 0 {
            machine.checkin(&format!("{step}.mcam"), token);
        }
        let mut fresh = Machine::open(bed, "carol", "CNC-2");
        assert_eq!(fresh.table(), machine.table(), "after commit {}", machine.n());
        fresh.store.catch_up_fully().unwrap();
        assert_eq!(fresh.table(), machine.table());
        assert!(
            fresh.store.news().is_empty(),
            "what it was loaded with is no news"
        );
    }
    other.store.load().unwrap();
    assert_eq!(other.table(), machine.table());
    let token = other.checkout("last.mcam");
    machine.store.catch_up().unwrap();
    assert_eq!(machine.lock("last.mcam").unwrap().token, Some(token));
    assert_eq!(other.table(), machine.table());
}

/// Whoever only looks never sees the table go back, nor does catching up or loading again take it back.
pub fn a_view_never_goes_back(bed: &mut dyn Bed) {
    let mut writer = Machine::open(bed, "alice", "CAM-03");
    let mut reader = Machine::open(bed, "bob", "CNC-1");
    let view = reader.store.table();
    let done = AtomicBool::new(false);
    let end = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut last = 0;
            while !done.load(Ordering::SeqCst) {
                let now = view.read().n;
                assert!(now >= last, "the view went back from {last} to {now}");
                last = now;
                std::thread::yield_now();
            }
        });
        for round in 0..3 * FOLDER_SIZE {
            writer.fill(1);
            let before = reader.n();
            match round % 3 {
                0 => reader.store.catch_up().unwrap(),
                1 => reader.store.load().unwrap(),
                _ => reader.store.catch_up_fully().unwrap(),
            }
            assert!(reader.n() >= before);
            assert_eq!(reader.n(), writer.n());
        }
        done.store(true, Ordering::SeqCst);
        looking.join().unwrap();
        reader.n()
    });
    let numbers: Vec<u64> = reader.store.news().iter().map(|commit| commit.n).collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "loading again repeats no news: {numbers:?}"
    );
    reader.store.load().unwrap();
    assert_eq!(reader.n(), end);
}

/// Heartbeats: written by one, seen by all, moving; a session that left none is `None`.
pub fn a_heartbeat_moves_and_is_seen_by_all(bed: &mut dyn Bed) {
    let mut alice = Machine::open(bed, "alice", "CAM-03");
    let mut bob = Machine::open(bed, "bob", "CNC-1");
    let beat = |machine: &Machine, counter: u64, version: &str| Heartbeat {
        session: machine.me.session.clone().unwrap(),
        user: machine.me.user.clone(),
        machine: machine.me.machine.clone().unwrap(),
        counter,
        version: version.into(),
    };
    let session = alice.me.session.clone().unwrap();
    // Not asked by its name before it is there: network clients remember for many seconds that it was not.
    assert_eq!(bob.store.sessions().unwrap(), []);
    assert_eq!(bob.store.session(&SessionId::random()).unwrap(), None);

    // A shorter text after a longer one leaves no tail, and a counter may go back.
    let n = alice.n();
    for (counter, version) in [
        (1, "0.1.0-a-long-one"),
        (2, "0.1.0"),
        (u64::MAX, "0.2.0"),
        (3, "0.2"),
    ] {
        let written = beat(&alice, counter, version);
        alice.store.heartbeat(&written).unwrap();
        assert_eq!(bob.store.session(&session).unwrap(), Some(written.clone()));
        assert_eq!(alice.store.session(&session).unwrap(), Some(written));
    }
    let (of_alice, of_bob) = (beat(&alice, 4, "0.2"), beat(&bob, 1, "0.2"));
    alice.store.heartbeat(&of_alice).unwrap();
    bob.store.heartbeat(&of_bob).unwrap();
    let mut listed = Machine::open(bed, "carol", "CNC-2").store.sessions().unwrap();
    listed.sort_by_key(|heartbeat| heartbeat.user.clone());
    assert_eq!(listed, [of_alice, of_bob]);
    alice.store.catch_up().unwrap();
    assert_eq!(alice.n(), n, "a heartbeat is no commit");
}
