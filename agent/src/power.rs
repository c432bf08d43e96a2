//! The machine's power: what the system says before it sleeps or shuts down and when it is awake again, and how it is kept
//! from that for a moment.
//!
//! Where nobody says anything, nothing is lost but time: a machine that slept without a word is silent, and its session
//! comes back by itself (`repository/life.rs`).

#[cfg_attr(all(target_os = "linux", feature = "desktop"), path = "power/linux.rs")]
#[cfg_attr(all(windows, feature = "desktop"), path = "power/windows.rs")]
#[cfg_attr(
    not(all(any(target_os = "linux", windows), feature = "desktop")),
    path = "power/none.rs"
)]
mod platform;

use std::any::Any;
use std::fmt;
use std::time::Duration;

pub use platform::watch;

/// What the system says.
#[derive(Debug)]
pub enum Power {
    /// The machine is about to sleep or to shut down, and may still stay.
    Leaving {
        /// What it is about to do, for the log.
        how: &'static str,
        /// How long it may be kept.
        limit: Duration,
        /// Keeps it.
        delay: Delay,
    },
    /// It is awake, or has stayed.
    Back,
    /// The person's session ends for certain, and this program with it.
    #[cfg_attr(not(windows), expect(dead_code, reason = "elsewhere it comes as a signal"))]
    Ends(Delay),
}

/// As long as it lives, the system waits; up to a limit of its own.
pub struct Delay(#[expect(dead_code, reason = "only its end matters")] Box<dyn Any + Send>);

impl Delay {
    /// Waits for the end of `what`.
    pub fn new(what: impl Any + Send) -> Self {
        Self(Box::new(what))
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delay")
    }
}
