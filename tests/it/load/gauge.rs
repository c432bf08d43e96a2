//! What an agent costs, as the system counts it.

use std::fmt;
use std::fs;

use testkit::{LONG, Machine, wait_until};

/// What an agent cost when it was measured first.
pub struct Gauge {
    process: String,
    before: Costs,
}

#[derive(Debug, Clone, Copy)]
struct Costs {
    /// Resident memory now, and at its highest, in KiB.
    memory: u64,
    peak: u64,
    files: usize,
    threads: usize,
}

impl Costs {
    fn of(process: &str) -> Self {
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let kilobytes = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        let count = |folder: &str| fs::read_dir(format!("{process}/{folder}")).unwrap().count();
        Self {
            memory: kilobytes("VmRSS:"),
            peak: kilobytes("VmHWM:"),
            files: count("fd"),
            threads: count("task"),
        }
    }
}

impl Gauge {
    /// Measures the agent of `machine`, which nobody asks anything. From here on its peak counts anew.
    pub fn of(machine: &Machine) -> Self {
        let process = format!("/proc/{}", machine.agent(|agent| agent.pid()));
        // 5: the peak is set back to what is resident now.
        fs::write(format!("{process}/clear_refs"), "5").unwrap();
        let before = Costs::of(&process);
        Self { process, before }
    }

    /// # Panics
    /// When its memory has grown by more than so many KiB at any time.
    #[track_caller]
    pub fn peak_is_within(&self, kilobytes: u64) {
        let peak = Costs::of(&self.process).peak;
        let before = self.before.memory;
        assert!(
            peak <= before + kilobytes,
            "{before} KiB before, {peak} KiB at the peak"
        );
    }

    /// Waits until it has as few files open and threads running as before.
    #[track_caller]
    pub fn everything_was_given_back(&self) {
        wait_until(LONG, "files and threads are as few as before", || {
            let now = Costs::of(&self.process);
            now.files <= self.before.files && now.threads <= self.before.threads
        });
    }
}

/// Before and now.
impl fmt::Display for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, and now {:?}", self.before, Costs::of(&self.process))
    }
}
