//! `init`, `agent`, `doctor`, `completions`, `man`.

use camctl_shared::ipc::message::{
    AgentReport, Fault, Finding, Initialised, Reply, RepositoryReport, Request,
};

use crate::errors::Failure;
use crate::testing::{Stream, minutes_ago, play, play_to};

fn made(existed: bool, adopted: u64) -> Reply {
    Reply::Initialised(Initialised {
        folder: "/mnt/cam".into(),
        existed,
        adopted,
        exclusive: "hard link".into(),
        case: "sensitive".into(),
        file_system: "ext4".into(),
        warnings: vec!["file locks are not kept by this mount".into()],
    })
}

#[test]
fn init_says_what_was_found() {
    let words = [
        "init",
        "/mnt/cam",
        "--ext",
        "mcam,nc",
        "--admin",
        "boss",
        "--admin",
        "chief",
        "--locks-file",
        "../l.json",
    ];
    let played = play(&words, vec![vec![Ok(made(false, 3))]]);
    insta::assert_snapshot!("init", played.shown());
    let request = Request::Init {
        folder: "/mnt/cam".into(),
        extensions: vec!["mcam".into(), "nc".into()],
        locks_file: Some("../l.json".into()),
        administrators: vec!["boss".into(), "chief".into()],
    };
    assert_eq!(played.heard, [request]);
    let again = play(&["init", "/mnt/cam"], vec![vec![Ok(made(true, 0))]]);
    assert!(again.out.contains("is a repository already"), "{}", again.out);
    let json = play(&["init", "/mnt/cam", "--json"], vec![vec![Ok(made(false, 0))]]);
    insta::assert_snapshot!("init_json", json.out);
    let refused = Fault::CannotInit {
        problem: "two machines can create the same file here".into(),
    };
    let refused = play(&["init", "/mnt/cam"], vec![vec![Ok(Reply::Failed(refused))]]);
    assert_eq!((refused.exit, refused.out.as_str()), (1, ""));
}

fn agent() -> Reply {
    let repository = |folder: &str, state: &str, problem: Option<&str>| RepositoryReport {
        folder: folder.into(),
        state: state.into(),
        problem: problem.map(str::to_owned),
        commit: 1842,
        locks: 12,
        mine: 2,
        answered_ms_ago: Some(250),
    };
    Reply::Agent(AgentReport {
        pid: 4711,
        version: "0.1.0".into(),
        protocol: 1,
        user: "bob".into(),
        machine: "CNC-1".into(),
        session: "0192f0c2".into(),
        started_us: minutes_ago(90),
        log: "/home/bob/.local/state/camctl/logs".into(),
        repositories: vec![
            repository("/mnt/cam", "ok", None),
            repository("/mnt/old", "away", Some("not answered for 40 s")),
        ],
    })
}

#[test]
fn the_agent_is_shown() {
    insta::assert_snapshot!(
        "agent_status",
        play(&["agent", "status"], vec![vec![Ok(agent())]]).shown()
    );
    let played = play(&["agent", "status", "--json"], vec![vec![Ok(agent())]]);
    insta::assert_snapshot!("agent_status_json", format!("{:#}", played.json()));
    let started = play(&["agent", "start"], vec![vec![Ok(agent())]]);
    assert_eq!(
        started.shown(),
        "exit 0\n--- stdout\nthe agent runs (process 4711)\n"
    );
}

#[test]
fn asking_for_an_agent_that_does_not_run_is_an_error_and_stopping_it_is_none() {
    let none = || vec![Err(Failure::NoAgent)];
    assert_eq!(play_to(&["agent", "status"], none(), &Stream::default()).exit, 15);
    let stopped = play_to(&["agent", "stop"], none(), &Stream::default());
    assert_eq!(stopped.shown(), "exit 0\n--- stdout\nno agent was running\n");
    let stopped = play(&["agent", "stop", "--json"], vec![vec![Ok(Reply::Done)]]);
    assert_eq!(
        stopped.out,
        "{\"camctl\":1,\"command\":\"agent stop\",\"exit\":0,\"was_running\":true}\n"
    );
}

