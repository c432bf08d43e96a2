//! The folder store on a real disk: the suite of all stores, then what only a disk can do to it.

mod chores;
mod durability;
mod faults;
mod fixture;
mod gaps;
mod golden;
mod opening;
mod races;
mod recovery;
mod set_back;

use fixture::Bench;

mod conformance_with_mutex {
    crate::conformance_suite!(tests: super::Bench::new(10));
}

mod conformance_without_mutex {
    crate::conformance_suite!(tests: super::Bench::new(10).without_mutex());
}

mod conformance_as_on_a_network {
    crate::conformance_suite!(tests: super::Bench::new(10).on_a_network());
}
