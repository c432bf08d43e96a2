//! Old history and leftovers: only what nobody can need any more goes away.

use std::sync::Arc;
use std::time::Duration;

use super::fixture::{Bench, held, take};
use crate::clock::{Clock, ManualClock};
use crate::store::LockStore;

const DAY: Duration = Duration::from_secs(86_400);

fn log_folders(bench: &Bench) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(bench.path(".camctl/log"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn old_folders_go_whole_and_never_the_newest_two() {
    let bench = Bench::new(10);
    bench.write(".camctl/repo.toml", "keep_history = \"30d\"\n");
    let (mut alice, clock) = bench.timed("alice");
    for number in 0..45 {
        take(&mut alice, &format!("{number}.mcam"));
    }
    alice.tend(clock.moment());
    assert_eq!(
        log_folders(&bench),
        ["0", "1", "2", "3", "4"],
        "nothing is old yet"
    );
    clock.advance(DAY * 31);
    alice.tend(clock.moment());
    assert_eq!(
        log_folders(&bench),
        ["0", "1", "2", "3", "4"],
        "the log itself is not newer: this clock may be wrong"
    );
    take(&mut alice, "new.mcam");
    clock.advance(Duration::from_secs(3600));
    alice.tend(clock.moment());
    assert_eq!(log_folders(&bench), ["3", "4"]);
    let trash = std::fs::read_dir(bench.path(".camctl/trash")).unwrap().count();
    assert_eq!(trash, 0);
    let mut bob = bench.loaded("bob");
    assert_eq!(held(&bob).len(), 46, "the checkpoints carry everything");
    assert_eq!(take(&mut bob, "bob.mcam"), 47);
}

/// Given folders of the log whose last commits are somebody's whose clock is years behind, then their history is kept for as
/// long as everybody else's clock says.
#[test]
fn one_wrong_clock_makes_no_history_old() {
    let bench = Bench::new(10);
    bench.write(".camctl/repo.toml", "keep_history = \"30d\"\n");
    let (mut alice, clock) = bench.timed("alice");
    let long_ago = Arc::new(ManualClock::new("2020-01-01T00:00:00Z".parse().unwrap()));
    let mut bob = bench.store_on(bench.share(), "bob", long_ago);
    bob.load().unwrap();
    for number in 1..45 {
        let author = if number % 10 == 9 { &mut bob } else { &mut alice };
        take(author, &format!("{number}.mcam"));
    }
    clock.advance(Duration::from_secs(3600));
    alice.tend(clock.moment());
    assert_eq!(log_folders(&bench), ["0", "1", "2", "3", "4"]);
    clock.advance(DAY * 31);
    take(&mut alice, "new.mcam");
    alice.tend(clock.moment());
    assert_eq!(log_folders(&bench), ["3", "4"]);
}

#[test]
fn a_machine_that_was_away_over_a_pruning_reads_the_newest_checkpoint() {
    let bench = Bench::new(10);
    bench.write(".camctl/repo.toml", "keep_history = \"30d\"\n");
    let (mut alice, clock) = bench.timed("alice");
    let (mut bob, mut carol) = (bench.loaded("bob"), bench.loaded("carol"));
    for number in 0..45 {
        take(&mut alice, &format!("{number}.mcam"));
    }
    clock.advance(DAY * 31);
    take(&mut alice, "new.mcam");
    alice.tend(clock.moment());
    assert_eq!(log_folders(&bench), ["3", "4"]);
    bob.catch_up().unwrap();
    assert_eq!(held(&bob).len(), 46);
    // Somebody stood still for a month just before they made this folder. Nobody takes the log for damaged.
    std::fs::create_dir(bench.path(".camctl/log/0")).unwrap();
    carol.catch_up().unwrap();
    assert_eq!(held(&carol).len(), 46);
}

#[test]
fn leftovers_of_others_go_after_a_day_of_watching_and_not_before() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    bench.write(".camctl/tmp/left", "by a crash");
    bench.write(".camctl/tmp/growing", "1");
    alice.tend(clock.moment());
    for hour in 0..24 {
        assert!(bench.path(".camctl/tmp/left").exists(), "after {hour} hours");
        bench.write(".camctl/tmp/growing", "1".repeat(hour + 2));
        clock.advance(Duration::from_secs(3600));
        alice.tend(clock.moment());
    }
    assert!(!bench.path(".camctl/tmp/left").exists());
    assert!(
        bench.path(".camctl/tmp/growing").exists(),
        "somebody is at work there"
    );
}

#[test]
fn a_head_that_fell_back_is_written_again() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    let old = bench.read(".camctl/head");
    take(&mut alice, "a.mcam");
    let new = bench.read(".camctl/head");
    for content in [old, vec![b'x'; 64], Vec::new()] {
        bench.write(".camctl/head", content);
        alice.catch_up().unwrap();
        alice.tend(clock.moment());
        assert_eq!(bench.read(".camctl/head"), new);
    }
}
