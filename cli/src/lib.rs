//! `camctl`, the command line: says to the agent what a person or a script wants, and tells what came of it.
//!
//! - `args`: the grammar and the table of verbs; `commands`: one file for each verb.
//! - `app`: what every command works with; `link`, `agent_start`, `agent_log`: the way to the agent.
//! - `login`: having the agent started at login; `file_managers`: camctl in their menus; `registry`: where Windows has both.
//! - `batch`: several files in one command; `files`: paths as they are typed.
//! - `gui`: problems in a window, for who has no terminal.
//! - `output`: the only place that prints; `errors`: the only place that words errors; `exit`: the exit codes.
//!
//! Never here: the shared folder. Every path goes to the agent as it is; nothing in this crate opens, lists or
//! resolves one. No async runtime and no threads: a command starts in a fraction of a millisecond, and what it does
//! not need (the time zone, the terminal, other verbs' grammar) it does not look at.
//!
//! There are two programs, which differ in nothing but their [`Face`]: `camctl`, and on Windows `camctlw` too.

mod agent_log;
mod agent_start;
mod app;
mod args;
mod batch;
mod commands;
mod errors;
mod exit;
mod file_managers;
mod files;
mod gui;
mod link;
mod login;
mod output;
#[cfg(windows)]
mod registry;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use camctl_shared::clock::SystemClock;

use app::App;
use args::Global;
use errors::Failure;
use exit::Exit;
use link::Local;
use output::json::Nothing;
use output::time::Times;
use output::{Mode, Output};

/// How a program meets whoever has started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// In a terminal; in a window too, with `--gui`.
    Terminal,
    /// In a window: it has no terminal.
    Window,
}

/// Does what the command line says.
#[must_use]
pub fn main(face: Face) -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    #[cfg(unix)]
    if let Some(result) = commands::run::program::platform::gate(&words) {
        let app = app(Mode::Human, false, false);
        return end(finish(app, "run", result.map(|()| Exit::Done)));
    }
    let exit = match args::parse(&words) {
        Ok(parsed) => {
            let global = parsed.global;
            let gui = global.gui || face == Face::Window || is_started_by_a_desktop(&parsed);
            let mut app = app(mode(global), may_start(global), gui);
            let result = parsed.run(&mut app);
            finish(app, parsed.verb.name, result)
        }
        Err(error) => misunderstood(&error, &words, face),
    };
    end(exit)
}

/// Whether a program is to be run, for a person, where there is no terminal at all: from a menu, say. What is in its way
/// would be told to nobody otherwise.
fn is_started_by_a_desktop(parsed: &args::Parsed) -> bool {
    parsed.verb.name == "run" && mode(parsed.global) == Mode::Human && !output::terminal::is_any()
}

/// A byte is what all systems have; only programs of Windows end with more.
#[expect(clippy::disallowed_methods, reason = "everything is done by now")]
fn end(exit: Exit) -> ExitCode {
    match u8::try_from(exit.number()) {
        Ok(code) => ExitCode::from(code),
        Err(_) => std::process::exit(exit.number()),
    }
}

fn app(mode: Mode, may_start: bool, gui: bool) -> App {
    let windows = gui.then(|| Box::new(gui::Here) as Box<dyn gui::Windows>);
    let out = Output::system(mode, Times::system(Box::new(SystemClock)));
    App::new(
        out,
        Box::new(Local::new(may_start)),
        Box::new(login::Here),
        Box::new(file_managers::Here),
        windows,
    )
}

fn mode(global: Global) -> Mode {
    match (global.json, global.quiet) {
        (true, _) => Mode::Json,
        (false, true) => Mode::Quiet,
        (false, false) => Mode::Human,
    }
}

fn may_start(global: Global) -> bool {
    let refused = env::var_os("CAMCTL_NO_AGENT_START").is_some_and(|value| !value.is_empty() && value != "0");
    !global.no_start && !refused
}

fn finish(mut app: App, command: &str, result: Result<Exit, Failure>) -> Exit {
    let mut exit = result.unwrap_or_else(|failure| {
        app.out.error(&failure);
        app.out.answer(command, Nothing {}, Some(&failure));
        failure.code().1
    });
    if let Err(failure) = app.out.finish() {
        app.out.error(&failure);
        if exit == Exit::Done {
            exit = failure.code().1;
        }
    }
    // Last: a window stays until somebody has seen it.
    gui::tell(&mut app);
    exit
}

/// Help and the version are answers; everything else is wrong usage.
fn misunderstood(error: &clap::Error, words: &[OsString], face: Face) -> Exit {
    let said = |option: &str| words.iter().any(|word| word == option);
    let gui = face == Face::Window || said("--gui");
    let mut text = error.render().to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if !error.use_stderr() {
        let mut app = app(Mode::Human, false, gui);
        app.out.page(text.as_bytes());
        return finish(app, "help", Ok(Exit::Done));
    }
    let usage = Failure::Usage {
        problem: first_paragraph(&text),
    };
    if said("--json") {
        let command = args::called(words).map_or("", |verb| verb.name);
        return finish(app(Mode::Json, false, gui), command, Err(usage));
    }
    let mut app = app(Mode::Human, false, gui);
    app.out.complaint(&text, usage);
    finish(app, "", Ok(Exit::Usage))
}

/// What is wrong, on one line, out of what clap says at length.
fn first_paragraph(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}
