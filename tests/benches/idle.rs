//! The agent when nobody asks it anything: memory, processor time, and how often it wakes.

use std::fs;
use std::time::Duration;

use testkit::{Machine, Sandbox};

use crate::measure::{Run, now};
use crate::stage;

/// Long enough for a heartbeat.
const TIME: Duration = Duration::from_secs(35);

/// Sets `memory N` in bytes, `cpu N` in seconds per minute, and `wakes N` per minute, for N locks.
pub fn measure(run: &mut Run) {
    for locks in [10, 10_000] {
        let sandbox = Sandbox::new();
        let repository = stage::repository(&sandbox, "share", locks, 1);
        let alice = sandbox.machine("alice", "CAM-03");
        alice.start();
        let file = stage::free_file(0);
        let checkout = alice.camctl(["checkout", &file]).in_folder(repository.folder());
        checkout.run().succeeds();
        // What the start and the checkout have left to do.
        std::thread::sleep(Duration::from_secs(3));
        let (start, before) = (now(), Use::of(&alice));
        std::thread::sleep(TIME);
        let (minutes, after) = (now().since(start).as_secs_f64() / 60.0, Use::of(&alice));
        run.set(format!("memory {locks}"), after.memory);
        run.set(format!("cpu {locks}"), (after.cpu - before.cpu) / minutes);
        run.set(format!("wakes {locks}"), (after.wakes - before.wakes) / minutes);
    }
}

struct Use {
    memory: f64,
    cpu: f64,
    wakes: f64,
}

impl Use {
    fn of(machine: &Machine) -> Self {
        let process = format!("/proc/{}", machine.agent(|agent| agent.pid()));
        let mut found = Self {
            memory: field(&format!("{process}/status"), "VmRSS:") * 1024.0,
            cpu: 0.0,
            wakes: 0.0,
        };
        for thread in fs::read_dir(format!("{process}/task")).unwrap() {
            let thread = thread.unwrap().path();
            let schedule = fs::read_to_string(thread.join("schedstat")).unwrap();
            let nanoseconds: f64 = schedule.split(' ').next().unwrap().parse().unwrap();
            found.cpu += nanoseconds / 1e9;
            found.wakes += field(
                thread.join("status").to_str().unwrap(),
                "voluntary_ctxt_switches:",
            );
        }
        found
    }
}

fn field(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    value.split_whitespace().next().unwrap().parse().unwrap()
}
