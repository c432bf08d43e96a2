//! Every error, as people read it.

use std::fmt::Write as _;

use camctl_shared::ipc::message::{Fault, LockInfo, Presence, Whose};

use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::output::{Mode, Output};
use crate::testing::{Stream, alice, alices_end, mine, minutes_ago, times};

fn about(verb: &'static str) -> About {
    About {
        verb,
        name: "fixtures/4801247.mcam".into(),
        typed: "4801247.mcam".into(),
        repository: Some("/mnt/cam".into()),
    }
}

/// The error as it stands on standard error, with its codes above it.
pub fn shown(failure: &Failure) -> String {
    let err = Stream::default();
    let mut output = Output::to_streams(
        Mode::Human,
        Box::new(Stream::default()),
        Box::new(err.clone()),
        times(),
    );
    output.error(failure);
    let (code, exit) = failure.code();
    format!("[{code}, {}]\n{}", exit.code(), err.text())
}

fn table(failures: impl IntoIterator<Item = Failure>) -> String {
    let mut text = String::new();
    for failure in failures {
        let _ = writeln!(text, "{}", shown(&failure));
    }
    text
}

fn with(presence: Presence) -> LockInfo {
    LockInfo {
        presence,
        parked_us: Some(minutes_ago(900)),
        ..alice()
    }
}

#[test]
fn refusals_say_who_since_when_and_what_to_do() {
    let kinds = ["checkout", "guard", "lease", "something new"];
    let locks = [
        alice(),
        LockInfo {
            message: String::new(),
            ..with(Presence::Stale)
        },
        with(Presence::Parked),
        with(Presence::Expired),
        LockInfo {
            machine: None,
            session: None,
            token: None,
            ..with(Presence::Unknown)
        },
        with(Presence::Unsafe),
        LockInfo {
            whose: Whose::MineElsewhere,
            ..alice()
        },
        LockInfo {
            message: "\u{1b}[2Jtwo\nlines".into(),
            user: "al\u{202e}ice".into(),
            ..alice()
        },
    ];
    let of_kind = |kind: &str| LockInfo {
        kind: kind.to_owned(),
        expires_us: (kind == "lease").then(|| minutes_ago(-20)),
        ..alice()
    };
    let locks = locks.into_iter().chain(kinds.map(of_kind));
    let held = locks.map(|lock| Failure::fault(about("checkout"), Fault::Held { lock, place: 1 }));
    let third = Failure::fault(
        about("checkout"),
        Fault::Held {
            lock: alice(),
            place: 3,
        },
    );
    insta::assert_snapshot!("held", table(held.chain([third])));
}

#[test]
fn faults_about_locks_say_how_the_file_stands() {
    let lock = || Some(alice());
    let lost = |how: &str, reason, lock| Fault::Lost {
        ended: alices_end(how, reason),
        by: "carol".into(),
        lock,
    };
    let guard = LockInfo {
        kind: "guard".into(),
        whose: Whose::Mine,
        ..mine()
    };
    let alive = |administrators: &[&str], silent_ms| Fault::Alive {
        lock: alice(),
        silent_ms,
        stale_after_ms: 300_000,
        administrators: administrators.iter().map(|name| (*name).to_owned()).collect(),
    };
    let cases = [
        ("checkout", Fault::Guarded { lock: guard }),
        ("notify", Fault::Yours { lock: mine() }),
        ("queue", Fault::NotWaiting { lock: None }),
        ("answer", Fault::NotAsked { lock: mine() }),
        ("request", Fault::Crowded { lock: alice() }),
        ("request", Fault::NotHeld),
        ("answer", Fault::NotHeld),
        ("answer", Fault::NotYours { lock: alice() }),
        ("checkin", Fault::NotHeld),
        ("break", Fault::NotHeld),
        ("checkin", Fault::NotYours { lock: alice() }),
        ("checkin", Fault::OldToken { lock: lock() }),
        ("checkin", Fault::OldToken { lock: None }),
        ("checkin", lost("broken", Some("gone home"), lock())),
        ("checkin", lost("forced", None, None)),
        ("checkin", lost("expired", None, None)),
        ("checkin", lost("released", None, None)),
        ("checkin", lost("something new", None, None)),
        ("break", alive(&["boss", "chief"], Some(12_000))),
        ("break", alive(&[], None)),
        ("break", Fault::NoReason),
        ("checkout", Fault::NoReason),
        (
            "wait",
            Fault::TimedOut {
                lock: lock(),
                waited_ms: 30_000,
            },
        ),
        (
            "checkout",
            Fault::TimedOut {
                lock: None,
                waited_ms: 600_000,
            },
        ),
    ];
    let failures = cases.map(|(verb, fault)| Failure::fault(about(verb), fault));
    insta::assert_snapshot!("locks", table(failures));
}

