//! Histories: all that clients of several machines asked and were told, taken together, is what one table would have said
//! that everybody asked in turn.
//!
//! *Given* four machines, each with a real agent process, on one folder, and two clients at each machine, on the socket.
//!
//! *When* the clients check out, check in, break, look at files and list them as they please, while agents are killed, frozen
//! and stopped, and started again,
//!
//! *then* each file's history is linearizable: its requests can be put in one order in which each takes effect at once,
//! between its being asked and its being answered ([`model`] says what each does; the search is todc-utils'). What was
//! never answered may have been done at any time since, or never. And the log is the witness of such an order for all files
//! at once ([`order`]): every answer fits one state of the log, no older than what anybody had been told when it was asked
//! for, and every acknowledged commit was written between the two.
//!
//! That holds on a local disk. On a network share what is only looked at may be as old as the clients' caches (a second or
//! so); what is granted and given back is as strict there.
//!
//! A failure prints the seed; `CAMCTL_TEST_SEED` brings the same choices back, though not the same moments.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "in a test, and in what serves only tests, a panic is how it fails"
)]

mod act;
mod client;
mod doctored;
mod model;
mod order;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};
use testkit::ledger::Ledger;
use testkit::{Chance, Machine, Sandbox, wait_until};

use self::act::{Act, Told};
use self::client::{Client, Scene};
use self::order::Order;
use crate::outage::{self, Tally};

const MACHINES: usize = 4;
const CLIENTS_EACH: usize = 2;
/// How many agents may be out at one time.
const OUT: usize = 2;
const STALE_AFTER: Duration = Duration::from_millis(1500);
/// How long it goes on at least …
const SOME_TIME: Duration = Duration::from_secs(15);
/// … until so much was asked …
const MANY: usize = 5000;
/// … or it was long enough for a slow machine, which must have asked for [`SOME`].
const LONG_ENOUGH: Duration = Duration::from_secs(60);
const SOME: usize = 1500;

#[test]
fn what_clients_are_told_is_what_one_table_would_have_said() {
    let seed = Chance::seed();
    println!("CAMCTL_TEST_SEED={seed}");
    let sandbox = Sandbox::new();
    let repository = sandbox
        .repository()
        .policy("heartbeat", "\"300ms\"")
        .policy("stale_after", &format!("\"{}ms\"", STALE_AFTER.as_millis()))
        .init();
    let scene = Scene::new(repository);
    let machines: Vec<Machine> = (0..MACHINES)
        .map(|n| sandbox.machine(&format!("user{n}"), &format!("CAM-{n}")))
        .collect();
    for machine in &machines {
        machine.start();
    }
    let (acts, tally) = live(&scene, &machines, seed);
    let asked = acts.len();
    let ledger = Ledger::read(&scene.repository);
    // How many locks are broken is left to chance: whoever freezes may hold nothing just then. `frozen.rs` sees to breaks.
    let broken = ledger.ends().values().filter(|end| end.how == "broken").count();
    println!(
        "{asked} requests, {}; {broken} locks broken; {tally:?}",
        kinds(&acts)
    );
    let order = Order::of(&ledger);
    let problems: Vec<String> = [order.check(&acts), model::check(&acts)]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert!(
        problems.is_empty(),
        "CAMCTL_TEST_SEED={seed}\n{}",
        problems.join("\n")
    );
    assert!(asked >= SOME, "only {asked} requests: that shows little");
    assert!(tally.kills > 0 && tally.freezes > 0, "{tally:?}");
    // The same history with one lie in it.
    let lied = doctored::with_a_stale_look(&acts);
    assert!(
        order.check(&lied).is_err(),
        "the log does not find a stale answer"
    );
    assert!(
        model::check(&lied).is_err(),
        "the search does not find a stale answer"
    );
}

/// Lets everybody do their worst.
fn live(scene: &Scene, machines: &[Machine], seed: u64) -> (Vec<Act>, Tally) {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..MACHINES * CLIENTS_EACH)
            .map(|n| {
                let client = Client::new(scene, &machines[n % MACHINES], Chance::new(seed, n as u64));
                scope.spawn(move || client.run())
            })
            .collect();
        let outages: Vec<_> = machines
            .chunks(MACHINES / OUT)
            .enumerate()
            .map(|(n, machines)| {
                let chance = Chance::new(seed, 100 + n as u64);
                let stop = &scene.stop;
                scope.spawn(move || trouble(machines, stop, chance))
            })
            .collect();
        let _whatever_happens = Ending(&scene.stop);
        let started = SystemClock.moment();
        wait_until(LONG_ENOUGH * 2, "enough has happened", || {
            let passed = SystemClock.moment().since(started);
            passed >= LONG_ENOUGH
                || passed >= SOME_TIME && scene.asked.load(Ordering::Relaxed) >= MANY
                || clients.iter().any(thread::ScopedJoinHandle::is_finished)
        });
        scene.stop.store(true, Ordering::SeqCst);
        let mut sum = Tally::default();
        for outage in outages {
            sum.add(&outage.join().unwrap());
        }
        let acts = clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect();
        (acts, sum)
    })
}

/// One outage at a time, until it is stopped.
fn trouble(machines: &[Machine], stop: &AtomicBool, mut chance: Chance) -> Tally {
    let mut tally = Tally::default();
    let mut cards = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        thread::sleep(chance.time(20..300));
        if cards.is_empty() {
            cards = outage::deck(&mut chance);
        }
        let machine = &machines[chance.index(machines.len())];
        if let Some(outage) = cards.pop() {
            outage.happen(machine, STALE_AFTER, &mut chance, &mut tally);
        }
    }
    tally
}

/// Ends the others when this test's own thread fails: a scope waits for all of its threads.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How often what was told.
fn kinds(acts: &[Act]) -> String {
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for act in acts {
        let kind = match act.told.as_slice() {
            [(_, Told::Took { after: None, .. })] => "granted",
            [(_, Told::Took { .. })] => "granted after a break",
            [(_, Told::Ended { how, .. })] if how == "released" => "given back",
            [(_, Told::Ended { .. })] => "broken",
            [(_, Told::Saw(_))] => "looked at or refused",
            [(_, Told::Unknown(_)), ..] => "unknown",
            _ => "listed",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    kinds.join(", ")
}
