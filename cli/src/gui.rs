//! Problems in a window, for who has started `camctl --gui` from a menu, a shortcut or a file manager.
//!
//! What a command complains about is told here, in one window when the command is over. A refused checkout offers what one
//! can do: wait in line, ask whoever has it, or nothing. Whatever closes the window by accident does nothing: Enter, Escape, a
//! program for windows that is killed or is not there.
//!
//! The text for terminals is written all the same: where no window can be shown, it is what is left.
//!
//! Never here: guessing. A window is shown when it was asked for, by `--gui` or by the program `camctlw`, which has no
//! terminal by construction. A script that runs without a terminal must never wait for a click.

#[cfg(all(unix, not(target_os = "macos")))]
mod boxes;
#[cfg(all(unix, not(target_os = "macos")))]
#[path = "gui/linux.rs"]
mod platform;
#[cfg(target_os = "macos")]
#[path = "gui/macos.rs"]
mod platform;
#[cfg(windows)]
#[path = "gui/windows.rs"]
mod platform;

use camctl_shared::ipc::message::{Fault, InLine, LockInfo, Request, Whose};

use crate::app::{ANSWER_LIMIT, App};
use crate::args::Verb as _;
use crate::batch::{Batch, Entry};
use crate::commands::queue::Queue;
use crate::commands::request::Request as Ask;
use crate::errors::{About, Failure, Wording};
use crate::output::clean::shorten;
use crate::output::text;
use crate::output::time::Times;

/// So many files are named in one window.
const NAMED: usize = 8;
/// So many columns of one line are shown: somebody's message may be long.
const COLUMNS: usize = 300;

/// What a person can do about a refused checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Nothing.
    Leave,
    /// Wait in line, without a program that waits along.
    Wait,
    /// Ask its owner for it.
    Ask,
}

/// What kind of window it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something went wrong.
    Problem,
    /// Somebody else has it: what to do?
    Offer,
    /// What has come of a choice.
    News,
}

/// What a window shows. No markup in it, and nothing but line breaks among control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The window's title, in words of our own.
    pub title: &'static str,
    /// What it says.
    pub text: String,
    /// With choices, or with one button.
    pub kind: Kind,
}

/// Shows windows.
pub trait Windows {
    /// Shows one until the person has answered; [`Choice::Leave`] where none can be shown.
    fn show(&mut self, message: &Message) -> Choice;

    /// Asks for a text, which may be left empty, and is where none can be asked for; `None` when the person wants nothing after
    /// all.
    fn words(&mut self, question: &str) -> Option<String>;
}

/// What is asked of whoever asks for a file.
const WHY: &str = "Why do you need it? Whoever has it will read this.";

/// The windows of this system.
#[derive(Debug)]
pub struct Here;

impl Windows for Here {
    fn show(&mut self, message: &Message) -> Choice {
        platform::show(message)
    }

    fn words(&mut self, question: &str) -> Option<String> {
        platform::words(question)
    }
}

/// Shows what the command has complained about, where a window was asked for, and does what is chosen there.
pub fn tell(app: &mut App) {
    let Some(mut windows) = app.windows.take() else {
        return;
    };
    let told = sort(&app.out.complaints(), app.out.times());
    for message in &told.messages {
        let choice = windows.show(message);
        if message.kind != Kind::Offer {
            continue;
        }
        if let Err(failure) = act(app, &mut *windows, choice, &told.refused) {
            app.out.error(&failure);
        }
    }
    // What has come of the choice is told, and offers nothing: there is an end to it.
    for mut message in sort(&app.out.complaints(), app.out.times()).messages {
        message.kind = Kind::Problem;
        windows.show(&message);
    }
}

/// Shows how files stand, where a window was asked for: what was asked is the one success that is not quiet.
pub fn show_standing(app: &mut App, entries: &[Entry]) {
    let Some(windows) = &mut app.windows else { return };
    let times = app.out.times();
    let texts = entries.iter().filter_map(|entry| {
        let outcome = entry.result.as_ref().ok()?;
        Some(text::outcome(&entry.about.name, outcome, times))
    });
    let texts: Vec<String> = texts.collect();
    if !texts.is_empty() {
        windows.show(&Message {
            title: "camctl: who has it",
            text: list(&texts),
            kind: Kind::News,
        });
    }
}

