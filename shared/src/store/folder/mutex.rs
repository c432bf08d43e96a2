//! The mutex: a courtesy between writers, so that they queue instead of racing. Nothing is decided from it.
//!
//! (Rule 4 of the protocol.) On SMB the lock of a machine that lost power stays for many minutes, and some mounts
//! grant every lock to everybody: so it is waited for at most some turns of others, and when it could not be had it is
//! from then on only tried, until it is seen free again. Whoever lost a race has seen that others live: it queues again.

use std::time::Duration;

use super::layout;
use crate::clock::Clock;
use crate::share::{Held, Share};

/// How to wait at the mutex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    /// At most so long.
    pub(super) wait: Duration,
    /// It is tried at least so often, once in a while: each look costs the share some requests.
    pub(super) step: Duration,
}

pub(super) struct Mutex {
    used: bool,
    /// It could not be had in time: perhaps nobody lives who holds it.
    doubted: bool,
}

impl Mutex {
    pub(super) fn new(used: bool) -> Self {
        Self { used, doubted: false }
    }

    /// Queues for the mutex, politely; `None` means: go on without. Where it is doubted it is only tried.
    pub(super) fn enter(
        &mut self,
        share: &dyn Share,
        clock: &dyn Clock,
        patience: Patience,
    ) -> Option<Box<dyn Held>> {
        let wait = if self.is_hopeless() {
            Duration::ZERO
        } else {
            patience.wait
        };
        self.queue(share, clock, Patience { wait, ..patience })
    }

    /// Queues for it also where it is doubted: for who has to wait in any case. Without a mutex it only waits.
    pub(super) fn queue(
        &mut self,
        share: &dyn Share,
        clock: &dyn Clock,
        patience: Patience,
    ) -> Option<Box<dyn Held>> {
        if !self.used {
            clock.pause(patience.wait);
            return None;
        }
        let started = clock.moment();
        let mut step = Duration::from_micros(300);
        loop {
            if let Some(held) = self.attempt(share) {
                return Some(held);
            }
            let waited = clock.moment().since(started);
            if waited >= patience.wait {
                self.doubted = true;
                return None;
            }
            clock.pause(jitter(step).min(patience.wait.saturating_sub(waited)));
            step = (step * 2).min(patience.step);
        }
    }

    /// Tries once, without waiting.
    pub(super) fn attempt(&mut self, share: &dyn Share) -> Option<Box<dyn Held>> {
        if !self.used {
            return None;
        }
        // A share without file locks answers with an error: the same as "busy" for a courtesy.
        let held = share.try_lock(layout::MUTEX).ok().flatten()?;
        self.doubted = false;
        Some(held)
    }

    /// Whether waiting for it makes no sense just now.
    pub(super) fn is_hopeless(&self) -> bool {
        !self.used || self.doubted
    }
}

/// Between half of `step` and all of it, so that those who wait do not wake together.
pub(super) fn jitter(step: Duration) -> Duration {
    step / 2 + (step / 2).mul_f64(crate::random::fraction())
}
