//! What is due when: pure, from moments that it is told.
//!
//! A worker sleeps until [`Schedule::next`] or until somebody wants something, then does what is [`Schedule::due`].
//! There is no tick: an idle repository wakes for its poll and its heartbeat, and both together where they nearly meet.

use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::model::Policy;

/// The safety net under `head`: how often the log itself is listed.
const LISTING: Duration = Duration::from_secs(60);
/// A retry comes at the earliest after this part of the usual interval.
const FIRST_RETRY: u32 = 8;

/// What a worker does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    /// Find out what became of a commit whose answer was lost.
    Settle,
    /// Write one's own sign of life, and look at those of the others.
    Heartbeat,
    /// Learn what others committed.
    Poll,
    /// The same, trusting no hint.
    Listing,
    /// What the store wants to do when nobody waits.
    Tend,
}

/// How much is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// Nothing is held, watched or shown.
    Idle,
    /// Something is held, or somebody asked lately.
    Calm,
    /// Somebody waits or watches.
    Busy,
}

/// When everything was last done, and when it is due again.
#[derive(Debug)]
pub struct Schedule {
    heartbeat: Duration,
    polls: [Duration; 3],
    pace: Pace,
    polled: Moment,
    poll_at: Moment,
    beat_at: Moment,
    list_at: Moment,
    tend_at: Option<Moment>,
    settle_at: Option<Moment>,
    failed_polls: u32,
    failed_beats: u32,
    failed_settles: u32,
}

impl Schedule {
    /// Everything is due at once.
    pub fn new(policy: &Policy, now: Moment) -> Self {
        Self {
            heartbeat: policy.heartbeat,
            polls: [policy.poll_idle, policy.poll_calm, policy.poll_busy],
            pace: Pace::Idle,
            polled: now,
            poll_at: now,
            beat_at: now,
            list_at: now.after(LISTING),
            tend_at: Some(now),
            settle_at: None,
            failed_polls: 0,
            failed_beats: 0,
            failed_settles: 0,
        }
    }

    /// Takes over the intervals of a policy that changed.
    pub fn follow(&mut self, policy: &Policy, now: Moment) {
        self.polls = [policy.poll_idle, policy.poll_calm, policy.poll_busy];
        if policy.heartbeat != self.heartbeat {
            self.heartbeat = policy.heartbeat;
            self.beat_at = self.beat_at.min(now.after(policy.heartbeat));
        }
        self.poll_at = self.poll_at.min(self.polled.after(self.poll_every()));
    }

    /// Sets how much is going on; a faster pace counts from the last poll.
    pub fn set_pace(&mut self, pace: Pace) {
        if pace > self.pace && self.failed_polls == 0 {
            self.pace = pace;
            self.poll_at = self.poll_at.min(self.polled.after(self.poll_every()));
        }
        self.pace = pace;
    }

    /// Something may have happened: poll now.
    pub fn hurry(&mut self, now: Moment) {
        self.poll_at = self.poll_at.min(now);
    }

    /// The policy may have changed: look at everything now.
    pub fn hurry_listing(&mut self, now: Moment) {
        self.list_at = self.list_at.min(now);
    }

    /// The session rests: its next sign of life, which would end that, may come a full interval later.
    pub fn rest(&mut self, now: Moment) {
        self.beat_at = now.after(self.heartbeat);
    }

    /// The machine is awake: everything is due, and what failed before it slept is forgotten.
    pub fn wake_up(&mut self, now: Moment) {
        (self.beat_at, self.list_at, self.poll_at) = (now, now, now);
        (self.failed_beats, self.failed_polls, self.failed_settles) = (0, 0, 0);
        self.settle_at = self.settle_at.map(|at| at.min(now));
    }

    /// A commit is to be settled.
    pub fn settle(&mut self, now: Moment) {
        self.settle_at = Some(now);
        self.failed_settles = 0;
    }

    /// The store wants to be tended after `wait`; `None`: no more.
    pub fn tend(&mut self, now: Moment, wait: Option<Duration>) {
        self.tend_at = wait.map(|wait| now.after(wait));
    }

    /// What is to be done now, most urgent first. What is due soon is done with it, so that wake-ups come together.
    pub fn due(&self, now: Moment) -> Option<Chore> {
        let soon = |interval: Duration| now.after(interval / 8);
        if self.settle_at.is_some_and(|at| at <= now) {
            Some(Chore::Settle)
        } else if self.beat_at <= soon(self.heartbeat) && (self.failed_beats == 0 || self.beat_at <= now) {
            Some(Chore::Heartbeat)
        } else if self.list_at <= now {
            Some(Chore::Listing)
        } else if self.poll_at <= soon(self.poll_every()) && (self.failed_polls == 0 || self.poll_at <= now) {
            Some(Chore::Poll)
        } else if self.tend_at.is_some_and(|at| at <= now) {
            Some(Chore::Tend)
        } else {
            None
        }
    }

    /// When something is due next, if nothing happens before.
    pub fn next(&self) -> Moment {
        let fixed = self.beat_at.min(self.list_at).min(self.poll_at);
        let tend = self.tend_at.map_or(fixed, |at| at.min(fixed));
        self.settle_at.map_or(tend, |at| at.min(tend))
    }

    /// `chore` is done.
    pub fn done(&mut self, chore: Chore, now: Moment) {
        match chore {
            Chore::Settle => self.settle_at = None,
            Chore::Heartbeat => {
                self.failed_beats = 0;
                self.beat_at = now.after(self.heartbeat);
            }
            Chore::Poll | Chore::Listing => {
                self.failed_polls = 0;
                self.polled = now;
                self.poll_at = now.after(self.poll_every());
                if chore == Chore::Listing {
                    // With the poll before it, so that the two wake the machine once.
                    self.list_at = now.after(LISTING.max(self.poll_every()));
                }
            }
            Chore::Tend => self.tend_at = None,
        }
    }

