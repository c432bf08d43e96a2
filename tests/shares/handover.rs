//! How soon one computer sees what the other did.

use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::ipc::message::Outcome;
use testkit::Machine;

use crate::stage::{Stage, talk};

const TURNS: usize = 8;

/// *Given* one who waits in line on the other computer, with the timings that people have; *when* the owner gives the file
/// back, *then* the waiter has it within 2 s.
#[test]
fn a_file_given_back_reaches_the_waiter_on_the_other_computer_within_two_seconds() {
    let stage = Stage::new();
    stage.take(&stage.alice, "a.mcam");
    let (mut owner, mut waiter) = (&stage.alice, &stage.bob);
    let mut times: Vec<Duration> = (0..TURNS)
        .map(|_| {
            let took = turn(&stage, owner, waiter);
            std::mem::swap(&mut owner, &mut waiter);
            took
        })
        .collect();
    times.sort();
    let kind = crate::mounts().kind();
    println!("FACT {kind}: handed over in {times:.1?}");
    let late = times
        .iter()
        .filter(|took| **took > Duration::from_secs(2))
        .count();
    // An emulated machine that shares its processors with others stands still now and then.
    assert!(late <= TURNS / 4, "within 2 s, but {times:?}");
}

/// From the moment when the owner is told that the file is given back.
fn turn(stage: &Stage, owner: &Machine, waiter: &Machine) -> Duration {
    thread::scope(|scope| {
        let waiting = stage.wait_in_line(scope, waiter, "a.mcam");
        let given = talk(owner).checkin(&stage.path("a.mcam"));
        assert!(matches!(given, Ok(Outcome::Released { .. })), "{given:?}");
        let told = SystemClock.moment();
        let (_, came) = waiting.join().unwrap();
        came.since(told)
    })
}
