//! The only place that prints.
//!
//! Answers go to standard output, errors, hints and progress to standard error. With `--json` everything is one JSON
//! object on standard output (streams: one per line). A reader that goes away (`camctl list | head`) ends the
//! printing quietly and changes nothing about what is done.

pub mod csv;
pub mod digits;
pub mod json;
pub mod listing;
pub mod page;
pub mod past;
pub mod quote;
pub mod sheet;
pub mod style;
pub mod table;
pub mod terminal;
pub mod text;
pub mod time;
mod zone;

pub use camctl_shared::text as clean;

use std::cell::OnceCell;
use std::io::{self, Write};

use serde::Serialize;

use crate::errors::{Failure, Wording};
use json::Answer;
use json::agent::TextShape;
use style::{Paint, Style};
use table::Table;
use time::Times;

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Sentences and tables.
    #[default]
    Human,
    /// Errors only.
    Quiet,
    /// JSON only.
    Json,
}

/// The two streams and how to write to them.
pub struct Output {
    mode: Mode,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    times: Times,
    out_style: OnceCell<Style>,
    err_style: OnceCell<Style>,
    columns: OnceCell<Option<usize>>,
    transient: OnceCell<bool>,
    /// What stands on the line of standard error that goes away again.
    progress: String,
    broken: bool,
    trouble: Option<io::Error>,
    /// What was complained about, where that is shown in a window too.
    complaints: Option<Vec<Failure>>,
}

impl Output {
    /// The process's own streams. Nothing is asked of the terminal or the time zone until it is needed.
    pub fn system(mode: Mode, times: Times) -> Self {
        Self::new(mode, Box::new(io::stdout()), Box::new(io::stderr()), times)
    }

    fn new(mode: Mode, out: Box<dyn Write>, err: Box<dyn Write>, times: Times) -> Self {
        Self {
            mode,
            out,
            err,
            times,
            out_style: OnceCell::new(),
            err_style: OnceCell::new(),
            columns: OnceCell::new(),
            transient: OnceCell::new(),
            progress: String::new(),
            broken: false,
            trouble: None,
            complaints: None,
        }
    }

    /// From now on keeps what is complained about, for [`Output::complaints`].
    pub fn keep_complaints(&mut self) {
        self.complaints = Some(Vec::new());
    }

    /// What was complained about since it was asked for last.
    pub fn complaints(&mut self) -> Vec<Failure> {
        self.complaints.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// As if standard error were a terminal.
    #[cfg(all(test, unix))]
    pub fn on_a_terminal(mut self) -> Self {
        self.transient = OnceCell::from(true);
        self
    }

    /// Streams of the caller's own, which are no terminals.
    #[cfg(all(test, unix))]
    pub fn to_streams(mode: Mode, out: Box<dyn Write>, err: Box<dyn Write>, times: Times) -> Self {
        let output = Self::new(mode, out, err, times);
        let _ = output.out_style.set(Style::plain());
        let _ = output.err_style.set(Style::plain());
        let _ = output.columns.set(None);
        let _ = output.transient.set(false);
        output
    }

    /// The times that this output shows.
    pub fn times(&self) -> &Times {
        &self.times
    }

    /// Whether the reader went away: a command that only prints may stop.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether text for people is wanted at all.
    pub fn is_human(&self) -> bool {
        self.mode == Mode::Human
    }

    /// Whether an answer in JSON is wanted.
    pub fn is_json(&self) -> bool {
        self.mode == Mode::Json
    }

    fn out_style(&self) -> Style {
        *self.out_style.get_or_init(terminal::stdout_style)
    }

    fn err_style(&self) -> Style {
        *self.err_style.get_or_init(terminal::stderr_style)
    }

    /// `text` in a colour, for [`Output::say`].
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        self.out_style().paint(paint, text).into_owned()
    }