    /// `chore` failed: again soon, and then less and less often.
    pub fn failed(&mut self, chore: Chore, now: Moment) {
        match chore {
            Chore::Settle => {
                self.failed_settles = self.failed_settles.saturating_add(1);
                let wait = retry(self.heartbeat, self.failed_settles);
                self.settle_at = Some(now.after(wait));
            }
            Chore::Heartbeat => {
                self.failed_beats = self.failed_beats.saturating_add(1);
                self.beat_at = now.after(retry(self.heartbeat, self.failed_beats));
            }
            Chore::Poll | Chore::Listing => {
                self.failed_polls = self.failed_polls.saturating_add(1);
                let longest = self.polls[0].max(self.polls[1]);
                self.poll_at = now.after(retry(longest, self.failed_polls));
                self.list_at = self.list_at.max(self.poll_at);
            }
            Chore::Tend => self.tend_at = Some(now.after(self.heartbeat)),
        }
    }

    fn poll_every(&self) -> Duration {
        match self.pace {
            Pace::Idle => self.polls[0],
            Pace::Calm => self.polls[1],
            Pace::Busy => self.polls[2],
        }
    }
}

/// The wait before attempt `failures + 1`: doubled each time, up to the usual interval.
fn retry(interval: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (interval / FIRST_RETRY)
        .saturating_mul(1 << doublings)
        .min(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_start(Duration::from_secs(1000 + seconds))
    }

    /// Does everything that is due at `now`, in order.
    fn run(schedule: &mut Schedule, now: Moment) -> Vec<Chore> {
        let mut done = Vec::new();
        while let Some(chore) = schedule.due(now) {
            schedule.done(chore, now);
            done.push(chore);
            assert!(done.len() < 10, "{done:?} never ends");
        }
        done
    }

    #[test]
    fn an_idle_repository_wakes_twice_a_minute() {
        let mut schedule = Schedule::new(&Policy::default(), at(0));
        run(&mut schedule, at(0));
        let mut wakes = Vec::new();
        while schedule.next() < at(600) {
            let now = schedule.next();
            let done = run(&mut schedule, now);
            assert!(!done.is_empty(), "woken at {now:?} for nothing");
            wakes.push(done);
        }
        assert_eq!(wakes.len(), 19, "{wakes:?}");
    }

    #[test]
    fn somebody_who_watches_makes_it_poll_every_second() {
        let mut schedule = Schedule::new(&Policy::default(), at(0));
        run(&mut schedule, at(0));
        assert_eq!(schedule.next(), at(30));
        schedule.set_pace(Pace::Busy);
        assert_eq!(schedule.next(), at(1));
        assert_eq!(run(&mut schedule, at(1)), [Chore::Poll]);
        schedule.set_pace(Pace::Calm);
        assert_eq!(schedule.next(), at(2), "a slower pace counts from the next poll");
        assert_eq!(run(&mut schedule, at(2)), [Chore::Poll]);
        assert_eq!(schedule.next(), at(7));
    }

    #[test]
    fn failures_are_tried_again_soon_and_then_less_often() {
        let mut schedule = Schedule::new(&Policy::default(), at(0));
        run(&mut schedule, at(0));
        let mut now = at(30);
        let mut waits = Vec::new();
        for _ in 0..6 {
            schedule.failed(Chore::Heartbeat, now);
            let next = schedule.beat_at;
            let just_before = now.after(next.since(now).saturating_sub(Duration::from_millis(1)));
            assert_ne!(schedule.due(just_before), Some(Chore::Heartbeat));
            waits.push(next.since(now).as_millis());
            now = next;
        }
        assert_eq!(waits, [3750, 7500, 15_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn what_has_to_be_settled_comes_first() {
        let mut schedule = Schedule::new(&Policy::default(), at(0));
        schedule.settle(at(0));
        assert_eq!(schedule.due(at(0)), Some(Chore::Settle));
        schedule.failed(Chore::Settle, at(0));
        assert_eq!(schedule.due(at(0)), Some(Chore::Heartbeat));
        schedule.hurry(at(1));
        assert!(schedule.next() <= at(1));
    }

    #[test]
    fn a_machine_that_wakes_does_everything_at_once() {
        let mut schedule = Schedule::new(&Policy::default(), at(0));
        run(&mut schedule, at(0));
        schedule.failed(Chore::Heartbeat, at(25));
        schedule.rest(at(26));
        assert_eq!(schedule.beat_at, at(56));
        schedule.wake_up(at(40));
        assert_eq!(schedule.next(), at(40));
        assert_eq!(run(&mut schedule, at(40)), [Chore::Heartbeat, Chore::Listing]);
        assert_eq!(schedule.next(), at(70));
    }

    #[test]
    fn shorter_intervals_of_a_new_policy_count_at_once() {
        let mut schedule = Schedule::new(&Policy::default(), at(0));
        run(&mut schedule, at(0));
        let policy = Policy {
            heartbeat: Duration::from_secs(2),
            poll_idle: Duration::from_secs(3),
            ..Policy::default()
        };
        schedule.follow(&policy, at(1));
        assert_eq!(schedule.next(), at(3));
        assert_eq!(run(&mut schedule, at(3)), [Chore::Heartbeat, Chore::Poll]);
    }
}
