//! What becomes of a file.

use camctl_shared::ipc::message::{Fault, LockInfo, NoteInfo, Outcome, Presence, Request, WaiterInfo, Whose};

use super::{TIME, ended, ended_before, lock, old_lock, text};

pub fn outcomes() -> Vec<(&'static str, Outcome)> {
    let stands = |whose, presence| Outcome::Stands {
        lock: Some(LockInfo {
            whose,
            presence,
            parked_us: Some(TIME),
            expires_us: Some(TIME + 1),
            ..lock()
        }),
        size: Some(300),
        exists: Some(true),
        line: line(),
        requests: notes(),
        notify: true,
    };
    let mut all = vec![
        (
            "file-granted",
            Outcome::Granted {
                lock: lock(),
                after: Some(ended()),
            },
        ),
        ("file-renewed", Outcome::Renewed { lock: old_lock() }),
        (
            "file-released",
            Outcome::Released {
                was: lock(),
                changed: Some(false),
                next: Some(old_lock()),
            },
        ),
        (
            "file-broken",
            Outcome::Broken {
                was: old_lock(),
                ended: ended_before(),
                next: None,
            },
        ),
        ("file-stands-mine", stands(Whose::Mine, Presence::Unsafe)),
        (
            "file-stands-elsewhere",
            stands(Whose::MineElsewhere, Presence::Parked),
        ),
        ("file-stands-theirs", stands(Whose::Theirs, Presence::Alive)),
        ("file-stands-stale", stands(Whose::Theirs, Presence::Stale)),
        ("file-stands-expired", stands(Whose::Theirs, Presence::Expired)),
        ("file-stands-unknown", stands(Whose::Theirs, Presence::Unknown)),
        (
            "file-stands-free",
            Outcome::Stands {
                lock: None,
                size: None,
                exists: None,
                line: Vec::new(),
                requests: Vec::new(),
                notify: false,
            },
        ),
        ("file-free", Outcome::Free),
        ("file-failed", Outcome::Failed(Fault::NoSuchFile)),
        (
            "file-awaited",
            Outcome::Awaited {
                lock: Some(lock()),
                line: line(),
                notify: false,
            },
        ),
        ("file-left", Outcome::Left { lock: Some(lock()) }),
        ("file-noted", Outcome::Noted { lock: None, on: true }),
        (
            "file-requested",
            Outcome::Requested {
                lock: lock(),
                note: notes().remove(1),
            },
        ),
        (
            "file-answered",
            Outcome::Answered {
                lock: lock(),
                notes: notes(),
            },
        ),
    ];
    all.extend(copied());
    all
}

fn copied() -> Vec<(&'static str, Outcome)> {
    vec![
        (
            "file-got",
            Outcome::Got {
                lock: Some(lock()),
                to: text("/home/bob/4801247.mcam"),
                size: 1_048_576,
                sha256: text("9f86d081884c7d65"),
            },
        ),
        (
            "file-replaced",
            Outcome::Replaced {
                lock: lock(),
                size: 300,
                sha256: text("9f86d081884c7d65"),
                kept: Some(text(".camctl/versions/4801247.mcam/000001-20261120T144012Z.mcam")),
            },
        ),
    ]
}

/// What is wanted of contents.
pub fn requests() -> Vec<(&'static str, Request)> {
    vec![
        (
            "get",
            Request::Get {
                file: text("/mnt/cam/fixtures/4801247.mcam"),
                to: text("/home/bob"),
            },
        ),
        (
            "put",
            Request::Put {
                file: text("/mnt/cam/fixtures/4801247.mcam"),
                from: text("/home/bob/4801247.mcam"),
            },
        ),
    ]
}

fn line() -> Vec<WaiterInfo> {
    let bob = WaiterInfo {
        user: text("bob"),
        machine: Some(text("CNC-1")),
        since_us: TIME,
        message: text("Op 30"),
        whose: Whose::Mine,
        presence: Presence::Alive,
    };
    let carol = WaiterInfo {
        user: text("carol"),
        machine: None,
        since_us: -1,
        message: String::new(),
        whose: Whose::Theirs,
        presence: Presence::Stale,
    };
    vec![bob, carol]
}

fn notes() -> Vec<NoteInfo> {
    let open = NoteInfo {
        user: text("bob"),
        machine: Some(text("CNC-1")),
        at_us: TIME,
        message: text("the customer waits"),
        answer: None,
        whose: Whose::Theirs,
    };
    let answered = NoteInfo {
        machine: None,
        answer: Some(text("in 10 minutes")),
        whose: Whose::Mine,
        ..open.clone()
    };
    vec![open, answered]
}
