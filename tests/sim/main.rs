//! The whole product's core in a simulated world: real rules, store and worker, over a share, clocks and people that follow
//! from a seed. One thread, no real time. `tests/README.md` says how to use it.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is how it fails"
)]

mod agent;
mod answers;
mod cache;
mod clock;
mod coroutine;
mod faults;
mod law;
mod mutations;
mod person;
mod profile;
mod requests;
mod run;
mod server;
mod share;
mod told;
mod trace;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};

/// So many failing seeds are looked for before the first is shown.
const ENOUGH: usize = 8;

/// A number that `tests/run.sh sim` passes on.
///
/// # Panics
/// When it is none.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// `CAMCTL_SIM_SEEDS` seeds from `CAMCTL_SIM_SEED` on, or as many as there is time for in `CAMCTL_SIM_HOURS`.
#[test]
fn every_seed_holds() {
    let hours = number("CAMCTL_SIM_HOURS", 0);
    // A long run is not the one of yesterday.
    let anywhere = u64::from(hours > 0) * u64::try_from(SystemClock.wall().as_second()).unwrap() * 1000;
    let (first, count) = (
        number("CAMCTL_SIM_SEED", anywhere),
        number("CAMCTL_SIM_SEEDS", 100),
    );
    let started = SystemClock.moment();
    let (mut seeds, mut time, mut counts) = (0, Duration::ZERO, BTreeMap::<String, u64>::new());
    let mut failed = Vec::new();
    let left = |seeds| match hours {
        0 => seeds < count,
        hours => SystemClock.moment().since(started) < Duration::from_hours(hours),
    };
    while left(seeds) && failed.len() < ENOUGH {
        let seed = first + seeds;
        match run::run(seed, None, false) {
            Ok(report) => {
                time += report.time;
                let own = [("commits", report.commits), ("requests", report.requests)];
                for (what, count) in own
                    .map(|(what, count)| (what.to_owned(), count))
                    .into_iter()
                    .chain(report.counts)
                {
                    *counts.entry(what).or_default() += count;
                }
            }
            Err(failure) => {
                println!("seed {seed}: {}", failure.problem);
                failed.push(seed);
            }
        }
        seeds += 1;
        if hours > 0 && seeds.is_multiple_of(10_000) {
            println!("{seeds} seeds from {first} on, {} of them failed", failed.len());
        }
    }
    println!(
        "{seeds} seeds from {first} on, {} days simulated: {counts:?}",
        time.as_secs() / 86_400
    );
    if let Some(seed) = failed.first() {
        show(*seed);
    }
    if seeds >= 100 {
        // What never happens is never tested.
        for what in [
            "released",
            "broken",
            "forced",
            "expired",
            "handed over",
            "pruned folders",
            "losses of power",
            "requests of the dead",
            "told of requests",
        ] {
            assert!(
                counts.get(what).is_some_and(|count| *count > 0),
                "no {what} in {seeds} seeds: {counts:?}"
            );
        }
    }
}

/// Runs a seed that failed again, for people.
fn show(seed: u64) -> ! {
    let failure = run::run(seed, None, true).err();
    let text = failure.map_or_else(
        || "it does not fail twice".to_owned(),
        |failure| failure.to_string(),
    );
    panic!("{text}\n\nagain:  ./tests/run.sh sim -- --seed {seed}\n");
}

#[test]
fn the_same_seed_brings_the_same_run() {
    let prints = |_| {
        (0..20)
            .map(|seed| run::run(seed, None, false).map_or(0, |report| report.fingerprint))
            .collect::<Vec<_>>()
    };
    let (one, other) = (prints(1), prints(2));
    assert_eq!(one, other);
    assert_ne!(one[0], one[1]);
}
