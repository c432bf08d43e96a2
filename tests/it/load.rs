//! The agent under load: many clients, many watches, many events, and clients that do nothing. Its memory is bounded, nobody
//! is forgotten, nobody who reads loses an event, and when all have left nothing is left of them.
//!
//! What is printed (`--no-capture`) says how much it was.
#![expect(clippy::panic, reason = "in a test, a panic is how it fails")]

mod crowd;
mod gauge;
mod watchers;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};
use camctl_shared::ipc::client::Limits;
use camctl_shared::ipc::message::{Outcome, Request};
use testkit::talk::Checkout;
use testkit::{Chance, LONG, Sandbox};

use self::gauge::Gauge;

/// Answers may be slow on a busy machine; a client that is forgotten waits longer.
fn patient() -> Limits {
    Limits {
        hello: LONG,
        send: LONG,
        reply: Some(LONG),
        ..Limits::default()
    }
}

/// Given 200 clients at one agent, when each takes a file, looks at another and gives its own back, as often as it can,
/// then everything is done, nobody is served much less than others, and none of that is left in the agent.
#[test]
fn two_hundred_clients_at_once_are_served_alike() {
    const CLIENTS: usize = 200;
    /// So often the first one; and nobody may have got less than a quarter of that.
    const TURNS: usize = 20;
    let sandbox = Sandbox::new();
    let repository = (0..CLIENTS)
        .fold(sandbox.repository(), |files, n| files.file(&format!("{n}.mcam")))
        .init();
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    let path = |n: usize| repository.path(&format!("{n}.mcam")).display().to_string();
    alice
        .talk(patient())
        .checkout(&path(0), Checkout::default())
        .unwrap();
    alice.talk(patient()).checkin(&path(0)).unwrap();
    let gauge = Gauge::of(&alice);
    let (start, over) = (Barrier::new(CLIENTS), AtomicBool::new(false));
    let slowest_request = AtomicUsize::new(0);
    let turn = |talk: &mut testkit::talk::Talk, n: usize, chance: &mut Chance| {
        let began = SystemClock.moment();
        let granted = talk.checkout(&path(n), Checkout::default()).unwrap();
        assert!(matches!(granted, Outcome::Granted { .. }), "{granted:?}");
        let looked = Request::Status {
            files: vec![path(chance.index(CLIENTS))],
        };
        let looked = talk.ask_one(&looked).unwrap();
        assert!(matches!(looked, Outcome::Stands { .. }), "{looked:?}");
        let released = talk.checkin(&path(n)).unwrap();
        assert!(matches!(released, Outcome::Released { .. }), "{released:?}");
        let took = SystemClock.moment().since(began).as_millis();
        slowest_request.fetch_max(usize::try_from(took).unwrap(), Ordering::Relaxed);
    };
    let began = SystemClock.moment();
    let turns: Vec<usize> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (turn, start, over, alice) = (&turn, &start, &over, &alice);
                scope.spawn(move || {
                    let _whatever_happens = Over(over);
                    let mut chance = Chance::new(1, n as u64);
                    let mut talk = alice.talk(patient());
                    start.wait();
                    let mut turns = 0;
                    while turns < TURNS && !over.load(Ordering::Relaxed) {
                        turn(&mut talk, n, &mut chance);
                        turns += 1;
                    }
                    turns
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let took = SystemClock.moment().since(began);
    let least = turns.iter().min().unwrap();
    let all: usize = turns.iter().sum();
    println!(
        "{all} turns in {took:.1?}; the least {least}, the longest {} ms; {gauge}",
        slowest_request.load(Ordering::Relaxed)
    );
    assert!(
        *least >= TURNS / 4,
        "somebody was served {least} times while others were {TURNS} times"
    );
    gauge.peak_is_within(12 << 10);
    gauge.everything_was_given_back();
    assert_eq!(
        repository
            .projection()
            .map(|table| table.as_object().unwrap().len()),
        Some(1)
    );
}

/// Ends the others when the first has finished, or failed.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long a client may take for a whole message: the agent's own limit.
const FRAME: Duration = Duration::from_secs(10);
