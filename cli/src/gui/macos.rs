//! macOS: AppleScript's own dialog. What it shows are arguments of the script, never a part of it.

use std::process::{Command, Stdio};

use super::{Choice, Kind, Message};

const OFFER: &str = "on run argv
display dialog (item 2 of argv) with title (item 1 of argv) buttons {\"Ask for it\", \"Wait in line\", \"Close\"} default button \"Close\" cancel button \"Close\" with icon caution
return button returned of result
end run";

const TELL: &str = "on run argv
display dialog (item 2 of argv) with title (item 1 of argv) buttons {\"OK\"} default button \"OK\"
end run";

const ASK: &str = "on run argv
display dialog (item 2 of argv) with title (item 1 of argv) default answer \"\"
return text returned of result
end run";

pub(super) fn show(message: &Message) -> Choice {
    let script = if message.kind == Kind::Offer { OFFER } else { TELL };
    match run(script, message.title, &message.text).as_deref() {
        Some("Wait in line") => Choice::Wait,
        Some("Ask for it") => Choice::Ask,
        _ => Choice::Leave,
    }
}

pub(super) fn words(question: &str) -> Option<String> {
    run(ASK, "camctl", question)
}

/// What the script returns; `None` when the person cancelled it.
fn run(script: &str, title: &str, text: &str) -> Option<String> {
    let output = Command::new("/usr/bin/osascript")
        .args(["-e", script, title, text])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| said.trim_end().to_owned())
}
