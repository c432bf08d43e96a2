//! What the mounts are, by the product's own probe, and what one client alone cannot prove.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::share::{Published, Share, probe};

/// The product finds out what the mount does, and trusts it.
#[test]
fn the_probe_trusts_the_mount() {
    let kind = super::mounts().kind();
    for folder in super::scene() {
        let share = super::open(&folder);
        let started = SystemClock.moment();
        let found = probe(share.as_ref(), "scratch").unwrap();
        let took = SystemClock.moment().since(started);
        println!(
            "FACT {kind}: exclusive creation: {}; probe {took:.1?}: {found:?}",
            found.exclusive
        );
        assert_eq!(found.exclusive, "hard link");
        assert!(!found.local, "{found:?}");
        assert!(found.locks, "{found:?}");
        assert_eq!(found.warnings, Vec::<String>::new());
        let name = if kind == "smb" {
            "cifs"
        } else if kind == "nfs4" {
            "nfs4"
        } else {
            "nfs"
        };
        assert_eq!(found.file_system, name);
    }
}

/// Two computers that want the same name at the same time: exactly one gets it, each time, and the name is its file.
#[test]
fn of_two_computers_exactly_one_creates_a_name() {
    const ROUNDS: usize = 100;
    let shares = super::scene().map(|folder| super::open(&folder));
    let line = Barrier::new(shares.len());
    let race = |who: usize| -> Vec<bool> {
        let share = &shares[who];
        let race = |round: usize| {
            let temporary = format!("{who}-{round}");
            share.write_new(&temporary, temporary.as_bytes()).unwrap();
            line.wait();
            let won = match share.publish(&temporary, &format!("name-{round}")) {
                Published::Won => true,
                Published::Taken => false,
                other => panic!("{other:?}"),
            };
            share.remove(&temporary).unwrap();
            won
        };
        (0..ROUNDS).map(race).collect()
    };
    let started = SystemClock.moment();
    let won = thread::scope(|scope| {
        let threads = [0, 1].map(|who| scope.spawn(move || race(who)));
        threads.map(|thread| thread.join().unwrap())
    });
    let took: Duration = SystemClock.moment().since(started);
    for (round, (a, b)) in won[0].iter().zip(&won[1]).enumerate() {
        assert_ne!(a, b, "round {round}: both or none");
        let winner = if *a { "0" } else { "1" };
        for share in &shares {
            let content = share.read(&format!("name-{round}"), 64).unwrap();
            assert_eq!(content, format!("{winner}-{round}").as_bytes(), "round {round}");
        }
    }
    let kind = super::mounts().kind();
    let first = won[0].iter().filter(|won| **won).count();
    println!("FACT {kind}: one winner in {ROUNDS} of {ROUNDS} races ({first} for one side), {took:.1?}");
}
