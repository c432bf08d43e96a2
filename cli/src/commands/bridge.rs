//! `camctl bridge`
//!
//! - [`ask`], [`mod@say`]: the lines, in and out.
//! - [`mod@core`], [`places`]: what is decided; [`exchange`]: what that takes and
//!   gives. Pure.
//! - [`work`]: the threads.

mod ask;
mod core;
mod exchange;
mod places;
mod say;
#[cfg(test)]
mod tests;
mod work;

use std::io::{self, BufRead, Read as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;

use camctl_shared::clock::{Clock as _, SystemClock};
use clap::Args;

use self::ask::LONGEST;
use self::core::Core;
use self::exchange::{Effect, Input};
use self::say::Say;
use self::work::Work;
use crate::app::App;
use crate::args::Verb;
use crate::errors::Failure;
use crate::exit::Exit;

/// Speak JSON lines with another program, on standard input and output
///
/// For file managers and other programs that show how files stand. They ask for the status of
/// paths, subscribe to folders, and give commands. Ends when its input ends. The lines are
/// described in BRIDGE.md, beside the source of this program.
///
/// Examples:
///   camctl bridge                               started by a program, not by a person
///   camctl bridge < questions > answers
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Bridge {}

impl Verb for Bridge {
    const NAME: &'static str = "bridge";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let (heard, hear) = channel();
        let no_thread = |error: io::Error| Failure::Local {
            problem: format!("the system gives no thread: {error}"),
        };
        let mut work = Work::new(heard.clone(), app.may_start()).map_err(no_thread)?;
        let mut core = Core::new();
        say(app, Say::Hello);
        thread::Builder::new()
            .name("lines".into())
            .spawn(move || listen(io::stdin().lock(), &heard))
            .map_err(no_thread)?;
        while !core.is_over() && !app.out.is_broken() {
            let wait = core.due().map(|due| due.since(SystemClock.moment()));
            let input = match wait {
                Some(wait) => hear.recv_timeout(wait),
                None => hear.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let now = SystemClock.moment();
            let effects = match input {
                Ok(input) => core.hear(input, now),
                Err(RecvTimeoutError::Timeout) => core.late(now),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            for effect in effects {
                match effect {
                    Effect::Say(what) => say(app, *what),
                    effect => work.begin(effect),
                }
            }
        }
        Ok(Exit::Done)
    }
}

fn say(app: &mut App, what: Say) {
    let line = what.line(app.out.times());
    app.out.line(&line);
}

/// Reads lines to their end. One that is too long is passed over.
fn listen(mut from: impl BufRead, to: &Sender<Input>) {
    let limit = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    let mut passing_over = false;
    loop {
        line.clear();
        let read = from.by_ref().take(limit).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            // Sending fails only when the process is about to end.
            let _ = to.send(Input::End);
            return;
        }
        let whole = line.ends_with(b"\n") || line.len() <= LONGEST;
        let was_passing_over = std::mem::replace(&mut passing_over, !whole);
        let input = match (was_passing_over, whole) {
            (true, _) => continue,
            (false, false) => Input::TooLong,
            (false, true) if line.trim_ascii().is_empty() => continue,
            (false, true) => Input::Line(ask::read(&line)),
        };
        if to.send(input).is_err() {
            return;
        }
    }
}