#[test]
fn faults_of_names_shares_and_agents_are_worded() {
    let share = |passing| Fault::Share {
        problem: "cannot list /mnt/cam/.camctl/log: permission denied".into(),
        passing,
    };
    let silent = |unsettled| Fault::NoAnswer {
        repository: "/mnt/cam".into(),
        waited_ms: 12_000,
        unsettled,
    };
    let cases = [
        ("checkout", Fault::NoSuchFile),
        ("checkout", Fault::NotAFile),
        (
            "checkout",
            Fault::BadName {
                problem: "it leads out of the repository".into(),
            },
        ),
        (
            "checkout",
            Fault::NoRepository {
                path: "/mnt/cam".into(),
            },
        ),
        ("checkout", share(false)),
        ("checkout", share(true)),
        ("list", silent(false)),
        ("checkout", silent(true)),
        (
            "checkout",
            Fault::Table {
                problem: "/mnt/cam/.camctl/log/0/17.json is missing".into(),
            },
        ),
        (
            "init",
            Fault::CannotInit {
                problem: "two machines can create the same file here".into(),
            },
        ),
        (
            "checkout",
            Fault::BadRequest {
                problem: "a message of 2 MB".into(),
            },
        ),
        ("checkout", Fault::Stopping),
        (
            "checkout",
            Fault::Internal {
                problem: "a table without a number".into(),
            },
        ),
    ];
    let failures = cases.map(|(verb, fault)| Failure::fault(about(verb), fault));
    insta::assert_snapshot!("others", table(failures));
}

#[test]
fn faults_of_contents_say_what_stands_and_what_to_do() {
    let problem = || "cannot replace /mnt/cam/fixtures/4801247.mcam: device or resource busy".to_owned();
    let cases = [
        ("put", Fault::NotHeld),
        ("put", Fault::NotYours { lock: alice() }),
        (
            "put",
            Fault::Elsewhere {
                problem: "cannot open /home/bob/new.mcam: no such file or directory".into(),
            },
        ),
        ("get", Fault::Changing { path: None, tries: 5 }),
        (
            "put",
            Fault::Changing {
                path: Some("/home/bob/new.mcam".into()),
                tries: 5,
            },
        ),
        ("put", Fault::InUse { problem: problem() }),
        (
            "put",
            Fault::Torn {
                problem: problem(),
                old: "/mnt/cam/.camctl/versions/fixtures/4801247.mcam/000003-20261120T111200Z.mcam".into(),
            },
        ),
    ];
    let failures = cases.map(|(verb, fault)| Failure::fault(about(verb), fault));
    insta::assert_snapshot!("contents", table(failures));
}

#[test]
fn what_goes_wrong_on_this_side_is_worded() {
    let problem = || "the connection was closed".to_owned();
    let batch = |failed, of, alike| Failure::Batch { failed, of, alike };
    let failures = [
        Failure::Usage {
            problem: "unexpected argument '--nix' found".into(),
        },
        Failure::NoAgent,
        Failure::NotStarted {
            problem: "it ended at once (exit status: 1)".into(),
            log: vec![],
        },
        Failure::NotStarted {
            problem: "it ended at once (exit status: 1)".into(),
            log: vec![
                "cannot write /home/bob/.local/state/camctl".into(),
                "disk full".into(),
            ],
        },
        Failure::Agent { problem: problem() },
        Failure::Protocol {
            problem: "this camctl speaks protocol 1, the agent 2".into(),
        },
        Failure::Unknown {
            about: about("checkin"),
            problem: problem(),
        },
        Failure::Unknown {
            about: About::command("checkin"),
            problem: problem(),
        },
        Failure::Local {
            problem: "cannot write the answer: no space left".into(),
        },
        batch(2, 3, None),
        batch(3, 3, Some(("held", Exit::Held))),
        batch(3, 3, None),
        Failure::Unhealthy {
            errors: 1,
            fix: false,
        },
        Failure::Unhealthy { errors: 2, fix: true },
        Failure::Demo {
            problem: "`camctl checkin a` ended with the exit code 0".into(),
        },
        Failure::unexpected(About::command("status"), "an empty answer"),
    ];
    insta::assert_snapshot!("failures", table(failures));
}

#[test]
fn odd_names_stay_harmless_and_runnable() {
    let odd = About {
        verb: "checkout",
        name: "a\u{1b}[31m b.mcam".into(),
        typed: "-it's.mcam".into(),
        repository: None,
    };
    let text = table([Failure::fault(
        odd,
        Fault::Held {
            lock: alice(),
            place: 1,
        },
    )]);
    insta::assert_snapshot!("odd_names", text);
}
