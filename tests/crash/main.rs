//! Crashes for real, at every call and at every system call of everything that is written to the share: what is in the
//! log is there once and whole, whoever comes next opens the table and goes on, and nothing acknowledged is missing.
//!
//! `life.rs` is what happens, step by step; `killed.rs` ends the process before and after each call on the share;
//! `power.rs` cuts the power before each system call, and loses, tears and reorders what was not synced (`disk.rs`);
//! `put.rs` does all of that to the people's files.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails"
)]

mod disk;
mod killed;
mod life;
mod power;
mod put;
mod successor;
mod watched;
