//! The process is killed before and after each call on the share, at each step of a repository's life.

use std::sync::Arc;
use std::time::Duration;

use crate::life::{Life, STEPS};
use crate::successor::{Successor, scratch};
use crate::watched::When;

/// Kills one step at each of its calls. Returns how often.
fn kill_everywhere(which: usize, network: bool) -> usize {
    let (name, step) = STEPS[which];
    let mut killed = 0;
    for call in 0.. {
        for when in [When::Before, When::After] {
            let folder = scratch();
            let mut life = Life::new(folder.path(), network);
            for (earlier, step) in &STEPS[..which] {
                step(&mut life).unwrap_or_else(|error| panic!("{earlier}: {error}"));
            }
            life.share.arm(call, when);
            let ended = step(&mut life);
            if !life.share.is_dead() {
                ended.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(killed > 0, "{name} never touches the share");
                return killed;
            }
            killed += 1;
            println!("{name}, killed {when:?} call {call}, on a network: {network}");
            let Life { clock, witness, .. } = life;
            clock.advance(Duration::from_secs(30));
            let successor = Successor {
                folder: folder.path(),
                network,
                clock: Arc::clone(&clock),
                witness: &witness,
            };
            successor.goes_on(successor.looks());
        }
    }
    unreachable!("every step has an end")
}

fn kill_all(network: bool) {
    let steps = 0..STEPS.len();
    let killed: Vec<_> = steps
        .map(|which| (STEPS[which].0, kill_everywhere(which, network)))
        .collect();
    println!("killed: {killed:?}");
}

#[test]
fn whoever_comes_after_a_killed_process_goes_on_on_a_disk() {
    kill_all(false);
}

#[test]
fn whoever_comes_after_a_killed_process_goes_on_on_a_network() {
    kill_all(true);
}
