//! macOS: AppleScript's own dialog. What it shows are arguments of the script, never a part of it.

use std::process::{Command, Stdio};

use super::{Choice, Kind, Message};

const OFFER: &str = "on run argv
display dialog (item 2 of argv) with title (item 1 of argv) buttons {\"Wait in line\", \"Leave it\"} default button \"Leave it\" cancel button \"Leave it\" with icon caution
return button returned of result
end run";

const TELL: &str = "on run argv
display dialog (item 2 of argv) with title (item 1 of argv) buttons {\"OK\"} default button \"OK\"
end run";

pub(super) fn show(message: &Message) -> Choice {
    let script = if message.kind == Kind::Offer { OFFER } else { TELL };
    let output = Command::new("/usr/bin/osascript")
        .args(["-e", script, message.title, &message.text])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let said = output.map(|output| output.stdout).unwrap_or_default();
    match String::from_utf8_lossy(&said).trim_end() {
        "Wait in line" => Choice::Wait,
        _ => Choice::Leave,
    }
}
