//! The exit codes: what scripts may rely on.

/// How a command ended. The numbers are part of the contract; they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed for a reason that has no code of its own.
    Failed = 1,
    /// Wrong usage: nothing was asked of the agent.
    Usage = 2,
    /// Part of a batch failed; the rest is done.
    Part = 3,
    /// Held by somebody else.
    Held = 11,
    /// Not yours to release.
    NotYours = 12,
    /// The time was up.
    TimedOut = 13,
    /// The lock was lost.
    Lost = 14,
    /// The share or the agent cannot be reached.
    Unreachable = 15,
}

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }
}
