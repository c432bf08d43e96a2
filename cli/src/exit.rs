//! The exit codes: what scripts may rely on.

/// How a command ended. The numbers are part of the contract; they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed for a reason that has no code of its own.
    Failed,
    /// Wrong usage: nothing was asked of the agent.
    Usage,
    /// Part of a batch failed; the rest is done.
    Part,
    /// Held by somebody else.
    Held,
    /// Not yours to release.
    NotYours,
    /// The time was up.
    TimedOut,
    /// The lock was lost.
    Lost,
    /// The share or the agent cannot be reached.
    Unreachable,
    /// As the program that was run, or as a shell would when it cannot be.
    Program(i32),
}

impl Exit {
    /// The number that the process ends with.
    pub fn number(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Part => 3,
            Self::Held => 11,
            Self::NotYours => 12,
            Self::TimedOut => 13,
            Self::Lost => 14,
            Self::Unreachable => 15,
            Self::Program(code) => code,
        }
    }

    /// The number of an exit code of camctl's own, as answers show it; of another system's program the last byte.
    pub fn code(self) -> u8 {
        self.number().to_le_bytes()[0]
    }
}
