//! The program: a process that can be named to the agent before the lock is had, and that runs only then.
//!
//! On Unix that is a process of this very binary, which waits at a gate and then becomes the program, under the same
//! number. On Windows no process can become another: the guard is held for `camctl run` itself, and a job object sees to it
//! that the program ends with it.

#[cfg(unix)]
#[path = "unix.rs"]
pub mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
pub mod platform;

pub use platform::Program;

/// What `camctl run` hears while its program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The program has ended, with this status; more than 128 for a signal, as shells say it.
    Ended(i32),
    /// A signal came.
    #[cfg_attr(windows, expect(dead_code, reason = "a console tells the program itself"))]
    Signal {
        /// Which.
        number: i32,
        /// From the terminal: then the program has got it too.
        terminal: bool,
    },
}
