//! What must hold of everything that reads what others wrote, whatever they wrote. For `tests/fuzz`, which looks for bytes
//! of which it does not hold, and for the tests here, which try the corpus and what was found before.
//!
//! A property panics when it is broken. Each asks for more than not to panic: what is read is written back to the same,
//! what is not understood is kept, errors say what is wrong, and memory grows with what there is, never with what is
//! announced.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests, which another package compiles as a library: a property fails by a panic"
)]

mod memory;
mod messages;
mod texts;

pub use memory::{Counting, most_used};

use crate::store::folder::properties as folder;

/// What reads, and what must hold of it.
#[derive(Clone, Copy)]
pub struct Property {
    /// As its fuzzing target and its folder of the corpus.
    pub name: &'static str,
    check: fn(&[u8]),
    /// The bytes of memory that so many bytes may take.
    allowed: fn(usize) -> usize,
}

/// All of them.
pub const ALL: [Property; 10] = [
    property("message", messages::message, messages::allowed),
    property("frames", messages::frames, messages::allowed),
    property("name", texts::name, as_text),
    property("policy", texts::policy, as_tree),
    property("config", texts::config, as_tree),
    property("commit", folder::commit, as_tree),
    property("head", folder::head, as_text),
    property("projection", folder::projection, as_tree),
    property("adoption", folder::adoption, as_tree),
    property("heartbeat", folder::heartbeat, as_tree),
];

const fn property(name: &'static str, check: fn(&[u8]), allowed: fn(usize) -> usize) -> Property {
    Property { name, check, allowed }
}

impl Property {
    /// The one of that name.
    pub fn named(name: &str) -> Self {
        *ALL.iter()
            .find(|property| property.name == name)
            .expect("there is a property of that name")
    }

    /// Panics unless it holds of `bytes`.
    pub fn holds_of(&self, bytes: &[u8]) {
        let ((), used) = most_used(|| (self.check)(bytes));
        assert!(
            used <= (self.allowed)(bytes.len()),
            "{} bytes took {used} bytes of memory",
            bytes.len()
        );
    }
}

/// A text is copied some times, with names and messages around it.
fn as_text(bytes: usize) -> usize {
    (64 << 10) + 128 * bytes
}

/// A number takes two bytes of JSON, and some 32 in memory; a list of them twice that while it grows, a table of TOML some
/// hundred, and a property holds some copies of all at once.
fn as_tree(bytes: usize) -> usize {
    (64 << 10) + 1024 * bytes
}

#[cfg(test)]
mod tests;
