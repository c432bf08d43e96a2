//! What `camctl run` says about a file that its program cannot have to itself. The real program is run by `tests/it`.

use camctl_shared::ipc::message::{Fault, LockInfo, Whose};

use super::wordings::shown;
use crate::errors::{About, Failure};
use crate::gui::sort;
use crate::output::text;
use crate::testing::{alice, alices_end, mine, times};

fn guard(of: LockInfo) -> LockInfo {
    LockInfo {
        kind: "guard".into(),
        message: "month's end".into(),
        ..of
    }
}

fn failure(fault: Fault) -> Failure {
    let about = About {
        verb: "run",
        name: "data/wems.db".into(),
        typed: "data/wems.db".into(),
        repository: Some("/mnt/wems".into()),
    };
    Failure::fault(about, fault)
}

fn held(lock: LockInfo) -> Failure {
    failure(Fault::Held { lock, place: 1 })
}

#[test]
fn who_cannot_have_the_file_is_told_whose_it_is_and_what_to_do() {
    let elsewhere = |lock| LockInfo {
        whose: Whose::MineElsewhere,
        ..lock
    };
    let failures = [
        held(guard(alice())),
        held(alice()),
        failure(Fault::Guarded { lock: guard(mine()) }),
        held(elsewhere(guard(mine()))),
        held(mine()),
        held(elsewhere(mine())),
        failure(Fault::TimedOut {
            lock: Some(guard(alice())),
            waited_ms: 600_000,
        }),
        failure(Fault::Lost {
            ended: alices_end("forced", Some("it is urgent")),
            by: "boss on OFFICE".into(),
            lock: Some(alice()),
        }),
        failure(Fault::OldToken { lock: None }),
        Failure::Program {
            problem: "there is no program wems".into(),
            missing: true,
        },
        Failure::Program {
            problem: "cannot run /opt/wems: it is a folder".into(),
            missing: false,
        },
    ];
    let texts = failures.iter().map(shown).collect::<Vec<_>>();
    insta::assert_snapshot!("run", texts.join("\n"));
}

#[test]
fn what_is_said_while_one_waits_and_while_the_program_runs() {
    let lock = |place| LockInfo {
        place,
        waiting: 3,
        ..guard(alice())
    };
    let times = times();
    let lines = [
        text::place("data/wems.db", Some(&lock(Some(2))), &times),
        text::place("data/wems.db", Some(&lock(None)), &times),
        text::place("data/wems.db", None, &times),
        text::in_doubt("data/wems.db"),
        text::stands_again("data/wems.db"),
    ];
    insta::assert_snapshot!("run_lines", lines.join("\n"));
}

#[test]
fn a_window_says_it_to_who_has_no_terminal() {
    let told = sort(&[held(guard(alice()))], &times());
    assert!(told.refused.is_empty(), "a window does not start programs");
    insta::assert_snapshot!("run_window", format!("{:#?}", told.messages));
}
