//! `camctl --gui`: problems in a window. The programs that show windows are stand-ins that write down what they were given,
//! and answer in each way that people and accidents do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use testkit::{LONG, Run, Script, wait_until};

use crate::stage::{Stage, file};

/// Whatever shells, markup and options could take for their own, as far as a name may have it in it.
const ODD: &str = "-a&amp;b %n $(touch x) 'z'.mcam";

/// A message may have more.
const MESSAGE: &str = "<i>mine</i> & \\n \"yours\"";

/// Bob at a desktop, and alice, who has the odd file.
struct Desk {
    stage: Stage,
    tools: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let stage = Stage::with(|repository| repository.file(ODD));
        stage
            .alice(&["checkout", "-m", MESSAGE, "--", ODD])
            .run()
            .succeeds();
        let tools = stage.sandbox.folder().join("tools");
        fs::create_dir(&tools).unwrap();
        Self { stage, tools }
    }

    /// A program that is asked to show windows, and what it does then, in the words of a shell.
    fn program(&self, name: &str, does: &str) {
        let path = self.tools.join(name);
        let _ = fs::remove_file(&path);
        let shown = self.tools.join("shown");
        let script = format!(
            "#!/bin/sh\nprintf '%s\\0' {name} \"$@\" >>'{}'\n{does}\n",
            shown.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What it was given since this was asked last, its name first.
    fn shown(&self) -> Vec<String> {
        let path = self.tools.join("shown");
        let shown = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        shown.split_terminator('\0').map(str::to_owned).collect()
    }

    fn bob(&self, words: &[&str]) -> Script {
        let bob = self.stage.bob(words).env("DISPLAY", ":no");
        // Of the system's programs only those that the stand-ins need.
        bob.env("PATH", format!("{}:/nonexistent", self.tools.display()))
    }

    fn checkout(&self) -> Run {
        self.bob(&["--gui", "checkout", "--", ODD]).run().exits(11)
    }
}

#[test]
fn a_refused_checkout_opens_a_window_and_what_closes_it_leaves_it() {
    let desk = Desk::new();
    let accidents = [
        "exit 0",
        "exit 1",
        "exit 5",
        "kill -9 $$",
        "echo 'something else'; exit 1",
    ];
    for (program, text) in [("xmessage", 6), ("kdialog", 4), ("zenity", 5)] {
        for accident in accidents {
            desk.program(program, accident);
            desk.checkout().says("checked out by alice");
            let shown = desk.shown();
            assert_eq!(shown[0], program, "the better one is asked: {shown:?}");
            assert!(shown[text].contains("alice on CAM-03"), "{shown:?}");
        }
    }
    let table = desk.stage.repository.projection().unwrap().to_string();
    assert!(
        !table.contains("CNC-1"),
        "bob neither has it nor waits for it: {table}"
    );
}

/// Given a file that alice has, when bob chooses in the window to wait in line, then the program ends with his place told, and
/// the file is his when alice checks it in.
#[test]
fn who_waits_in_line_is_told_the_place_and_gets_it_without_a_program() {
    let desk = Desk::new();
    let choose = "case $1 in --warning) echo 'Wait in line'; exit 1 ;; esac";
    desk.program("zenity", choose);
    desk.checkout();
    let shown = desk.shown();
    let news = shown.iter().position(|word| word == "--info").unwrap();
    assert!(
        shown[news..]
            .iter()
            .any(|word| word.contains("you are the first in line")),
        "{shown:?}"
    );
    desk.stage.alice(&["checkin", "--", ODD]).run().succeeds();
    wait_until(LONG, "bob has it", || {
        let status = file(&desk.stage.bob(&["status", "--json", "--", ODD]).run().succeeds());
        status["lock"]["user"] == "bob"
    });
}

/// Given a file that alice has, when bob chooses to ask for it, then she reads what he wrote; and when he closes the window
/// that asks for his words, nobody is asked for anything.
#[test]
fn who_asks_for_it_may_say_why_or_think_again() {
    let desk = Desk::new();
    let asks = |entry: &str| {
        let choose = "--warning) echo 'Ask for it'; exit 1 ;;";
        desk.program("zenity", &format!("case $1 in {choose} --entry) {entry} ;; esac"));
        desk.checkout();
        let status = desk.stage.alice(&["status", "--json"]).run().succeeds().json();
        let requests = status["files"][0]["requests"].as_array().cloned();
        requests.unwrap_or_default()
    };
    assert!(asks("exit 1").is_empty(), "he thought again");
    assert!(!desk.shown().iter().any(|word| word == "--info"));
    asks("echo 'Op <30>'");
    wait_until(LONG, "alice is asked", || {
        let status = desk.stage.alice(&["status", "--json"]).run().succeeds().json();
        status["files"][0]["requests"][0]["message"] == "Op <30>"
    });
    assert!(
        desk.shown()
            .iter()
            .any(|word| word.contains("asked alice on CAM-03"))
    );
}

#[test]
fn nothing_in_a_name_or_a_message_is_more_than_text_to_the_program() {
    let desk = Desk::new();
    desk.program("zenity", "exit 0");
    desk.checkout();
    let shown = desk.shown();
    assert!(shown.contains(&"--no-markup".to_owned()), "{shown:?}");
    let text: Vec<_> = shown.iter().filter(|word| word.starts_with("--text=")).collect();
    assert!(text[0].contains(ODD) && text[0].contains(MESSAGE), "{text:?}");
    let options = shown[1..].iter().all(|word| word.starts_with("--"));
    assert!(options, "nothing is an argument of its own: {shown:?}");

    desk.program("kdialog", "exit 0");
    let kde = desk
        .bob(&["--gui", "checkout", "--", ODD])
        .env("XDG_CURRENT_DESKTOP", "KDE");
    kde.run().exits(11);
    let shown = desk.shown();
    assert_eq!(shown[0], "kdialog");
    assert!(shown[4].starts_with("<qt>-a&amp;amp;b %n"), "{shown:?}");
    assert!(
        shown[4].contains("&lt;i&gt;mine&lt;/i&gt; &amp; \\n \"yours\""),
        "{shown:?}"
    );
}

#[test]
fn where_no_window_can_be_shown_there_is_the_text_alone() {
    let desk = Desk::new();
    desk.checkout().says("checked out by alice");
    desk.program("zenity", "exit 0");
    let blind = desk.bob(&["--gui", "checkout", "--", ODD]).env("DISPLAY", "");
    blind.run().exits(11).says("checked out by alice");
    let never_asked = desk.bob(&["checkout", "--", ODD]).run().exits(11);
    never_asked.says("checked out by alice");
    assert!(desk.shown().is_empty(), "nobody was shown anything");
    // What is done is done quietly, and other problems have one button.
    desk.bob(&["--gui", "checkout", "a.mcam"]).run().succeeds();
    assert!(desk.shown().is_empty());
    desk.bob(&["--gui", "checkin", "nowhere.mcam"]).run().exits(12);
    let shown = desk.shown();
    assert_eq!((shown[0].as_str(), shown[1].as_str()), ("zenity", "--error"));
    assert!(!shown.iter().any(|word| word.contains("button")), "{shown:?}");
}
