//! Promise 1 of the contract, through everything that runs in real life: at most one live lock per file.
//!
//! *Given* six machines, each with a real agent process, on one folder with ten files, and two clients at each machine.
//!
//! *When* the clients check files out and in as fast as they can, while the agents are killed with SIGKILL, frozen with
//! SIGSTOP for shorter and for longer than `stale_after`, stopped cleanly, and started again, at random moments, and
//! people at the same machines use the real `camctl`,
//!
//! *then* no client that was granted a file meets another one's witness (see [`witness`] for what is excused); every grant
//! and every release that was acknowledged is in the log, exactly once; the log has no gap, applies no request twice,
//! grants only what is free, and its tokens only grow ([`testkit::ledger`] checks that, from the files alone); no lock is
//! broken whose owner's agent has committed anything within `stale_after`; whoever lost a lock is told so at checkin; and
//! at the end every agent lists what the log adds up to.
//!
//! A failure prints the seed; `CAMCTL_TEST_SEED` brings the same choices back, though not the same moments.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "nextest shows the seed with a failure, and the figures to whoever asks for them"
)]

mod client;
mod outages;
mod voice;
mod witness;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::ipc::client::Limits;
use testkit::ledger::{Desk, Ledger, Standing};
use testkit::{Chance, LONG, Machine, Mounts, Sandbox, wait_for, wait_until};

use client::{Account, Claims, Client, Scene};
use outages::Tally;
use witness::Witnesses;

const CLIENTS_EACH: usize = 2;

/// How much happens, and how fast.
struct Measure {
    files: usize,
    machines: usize,
    /// How many agents may be out at one time.
    out: usize,
    /// Shorter, and a machine that is busy with other things makes agents look dead; that is right, but shows less.
    stale_after: Duration,
    /// How long it goes on at least …
    some_time: Duration,
    /// … until there were so many grants …
    many: u64,
    /// … or it was long enough for a slow machine, which must have seen `some`.
    long_enough: Duration,
    some: u64,
}

const ON_A_DISK: Measure = Measure {
    files: 10,
    machines: 6,
    out: 3,
    stale_after: Duration::from_millis(1500),
    some_time: Duration::from_secs(15),
    many: 2000,
    long_enough: Duration::from_secs(60),
    some: 500,
};

/// On a network mount, in an emulated machine.
const ON_A_SHARE: Measure = Measure {
    files: 4,
    machines: 4,
    out: 2,
    stale_after: Duration::from_secs(15),
    some_time: Duration::from_secs(120),
    many: 100,
    long_enough: Duration::from_secs(180),
    some: 20,
};

fn measure() -> &'static Measure {
    if Mounts::get().is_some() {
        &ON_A_SHARE
    } else {
        &ON_A_DISK
    }
}

/// The name of file number `file`.
fn name(file: usize) -> String {
    format!("parts/{file}.mcam")
}

#[test]
fn no_file_is_ever_held_twice_whatever_becomes_of_the_agents() {
    let seed = Chance::seed();
    println!("CAMCTL_TEST_SEED={seed}");
    let sandbox = Sandbox::new();
    let builder = (0..measure().files).fold(sandbox.repository(), |builder, file| builder.file(&name(file)));
    let repository = builder
        .policy("heartbeat", &milliseconds(measure().stale_after / 5))
        .policy("stale_after", &milliseconds(measure().stale_after))
        .init();
    let machines: Vec<Machine> = (0..measure().machines)
        .map(|n| sandbox.machine(&format!("user{n}"), &format!("CAM-{n}")))
        .collect();
    for machine in &machines {
        machine.start();
    }
    let scene = Scene {
        witnesses: Witnesses::new(&sandbox.folder().join("witnesses"), &repository, measure().files),
        repository,
        stop: AtomicBool::new(false),
        granted: AtomicU64::new(0),
    };
    let claims: Vec<Claims> = machines
        .iter()
        .map(|machine| Claims::new(desk(machine), measure().files))
        .collect();
    let (accounts, tally) = live(&scene, &machines, &claims, seed);
    for machine in &machines {
        lists_what_the_log_adds_up_to(machine, &scene);
    }
    let ledger = scene.witnesses.ledger();
    for (desk, account) in &accounts {
        check_account(&ledger, desk, account);
    }
    check_sums(&ledger, &accounts);
    check_ends(&ledger);
    report(&ledger, &accounts, &tally);
}

