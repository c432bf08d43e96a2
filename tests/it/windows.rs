//! What only Windows has: drive letters, UNC names, paths of other letters' size, the Run key, a program without a console.

use std::path::PathBuf;

use serde_json::json;
use testkit::{LONG, Repository, Sandbox, Script, camctl_program, wait_until};

use crate::stage::{Stage, file};

/// The same file by other names: other letters' size, other separators, the long form, and wherever the system shows the
/// folder once more: under Wine as a part of drive Z:, on Windows as an administrator's share.
fn names(repository: &Repository, file: &str) -> Vec<String> {
    let usual = repository.path(file).display().to_string().replace('/', r"\");
    let (drive, below) = usual.split_at(2);
    let mut names = vec![
        usual.to_lowercase(),
        usual.to_uppercase(),
        usual.replace('\\', "/"),
        format!(r"\\?\{usual}"),
    ];
    let wine =
        std::env::var("WINEPREFIX").map(|prefix| format!("Z:{prefix}/drive_c{below}").replace('/', r"\"));
    let share = format!(r"\\localhost\{}${below}", &drive[..1]);
    let elsewhere: Vec<String> = wine.into_iter().chain([share]).collect();
    let before = names.len();
    names.extend(elsewhere.into_iter().filter(|name| PathBuf::from(name).exists()));
    assert!(names.len() > before, "no second way leads to {usual}");
    names
}

/// Given alice's lock on a file, when bob and dora ask for it by every other name,
/// then it is the same file: nobody gets it, and the table has it once.
#[test]
fn a_file_is_the_same_by_every_name_that_windows_has_for_it() {
    let stage = Stage::new();
    let names = names(&stage.repository, "parts/c.vnc");
    stage.alice(&["checkout", "parts/c.vnc"]).run().succeeds();
    stage.bob(&["status", "a.mcam"]).run().succeeds();
    for name in &names {
        let status = file(&stage.bob(&["status", name, "--json"]).run().succeeds());
        let shown = status["file"].as_str().unwrap();
        assert!(shown.eq_ignore_ascii_case("parts/c.vnc"), "{name}: {status}");
        assert_eq!(status["lock"]["user"], json!("alice"), "{name}: {status}");
        stage
            .bob(&["checkout", name])
            .run()
            .exits(11)
            .says("alice on CAM-03");
    }
    // Who comes by the strangest name first has the same table too, and one repository.
    let dora = stage.sandbox.machine("dora", "LAB");
    for name in names.iter().rev() {
        dora.camctl(["checkout", name])
            .run()
            .exits(11)
            .says("alice on CAM-03");
    }
    let known = dora.camctl(["agent", "status", "--json"]).run().succeeds().json();
    assert_eq!(known["repositories"].as_array().map(Vec::len), Some(1), "{known}");
    // The holder may give it back by any of them.
    stage
        .alice(&["checkin", &names[names.len() - 1]])
        .run()
        .succeeds();
    stage.bob(&["checkout", &names[0]]).run().succeeds();
    let table = stage.repository.projection();
    let keys: Vec<_> = table
        .iter()
        .flat_map(|table| table.as_object().unwrap().keys().cloned())
        .collect();
    assert!(
        keys.iter().filter(|key| key.contains("c.vnc")).count() <= 1,
        "{keys:?}"
    );
}

/// Given nothing in the Run key, when the start at login is enabled and disabled, then the value comes and goes; what
/// another program has written under the same name stays.
#[test]
fn the_run_key_is_written_and_removed() {
    const KEY: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
    let sandbox = Sandbox::new();
    let alice = sandbox.machine("alice", "CAM-03");
    let registry = |words: &[&str]| Script::new("reg").arguments(words).run();
    let login = || alice.camctl(["agent", "status", "--json"]).run().exits(15).json()["login"].clone();
    assert_eq!(login()["way"], json!(null));
    for _ in 0..2 {
        alice.camctl(["agent", "enable"]).run().succeeds();
        let written = registry(&["query", KEY, "/v", "camctl"]).succeeds();
        assert!(
            written.out.contains("camctl-agent.exe\"") || written.out.contains("camctlw.exe\" agent start"),
            "{}",
            written.out
        );
    }
    assert_eq!(
        (&login()["way"], &login()["problem"]),
        (&json!("run_key"), &json!(null))
    );
    alice
        .camctl(["agent", "disable"])
        .run()
        .succeeds()
        .says("no longer");
    assert_eq!(registry(&["query", KEY, "/v", "camctl"]).code, Some(1));
    registry(&["add", KEY, "/v", "camctl", "/d", "other.exe", "/f"]).succeeds();
    alice
        .camctl(["agent", "enable"])
        .run()
        .exits(1)
        .says("was not written by camctl");
    alice
        .camctl(["agent", "disable"])
        .run()
        .succeeds()
        .says("was not");
    registry(&["delete", KEY, "/v", "camctl", "/f"]).succeeds();
}

/// Given a screen (under Wine: that of `DISPLAY`), then the agent's icon is in the tray; and where a notification cannot be
/// shown, or there is no screen, the agent works all the same.
#[test]
fn the_tray_is_there_and_a_notification_that_fails_harms_nothing() {
    let sandbox = Sandbox::new();
    let repository = sandbox
        .repository()
        .file("a.mcam")
        .with(&["--admin", "boss"])
        .init();
    let screen = std::env::var("DISPLAY").ok();
    let mut alice = sandbox.machine("alice", "CAM-03").with_desktop("");
    if let Some(screen) = &screen {
        alice = alice.env("DISPLAY", screen);
    }
    let boss = sandbox.machine("boss", "HQ");
    alice.start();
    boss.start();
    let expected = if screen.is_some() || std::env::var("WINEPREFIX").is_err() {
        "the tray is there"
    } else {
        "no tray"
    };
    wait_until(LONG, expected, || alice.log().contains(expected));
    let command = |machine: &testkit::Machine, arguments: &[&str]| {
        let command = machine.camctl(arguments).in_folder(repository.folder());
        command.run().succeeds();
    };
    command(&alice, &["checkout", "a.mcam"]);
    command(&boss, &["break", "a.mcam", "--reason", "urgent"]);
    wait_until(LONG, "alice's agent knows", || {
        alice.log().contains("one of our locks was ended")
    });
    // What is told comes a fifth of a second later; the tray is changed meanwhile.
    wait_until(LONG, "it goes on", || {
        alice.log().contains("notifications cannot be shown") || std::env::var("WINEPREFIX").is_err()
    });
    command(&alice, &["checkout", "a.mcam"]);
}

/// Given a machine without an agent, when the program without a console starts one and does what it is told, then that is
/// what it does, and it ends.
#[test]
fn camctlw_does_the_same_without_a_console() {
    let stage = Stage::new();
    let windowless = camctl_program().with_file_name("camctlw.exe");
    let camctlw = |words: &[&str]| {
        let script = stage.bob.script(&windowless).arguments(words);
        script.in_folder(stage.repository.folder()).run().succeeds()
    };
    camctlw(&["agent", "stop"]);
    camctlw(&["agent", "start"]);
    camctlw(&["checkout", "a.mcam"]);
    let status = file(&stage.alice(&["status", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(status["lock"]["user"], json!("bob"), "{status}");
    camctlw(&["checkin", "a.mcam"]);
}
