//! The start at login: `camctl agent enable` and `disable`, with each session's own way. Linux; the Run key is in `windows.rs`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use testkit::{LONG, Machine, Run, Sandbox, Script, agent_program, camctl_program, wait_until};

/// A machine that has a `systemctl` of the test's own, and camctl in a folder of an odd name.
struct Seat {
    // In this order: the machine ends before the folder that it lives in.
    machine: Machine,
    programs: PathBuf,
    config: PathBuf,
    sandbox: Sandbox,
}

/// What `systemctl` does in the words of a shell; `$2` and later are what is asked for. It writes down what it was asked.
const NO_MANAGER: &str = "exit 1";
const MANAGER: &str = r#"
wants="$XDG_CONFIG_HOME/systemd/user/default.target.wants"
case "$*" in
    *" enable camctl-agent.service")
        mkdir -p "$wants"
        ln -sf ../camctl-agent.service "$wants/camctl-agent.service" ;;
    *" start camctl-agent.service")
        [ ! -e "$HOME/broken" ] || exit 1
        setsid "$HOME/../programs/"*/camctl-agent >/dev/null 2>&1 & ;;
esac"#;

impl Seat {
    /// Spaces and percent signs are what each of the files has a rule of its own for.
    fn new() -> Self {
        Self::with_programs_in("100% of it")
    }

    fn with_programs_in(folder: &str) -> Self {
        let sandbox = Sandbox::new();
        let machine = sandbox.machine("alice", "CAM-03");
        let config = machine.home().join("settings");
        let tools = machine.home().join("tools");
        let programs = sandbox.folder().join("home/programs").join(folder);
        for folder in [&config, &tools] {
            fs::create_dir(folder).unwrap();
        }
        fs::create_dir(programs.parent().unwrap()).unwrap();
        fs::create_dir(&programs).unwrap();
        for program in [camctl_program(), agent_program()] {
            fs::copy(program, programs.join(program.file_name().unwrap())).unwrap();
        }
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let machine = machine.env("XDG_CONFIG_HOME", &config).env("PATH", path);
        let seat = Self {
            machine,
            programs,
            config,
            sandbox,
        };
        seat.systemctl(NO_MANAGER);
        seat
    }

    fn systemctl(&self, does: &str) {
        let script = format!("#!/bin/sh\necho \"$*\" >>\"$HOME/asked\"\n{does}\n");
        let path = self.machine.home().join("tools/systemctl");
        // A script that is being run cannot be written to.
        let new = path.with_extension("new");
        fs::write(&new, script).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
        let _ = fs::remove_file(&path);
        symlink(&new, &path).unwrap();
    }

    fn asked(&self) -> String {
        let path = self.machine.home().join("asked");
        let asked = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        asked
    }

    fn camctl(&self, words: &[&str]) -> Run {
        let program = self.programs.join("camctl");
        self.machine.script(&program).arguments(words).run()
    }

    /// How `camctl agent status` says it stands; no agent runs.
    fn login(&self) -> Value {
        self.camctl(&["agent", "status", "--json"]).exits(15).json()["login"].clone()
    }

    fn unit(&self) -> PathBuf {
        self.config.join("systemd/user/camctl-agent.service")
    }

    fn wanted(&self) -> PathBuf {
        self.config
            .join("systemd/user/default.target.wants/camctl-agent.service")
    }

    fn entry(&self) -> PathBuf {
        self.config.join("autostart/camctl-agent.desktop")
    }

    /// Which of the files are there: the unit, the link to it, the desktop's.
    fn there(&self) -> [bool; 3] {
        [self.unit(), self.wanted(), self.entry()].map(|path| path.symlink_metadata().is_ok())
    }
}