fn milliseconds(time: Duration) -> String {
    format!("\"{}ms\"", time.as_millis())
}

fn desk(machine: &Machine) -> Desk {
    Desk {
        user: machine.user().into(),
        machine: machine.name().into(),
    }
}

/// Lets everybody do their worst; afterwards every agent runs, and every client has finished.
fn live(scene: &Scene, machines: &[Machine], claims: &[Claims], seed: u64) -> (Vec<(Desk, Account)>, Tally) {
    let calm = AtomicBool::new(false);
    let (all, out) = (machines.len(), measure().out);
    thread::scope(|scope| {
        let mut clients = Vec::new();
        for n in 0..all * CLIENTS_EACH {
            let (machine, claims) = (&machines[n % all], &claims[n % all]);
            let chance = Chance::new(seed, n as u64);
            let client = Client::new(scene, claims, machine.talk(Limits::default()), chance);
            clients.push((claims, scope.spawn(move || client.run())));
        }
        let outages: Vec<_> = (0..out)
            .map(|n| {
                let range = n * all / out..(n + 1) * all / out;
                let chance = Chance::new(seed, 100 + range.start as u64);
                let (machines, claims, calm) = (&machines[range.clone()], &claims[range], &calm);
                scope.spawn(move || outages::run(scene, machines, claims, calm, chance))
            })
            .collect();
        let _whatever_happens = Ending(&calm, &scene.stop);
        let started = SystemClock.moment();
        let over = || {
            let passed = SystemClock.moment().since(started);
            let many = scene.granted.load(Ordering::Relaxed) >= measure().many;
            passed >= measure().long_enough
                || passed >= measure().some_time && many
                || clients.iter().any(|(_, client)| client.is_finished())
        };
        wait_until(measure().long_enough * 2, "enough has happened", over);
        calm.store(true, Ordering::SeqCst);
        let mut accounts = Vec::new();
        let mut sum = Tally::default();
        for outage in outages {
            let (tally, mut more) = outage.join().unwrap();
            sum.add(&tally);
            accounts.append(&mut more);
        }
        scene.stop.store(true, Ordering::SeqCst);
        for (claims, client) in clients {
            accounts.push((claims.desk.clone(), client.join().unwrap()));
        }
        sum.lasted = SystemClock.moment().since(started);
        (accounts, sum)
    })
}

/// Ends the others when this test's own thread fails: a scope waits for all of its threads.
struct Ending<'a>(&'a AtomicBool, &'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
        self.1.store(true, Ordering::SeqCst);
    }
}

/// `list --locked --json`, as soon as nothing moves any more.
#[track_caller]
fn lists_what_the_log_adds_up_to(machine: &Machine, scene: &Scene) {
    let what = format!("{} lists what the log adds up to", machine.name());
    wait_for(LONG, &what, || {
        let run = machine
            .camctl(["list", "--locked", "--json"])
            .in_folder(scene.repository.folder())
            .run();
        if Mounts::get().is_some() && run.code == Some(15) {
            // All of them have just been started again, and an emulated share serves one after another.
            return None;
        }
        let run = run.succeeds();
        let files = run.json()["files"].as_array().cloned().unwrap();
        let listed: BTreeMap<String, Standing> = files
            .iter()
            .map(|file| {
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                let lock = &file["lock"];
                let standing = Standing {
                    token: lock["token"].as_u64().unwrap(),
                    desk: Desk {
                        user: text(&lock["user"]),
                        machine: text(&lock["machine"]),
                    },
                };
                (text(&file["name"]), standing)
            })
            .collect();
        (listed == *scene.witnesses.ledger().table()).then_some(())
    });
}

