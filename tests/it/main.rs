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
#[cfg(target_os = "linux")]
mod clocks;
mod doctor;
#[cfg(unix)]
mod frozen;
mod init;
mod list;
#[cfg(unix)]
mod no_double_grant;
mod no_mutex;
mod status;
mod wait;
mod watch;
