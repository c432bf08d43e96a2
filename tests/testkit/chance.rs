//! Chance that can be had again: a test prints its seed when it fails, and `CAMCTL_TEST_SEED` brings the same choices back.

use std::ops::Range;
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};

/// Choices that follow from a seed (the splitmix64 sequence).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The seed of this run: `CAMCTL_TEST_SEED`, or one that nobody knows before.
    ///
    /// # Panics
    /// When `CAMCTL_TEST_SEED` is no number.
    #[track_caller]
    pub fn seed() -> u64 {
        match std::env::var("CAMCTL_TEST_SEED") {
            Ok(seed) => seed.parse().expect("CAMCTL_TEST_SEED is a number"),
            Err(_) => u64::from(SystemClock.wall().subsec_nanosecond().unsigned_abs()),
        }
    }

    /// The choices number `which` of a run: each thread has its own.
    pub fn new(seed: u64, which: u64) -> Self {
        Self(seed.wrapping_add(which.wrapping_mul(0xa076_1d64_78bd_642f)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of `range`, which is not empty.
    pub fn number(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    /// One of `choices`, of which there are some.
    pub fn one<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// A place among `count`, which is not zero.
    ///
    /// # Panics
    /// Never: it is smaller than `count`.
    pub fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.number(0..count as u64)).expect("it is below a usize")
    }

    /// A time between the two, in milliseconds.
    pub fn time(&mut self, milliseconds: Range<u64>) -> Duration {
        Duration::from_millis(self.number(milliseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_brings_the_same_choices_and_threads_differ() {
        let draw = |seed, which| {
            let mut chance = Chance::new(seed, which);
            [(); 8].map(|()| chance.number(10..1000))
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
        assert!(draw(7, 1).iter().all(|number| (10..1000).contains(number)));
    }
}
