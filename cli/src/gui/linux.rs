//! Linux and its like: a program of the desktop's shows the window. No library for windows is linked, and a desktop's own
//! program looks as the desktop does.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::boxes::{Box, KDIALOG, XMESSAGE, ZENITY};
use super::{Choice, Kind, Message};

pub(super) fn show(message: &Message) -> Choice {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    // Without a display such programs fail in the same way as when they are closed, some after a long time.
    if !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        return Choice::Leave;
    }
    for shown in in_order() {
        let Some(program) = in_path(shown.program) else {
            continue;
        };
        let output = Command::new(program)
            .args((shown.arguments)(message))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        match output {
            Ok(output) if message.kind == Kind::Offer => return (shown.choice)(&output),
            Ok(_) => return Choice::Leave,
            Err(_) => {}
        }
    }
    Choice::Leave
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
