//! What the system says when the agent should stop: the user logs off, the machine shuts down, somebody ends it.

#[cfg(unix)]
#[path = "signals/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "signals/windows.rs"]
mod platform;

pub use platform::stop;
