//! Programs that show a window: how each is called, and what its end means.
//!
//! None of them is given anything that it could take for an option, for markup or for an escape sequence. The harmless
//! button is the one that Enter presses; closing the window, Escape, and every answer that is not understood are harmless
//! too.

use std::process::Output;

use super::{Choice, Kind, Message};

const LEAVE: &str = "Close";
const WAIT: &str = "Wait in line";
const ASK: &str = "Ask for it";

/// One of them.
pub(super) struct Box {
    /// Its name in PATH.
    pub(super) program: &'static str,
    /// Its arguments for a message.
    pub(super) arguments: fn(&Message) -> Vec<String>,
    /// What its end means, when choices were offered.
    pub(super) choice: fn(&Output) -> Choice,
    /// Its arguments to ask for a text; `None` where it cannot.
    pub(super) question: Option<fn(&str) -> Vec<String>>,
}

/// The text that somebody gave to a program that ended so.
pub(super) fn words(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    output.status.success().then(|| text.to_owned())
}

/// GNOME's and its relatives'; the button that Enter presses is "OK", and any other says its label.
pub(super) const ZENITY: Box = Box {
    program: "zenity",
    arguments: |message| {
        let kind = match message.kind {
            Kind::Problem => "--error",
            Kind::Offer => "--warning",
            Kind::News => "--info",
        };
        let mut words = vec![
            kind.to_owned(),
            "--no-markup".to_owned(),
            "--width=480".to_owned(),
            format!("--title={}", message.title),
            format!("--text={}", message.text),
        ];
        if message.kind == Kind::Offer {
            words.push(format!("--ok-label={LEAVE}"));
            words.push(format!("--extra-button={WAIT}"));
            words.push(format!("--extra-button={ASK}"));
        }
        words
    },
    choice: |output| match String::from_utf8_lossy(&output.stdout).trim_end() {
        WAIT => Choice::Wait,
        ASK => Choice::Ask,
        _ => Choice::Leave,
    },
    question: Some(|question| {
        let text = format!("--text={question}");
        ["--entry", "--title=camctl", "--width=480", &text]
            .map(str::to_owned)
            .to_vec()
    }),
};

/// KDE's. Its questions have no button that Enter and Escape both press; its lists have a harmless answer to both.
pub(super) const KDIALOG: Box = Box {
    program: "kdialog",
    arguments: |message| {
        let text = rich(&message.text);
        if message.kind == Kind::Offer {
            let choices = [["leave", LEAVE, "on"], ["wait", WAIT, "off"], ["ask", ASK, "off"]];
            let mut words = vec!["--title", message.title, "--radiolist", &text];
            words.extend(choices.iter().flatten());
            words.into_iter().map(str::to_owned).collect()
        } else {
            let kind = if message.kind == Kind::News {
                "--msgbox"
            } else {
                "--error"
            };
            ["--title", message.title, kind, &text]
                .map(str::to_owned)
                .to_vec()
        }
    },
    choice: |output| match String::from_utf8_lossy(&output.stdout).trim_end() {
        "wait" if output.status.success() => Choice::Wait,
        "ask" if output.status.success() => Choice::Ask,
        _ => Choice::Leave,
    },
    question: Some(|question| {
        ["--title", "camctl", "--inputbox", question]
            .map(str::to_owned)
            .to_vec()
    }),
};

/// X's own, which is there when nothing better is.
pub(super) const XMESSAGE: Box = Box {
    program: "xmessage",
    arguments: |message| {
        let buttons = if message.kind == Kind::Offer {
            format!("{LEAVE}:0,{WAIT}:11,{ASK}:12")
        } else {
            "OK:0".to_owned()
        };
        let default = if message.kind == Kind::Offer { LEAVE } else { "OK" };
        let text = format!("{}\n\n{}\n", message.title, message.text);
        ["-center", "-buttons", &buttons, "-default", default, &text]
            .map(str::to_owned)
            .to_vec()
    },
    choice: |output| match output.status.code() {
        Some(11) => Choice::Wait,
        Some(12) => Choice::Ask,
        _ => Choice::Leave,
    },
    question: None,
};

/// Qt takes for markup what looks like it: so it is given markup in which nothing else can look like it.
fn rich(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<qt>{}</qt>", text.replace('\n', "<br/>"))
}
