//! The frame of every target: the property of its name, on an allocator that counts.

pub use camctl_shared::properties::{Counting, Property};
pub use libfuzzer_sys::fuzz_target;

/// A target that looks for bytes of which the property does not hold.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        #[global_allocator]
        static COUNTING: $crate::Counting = $crate::Counting;

        $crate::fuzz_target!(|bytes: &[u8]| $crate::Property::named($name).holds_of(bytes));
    };
}
