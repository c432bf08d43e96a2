//! What the tests of the whole product stand on: real programs, several "machines", and shares that fail.
//!
//! A [`Sandbox`] is a folder that goes away with the test, and with everything that was started in it. In it are
//! [`Machine`]s, each with a user, a name and local state of its own, and [`Repository`]s that they share:
//!
//! ```no_run
//! let sandbox = testkit::Sandbox::new();
//! let repository = sandbox.repository().file("a.mcam").init();
//! let alice = sandbox.machine("alice", "CAM-03");
//! alice.start();
//! alice.camctl(["checkout", "a.mcam"]).in_folder(repository.folder()).run().succeeds();
//! ```
//!
//! Nothing here sleeps for luck: [`wait_until`] polls what can be observed, up to a deadline. Nothing here knows how
//! camctl works inside, [`faulty`] apart, which wraps the `Share` that the stores are built on.
#![expect(
    clippy::return_self_not_must_use,
    clippy::expect_used,
    clippy::panic,
    reason = "in the tests' own support, a panic with a sentence is how a test fails"
)]

use std::path::Path;

pub mod faulty;
pub mod ledger;
pub mod talk;

mod chance;
mod command;
mod faketime;
mod machine;
mod mounts;
mod processes;
mod programs;
mod repository;
mod sandbox;
mod wait;

pub use chance::Chance;
pub use command::{Run, Running, Script};
pub use machine::{Agent, Machine, SYSTEM};
pub use mounts::Mounts;
pub use processes::kill;
pub use programs::{agent_program, camctl_program};
pub use repository::{Repository, RepositoryBuilder};
pub use sandbox::Sandbox;
pub use wait::{LONG, holds_for, wait_for, wait_until};

/// Makes a folder and those above it: the tests' own, never one of a log.
#[expect(clippy::disallowed_methods, reason = "in a sandbox nothing has been pruned")]
fn make_folders(folder: &Path) {
    std::fs::create_dir_all(folder)
        .unwrap_or_else(|error| panic!("cannot make {}: {error}", folder.display()));
}