    /// A table that fits this output.
    pub fn table<const N: usize>(&self, header: [&'static str; N]) -> Table<N> {
        let columns = *self.columns.get_or_init(terminal::columns);
        Table::new(header, self.out_style(), columns)
    }

    /// One line of an answer, for people.
    pub fn say(&mut self, line: &str) {
        if self.mode == Mode::Human {
            self.end_progress();
            self.write_out(format!("{line}\n").as_bytes());
        }
    }

    /// Whole lines of an answer, for people.
    pub fn page(&mut self, lines: &[u8]) {
        if self.mode == Mode::Human {
            self.end_progress();
            self.write_out(lines);
        }
    }

    /// One line beside the answer, for people: on standard error.
    pub fn note(&mut self, line: &str) {
        if self.mode == Mode::Human {
            self.end_progress();
            let _ = self.err.write_all(format!("{line}\n").as_bytes());
        }
    }

    /// Something to look at beside the answer, for people: on standard error.
    pub fn warn(&mut self, label: &str, text: &str) {
        let label = self.err_style().paint(Paint::Warning, label);
        self.note(&format!("{label} {text}"));
    }

    /// How far it is, on a line that the next one replaces; only where standard error is a terminal.
    pub fn progress(&mut self, text: &str) {
        let shown = self.mode == Mode::Human && self.progress != text;
        if !shown || !*self.transient.get_or_init(terminal::stderr_is_terminal) {
            return;
        }
        let line = format!("\r\u{1b}[K{text}");
        let _ = self
            .err
            .write_all(line.as_bytes())
            .and_then(|()| self.err.flush());
        text.clone_into(&mut self.progress);
    }

    /// Takes the progress line away.
    fn end_progress(&mut self) {
        if self.progress.is_empty() {
            return;
        }
        self.progress.clear();
        let _ = self.err.write_all(b"\r\x1b[K");
    }

    /// An answer as one JSON object on a line of its own; nothing in the other modes.
    pub fn answer<T: Serialize>(&mut self, command: &str, body: T, failure: Option<&Failure>) {
        if self.mode != Mode::Json {
            return;
        }
        let answer = Answer::new(command, body, failure, &self.times);
        match serde_json::to_string(&answer) {
            Ok(line) => self.write_out((line + "\n").as_bytes()),
            Err(error) => self.trouble = Some(error.into()),
        }
    }

    /// One JSON object of another form than [`Output::answer`]'s, on a line of its own that is sent at once.
    pub fn line<T: Serialize>(&mut self, body: &T) {
        match serde_json::to_string(body) {
            Ok(line) => self.write_out((line + "\n").as_bytes()),
            Err(error) => self.trouble = Some(error.into()),
        }
        if self.out.flush().is_err() {
            self.broken = true;
        }
    }

    /// A part of an answer that is too long to be held: the caller keeps it JSON.
    pub fn json_part(&mut self, part: &[u8]) {
        if self.mode == Mode::Json {
            self.write_out(part);
        }
    }

    /// What the command is for: a script, a manual page, a log. Also with `--quiet`.
    pub fn deliver(&mut self, command: &str, text: &str) {
        if self.mode == Mode::Json {
            self.answer(
                command,
                TextShape {
                    text: text.to_owned(),
                },
                None,
            );
        } else {
            self.write_out(text.as_bytes());
        }
    }

    /// An error, for people; `answer` says it in JSON.
    pub fn error(&mut self, failure: &Failure) {
        if let Some(complaints) = &mut self.complaints {
            complaints.push(failure.clone());
        }
        if self.mode == Mode::Json {
            return;
        }
        self.end_progress();
        let wording = failure.wording(&self.times);
        let text = render(&wording, self.err_style(), self.mode == Mode::Human);
        let _ = self.err.write_all(text.as_bytes());
    }

    /// Wrong usage: on standard error the text as it is, which clap says at length.
    pub fn complaint(&mut self, text: &str, usage: Failure) {
        if let Some(complaints) = &mut self.complaints {
            complaints.push(usage);
        }
        let _ = self.err.write_all(text.as_bytes());
    }

    fn write_out(&mut self, text: &[u8]) {
        if self.broken {
            return;
        }
        if let Err(error) = self.out.write_all(text) {
            self.broken = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.trouble = Some(error);
            }
        }
    }

    /// Sees everything written out.
    ///
    /// # Errors
    /// When standard output could not be written for another reason than a reader that went away.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.end_progress();
        if !self.broken
            && let Err(error) = self.out.flush()
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.trouble = Some(error);
        }
        match self.trouble.take() {
            None => Ok(()),
            Some(error) => Err(Failure::Local {
                problem: format!("cannot write the answer: {error}"),
            }),
        }
    }
}

/// An error as it stands on standard error.
fn render(wording: &Wording, style: Style, hints: bool) -> String {
    let mut text = format!("{} {}\n", style.paint(Paint::Error, "error:"), wording.text);
    if !hints {
        return text;
    }
    let with_command = wording.hints.iter().filter(|hint| hint.command.is_some());
    let widest = with_command
        .map(|hint| clean::width(&hint.text))
        .max()
        .unwrap_or(0);
    for hint in &wording.hints {
        text.push_str("  ");
        text.push_str(&hint.text);
        if let Some(command) = &hint.command {
            let padding = widest - clean::width(&hint.text) + 2;
            text.push_str(&" ".repeat(padding));
            text.push_str(&style.paint(Paint::Command, command));
        }
        text.push('\n');
    }
    text
}