/// Does what was chosen about the files of refused checkouts, as the commands do that people type for it.
fn act(app: &mut App, windows: &mut dyn Windows, choice: Choice, refused: &[About]) -> Result<(), Failure> {
    let files: Vec<_> = refused.iter().map(|about| about.typed.clone().into()).collect();
    match choice {
        Choice::Leave => return Ok(()),
        Choice::Wait => {
            let wish = InLine::Join { message: None };
            let request = |files| Request::Queue {
                files,
                wish: wish.clone(),
            };
            run(
                app,
                windows,
                Queue::NAME,
                "camctl: waiting in line",
                &files,
                request,
            );
        }
        Choice::Ask => {
            let Some(why) = windows.words(WHY) else {
                return Ok(());
            };
            let message = Some(why).filter(|why| !why.trim().is_empty());
            let request = |files| Request::Request {
                files,
                message: message.clone(),
            };
            run(app, windows, Ask::NAME, "camctl: asked for it", &files, request);
        }
    }
    app.out.finish()
}

/// Asks the agent for it, and tells what succeeded; what did not is a complaint like any other.
fn run(
    app: &mut App,
    windows: &mut dyn Windows,
    verb: &'static str,
    title: &'static str,
    files: &[std::ffi::OsString],
    request: impl Fn(Vec<String>) -> Request,
) {
    let (mut batch, asked) = Batch::start(app, verb, files);
    batch.run(app, &asked, Some(ANSWER_LIMIT), request, |_| false);
    let done = batch.entries().iter().filter_map(|entry| {
        let outcome = entry.result.as_ref().ok()?;
        Some(text::outcome(&entry.about.name, outcome, app.out.times()))
    });
    let done: Vec<String> = done.collect();
    batch.finish(app);
    if !done.is_empty() {
        windows.show(&Message {
            title,
            text: list(&done),
            kind: Kind::News,
        });
    }
}

/// What a command has complained about, sorted for windows.
#[derive(Debug, Default)]
pub struct Told {
    /// Checkouts that somebody else's locks are in the way of.
    pub refused: Vec<About>,
    /// What the windows show, one after the other.
    pub messages: Vec<Message>,
}

/// Sorts what failed: refused checkouts in one window, all else in another.
pub fn sort(failures: &[Failure], times: &Times) -> Told {
    let mut told = Told::default();
    let (mut refusals, mut others) = (Vec::new(), Vec::new());
    let in_use = |failure: &Failure| {
        matches!(failure, Failure::Fault { about, fault } if about.verb == "run"
        && matches!(**fault, Fault::Held { .. } | Fault::Guarded { .. } | Fault::TimedOut { .. }))
    };
    let title = if failures.iter().any(in_use) {
        "camctl: it is in use"
    } else {
        "camctl: that did not work"
    };
    for failure in failures {
        match refusal(failure) {
            Some(about) => {
                refusals.push(refused(&failure.wording(times)));
                told.refused.push(about.clone());
            }
            // It counts what has been told already.
            None if matches!(failure, Failure::Batch { .. }) => {}
            None => others.push(plain(failure, times)),
        }
    }
    if !others.is_empty() {
        told.messages.push(Message {
            title,
            text: list(&others),
            kind: Kind::Problem,
        });
    }
    if !refusals.is_empty() {
        told.messages.push(Message {
            title: "camctl: somebody else has it",
            text: list(&refusals),
            kind: Kind::Offer,
        });
    }
    told
}

/// The checkout that somebody else's lock was in the way of. One's own lock on another machine is given back there.
fn refusal(failure: &Failure) -> Option<&About> {
    let Failure::Fault { about, fault } = failure else {
        return None;
    };
    let theirs = |lock: &LockInfo| lock.whose == Whose::Theirs;
    match &**fault {
        Fault::Held { lock, .. } | Fault::Guarded { lock } if about.verb == "checkout" && theirs(lock) => {
            Some(about)
        }
        _ => None,
    }
}

/// Who has it, since when, and why; and which place in line there is.
fn refused(words: &Wording) -> String {
    match words.detail.place {
        Some(place) if place > 1 => format!("{}\nIn line you would be number {place}.", words.text),
        _ => words.text.clone(),
    }
}

/// What went wrong, and what to know about it; commands are for terminals.
fn plain(failure: &Failure, times: &Times) -> String {
    let words = failure.wording(times);
    let hints = words.hints.into_iter().filter(|hint| hint.command.is_none());
    hints.fold(words.text, |text, hint| text + "\n" + &hint.text)
}

fn list(texts: &[String]) -> String {
    let shown: Vec<String> = texts
        .iter()
        .take(NAMED)
        .map(|text| {
            let lines: Vec<_> = text.lines().map(|line| shorten(line, COLUMNS)).collect();
            lines.join("\n")
        })
        .collect();
    let more = match texts.len() - shown.len() {
        0 => String::new(),
        more => format!("\n\n… and {more} more"),
    };
    shown.join("\n\n") + &more
}
