//! The commands that the two people run: shown, timed, and checked.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ExitStatus, Stdio};

use camctl_shared::clock::{Clock as _, Moment, SystemClock};

use super::stage::{Person, Stage, failed};
use crate::app::App;
use crate::errors::Failure;
use crate::exit::Exit;
use crate::output::json::agent::StepShape;
use crate::output::quote::quote;
use crate::output::style::Paint;

/// What must come of a command.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// One of these exit codes.
    pub exits: &'a [Exit],
    /// All of these words in its answer.
    pub says: &'a [&'a str],
}

impl<'a> Expected<'a> {
    /// It succeeds, and its answer holds these words.
    pub const fn done(says: &'a [&'a str]) -> Self {
        Self {
            exits: &[Exit::Done],
            says,
        }
    }

    fn check(&self, step: &StepShape) -> Result<(), Failure> {
        let command = &step.command;
        if !self.exits.iter().any(|exit| exit.code() == step.exit) {
            return Err(failed(format!(
                "`{command}` ended with the exit code {}",
                step.exit
            )));
        }
        match self.says.iter().find(|word| !step.output.contains(**word)) {
            Some(word) => Err(failed(format!(
                "the answer to `{command}` does not say \"{word}\""
            ))),
            None => Ok(()),
        }
    }
}

/// A command that has begun.
pub struct Running {
    person: Person,
    shown: String,
    began: Moment,
    child: Child,
    errors: BufReader<ChildStderr>,
    said: String,
}

/// Tells what comes next.
pub fn tell(app: &mut App, text: &str) {
    app.out.say(&format!("\n{text}"));
}

/// Runs a command to its end and checks it.
///
/// # Errors
/// When it does not do as expected.
pub fn run(
    app: &mut App,
    stage: &mut Stage,
    person: Person,
    words: &[&str],
    expected: Expected<'_>,
) -> Result<(), Failure> {
    let running = begin(app, stage, person, words)?;
    end(app, stage, running, expected)
}

/// Begins a command that will wait for somebody else; returns when it has said so.
///
/// # Errors
/// When it ends without waiting.
pub fn begin_waiting(
    app: &mut App,
    stage: &Stage,
    person: Person,
    words: &[&str],
) -> Result<Running, Failure> {
    let mut running = begin(app, stage, person, words)?;
    while !running.said.contains("waiting") {
        let from = running.said.len();
        match running.errors.read_line(&mut running.said) {
            Ok(count) if count > 0 => show_answer(app, &running.said[from..]),
            _ => {
                let _ = running.child.wait();
                return Err(failed(format!(
                    "`{}` did not wait: {}",
                    running.shown, running.said
                )));
            }
        }
    }
    Ok(running)
}

fn begin(app: &mut App, stage: &Stage, person: Person, words: &[&str]) -> Result<Running, Failure> {
    let shown: Vec<_> = words.iter().map(|word| quote(word)).collect();
    let shown = format!("camctl {}", shown.join(" "));
    show_command(app, person, &shown);
    let began = SystemClock.moment();
    let child = stage
        .command(person, &stage.camctl)
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let cannot = |error: io::Error| failed(format!("cannot run `{shown}`: {error}"));
    let mut child = child.map_err(cannot)?;
    match child.stderr.take() {
        Some(errors) => {
            let errors = BufReader::new(errors);
            Ok(Running {
                person,
                shown,
                began,
                child,
                errors,
                said: String::new(),
            })
        }
        None => Err(cannot(io::ErrorKind::BrokenPipe.into())),
    }
}

/// Waits for the end of a command and checks it.
///
/// # Errors
/// When it does not do as expected.
pub fn end(
    app: &mut App,
    stage: &mut Stage,
    running: Running,
    expected: Expected<'_>,
) -> Result<(), Failure> {
    let Running {
        person,
        shown,
        began,
        mut child,
        mut errors,
        mut said,
    } = running;
    let waited = !said.is_empty();
    let told = said.len();
    let mut answer = String::new();
    let status = read(child.stdout.take(), &mut answer)
        .and_then(|()| errors.read_to_string(&mut said))
        .and_then(|_| child.wait())
        .map_err(|error| failed(format!("`{shown}`: {error}")))?;
    if waited {
        show_command(app, person, &format!("{shown}    (goes on)"));
    }
    show_answer(app, &answer);
    show_answer(app, &said[told..]);
    let took = SystemClock.moment().since(began);
    let step = StepShape {
        who: person.name().to_owned(),
        exit: exit_code(&shown, status)?,
        command: shown,
        output: answer + &said,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    };
    let checked = expected.check(&step);
    stage.steps.push(step);
    checked
}

fn read(pipe: Option<impl io::Read>, into: &mut String) -> io::Result<()> {
    match pipe {
        Some(mut pipe) => pipe.read_to_string(into).map(drop),
        None => Ok(()),
    }
}

fn exit_code(shown: &str, status: ExitStatus) -> Result<u8, Failure> {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.ok_or_else(|| failed(format!("`{shown}` was ended from outside ({status})")))
}

fn show_command(app: &mut App, person: Person, shown: &str) {
    let prompt = format!("{}@{}$", person.name(), person.machine());
    let prompt = app.out.paint(Paint::Dim, &prompt);
    let command = app.out.paint(Paint::Command, shown);
    app.out.say(&format!("  {prompt} {command}"));
}

fn show_answer(app: &mut App, text: &str) {
    for line in text.lines() {
        app.out.say(&format!("      {line}"));
    }
}
