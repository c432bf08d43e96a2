//! From a checkin to the end of somebody's `camctl wait`: on the same machine, and on another.

use std::process::{Child, Command};
use std::time::Duration;

use camctl_shared::clock::Moment;
use testkit::{Machine, Repository, Sandbox, wait_until};

use crate::measure::{Run, now, time};
use crate::peers::Floor;
use crate::stage;

const TURNS: usize = 25;

/// Sets `wait here`, `wait there` and `floor commit nearby`, from the start of the checkin to the end of the waiter.
pub fn measure(run: &mut Run) {
    let sandbox = Sandbox::new();
    let floor = Floor::start(&sandbox, "floor", 0);
    let repository = stage::repository(&sandbox, "share", 10, 1);
    let (alice, bob) = (
        sandbox.machine("alice", "CAM-03"),
        sandbox.machine("bob", "CNC-2"),
    );
    alice.start();
    bob.start();
    let (mut here, mut there, mut commit) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        commit.push(time(&mut floor.ask("c")));
        here.push(turn(&repository, &alice, &alice));
        there.push(turn(&repository, &alice, &bob));
    }
    run.set_time("floor commit nearby", &mut commit);
    run.set_time("wait here", &mut here);
    run.set_time("wait there", &mut there);
}

fn turn(repository: &Repository, owner: &Machine, waiter: &Machine) -> Duration {
    let file = stage::free_file(0);
    let camctl = |machine: &Machine, verb: &str| -> Command {
        machine
            .camctl([verb, &file])
            .in_folder(repository.folder())
            .command()
    };
    time(&mut camctl(owner, "checkout"));
    let mut waiting = camctl(waiter, "wait").spawn().unwrap();
    wait_until(testkit::LONG, "the waiter waits for its agent's answer", || {
        rests(&mut waiting)
    });
    let end = std::thread::spawn(move || -> Moment {
        assert!(waiting.wait().unwrap().success(), "the wait ends with success");
        now()
    });
    let start = now();
    time(&mut camctl(owner, "checkin"));
    end.join().unwrap().since(start)
}

/// Whether a program has not run for 10 ms: it has said what it wants, and waits.
fn rests(child: &mut Child) -> bool {
    let used = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
        stat.split(' ').next().map(str::to_owned)
    };
    assert!(
        child.try_wait().unwrap().is_none(),
        "the file is held, so the wait goes on"
    );
    let before = used(child.id());
    std::thread::sleep(Duration::from_millis(10));
    before == used(child.id())
}
