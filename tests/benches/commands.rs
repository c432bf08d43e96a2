//! Checkout, checkin and status as whole commands, at few and at many existing locks.

use std::collections::BTreeMap;
use std::time::Duration;

use testkit::{Machine, Repository, Sandbox};

use crate::measure::{Run, time};
use crate::peers::{Floor, Svn};
use crate::stage::{self, LOCKS};

const TURNS: usize = 100;

/// What one measurement found, by name.
type Times = Vec<(String, Duration)>;

/// Sets `floor commit`, `floor ask`, `svn lock`, `svn unlock`, and `checkout N`, `checkin N`, `status N` for N locks.
pub fn measure(run: &mut Run) {
    let sandbox = Sandbox::new();
    let floor = Floor::start(&sandbox, "floor", 0);
    let svn = Svn::new(&sandbox);
    let alice = sandbox.machine("alice", "CAM-03");
    let repositories = LOCKS.map(|locks| {
        (
            locks,
            stage::repository(&sandbox, &format!("locks-{locks}"), locks, 1),
        )
    });
    alice.start();
    let mut groups: Vec<Box<dyn Fn() -> Times>> = vec![Box::new(|| ask(&floor))];
    for (locks, repository) in &repositories {
        let alice = &alice;
        groups.push(Box::new(move || camctl(alice, repository, *locks)));
    }
    if let Some(svn) = &svn {
        groups.push(Box::new(|| lock(svn)));
    }
    let mut times: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for turn in 0..TURNS {
        // Whoever comes after svn finds a busy disk: each does as often as the others. (Steps of 1 and of -1, and where
        // there are five groups of 2 and of 3 too, go through all of them.)
        let steps: &[usize] = if groups.len() == 5 { &[1, 2, 3, 4] } else { &[1, 3] };
        let step = steps[turn % steps.len()];
        for place in 0..groups.len() {
            for (name, took) in groups[(turn + place * step) % groups.len()]() {
                times.entry(name).or_default().push(took);
            }
        }
    }
    for (name, mut times) in times {
        run.set_time(name, &mut times);
    }
}

fn ask(floor: &Floor) -> Times {
    ["floor commit", "floor ask"]
        .into_iter()
        .zip(["c", "s"])
        .map(|(name, what)| (name.to_owned(), time(&mut floor.ask(what))))
        .collect()
}

fn camctl(machine: &Machine, repository: &Repository, locks: usize) -> Times {
    let file = stage::free_file(0);
    let verbs: [&[&str]; 3] = [
        &["checkout", "-m", "Working on revisions", &file],
        &["status"],
        &["checkin", &file],
    ];
    let measured = verbs.into_iter().map(|arguments| {
        let script = machine.camctl(arguments).in_folder(repository.folder());
        (format!("{} {locks}", arguments[0]), time(&mut script.command()))
    });
    measured.collect()
}

fn lock(svn: &Svn) -> Times {
    vec![
        ("svn lock".into(), time(&mut svn.lock())),
        ("svn unlock".into(), time(&mut svn.unlock())),
    ]
}
