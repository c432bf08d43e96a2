//! `camctl`, the command line: says to the agent what a person or a script wants, and tells what came of it.
//!
//! - [`args`]: the grammar and the table of verbs; [`commands`]: one file for each verb.
//! - [`app`]: what every command works with; [`link`], [`agent_start`], [`agent_log`]: the way to the agent.
//! - [`login`]: having the agent started at login.
//! - [`batch`]: several files in one command; [`files`]: paths as they are typed.
//! - [`mod@output`]: the only place that prints; [`errors`]: the only place that words errors; [`exit`]: the exit codes.
//!
//! Never here: the shared folder. Every path goes to the agent as it is; nothing in this crate opens, lists or
//! resolves one. No async runtime and no threads: a command starts in a fraction of a millisecond, and what it does
//! not need (the time zone, the terminal, other verbs' grammar) it does not look at.

mod agent_log;
mod agent_start;
mod app;
mod args;
mod batch;
mod commands;
mod errors;
mod exit;
mod files;
mod link;
mod login;
mod output;
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

/// See `Cargo.toml`: musl's own allocator costs more than the rest of a short command.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    let exit = match args::parse(&words) {
        Ok(parsed) => {
            let global = parsed.global;
            let link = Box::new(Local::new(may_start(global)));
            let mut app = App::new(output(mode(global)), link, Box::new(login::Here));
            let result = parsed.run(&mut app);
            finish(app.out, parsed.verb.name, result)
        }
        Err(error) => misunderstood(&error, &words),
    };
    ExitCode::from(exit.code())
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

fn output(mode: Mode) -> Output {
    Output::system(mode, Times::system(Box::new(SystemClock)))
}

fn finish(mut out: Output, command: &str, result: Result<Exit, Failure>) -> Exit {
    let exit = result.unwrap_or_else(|failure| {
        out.error(&failure);
        out.answer(command, Nothing {}, Some(&failure));
        failure.code().1
    });
    match out.finish() {
        Ok(()) => exit,
        Err(failure) => {
            out.error(&failure);
            if exit == Exit::Done {
                failure.code().1
            } else {
                exit
            }
        }
    }
}

/// Help and the version are answers; everything else is wrong usage.
fn misunderstood(error: &clap::Error, words: &[OsString]) -> Exit {
    let mut text = error.render().to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if !error.use_stderr() {
        let mut out = output(Mode::Human);
        out.page(text.as_bytes());
        return finish(out, "help", Ok(Exit::Done));
    }
    if words.iter().any(|word| word == "--json") {
        let command = args::called(words).map_or("", |verb| verb.name);
        return finish(
            output(Mode::Json),
            command,
            Err(Failure::Usage {
                problem: first_paragraph(&text),
            }),
        );
    }
    let mut out = output(Mode::Human);
    out.complaint(&text);
    finish(out, "", Ok(Exit::Usage))
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
