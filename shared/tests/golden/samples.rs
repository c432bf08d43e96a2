//! One value of each kind, with every part filled once and left out once.

#[path = "faults.rs"]
mod faults;
#[path = "files.rs"]
mod files;
#[path = "menus.rs"]
mod menus;
#[path = "past.rs"]
mod past;
#[path = "runs.rs"]
mod runs;

use camctl_shared::ipc::message::{
    AgentReport, EndedInfo, Event, EventKind, FileReport, Filter, FilterState, Finding, Hello, InLine,
    Initialised, LeftOut, ListedFile, LockInfo, Page, Patience, Presence, Reply, RepositoryReport, Request,
    Said, Whose,
};

/// 2026-11-20T14:40:12.123456Z.
pub const TIME: i64 = 1_795_185_612_123_456;

pub fn text(words: &str) -> String {
    words.into()
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| text(word)).collect()
}

pub fn hello() -> Hello {
    Hello {
        protocol: 1,
        version: text("0.1.0"),
        capabilities: texts(&["queue", "bridge"]),
    }
}

pub fn lock() -> LockInfo {
    LockInfo {
        user: text("alice"),
        machine: Some(text("CAM-03")),
        session: Some(text("01946f7e-0000-7000-8000-000000000001")),
        since_us: TIME,
        message: text("Überarbeitung, \"Op 20\""),
        kind: text("checkout"),
        token: Some(1842),
        expires_us: None,
        whose: Whose::Theirs,
        presence: Presence::Alive,
        parked_us: None,
        waiting: 2,
        place: Some(2),
        asked: 1,
    }
}

/// As an older tool writes it.
pub fn old_lock() -> LockInfo {
    LockInfo {
        user: text("bob"),
        machine: None,
        session: None,
        since_us: -1,
        message: String::new(),
        kind: text("checkout"),
        token: None,
        expires_us: None,
        whose: Whose::Mine,
        presence: Presence::Unknown,
        parked_us: None,
        waiting: 0,
        place: None,
        asked: 0,
    }
}

pub fn ended() -> EndedInfo {
    EndedInfo {
        user: text("alice"),
        machine: Some(text("CAM-03")),
        token: Some(u64::MAX),
        since_us: TIME,
        how: text("forced"),
        reason: Some(text("on holiday")),
    }
}

pub fn ended_before() -> EndedInfo {
    EndedInfo {
        user: text("bob"),
        machine: None,
        token: None,
        since_us: i64::MIN,
        how: text("expired"),
        reason: None,
    }
}

pub fn requests() -> Vec<(&'static str, Request)> {
    let files = || texts(&["/mnt/cam/fixtures/4801247.mcam", "Z:\\cam\\Süd.vnc"]);
    let list = |state| Request::List {
        folder: text("/mnt/cam"),
        filter: Filter {
            state,
            extensions: texts(&["nc"]),
        },
    };
    let mut all = vec![
        ("list-all", list(FilterState::All)),
        ("list-locked", list(FilterState::Locked)),
        ("list-free", list(FilterState::Free)),
        ("list-mine", list(FilterState::Mine)),
        (
            "init",
            Request::Init {
                folder: text("/mnt/cam"),
                extensions: texts(&["mcam", "vnc"]),
                locks_file: Some(text("../locks.json")),
                administrators: texts(&["boss"]),
            },
        ),
        (
            "checkout",
            Request::Checkout {
                files: files(),
                message: Some(text("Working on revisions")),
                wait: Some(Patience {
                    at_most_ms: Some(90_000),
                }),
                lease_ms: Some(1_800_000),
                steal: Some(text("on holiday")),
            },
        ),
        (
            "checkout-plain",
            Request::Checkout {
                files: files(),
                message: None,
                wait: Some(Patience { at_most_ms: None }),
                lease_ms: None,
                steal: None,
            },
        ),
        (
            "checkin",
            Request::Checkin {
                files: vec![],
                all: true,
                message: Some(text("done")),
            },
        ),
        ("status", Request::Status { files: files() }),
        (
            "wait",
            Request::Wait {
                files: files(),
                timeout_ms: Some(300),
            },
        ),
        (
            "break",
            Request::Break {
                files: files(),
                reason: text("on holiday"),
            },
        ),
        (
            "watch",
            Request::Watch {
                paths: texts(&["/mnt/cam"]),
            },
        ),
        (
            "notify",
            Request::Notify {
                files: files(),
                on: true,
            },
        ),
        ("agent-status", Request::AgentStatus),
        ("agent-stop", Request::AgentStop),
        (
            "doctor",
            Request::Doctor {
                folder: Some(text("/mnt/cam")),
                fix: true,
            },
        ),
        (
            "status-at-once",
            Request::StatusAtOnce {
                files: files(),
                menus: true,
            },
        ),
        ("menu", Request::Menu { files: files() }),
    ];
    all.extend(others());
    all
}

