//! One fault of each kind.

use camctl_shared::ipc::message::Fault;

use super::{ended, lock, old_lock, text, texts};

pub fn faults() -> Vec<(&'static str, Fault)> {
    let problem = || text("what is wrong, in a sentence");
    vec![
        (
            "failed-held",
            Fault::Held {
                lock: lock(),
                place: 3,
            },
        ),
        ("failed-guarded", Fault::Guarded { lock: lock() }),
        ("failed-yours", Fault::Yours { lock: lock() }),
        ("failed-not-waiting", Fault::NotWaiting { lock: None }),
        ("failed-not-asked", Fault::NotAsked { lock: lock() }),
        ("failed-crowded", Fault::Crowded { lock: lock() }),
        ("failed-not-held", Fault::NotHeld),
        ("failed-elsewhere", Fault::Elsewhere { problem: problem() }),
        (
            "failed-changing",
            Fault::Changing {
                path: Some(text("/home/bob/4801247.mcam")),
                tries: 5,
            },
        ),
        ("failed-in-use", Fault::InUse { problem: problem() }),
        (
            "failed-torn",
            Fault::Torn {
                problem: problem(),
                old: text("/mnt/cam/.camctl/versions/4801247.mcam/000001-20261120T144012Z.mcam"),
            },
        ),
        ("failed-not-yours", Fault::NotYours { lock: old_lock() }),
        ("failed-old-token", Fault::OldToken { lock: Some(lock()) }),
        (
            "failed-lost",
            Fault::Lost {
                ended: ended(),
                by: text("boss"),
                lock: None,
            },
        ),
        (
            "failed-alive",
            Fault::Alive {
                lock: lock(),
                silent_ms: Some(45_000),
                stale_after_ms: 300_000,
                administrators: texts(&["boss"]),
            },
        ),
        ("failed-no-reason", Fault::NoReason),
        (
            "failed-timed-out",
            Fault::TimedOut {
                lock: Some(lock()),
                waited_ms: 10_000,
            },
        ),
        ("failed-no-such-file", Fault::NoSuchFile),
        ("failed-not-a-file", Fault::NotAFile),
        ("failed-bad-name", Fault::BadName { problem: problem() }),
        (
            "failed-no-repository",
            Fault::NoRepository { path: text("/home") },
        ),
        (
            "failed-share",
            Fault::Share {
                problem: problem(),
                passing: true,
            },
        ),
        (
            "failed-no-answer",
            Fault::NoAnswer {
                repository: text("/mnt/cam"),
                waited_ms: 12_000,
                unsettled: true,
            },
        ),
        ("failed-table", Fault::Table { problem: problem() }),
        ("failed-cannot-init", Fault::CannotInit { problem: problem() }),
        ("failed-bad-request", Fault::BadRequest { problem: problem() }),
        ("failed-stopping", Fault::Stopping),
        ("failed-internal", Fault::Internal { problem: problem() }),
    ]
}
