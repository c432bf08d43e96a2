//! Deliberate mistakes, made one at a time by `tests/sim`, which has to find each of them.
//!
//! Without the feature `simulation`, and so in every release, [`mutated`] is `false` for the compiler to see: nothing of a
//! mistake is left in the program. A mistake that can be made from outside, in the share, the store or the clock that the
//! product is given, is made there instead.

/// What is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// "Exists" is taken for somebody else's, without a look at the nonce.
    TakenIsAnothers,
    /// A lost reply is reported as a failure.
    LostReplyIsFailure,
    /// Nobody looks whether the commit before theirs still stands.
    BuildOnVanished,
    /// A log folder that is gone is made again for a commit that was to go into it.
    RecreatePruned,
    /// A client that slept since it caught up publishes all the same.
    PublishAfterSleep,
    /// What `head` says is taken for all there is.
    HeadIsTheLog,
    /// A checkpoint leaves the sessions' newest commits out.
    ForgetSigns,
    /// A checkin ends whatever lock stands, whichever it names.
    IgnoreToken,
    /// Staleness is judged across a gap in the watching.
    JudgeAcrossGap,
    /// A parked session is judged by its silence.
    JudgeParked,
    /// After a gap nothing is committed before one's own locks are trusted.
    SkipRevive,
    /// An owner trusts its locks however long it has been silent.
    NeverGiveUp,
    /// A heartbeat hides the gap between a revive and itself.
    HideGap,
    /// Nothing is settled while others wait.
    SettleLast,
    /// A lock is handed over to the last in line.
    ServeTheLast,
    /// Whoever was handed a lock stays in line.
    KeepTheServed,
    /// Who renews a lock takes it for a new one, which nobody has asked for.
    ForgetRequests,
    /// What a person was told of requests is not remembered.
    TellAgain,
    /// Of answers a person is told what the newest table has, and not what stood in the commits before.
    TellFromTheTable,
}

/// Whether this mistake is being made.
#[cfg(not(feature = "simulation"))]
#[inline]
#[must_use]
pub const fn mutated(_: Mutation) -> bool {
    false
}

#[cfg(feature = "simulation")]
pub use switch::{make, mutated};

#[cfg(feature = "simulation")]
mod switch {
    use std::cell::Cell;

    use super::Mutation;

    thread_local! {
        static MADE: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    /// From now on this thread makes that mistake, and no other.
    pub fn make(mutation: Option<Mutation>) {
        MADE.set(mutation);
    }

    /// Whether this mistake is being made.
    #[must_use]
    pub fn mutated(mutation: Mutation) -> bool {
        MADE.get() == Some(mutation)
    }
}
