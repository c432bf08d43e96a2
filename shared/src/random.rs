//! The only place that draws random numbers; everything else asks here.
//!
//! What is drawn makes names and attempts differ, and spreads those who wait; nothing is decided from it. So the
//! simulation (feature `simulation`) may put a sequence of its own in its place, and the same seed brings the same run.

use uuid::Uuid;

/// One that nobody else has.
pub fn uuid() -> Uuid {
    #[cfg(feature = "simulation")]
    if let Some(uuid) = seeded::draw() {
        return uuid;
    }
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    Uuid::new_v4()
}

/// One that nobody else has, and that sorts after those drawn earlier.
pub fn uuid_by_age() -> Uuid {
    #[cfg(feature = "simulation")]
    if let Some(uuid) = seeded::draw() {
        return uuid;
    }
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    Uuid::now_v7()
}

/// A number between 0 and 1.
pub fn fraction() -> f64 {
    let bits = u32::try_from(uuid().as_u128() & 0xffff_ffff).unwrap_or(0);
    f64::from(bits) / f64::from(u32::MAX)
}

#[cfg(feature = "simulation")]
pub use seeded::seed;

#[cfg(feature = "simulation")]
mod seeded {
    use std::cell::Cell;

    use uuid::Uuid;

    thread_local! {
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// From now on everything that this thread draws follows from `seed`.
    pub fn seed(seed: u64) {
        STATE.set(Some(seed));
    }

    pub(super) fn draw() -> Option<Uuid> {
        let state = STATE.get()?;
        let bits = (u128::from(splitmix(state)) << 64) | u128::from(splitmix(state.wrapping_add(GAMMA)));
        STATE.set(Some(state.wrapping_add(GAMMA.wrapping_mul(2))));
        Some(uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
    }

    const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

    fn splitmix(state: u64) -> u64 {
        let mut mixed = state.wrapping_add(GAMMA);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        assert_ne!(uuid(), uuid());
        assert!(uuid_by_age() < uuid_by_age(), "later ones sort later");
        assert!((0.0..=1.0).contains(&fraction()));
    }

    #[cfg(feature = "simulation")]
    #[test]
    fn a_seed_brings_the_same_sequence() {
        let draw = |from| {
            seed(from);
            [(); 4].map(|()| uuid())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
