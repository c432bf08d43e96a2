//! Idle: a checkout that its owner forgot.
//!
//! Where a repository's policy has `idle_release`, a checkout whose file was not changed, and whose owner touched neither
//! keyboard nor mouse for so long, is warned about, and then given back. What is not known counts as use.

use std::time::Duration;

use super::{Lock, Policy};
use crate::model::Kind;

/// The longest time between the warning and the end.
const LONGEST_WARNING: Duration = Duration::from_mins(10);

/// What is known of a checkout on its owner's machine, by that machine's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    /// For how long the owner has touched neither keyboard nor mouse, nor this lock; `None` when nobody can say.
    pub untouched: Option<Duration>,
    /// Whether the file differs from what it was at checkout; `None` when nobody can say.
    pub changed: Option<bool>,
    /// How long ago the owner was warned; `None` when that was not done since they last touched something.
    pub warned: Option<Duration>,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// Nothing.
    Leave,
    /// Tell the owner that it will be given back.
    Warn,
    /// Give it back.
    GiveBack,
}

/// How long after the warning a lock is given back: a quarter of `idle_release`, ten minutes at most.
pub fn warning(idle_release: Duration) -> Duration {
    (idle_release / 4).min(LONGEST_WARNING)
}

/// Judges one lock of one's own.
pub fn idle(policy: &Policy, lock: &Lock, seen: Use) -> Idle {
    let (Some(limit), Kind::Checkout) = (policy.idle_release, &lock.kind) else {
        return Idle::Leave;
    };
    let unused = seen.untouched.is_some_and(|untouched| untouched >= limit);
    if !unused || seen.changed != Some(false) {
        return Idle::Leave;
    }
    match seen.warned {
        None => Idle::Warn,
        Some(ago) if ago >= warning(limit) => Idle::GiveBack,
        Some(_) => Idle::Leave,
    }
}
