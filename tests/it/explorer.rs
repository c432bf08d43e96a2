//! camctl in Explorer's menu: what is written into the registry, and that each entry does what it says.

mod windows;

use std::os::windows::process::CommandExt as _;
use std::path::Path;
use std::process::Child;

use serde_json::{Value, json};
use testkit::{LONG, Machine, Script, wait_until};

use self::windows::Window;
use crate::stage::{Stage, file};

const KEY: &str = r"HKCU\Software\Classes\*\shell\camctl";
const CLASSES: &str = r"HKCU\Software\Classes";
/// Whatever a command line could take for its own, as far as a name may have it in it.
const ODD: &str = "-a & b %PATH% ^ü' (1).mcam";

fn registry(words: &[&str]) -> testkit::Run {
    Script::new("reg").arguments(words).run()
}

/// All that the registry says of classes, for before and after.
fn classes() -> String {
    registry(&["query", CLASSES, "/s"]).out
}

/// What an entry's command says.
fn command_of(entry: &str) -> String {
    let said = registry(&["query", &format!(r"{KEY}\shell\{entry}\command"), "/ve"]).succeeds();
    let line = said.out.lines().find_map(|line| line.split_once("REG_SZ"));
    assert!(line.is_some(), "{entry}: {}", said.out);
    line.unwrap().1.trim().to_owned()
}

/// Starts it as Explorer does: the line as it stands, with the file's path in it.
fn choose(machine: &Machine, entry: &str, path: &str) -> Child {
    let line = command_of(entry);
    let (program, rest) = line[1..].split_once('"').unwrap();
    let mut script = machine.script(Path::new(program));
    if let Ok(screen) = std::env::var("DISPLAY") {
        script = script.env("DISPLAY", screen);
    }
    let mut command = script.command();
    command.raw_arg(rest.trim_start().replace("%1", path));
    command.spawn().unwrap()
}

#[track_caller]
fn ends_with(mut child: Child, code: i32) {
    let mut ended = None;
    wait_until(LONG, "the program that was chosen ends", || {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    assert_eq!(ended.and_then(|status| status.code()), Some(code));
}

/// Under Wine there may be no screen; then a window is not shown, and closes itself.
fn has_screen() -> bool {
    std::env::var("DISPLAY").is_ok() || std::env::var("WINEPREFIX").is_err()
}

/// Given nothing of camctl's in the registry, when it is put into Explorer's menu and each entry is chosen for a file of an odd
/// name, then each does what it says, and what is refused or asked is told in a window; when it is taken away, the
/// registry is as it was.
#[test]
fn each_entry_of_explorers_menu_does_what_it_says_and_all_goes_without_a_trace() {
    let stage = Stage::with(|repository| repository.file(ODD));
    let path = stage
        .repository
        .path(ODD)
        .display()
        .to_string()
        .replace('/', r"\");
    let integrate = |words: &[&str]| stage.bob(&[&["integrate"], words].concat()).run();
    let standing = || file(&stage.alice(&["status", "--json", "--", ODD]).run().succeeds());
    let holder = || standing()["lock"]["user"].clone();
    let before = classes();
    assert_eq!(integrate(&["--json"]).succeeds().json()["places"], json!([]));

    for _ in 0..2 {
        integrate(&["on"])
            .succeeds()
            .says(r"Software/Classes/*/shell/camctl");
        assert_eq!(integrate(&["--json"]).succeeds().json()["problem"], Value::Null);
    }
    ends_with(choose(&stage.bob, "1-checkout", &path), 0);
    assert_eq!(holder(), "bob");
    ends_with(choose(&stage.bob, "2-checkin", &path), 0);
    assert_eq!(holder(), Value::Null);

    stage
        .alice(&["checkout", "-m", "hers", "--", ODD])
        .run()
        .succeeds();
    let told = |entry: &str, title: &str, word: &str, code: i32| {
        let child = choose(&stage.bob, entry, &path);
        if has_screen() {
            let window = Window::titled(title);
            let text = window.text();
            assert!(text.contains(ODD) && text.contains(word), "{text}");
            window.close();
        }
        ends_with(child, code);
    };
    told("5-status", "camctl: who has it", "alice on CAM-03", 0);
    told("1-checkout", "camctl: somebody else has it", "\"hers\"", 11);
    assert_eq!(standing()["line"], json!([]), "a window that is closed leaves it");
    ends_with(choose(&stage.bob, "4-notify", &path), 0);
    let his = file(&stage.bob(&["status", "--json", "--", ODD]).run().succeeds());
    assert_eq!(his["notify"], true, "{his}");
    ends_with(choose(&stage.bob, "3-queue", &path), 0);
    assert_eq!(standing()["line"][0]["user"], "bob");
    stage.alice(&["checkin", "--", ODD]).run().succeeds();
    wait_until(LONG, "it is bob's", || holder() == "bob");

    integrate(&["on", "--ext", ".mcam,vnc"])
        .succeeds()
        .says("System.FileExtension");
    let search = registry(&["query", KEY, "/v", "AppliesTo"]).succeeds();
    search.says(r#"System.FileExtension:=".mcam" OR System.FileExtension:=".vnc""#);
    integrate(&["off"]).succeeds().says("no longer");
    assert_eq!(classes(), before);
    integrate(&["off"]).succeeds().says("was not");

    // What somebody else wrote is left alone, and what was changed is told.
    registry(&["add", KEY, "/v", "MUIVerb", "/d", "other", "/f"]).succeeds();
    integrate(&["on"]).exits(1).says("was not written by camctl");
    integrate(&["off"]).succeeds().says("was not");
    registry(&["query", KEY, "/v", "MUIVerb"])
        .succeeds()
        .says("other");
    registry(&["delete", KEY, "/f"]).succeeds();
    integrate(&["on"]).succeeds();
    let entry = format!(r"{KEY}\shell\1-checkout\command");
    registry(&["add", &entry, "/ve", "/d", "other.exe", "/f"]).succeeds();
    integrate(&[]).succeeds().says("camctl integrate on");
    integrate(&["on"]).succeeds();
    assert!(!command_of("1-checkout").contains("other"));
    integrate(&["off"]).succeeds();
    assert_eq!(classes(), before);
}