/// What is asked of owners, and what they say.
fn requests_and_answers() -> Vec<(&'static str, Request)> {
    let files = || texts(&["/mnt/cam/fixtures/4801247.mcam"]);
    let answer = |said, message: Option<&str>, to: &[&str]| Request::Answer {
        files: files(),
        said,
        message: message.map(text),
        to: texts(to),
    };
    vec![
        (
            "request",
            Request::Request {
                files: files(),
                message: Some(text("the customer waits")),
            },
        ),
        ("answer-yes", answer(Said::Yes, None, &[])),
        ("answer-later", answer(Said::Later, Some("at noon"), &[])),
        (
            "answer-no",
            answer(Said::No, Some("the table runs"), &["bob", "carol"]),
        ),
    ]
}

fn others() -> Vec<(&'static str, Request)> {
    let of_files = [past::requests(), runs::runs(), files::requests()].concat();
    [queues(), requests_and_answers(), of_files].concat()
}

/// What is wanted of lines.
fn queues() -> Vec<(&'static str, Request)> {
    let queue = |wish| Request::Queue {
        files: texts(&["/mnt/cam/fixtures/4801247.mcam", "Z:\\cam\\Süd.vnc"]),
        wish,
    };
    vec![
        ("queue-show", queue(InLine::Show)),
        ("queue-leave", queue(InLine::Leave)),
        (
            "queue-join",
            queue(InLine::Join {
                message: Some(text("Op 30")),
            }),
        ),
    ]
}

pub fn replies() -> Vec<(&'static str, Reply)> {
    let mut all = vec![
        ("done", Reply::Done),
        (
            "initialised",
            Reply::Initialised(Initialised {
                folder: text("/mnt/cam"),
                existed: true,
                adopted: 3,
                exclusive: text("hard link"),
                case: text("sensitive"),
                file_system: text("cifs"),
                warnings: texts(&["File locks exclude nobody here."]),
            }),
        ),
        (
            "files",
            Reply::Files(Page::from_iter([
                ListedFile {
                    name: "fixtures/4801247.mcam",
                    size: Some(1_048_576),
                    modified_us: Some(TIME),
                    lock: Some(&lock()),
                },
                ListedFile {
                    name: "free.vnc",
                    size: None,
                    modified_us: None,
                    lock: None,
                },
            ])),
        ),
        (
            "left-out",
            Reply::LeftOut {
                what: vec![LeftOut {
                    path: text("fixtures/private"),
                    folder: true,
                    why: text("it may not be read"),
                }],
                more: 17,
            },
        ),
        (
            "watching",
            Reply::Watching {
                repositories: texts(&["/mnt/cam", "/mnt/nc"]),
            },
        ),
        ("agent", Reply::Agent(agent())),
        (
            "finding",
            Reply::Finding(Finding {
                place: text("/mnt/cam"),
                what: text("locks.json"),
                grade: text("mended"),
                text: text("it was torn and is written again"),
                hint: Some(text("the old one is .camctl/locks.json.bad-2026-11-20")),
            }),
        ),
        (
            "progress",
            Reply::Progress {
                what: text("listing"),
                done: 70_000,
                total: Some(100_000),
            },
        ),
    ];
    all.extend(menus::standings());
    all.extend(past::replies());
    all.extend(files::outcomes().into_iter().map(|(name, outcome)| {
        let report = FileReport {
            asked: text("/mnt/cam/4801247.mcam"),
            repository: Some(text("/mnt/cam")),
            file: Some(text("4801247.mcam")),
            outcome,
        };
        (name, Reply::File(report))
    }));
    all.extend(
        faults::faults()
            .into_iter()
            .map(|(name, fault)| (name, Reply::Failed(fault))),
    );
    all.extend(events().into_iter().map(|(name, what)| {
        let event = Event {
            repository: text("/mnt/cam"),
            at_us: TIME,
            commit: Some(1842),
            what,
        };
        (name, Reply::Event(event))
    }));
    all
}

fn agent() -> AgentReport {
    AgentReport {
        pid: 4711,
        version: text("0.1.0"),
        protocol: 1,
        user: text("alice"),
        machine: text("CAM-03"),
        session: text("01946f7e-0000-7000-8000-000000000001"),
        started_us: TIME,
        log: text("/home/alice/.local/state/camctl/logs"),
        repositories: vec![RepositoryReport {
            folder: text("/mnt/cam"),
            state: text("away"),
            problem: Some(text("the share has not answered for 12 s")),
            commit: 1842,
            locks: 10_000,
            mine: 3,
            answered_ms_ago: Some(12_000),
        }],
    }
}

fn events() -> Vec<(&'static str, EventKind)> {
    vec![
        (
            "event-file",
            EventKind::File {
                file: text("4801247.mcam"),
                verb: text("steal"),
                by_user: text("boss"),
                by_machine: Some(text("OFFICE")),
                ended: Some(ended()),
                lock: Some(lock()),
            },
        ),
        (
            "event-session",
            EventKind::Session {
                session: text("01946f7e-0000-7000-8000-000000000001"),
                verb: text("park"),
                user: text("alice"),
                machine: None,
            },
        ),
        (
            "event-away",
            EventKind::Away {
                cause: text("Host is down"),
            },
        ),
        ("event-back", EventKind::Back),
        (
            "event-remark",
            EventKind::Remark {
                text: text("locks.json was written by another program"),
            },
        ),
        ("event-missed", EventKind::Missed { count: 251 }),
    ]
}