/// Given a session without systemd, then with it, then with one that does not answer, and without again,
/// when the start at login is enabled each time, then exactly one way is there, and in the end none.
#[test]
fn there_is_one_way_and_never_two() {
    let seat = Seat::new();
    assert_eq!(seat.login(), json!({"way": null, "place": null, "problem": null}));
    seat.camctl(&["agent", "disable"]).succeeds().says("was not");

    seat.camctl(&["agent", "enable"]).succeeds().says("autostart");
    assert_eq!(seat.there(), [false, false, true]);
    let login = seat.login();
    assert_eq!(
        (&login["way"], &login["problem"]),
        (&json!("autostart"), &json!(null))
    );
    let written = fs::metadata(seat.entry()).unwrap().ino();
    seat.camctl(&["agent", "enable"]).succeeds();
    let again = fs::metadata(seat.entry()).unwrap().ino();
    assert_eq!(written, again, "what stands is not written again");

    seat.systemctl(MANAGER);
    seat.camctl(&["agent", "enable"]).succeeds().says("systemd");
    assert_eq!(seat.there(), [true, true, false]);
    assert_eq!(seat.login()["way"], "systemd");
    seat.camctl(&["agent", "enable"]).succeeds();
    assert_eq!(seat.there(), [true, true, false]);

    seat.systemctl("exec sleep 1000");
    let slow = seat.camctl(&["agent", "enable"]).succeeds();
    assert!(slow.took < LONG, "{:?}", slow.took);
    assert_eq!(seat.there(), [false, false, true]);

    seat.systemctl("case \"$*\" in *enable*) exit 1 ;; esac");
    seat.camctl(&["agent", "enable"]).succeeds().says("autostart");
    assert_eq!(seat.there(), [false, false, true]);

    seat.systemctl(MANAGER);
    seat.camctl(&["agent", "enable"]).succeeds();
    seat.camctl(&["agent", "disable"]).succeeds().says("no longer");
    assert_eq!(seat.there(), [false, false, false]);
    assert_eq!(seat.login()["way"], json!(null));
}

#[test]
fn what_others_wrote_is_left_alone_and_what_is_out_of_step_is_told() {
    let seat = Seat::new();
    fs::create_dir(seat.config.join("autostart")).unwrap();
    fs::write(seat.entry(), "[Desktop Entry]\nExec=mine\n").unwrap();
    for manager in [NO_MANAGER, MANAGER] {
        seat.systemctl(manager);
        seat.camctl(&["agent", "enable"])
            .exits(1)
            .says("was not written by camctl");
        assert_eq!(seat.there(), [false, false, true], "nothing was changed");
    }
    seat.camctl(&["agent", "disable"]).succeeds();
    assert_eq!(
        fs::read_to_string(seat.entry()).unwrap(),
        "[Desktop Entry]\nExec=mine\n"
    );
    fs::remove_file(seat.entry()).unwrap();

    // A masked unit is a person's wish.
    let folder = seat.unit().parent().unwrap().to_owned();
    fs::DirBuilder::new().recursive(true).create(folder).unwrap();
    symlink("/dev/null", seat.unit()).unwrap();
    seat.camctl(&["agent", "enable"])
        .exits(1)
        .says("camctl-agent.service");
    assert_eq!(seat.there(), [true, false, false]);
    fs::remove_file(seat.unit()).unwrap();

    seat.camctl(&["agent", "enable"]).succeeds();
    let text = fs::read_to_string(seat.unit()).unwrap();
    fs::write(seat.unit(), text.replace("programs", "elsewhere")).unwrap();
    let problem = seat.login()["problem"].to_string();
    assert!(problem.contains("another agent"), "{problem}");
    seat.camctl(&["agent", "enable"]).succeeds();
    assert_eq!(fs::read_to_string(seat.unit()).unwrap(), text);
    assert_eq!(seat.login()["problem"], json!(null));
}

