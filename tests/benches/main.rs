//! What camctl costs, measured beside what it is compared with, in one run: `tests/run.sh bench`.
//!
//! Whole commands are timed from the start of the process to its end, in turns: the floor, camctl, svn, and again.
//! Every ratio is taken within a run; what is printed is the median of three runs, as the table in `tests/README.md`.
//!
//! `camctl-bench [PART…]`: only some of the parts `commands`, `lists`, `throughput`, `handover`, `idle`, `history`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a benchmark is for people to read, ends at the first surprise, and counts less than 2^52 of anything"
)]

mod commands;
mod handover;
mod history;
mod idle;
mod lists;
mod measure;
mod peers;
mod report;
mod stage;
mod throughput;

use measure::Run;

const RUNS: usize = 3;

/// Measures one part and adds what it found.
type Measure = fn(&mut Run);

const PARTS: [(&str, Measure); 6] = [
    ("commands", commands::measure),
    ("lists", lists::measure),
    ("throughput", throughput::measure),
    ("handover", handover::measure),
    ("idle", idle::measure),
    ("history", history::measure),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| part == name);
    if let Some(unknown) = wanted
        .iter()
        .find(|part| PARTS.iter().all(|(name, _)| name != part))
    {
        eprintln!(
            "there is no part {unknown:?}; there are {:?}",
            PARTS.map(|(name, _)| name)
        );
        return;
    }
    let mut runs = Vec::new();
    for number in 1..=RUNS {
        let mut run = Run::default();
        for (name, measure) in PARTS.into_iter().filter(|(name, _)| is_wanted(name)) {
            eprintln!("run {number} of {RUNS}: {name}");
            measure(&mut run);
        }
        runs.push(run);
    }
    println!("{}", report::table(&runs));
}