#[test]
fn the_start_at_login_is_told_whether_an_agent_runs_or_not() {
    let none = || vec![Err(Failure::NoAgent)];
    let mut shown = String::new();
    for words in [
        &["agent", "enable"][..],
        &["agent", "enable", "--json"],
        &["agent", "disable"],
        &["agent", "disable", "--json"],
        &["agent", "status"],
        &["agent", "status", "--json"],
    ] {
        shown += &play_to(words, none(), &Stream::default()).shown();
    }
    insta::assert_snapshot!("login", shown);
}

#[test]
fn where_camctl_is_in_menus_is_told() {
    let mut shown = String::new();
    for words in [
        &["integrate"][..],
        &["integrate", "on", "--ext", ".mcam,vnc"],
        &["integrate", "on", "--json"],
        &["integrate", "off"],
        &["integrate", "off", "--json"],
    ] {
        shown += &play(words, Vec::new()).shown();
    }
    insta::assert_snapshot!("integrate", shown);
    assert_eq!(play(&["integrate", "off", "--ext", "a"], Vec::new()).exit, 2);
}

#[test]
fn restart_stops_and_starts() {
    let played = play(
        &["agent", "restart"],
        vec![vec![Ok(Reply::Done)], vec![Ok(agent())]],
    );
    assert_eq!(played.exit, 0);
    assert_eq!(played.heard, [Request::AgentStop, Request::AgentStatus]);
    let stubborn = vec![Ok(Reply::Failed(Fault::Internal {
        problem: "busy".into(),
    }))];
    assert_eq!(play(&["agent", "restart"], vec![stubborn]).exit, 1);
}

fn findings() -> Vec<Result<Reply, Failure>> {
    let finding = |place: &str, what: &str, grade: &str, hint: Option<&str>| {
        Ok(Reply::Finding(Finding {
            place: place.into(),
            what: what.into(),
            grade: grade.into(),
            text: format!("how {what} stands"),
            hint: hint.map(str::to_owned),
        }))
    };
    vec![
        finding("agent", "the agent", "ok", None),
        finding("/mnt/cam", "file locks", "warning", Some("mount without nobrl")),
        finding("/mnt/cam", "locks.json", "mended", None),
        finding(
            "/mnt/cam",
            "the log",
            "error",
            Some("restore log/0/17.json from a backup"),
        ),
        Ok(Reply::Done),
    ]
}

#[test]
fn doctor_fails_while_an_error_stands() {
    insta::assert_snapshot!("doctor", play(&["doctor", "--fix"], vec![findings()]).shown());
    let json = play(&["doctor", "/mnt/cam", "--json"], vec![findings()]);
    insta::assert_snapshot!("doctor_json", format!("{:#}", json.json()));
    let mut healthy = findings();
    healthy.retain(|reply| !matches!(reply, Ok(Reply::Finding(finding)) if finding.grade == "error"));
    assert_eq!(play(&["doctor"], vec![healthy]).exit, 0);
    let mut broken_off = findings();
    broken_off.truncate(2);
    assert_eq!(play(&["doctor"], vec![broken_off]).exit, 15);
}

#[test]
fn completions_know_every_verb() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let played = play(&["completions", shell, "--quiet"], vec![]);
        assert_eq!(played.exit, 0);
        for verb in crate::args::VERBS {
            assert!(played.out.contains(verb.name), "{shell}: {}", verb.name);
        }
    }
    assert!(play(&["completions", "fish", "--json"], vec![]).json()["text"].is_string());
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("man1");
    let played = play(&["man", target.to_str().unwrap()], vec![]);
    assert_eq!(played.exit, 0, "{}", played.err);
    for page in [
        "camctl.1",
        "camctl-checkout.1",
        "camctl-agent.1",
        "camctl-agent-logs.1",
    ] {
        let text = std::fs::read_to_string(target.join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    let root = play(&["man"], vec![]);
    assert!(root.out.contains("checkout"), "{}", root.out);
    let nowhere = dir.path().join("no/such/folder");
    assert_eq!(play(&["man", nowhere.to_str().unwrap()], vec![]).exit, 1);
}
