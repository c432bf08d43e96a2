//! Linux and its like: a program of the desktop's shows the window. No library for windows is linked, and a desktop's own
//! program looks as the desktop does.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::boxes::{Box, KDIALOG, XMESSAGE, ZENITY};
use super::{Choice, Kind, Message, boxes};

pub(super) fn show(message: &Message) -> Choice {
    for shown in there() {
        match run(&shown, &(shown.arguments)(message)) {
            Some(output) if message.kind == Kind::Offer => return (shown.choice)(&output),
            Some(_) => return Choice::Leave,
            None => {}
        }
    }
    Choice::Leave
}

pub(super) fn words(question: &str) -> Option<String> {
    for shown in there() {
        let Some(arguments) = shown.question else { break };
        if let Some(output) = run(&shown, &arguments(question)) {
            return boxes::words(&output);
        }
    }
    Some(String::new())
}

/// The programs to try. Without a display such programs fail in the same way as when they are closed, some after a long
/// time.
fn there() -> impl Iterator<Item = Box> {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let seen = set("DISPLAY") || set("WAYLAND_DISPLAY");
    let all = in_order().into_iter().filter(move |_| seen);
    all.filter(|one| in_path(one.program).is_some())
}

/// `None` when it cannot be started.
fn run(shown: &Box, arguments: &[String]) -> Option<Output> {
    let mut command = Command::new(in_path(shown.program)?);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    command.output().ok()
}

fn in_order() -> [Box; 3] {
    let desktop = env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    if desktop.split(':').any(|name| name == "KDE") {
        [KDIALOG, ZENITY, XMESSAGE]
    } else {
        [ZENITY, KDIALOG, XMESSAGE]
    }
}

/// In an absolute folder of PATH: nobody means a program that lies where they stand, least of all on a share.
fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
