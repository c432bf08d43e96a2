//! Times, medians, and what one run has found.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use camctl_shared::clock::{Clock, Moment, SystemClock};

/// What one run found: seconds, commits per second, bytes, by name.
#[derive(Debug, Default)]
pub struct Run(BTreeMap<String, f64>);

impl Run {
    pub fn set(&mut self, name: impl Into<String>, value: f64) {
        self.0.insert(name.into(), value);
    }

    pub fn set_time(&mut self, name: impl Into<String>, times: &mut Vec<Duration>) {
        self.set(name, median(times).as_secs_f64());
    }

    /// `None` when that part was not run.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }
}

/// The middle one. Empties the list.
pub fn median(times: &mut Vec<Duration>) -> Duration {
    times.sort_unstable();
    let middle = times[times.len() / 2];
    times.clear();
    middle
}

/// The middle of the values that were measured at all.
pub fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

pub fn now() -> Moment {
    SystemClock.moment()
}

/// How long the whole life of a command takes.
///
/// Panics when it fails: a fast failure is no good time.
#[track_caller]
pub fn time(command: &mut Command) -> Duration {
    let start = now();
    let status = command.status().unwrap();
    let took = now().since(start);
    assert!(status.success(), "{command:?} failed: {status}");
    took
}
