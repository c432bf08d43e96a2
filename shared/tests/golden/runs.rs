//! Guards for programs.

use camctl_shared::ipc::message::{Patience, Request};

use super::text;

/// A guard that is taken, gone on with, and over.
pub fn runs() -> Vec<(&'static str, Request)> {
    let file = || text("/mnt/wems/data/wems.db");
    vec![
        (
            "run",
            Request::Run {
                file: file(),
                message: Some(text("month's end")),
                wait: Some(Patience {
                    at_most_ms: Some(600_000),
                }),
                pid: 4711,
                token: None,
            },
        ),
        (
            "run-goes-on",
            Request::Run {
                file: file(),
                message: None,
                wait: None,
                pid: u32::MAX,
                token: Some(1842),
            },
        ),
        (
            "run-over",
            Request::RunOver {
                file: file(),
                token: 1842,
            },
        ),
    ]
}
