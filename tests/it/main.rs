//! The whole product, through its real programs: each file is a verb or a promise, each test a scenario.
#![expect(
    clippy::unwrap_used,
    reason = "in a test, and in what serves only tests, a panic is how it fails"
)]

mod architecture;
mod stage;

mod agent;
#[path = "break.rs"]
mod break_;
mod checkin;
mod checkout;
mod doctor;
mod init;
mod list;
mod recovery;
mod restart;
mod status;
mod wait;
mod watch;
