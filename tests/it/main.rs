//! The whole product, through its real programs: each file is a verb or a promise, each test a scenario.
#![expect(
    clippy::unwrap_used,
    reason = "in a test, and in what serves only tests, a panic is how it fails"
)]

mod architecture;
#[cfg(target_os = "linux")]
mod mount;
mod stage;

mod agent;
mod answer;
#[cfg(target_os = "linux")]
mod bad_input;
#[path = "break.rs"]
mod break_;
mod bridge;
mod checkin;
mod checkout;
#[cfg(target_os = "linux")]
mod clocks;
mod demo;
#[cfg(all(target_os = "linux", feature = "desktop"))]
mod desktop;
mod doctor;
#[cfg(windows)]
mod explorer;
#[cfg(target_os = "linux")]
mod file_managers;
#[cfg(unix)]
mod frozen;
#[cfg(target_os = "linux")]
mod full_disk;
mod get;
#[cfg(target_os = "linux")]
mod gui;
#[cfg(unix)]
mod histories;
mod history;
#[cfg(target_os = "linux")]
mod idle;
mod init;
mod list;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod login;
#[cfg(unix)]
mod names;
#[cfg(unix)]
mod no_double_grant;
mod no_mutex;
mod notify;
#[cfg(unix)]
mod old_tools;
#[cfg(unix)]
mod outage;
mod put;
mod queue;
mod recovery;
mod request;
mod restart;
mod run;
mod stats;
mod status;
mod wait;
mod watch;
#[cfg(windows)]
mod windows;
