//! What both sides of camctl agree on.
//!
//! The modules stand in the order of their dependencies: each may use those above it, never those below
//! (`tests/it/architecture.rs` reads the imports and says so).
//!
//! - [`clock`]: the only place that asks what time it is.
//! - [`random`]: the only place that draws random numbers.
//! - [`text`]: what people read, made harmless.
//! - [`mutation`]: deliberate mistakes, for the simulation that has to find them; nothing of it is in a release.
//! - [`model`]: names, owners, locks, the table, policy, errors. Pure data.
//! - [`rules`]: who gets a lock, who loses one. Pure decisions: no I/O, no clock.
//! - [`history`]: what the log tells of the past. Pure.
//! - [`paths`], [`config`]: where this user's local state lives, and what may be set there.
//! - [`share`]: the only code that touches the shared folder.
//! - [`store`]: the lock table, kept on a share or in memory.
//! - [`files`]: the repository's files.
//! - [`ipc`]: what the command line and the agent say to each other.
//! - `properties`: what must hold of all that reads, for fuzzing (a feature).

pub mod clock;
pub mod mutation;
pub mod random;
pub mod text;

pub mod model;

pub mod rules;

pub mod history;

pub mod config;
pub mod paths;

pub mod share;

pub mod store;

pub mod files;

pub mod ipc;

#[cfg(any(test, feature = "fuzzing"))]
pub mod properties;
