//! The only place that asks what time it is; everything else is told.
//!
//! Two kinds of time, never mixed: [`Clock::wall`] is for people and for records, and nothing is ever decided
//! by comparing two machines' wall clocks. [`Clock::moment`] is for measuring how long something took on *this*
//! machine; it counts the time a computer sleeps, and it never jumps.

use std::time::Duration;

pub use jiff::Timestamp;

#[cfg(unix)]
#[path = "clock/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "clock/windows.rs"]
mod platform;

/// A point on this machine's own clock, as the time since its start, sleep included.
///
/// Two moments can be subtracted; a moment of another machine, or of before a restart, means nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(Duration);

impl Moment {
    /// The moment that lies `since_start` after the machine's start.
    pub const fn from_start(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The time that passed from `earlier` to this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment that lies `wait` after this one.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }
}

/// Where times come from. [`SystemClock`] in the product, [`ManualClock`] in tests.
pub trait Clock: Send + Sync {
    /// The wall clock, for people and records.
    fn wall(&self) -> Timestamp;
    /// The machine's own clock, for measuring; counts sleep.
    fn moment(&self) -> Moment;
    /// Lets `time` pass: between two attempts at something that others must move on first.
    fn pause(&self, time: Duration);
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn moment(&self) -> Moment {
        Moment(platform::since_start())
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A clock that moves when told; for tests and simulations.
#[derive(Debug)]
pub struct ManualClock {
    state: std::sync::Mutex<(Timestamp, Moment)>,
}

impl ManualClock {
    /// A clock that shows `wall`, on a machine that has been up for an hour.
    pub fn new(wall: Timestamp) -> Self {
        let moment = Moment::from_start(Duration::from_hours(1));
        Self {
            state: std::sync::Mutex::new((wall, moment)),
        }
    }

    /// Lets time pass on both clocks.
    pub fn advance(&self, by: Duration) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.0 = state.0.saturating_add(by).unwrap_or(Timestamp::MAX);
        state.1 = state.1.after(by);
    }

    /// Sets the wall clock alone, as a person or a time server does.
    pub fn set_wall(&self, wall: Timestamp) {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .0 = wall;
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .0
    }

    fn moment(&self) -> Moment {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .1
    }

    fn pause(&self, time: Duration) {
        self.advance(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_moves_forward() {
        let clock = SystemClock;
        let first = clock.moment();
        let second = clock.moment();
        assert!(second >= first);
        assert!(
            first > Moment::default(),
            "a machine that runs this has been up for a while"
        );
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let before = clock.moment();
        assert_eq!(clock.moment().since(before), Duration::ZERO);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.moment().since(before), Duration::from_secs(5));
        assert_eq!(clock.wall(), Timestamp::from_second(5).unwrap());
        clock.set_wall(Timestamp::UNIX_EPOCH);
        assert_eq!(
            clock.moment().since(before),
            Duration::from_secs(5),
            "the wall clock moves nothing else"
        );
    }

    #[test]
    fn a_moment_before_another_is_no_time_ago() {
        let early = Moment::from_start(Duration::from_secs(1));
        let late = early.after(Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
