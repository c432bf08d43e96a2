//! One file for each verb; its doc comment is its help.

pub mod agent;
pub mod answer;
pub mod r#break;
pub mod bridge;
pub mod checkin;
pub mod checkout;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod get;
pub mod history;
pub mod init;
pub mod integrate;
pub mod list;
pub mod man;
pub mod notify;
pub mod put;
pub mod queue;
pub mod request;
pub mod run;
pub mod stats;
pub mod status;
pub mod wait;
pub mod watch;
