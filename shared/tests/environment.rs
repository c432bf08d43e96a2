//! What the variables of a process's environment come to. Each case is a process of its own: this test's program,
//! started again.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::path::Path;
use std::process::Command;

use camctl_shared::paths::{Paths, identity};

const ANSWER: &str = "CAMCTL_TEST_ANSWER";

/// What this process makes of its environment, a line for each question.
fn answer() -> String {
    let paths = match Paths::from_env() {
        Ok(paths) => [
            paths.config_file(),
            paths.repositories_file(),
            paths.log_dir.clone(),
            paths.agent_lock(),
        ]
        .map(|path| path.display().to_string())
        .join("\n"),
        Err(error) => error.to_string(),
    };
    let show = |name: Result<Box<str>, identity::IdentityError>| match name {
        Ok(name) => name.to_string(),
        Err(error) => error.to_string(),
    };
    format!(
        "{paths}\n{}\n{}",
        show(identity::user()),
        show(identity::machine())
    )
}

/// The answer of a process with nothing but these variables, started in `folder`.
fn ask(folder: &Path, variables: &[(&str, &str)]) -> Vec<String> {
    let file = folder.join("answer");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "variables_come_to_places_and_names"])
        .env_clear()
        .env(ANSWER, &file)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stdout)
    );
    let answer = std::fs::read_to_string(&file).unwrap();
    answer.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn variables_come_to_places_and_names() {
    if let Some(file) = std::env::var_os(ANSWER) {
        std::fs::write(file, answer()).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    let ask = |variables: &[(&str, &str)]| ask(&here, variables);

    let plain = ask(&[
        ("HOME", "/h"),
        ("CAMCTL_USER", " bob\n"),
        ("CAMCTL_MACHINE", "CAM-03"),
    ]);
    assert_eq!(
        plain[..3],
        [
            "/h/.config/camctl/config.toml",
            "/h/.local/share/camctl/repositories.json",
            "/h/.local/state/camctl/logs",
        ]
    );
    // Whether the system keeps a folder for this user's sockets is the system's affair.
    let uid = rustix::process::geteuid().as_raw();
    let possible = [
        format!("/run/user/{uid}/camctl/agent.lock"),
        format!("/tmp/camctl-{uid}/agent.lock"),
    ];
    assert!(possible.contains(&plain[3]), "{}", plain[3]);
    assert_eq!(plain[4..], ["bob", "CAM-03"]);

    let set = ask(&[
        ("HOME", "/h"),
        ("XDG_RUNTIME_DIR", "/r"),
        ("XDG_CONFIG_HOME", "/c"),
        ("XDG_DATA_HOME", "relative"),
        ("CAMCTL_HOME", ""),
    ]);
    assert_eq!(set[0], "/c/camctl/config.toml");
    assert_eq!(
        set[1], "/h/.local/share/camctl/repositories.json",
        "a relative folder is no folder"
    );
    assert_eq!(set[3], "/r/camctl/agent.lock");

    let own = ask(&[
        ("CAMCTL_HOME", "/a/b"),
        ("XDG_RUNTIME_DIR", "/r"),
        ("XDG_CONFIG_HOME", "/c"),
    ]);
    assert_eq!(
        own[..4],
        [
            "/a/b/config/config.toml",
            "/a/b/data/repositories.json",
            "/a/b/logs",
            "/a/b/runtime/agent.lock"
        ]
    );

    let bad = ask(&[
        ("HOME", "/h"),
        ("CAMCTL_USER", "\n\t"),
        ("CAMCTL_MACHINE", &"x".repeat(256)),
    ]);
    assert_eq!(
        bad[4..],
        [
            "CAMCTL_USER cannot be used: it is empty",
            "CAMCTL_MACHINE cannot be used: it is longer than 255 bytes"
        ]
    );
}