/// Given a unit that starts this agent, when a command needs an agent, then the manager starts it; when the manager fails,
/// the command does.
#[test]
fn an_agent_that_a_command_starts_is_watched_by_the_manager_too() {
    let seat = Seat::new();
    seat.systemctl(MANAGER);
    seat.camctl(&["agent", "enable"]).succeeds();
    seat.asked();
    for (broken, starts) in [(false, true), (true, true)] {
        if broken {
            fs::write(seat.machine.home().join("broken"), "").unwrap();
        }
        seat.camctl(&["status"]).succeeds();
        assert_eq!(seat.asked().contains(" start camctl-agent.service"), starts);
        assert_eq!(seat.sandbox.agents().len(), 1);
        seat.camctl(&["agent", "stop"]).succeeds();
        wait_until(LONG, "it is gone", || seat.sandbox.agents().is_empty());
    }
    // An agent with other settings is none of the unit's.
    seat.asked();
    let program = seat.programs.join("camctl");
    let other = seat.machine.script(&program).env("CAMCTL_MACHINE", "CAM-04");
    other.arguments(["status"]).run().succeeds();
    assert_eq!(seat.asked(), "");
}

/// A misspelt key is no error for it, and is told all the same.
#[test]
fn systemd_analyze_has_nothing_to_say_about_the_unit() {
    let seat = Seat::new();
    seat.systemctl(MANAGER);
    seat.camctl(&["agent", "enable"]).succeeds();
    let verify = |unit: &Path| {
        let run = seat.machine.script(Path::new("systemd-analyze"));
        let run = run.env("XDG_RUNTIME_DIR", seat.machine.home());
        let run = run
            .arguments(["verify", "--user", "--man=no"])
            .arguments([unit])
            .run();
        format!("{}{}", run.out, run.err)
    };
    assert_eq!(verify(&seat.unit()), "");
    // And it does look: the program, through its quoting, and the keys.
    let wrong = seat.config.join("camctl-wrong.service");
    let text = fs::read_to_string(seat.unit()).unwrap();
    fs::write(&wrong, text.replace("RestartSec", "RestartSek")).unwrap();
    assert!(verify(&wrong).contains("RestartSek"));
    fs::write(&wrong, text.replace("camctl-agent\"", "camctl-agend\"")).unwrap();
    assert!(
        verify(&wrong).contains("100% of it/camctl-agend is not executable"),
        "{}",
        verify(&wrong)
    );
}

#[test]
fn desktop_file_validate_has_nothing_to_say_about_the_autostart_file() {
    let seat = Seat::new();
    seat.camctl(&["agent", "enable"]).succeeds();
    let validate = Script::new("desktop-file-validate").arguments([seat.entry()]);
    let run = validate.run().succeeds();
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
}

/// Given the autostart file, when the desktop starts (`dex` reads such files as a desktop does), then the agent comes up
/// for the same person, and stops.
#[test]
fn dex_starts_the_agent_from_the_autostart_file() {
    // dex knows the rule for percent signs outside quotes alone; the standard, and those who follow it, everywhere.
    let seat = Seat::with_programs_in("all of it");
    seat.camctl(&["agent", "enable"]).succeeds();
    let desktop = Script::new("dex").arguments(["--autostart", "--environment", "XFCE"]);
    // What tells the agent from others of this user is in the file, not in the desktop's environment.
    let desktop = desktop
        .env("HOME", seat.machine.home())
        .env("XDG_CONFIG_HOME", &seat.config)
        .env("XDG_CONFIG_DIRS", "/nonexistent");
    desktop.run().succeeds();
    let status = || seat.camctl(&["agent", "status", "--json"]);
    wait_until(LONG, "the agent answers", || status().code == Some(0));
    let status = status().json();
    assert_eq!(
        (&status["user"], &status["machine"]),
        (&json!("alice"), &json!("CAM-03"))
    );
    assert_eq!(status["login"]["way"], "autostart");
    seat.camctl(&["agent", "stop"]).succeeds();
    wait_until(LONG, "it is gone", || seat.sandbox.agents().is_empty());
}
