//! The agent when nobody asks it anything: memory, processor time, and how often it wakes.
//!
//! Wake-ups are the voluntary context switches of all its threads, as the system counts them: a thread went to sleep,
//! and so was woken. A disk that is waited for counts too.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use testkit::{Machine, Sandbox};

use crate::measure::{Run, now};
use crate::stage;

/// Long enough for two heartbeats, and for the listing of the log.
const TIME: Duration = Duration::from_secs(60);
/// Those whose table is measured, by the number of locks in it.
const LOCKS: [usize; 2] = [10, 10_000];

/// Sets `memory N` in bytes, `cpu N` in seconds per minute, and `wakes N` per minute, for N locks of which the agent
/// holds one; and `wakes free` for an agent that holds nothing.
pub fn measure(run: &mut Run) {
    let (small, large, free) = (Sandbox::new(), Sandbox::new(), Sandbox::new());
    let agents = [
        (LOCKS[0].to_string(), holding(&small, LOCKS[0])),
        (LOCKS[1].to_string(), holding(&large, LOCKS[1])),
        ("free".to_owned(), holding_nothing(&free)),
    ];
    // What the start and the checkout have left to do.
    std::thread::sleep(Duration::from_secs(3));
    let start = now();
    let before: Vec<_> = agents.iter().map(|(_, agent)| threads(agent)).collect();
    std::thread::sleep(TIME);
    for ((name, agent), before) in agents.iter().zip(&before) {
        let (minutes, after) = (now().since(start).as_secs_f64() / 60.0, threads(agent));
        // Threads that ended meanwhile have taken their counts with them; new ones count from nothing.
        let grown = |field: fn(&Use) -> f64| -> f64 {
            let growth = after
                .iter()
                .map(|(thread, now)| field(now) - before.get(thread).map_or(0.0, field));
            growth.sum()
        };
        run.set(format!("memory {name}"), memory(agent));
        run.set(format!("cpu {name}"), grown(|used| used.cpu) / minutes);
        run.set(format!("wakes {name}"), grown(|used| used.wakes) / minutes);
    }
}

/// An agent that holds a file, beside `locks` that somebody else holds.
fn holding(sandbox: &Sandbox, locks: usize) -> Machine {
    let repository = stage::repository(sandbox, "share", locks, 1);
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    let checkout = alice.camctl(["checkout", &stage::free_file(0)]);
    checkout.in_folder(repository.folder()).run().succeeds();
    alice
}

/// An agent that knows a repository, holds nothing there, and was asked nothing since its start.
fn holding_nothing(sandbox: &Sandbox) -> Machine {
    let repository = stage::repository(sandbox, "share", LOCKS[0], 1);
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    for verb in ["checkout", "checkin"] {
        let command = alice.camctl([verb, &stage::free_file(0)]);
        command.in_folder(repository.folder()).run().succeeds();
    }
    alice.stop();
    alice.start();
    alice
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

/// The most that it had so far, in bytes.
pub fn most_memory(machine: &Machine) -> f64 {
    field(&format!("{}/status", process(machine)), "VmHWM:") * 1024.0
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
