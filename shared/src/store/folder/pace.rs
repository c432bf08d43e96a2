//! How long things take on this share, and what follows for patience: a share that needs a second for a commit is slow,
//! not contended.
//!
//! A *turn* is the time from catching up to the answer about one's own name in the log; it is measured with each
//! attempt. Whoever races or queues reckons in turns, and never below or beyond the limits of [`Timings`].

use std::time::Duration;

use super::Timings;
use super::mutex::{Patience, jitter};
use crate::clock::Moment;

/// So many lost races in a row at least, before the caller is told.
const RACES: u32 = 8;
/// So many turns at least.
const TURNS: u32 = 48;
/// How many others may be in line at the mutex.
const LINE: u32 = 8;
/// On a fast share the mutex is looked at again after so long at the latest.
const STEP: Duration = Duration::from_millis(8);
/// How much longer than on a fast share one may be in that line, and in all. The line alone must not use up the time
/// after which people are told that the share does not answer.
const LINE_STRETCH: u32 = 3;
const STRETCH: u32 = 6;

/// The time that one turn takes, smoothed.
#[derive(Debug, Default)]
pub(super) struct Pace {
    turn: Duration,
    /// When one was last done.
    served: Option<Moment>,
}

impl Pace {
    /// An attempt took so long, whatever came of it. One that was interrupted by sleep says nothing of the share.
    pub(super) fn measure(&mut self, took: Duration, timings: &Timings) {
        if took <= timings.fresh {
            self.turn = if self.turn.is_zero() {
                took
            } else {
                (self.turn * 3 + took) / 4
            };
        }
    }

    /// How to queue at the mutex, when nobody is known to have died with it.
    pub(super) fn queue(&self, timings: &Timings) -> Patience {
        self.patience((self.turn * LINE).clamp(timings.mutex_wait, timings.mutex_wait * LINE_STRETCH))
    }

    /// Whether a change that has lost `lost` races, and `passed` since it was asked for, is to be given up.
    pub(super) fn is_hopeless(&self, lost: u32, passed: Duration, timings: &Timings) -> bool {
        lost >= RACES && passed > (self.turn * TURNS).clamp(timings.contend, timings.contend * STRETCH)
    }

    /// How to step back after a lost race, so that those who lost do not race again in step. At the speed of the share: a
    /// pause that is short beside a turn parts nobody. The more often, the much longer: the time is spent in line at the
    /// mutex, where whoever stays is served, while without it one loses to those who have it.
    pub(super) fn step_back(&self, lost: u32, timings: &Timings) -> Patience {
        let wait = self.turn / 8 * lost.min(LINE).pow(2);
        self.patience(jitter(wait.min(timings.mutex_wait * LINE_STRETCH)))
    }

    /// A commit is done.
    pub(super) fn served(&mut self, now: Moment) {
        self.served = Some(now);
    }

    /// How long to leave the mutex to those who may queue for it, after having had it: a little longer than they look for
    /// it again. Without that, whoever has more to do takes it again the moment it is free, and on a slow share the others
    /// lose every time. On a fast one this would cost more than it gives.
    pub(super) fn leave_to_others(&self, now: Moment) -> Duration {
        let step = self.turn / 8;
        match self.served {
            Some(served) if step > STEP => (step * 3 / 2).saturating_sub(now.since(served)),
            _ => Duration::ZERO,
        }
    }

    fn patience(&self, wait: Duration) -> Patience {
        let step = (self.turn / 8).max(STEP);
        Patience { wait, step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace(turn: Duration) -> Pace {
        let mut pace = Pace::default();
        pace.measure(turn, &Timings::default());
        pace
    }

    #[test]
    fn a_slow_share_is_not_taken_for_a_contended_one() {
        let timings = Timings::default();
        let fast = pace(Duration::from_millis(2));
        assert!(
            !fast.is_hopeless(7, SECOND * 60, &timings),
            "many races are needed too"
        );
        assert!(!fast.is_hopeless(1000, SECOND * 10, &timings));
        assert!(fast.is_hopeless(8, SECOND * 11, &timings));
        let slow = pace(SECOND);
        assert!(!slow.is_hopeless(20, SECOND * 45, &timings));
        assert!(slow.is_hopeless(20, SECOND * 49, &timings));
        assert!(
            pace(SECOND * 9).is_hopeless(8, SECOND * 61, &timings),
            "there is an end"
        );
    }

    #[test]
    fn the_queue_at_the_mutex_is_reckoned_in_turns() {
        let timings = Timings::default();
        let fast = Pace::default().queue(&timings);
        assert_eq!((fast.wait, fast.step), (SECOND * 2, STEP));
        let slow = pace(SECOND / 2).queue(&timings);
        assert_eq!((slow.wait, slow.step), (SECOND * 4, SECOND / 16));
        assert_eq!(pace(SECOND * 9).queue(&timings).wait, SECOND * 6);
    }

    #[test]
    fn who_loses_more_often_steps_back_further_at_the_speed_of_the_share() {
        let (slow, timings) = (pace(SECOND * 2), Timings::default());
        for _ in 0..50 {
            let wait = |lost| slow.step_back(lost, &timings).wait;
            let (once, twice, often) = (wait(1), wait(2), wait(100));
            assert!((SECOND / 8..=SECOND / 4).contains(&once), "{once:?}");
            assert!((SECOND / 2..=SECOND).contains(&twice), "{twice:?}");
            assert!((SECOND * 3..=SECOND * 6).contains(&often), "{often:?}");
        }
        assert_eq!(Pace::default().step_back(3, &timings).wait, Duration::ZERO);
    }

    #[test]
    fn who_was_served_leaves_the_mutex_to_the_others_for_a_moment() {
        let now = |ms| Moment::from_start(Duration::from_secs(100) + Duration::from_millis(ms));
        let mut slow = pace(SECOND * 2);
        assert_eq!(slow.leave_to_others(now(0)), Duration::ZERO);
        slow.served(now(0));
        assert_eq!(slow.leave_to_others(now(0)), Duration::from_millis(375));
        assert_eq!(slow.leave_to_others(now(300)), Duration::from_millis(75));
        assert_eq!(slow.leave_to_others(now(400)), Duration::ZERO);
        let mut fast = pace(Duration::from_millis(5));
        fast.served(now(0));
        assert_eq!(fast.leave_to_others(now(0)), Duration::ZERO);
    }

    #[test]
    fn the_pace_follows_the_share_and_forgets_a_sleep() {
        let mut pace = pace(SECOND * 2);
        pace.measure(SECOND * 86_400, &Timings::default());
        assert_eq!(pace.turn, SECOND * 2);
        for _ in 0..20 {
            pace.measure(SECOND / 100, &Timings::default());
        }
        assert!(pace.turn < SECOND / 50, "{pace:?}");
    }
}
