//! How long things take on this share, and what follows for patience: a share that needs a second for a commit is slow,
//! not contended.
//!
//! A *turn* is the time from catching up to the answer about one's own name in the log; it is measured with each
//! attempt. Whoever races or queues reckons in turns, and never below or beyond the limits of [`Timings`].

use std::time::Duration;

use super::Timings;
use super::mutex::{Patience, jitter};

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

    /// How to step back after a lost race, so that those who lost do not race again in step: the longer, the more often.
    /// At the speed of the share: a pause that is short beside a turn parts nobody.
    pub(super) fn step_back(&self, lost: u32) -> Patience {
        self.patience(jitter(self.turn / 8 * lost.min(8)))
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
        let slow = pace(SECOND * 2);
        for _ in 0..50 {
            let (once, often) = (slow.step_back(1).wait, slow.step_back(100).wait);
            assert!((SECOND / 8..=SECOND / 4).contains(&once), "{once:?}");
            assert!((SECOND..=SECOND * 2).contains(&often), "{often:?}");
        }
        assert_eq!(Pace::default().step_back(3).wait, Duration::ZERO);
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