/// What a client was told is what the log says.
fn check_account(ledger: &Ledger, desk: &Desk, account: &Account) {
    for (file, token) in &account.granted {
        assert_eq!(
            ledger.grant(file, *token),
            Some(desk),
            "the grant {token} of {file}"
        );
    }
    for (file, token) in &account.released {
        let end = ledger.end(file, *token);
        let fits = end.is_some_and(|end| end.how == "released" && end.by == *desk && end.desk == *desk);
        assert!(
            fits,
            "{desk:?} gave {file} back under {token}, but the log says {end:?}"
        );
    }
    if let Some((file, token)) = &account.held {
        let stands = ledger.table().get(file).is_some_and(|lock| lock.token == *token);
        let end = ledger.end(file, *token);
        let broken = end.is_some_and(|end| end.how == "broken");
        assert!(
            stands || broken,
            "{desk:?} holds {file} under {token}, but the log says {end:?}"
        );
    }
}

/// Nothing is in the log but what somebody was told, or was asked for by somebody who got no answer.
fn check_sums(ledger: &Ledger, accounts: &[(Desk, Account)]) {
    let sum = |count: fn(&Account) -> u64| accounts.iter().map(|(_, account)| count(account)).sum::<u64>();
    let granted = sum(|account| account.granted.len() as u64);
    let released = sum(|account| account.released.len() as u64);
    let (checkouts, checkins) = (
        sum(|account| account.unknown_checkouts),
        sum(|account| account.unknown_checkins),
    );
    let in_log = ledger.grants().len() as u64;
    assert!(
        in_log >= granted && in_log - granted <= checkouts,
        "{in_log} grants in the log, {granted} acknowledged, {checkouts} unknown"
    );
    let ends = ledger.ends().values();
    let given_back = ends.filter(|end| end.how == "released").count() as u64;
    assert!(
        given_back >= released && given_back - released <= checkins + checkouts,
        "{given_back} releases in the log, {released} acknowledged, {checkins} and {checkouts} unknown"
    );
    assert!(
        granted >= measure().some,
        "only {granted} grants: that shows little"
    );
}

/// Locks end by their owners, or are broken when their owner's agent has not shown itself for `stale_after`.
fn check_ends(ledger: &Ledger) {
    for (lock, end) in ledger.ends() {
        match end.how.as_str() {
            "released" => {}
            "broken" => assert!(
                end.silent >= Some(measure().stale_after),
                "{lock:?} was broken early: {end:?}"
            ),
            _ => panic!("nobody expects {lock:?} to end so: {end:?}"),
        }
    }
}

fn report(ledger: &Ledger, accounts: &[(Desk, Account)], tally: &Tally) {
    let sum = |count: fn(&Account) -> u64| accounts.iter().map(|(_, account)| count(account)).sum::<u64>();
    let broken = ledger.ends().values().filter(|end| end.how == "broken").count();
    println!(
        "{:.1?}: {} commits, {} grants, {} releases, {} refusals; {broken} locks broken, {} clients told so; \
         {} witnesses of the dead, {} met their heir, {} unsure; unknown: {} checkouts, {} checkins; {tally:?}",
        tally.lasted,
        ledger.newest(),
        sum(|account| account.granted.len() as u64),
        sum(|account| account.released.len() as u64),
        sum(|account| account.refused),
        sum(|account| account.lost.len() as u64),
        sum(|account| account.dead),
        sum(|account| account.heirs),
        sum(|account| account.unsure),
        sum(|account| account.unknown_checkouts),
        sum(|account| account.unknown_checkins),
    );
    assert!(tally.outages.kills > 0 && tally.outages.freezes > 0, "{tally:?}");
    assert!(broken > 0, "no lock was ever broken: that shows little");
}
