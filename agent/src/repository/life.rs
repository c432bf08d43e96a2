//! Whether one's own locks still stand, as far as this machine can know: the owner gives up before the others may take over.
//!
//! Pure. Others take a session for stale when its sign of life has not moved for `stale_after`. So an owner whose last
//! sign is older than three quarters of that trusts its own locks no longer, and after such a gap says nothing about
//! them before it has committed a `revive`. A computer that slept and a process that was stopped are gaps like any
//! other: the moments count sleep. A session that said so before it slept is protected, however long that is; it is not
//! safe to say that its locks stand, but nobody has to be warned for them.

use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::mutation::{Mutation, mutated};

/// The signs of life that one's own session gave.
#[derive(Debug, Clone)]
pub struct Life {
    gives_up: Duration,
    last: Option<Moment>,
    stands: bool,
    rests: bool,
}

impl Life {
    /// A session that has not shown itself yet: it begins with coming back.
    pub fn new(gives_up: Duration) -> Self {
        Self {
            gives_up,
            last: None,
            stands: false,
            rests: false,
        }
    }

    /// The session is parked, and not for good: it has to come back before anything is said of its locks.
    ///
    /// `protected`: no guard is held. A parking protects none, and their programs have to be warned in time.
    pub fn rest(&mut self, protected: bool) {
        (self.stands, self.rests) = (false, protected);
    }

    /// Takes over the limit of a policy that changed.
    pub fn follow(&mut self, gives_up: Duration) {
        self.gives_up = gives_up;
    }

    /// A sign of life reached the share; it was sent at `sent`, and nobody can have seen it before.
    ///
    /// It does not mend a gap that lies before it: that takes [`Life::came_back`].
    pub fn sign(&mut self, sent: Moment) {
        self.look(sent);
        self.last = Some(self.last.map_or(sent, |last| last.max(sent)));
    }

    /// Notices a gap.
    pub fn look(&mut self, now: Moment) {
        if !self.is_fresh(now) {
            self.stands = false;
        }
    }

    /// The session is in the log again, by a commit that was sent at `sent`.
    ///
    /// A sign that was sent much later does not hide the gap that lies between the two: then it has to come back again.
    pub fn came_back(&mut self, sent: Moment) {
        let last = self.last.map_or(sent, |last| last.max(sent));
        self.stands = last.since(sent) < self.gives_up || mutated(Mutation::HideGap);
        self.last = Some(last);
        self.rests = false;
    }

    /// Whether one may say at `now` that one's own locks stand.
    pub fn is_safe(&self, now: Moment) -> bool {
        self.stands && self.is_fresh(now)
    }

    /// How long ago the last sign was sent; `None` when there was none.
    fn silent(&self, now: Moment) -> Option<Duration> {
        self.last.map(|last| now.since(last))
    }

    /// How long one's own locks are still safe; `None` before the first sign, and for a session that is parked.
    pub fn left(&self, now: Moment) -> Option<Duration> {
        self.silent(now)
            .filter(|_| !self.rests)
            .map(|silent| self.gives_up.saturating_sub(silent))
    }

    fn is_fresh(&self, now: Moment) -> bool {
        self.silent(now)
            .is_some_and(|silent| silent < self.gives_up || mutated(Mutation::NeverGiveUp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_start(Duration::from_secs(1000 + seconds))
    }

    #[test]
    fn it_begins_with_coming_back() {
        let mut life = Life::new(Duration::from_secs(225));
        assert!(!life.is_safe(at(0)));
        life.sign(at(0));
        assert!(
            !life.is_safe(at(1)),
            "a heartbeat alone says nothing about what happened before"
        );
        life.came_back(at(1));
        assert!(life.is_safe(at(1)));
    }

    #[test]
    fn it_gives_up_before_others_may_take_over() {
        let mut life = Life::new(Duration::from_secs(225));
        life.came_back(at(0));
        assert!(life.is_safe(at(224)));
        assert_eq!(life.left(at(224)), Some(Duration::from_secs(1)));
        assert!(!life.is_safe(at(225)));
        assert_eq!(life.left(at(300)), Some(Duration::ZERO));
    }

    #[test]
    fn a_heartbeat_after_a_gap_does_not_hide_the_gap() {
        let mut life = Life::new(Duration::from_secs(225));
        life.came_back(at(0));
        life.sign(at(300));
        assert!(!life.is_safe(at(301)));
        life.came_back(at(302));
        assert!(life.is_safe(at(303)));
    }

    #[test]
    fn who_stood_still_between_coming_back_and_the_next_heartbeat_has_to_come_back_again() {
        let mut life = Life::new(Duration::from_secs(225));
        life.sign(at(300));
        life.came_back(at(10));
        assert!(!life.is_safe(at(301)), "others may have judged it at 235");
        life.sign(at(301));
        assert!(!life.is_safe(at(302)));
        life.came_back(at(302));
        assert!(life.is_safe(at(303)));
    }

    #[test]
    fn who_sleeps_parked_need_not_be_warned_and_still_has_to_come_back() {
        let mut life = Life::new(Duration::from_secs(225));
        life.came_back(at(0));
        life.rest(true);
        assert!(!life.is_safe(at(1)), "also after the shortest nap");
        assert_eq!(life.left(at(1000)), None);
        life.sign(at(1000));
        assert!(!life.is_safe(at(1000)));
        life.came_back(at(1001));
        assert!(life.is_safe(at(1001)));
        assert_eq!(life.left(at(1101)), Some(Duration::from_secs(125)));
    }

    #[test]
    fn a_sign_counts_from_when_it_was_sent() {
        let mut life = Life::new(Duration::from_secs(225));
        life.came_back(at(0));
        // Sent at 10, and the share took 290 s over it.
        life.sign(at(10));
        assert!(!life.is_safe(at(300)));
    }
}
