//! The agent when nobody asks it anything: memory, processor time, and how often it wakes.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
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
        let (start, before) = (now(), threads(&alice));
        std::thread::sleep(TIME);
        let (minutes, after) = (now().since(start).as_secs_f64() / 60.0, threads(&alice));
        // Threads that ended meanwhile have taken their counts with them; new ones count from nothing.
        let grown = |field: fn(&Use) -> f64| -> f64 {
            let growth = after
                .iter()
                .map(|(thread, now)| field(now) - before.get(thread).map_or(0.0, field));
            growth.sum()
        };
        run.set(format!("memory {locks}"), memory(&alice));
        run.set(format!("cpu {locks}"), grown(|used| used.cpu) / minutes);
        run.set(format!("wakes {locks}"), grown(|used| used.wakes) / minutes);
    }
}

/// What one thread has used since its start.
struct Use {
    /// Seconds.
    cpu: f64,
    wakes: f64,
}

fn process(machine: &Machine) -> String {
    format!("/proc/{}", machine.agent(|agent| agent.pid()))
}

/// In bytes.
fn memory(machine: &Machine) -> f64 {
    field(&format!("{}/status", process(machine)), "VmRSS:") * 1024.0
}

fn threads(machine: &Machine) -> BTreeMap<PathBuf, Use> {
    let threads = fs::read_dir(format!("{}/task", process(machine))).unwrap();
    let measured = threads.map(|thread| {
        let thread = thread.unwrap().path();
        let schedule = fs::read_to_string(thread.join("schedstat")).unwrap();
        let nanoseconds: f64 = schedule.split(' ').next().unwrap().parse().unwrap();
        let wakes = field(
            thread.join("status").to_str().unwrap(),
            "voluntary_ctxt_switches:",
        );
        let used = Use {
            cpu: nanoseconds / 1e9,
            wakes,
        };
        (thread, used)
    });
    measured.collect()
}

fn field(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    value.split_whitespace().next().unwrap().parse().unwrap()
}
