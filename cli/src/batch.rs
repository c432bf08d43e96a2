//! Several files in one command: each is reported, successes stand, failures are counted.

use std::time::Duration;

use camctl_shared::ipc::message::{FileReport, Outcome, Reply, Request};

use crate::app::{ANSWER_LIMIT, App, out_of_place};
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::json::{FileShape, FilesShape, ResultShape};
use crate::output::text;
use crate::output::time::Times;

/// How many bytes of paths go into one request: far below the limit of a frame, which is 1 MiB.
const REQUEST_BYTES: usize = 256 * 1024;

/// What became of one file. The outcome is never [`Outcome::Failed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The absolute path that was asked for.
    pub asked: String,
    /// How to call it in messages and commands.
    pub about: About,
    /// What became of it.
    pub result: Result<Outcome, Failure>,
}

impl Entry {
    /// What the agent said of one file; `asked` has it as it was typed.
    pub fn from_report(verb: &'static str, report: FileReport, asked: &[Asked]) -> Self {
        let typed = asked.iter().find(|asked| asked.absolute == report.asked);
        let typed = typed.map_or_else(|| report.asked.clone(), |asked| asked.typed.clone());
        let name = report.file.unwrap_or_else(|| typed.clone());
        let about = About {
            verb,
            name,
            typed,
            repository: report.repository,
        };
        let result = match report.outcome {
            Outcome::Failed(fault) => Err(Failure::fault(about.clone(), fault)),
            outcome => Ok(outcome),
        };
        Self {
            asked: report.asked,
            about,
            result,
        }
    }

    /// A file that the agent never spoke of.
    pub fn failed(verb: &'static str, asked: &Asked, failure: &Failure) -> Self {
        let about = asked.about(verb);
        let failure = failure.clone().for_file(&about);
        Self {
            asked: asked.absolute.clone(),
            about,
            result: Err(failure),
        }
    }

    /// Its shape in JSON.
    pub fn shape(&self, times: &Times) -> FileShape {
        let known = self.about.repository.is_some();
        FileShape {
            asked: self.asked.clone(),
            repository: self.about.repository.clone(),
            file: known.then(|| self.about.name.clone()),
            result: ResultShape::new(&self.result, times),
        }
    }
}

/// A command about files, as it goes on.
#[derive(Debug)]
pub struct Batch {
    verb: &'static str,
    entries: Vec<Entry>,
    last_error: Option<String>,
    tell: Tell,
}

/// When successes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// A line each, as they come.
    AtOnce,
    /// By the caller, from [`Batch::entries`].
    Later,
}

impl Batch {
    /// Makes what was typed ready to be asked for; what cannot be is reported at once.
    pub fn start(app: &mut App, verb: &'static str, typed: &[std::ffi::OsString]) -> (Self, Vec<Asked>) {
        let mut batch = Self {
            verb,
            entries: Vec::new(),
            last_error: None,
            tell: Tell::AtOnce,
        };
        let mut asked = Vec::with_capacity(typed.len());
        for typed in typed {
            match Asked::new(verb, typed) {
                Ok(file) => asked.push(file),
                Err(failure) => {
                    let typed = typed.to_string_lossy().into_owned();
                    let about = About::typed(verb, &typed);
                    batch.report(
                        app,
                        Entry {
                            asked: typed,
                            about,
                            result: Err(failure),
                        },
                    );
                }
            }
        }
        (batch, asked)
    }

    /// Whether nothing has been reported.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All that was reported.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Asks for `asked`, in as many requests as it takes, and reports every file. `keep` may take an entry out of
    /// the report, when the command goes on with that file.
    pub fn run(
        &mut self,
        app: &mut App,
        asked: &[Asked],
        limit: Option<Duration>,
        request: impl Fn(Vec<String>) -> Request,
        mut keep: impl FnMut(&Entry) -> bool,
    ) {
        for part in parts(asked) {
            let mut missing: Vec<&Asked> = part.iter().collect();
            let files = part.iter().map(|asked| asked.absolute.clone()).collect();
            let about = match part {
                [one] => one.about(self.verb),
                _ => About::command(self.verb),
            };
            let end = self.converse(app, &request(files), &about, limit, part, &mut missing, &mut keep);
            let failure = match end {
                Ok(()) if missing.is_empty() => continue,
                Ok(()) => Failure::unexpected(about, "the answer leaves files out"),
                Err(failure) => failure,
            };
            for asked in missing {
                self.report(app, Entry::failed(self.verb, asked, &failure));
            }
        }
    }

    /// Asks without naming files: everything that the request means is reported, or with [`Tell::Later`] only
    /// its errors are.
    ///
    /// # Errors
    /// When the request failed as a whole.
    pub fn run_all(&mut self, app: &mut App, request: &Request, tell: Tell) -> Result<(), Failure> {
        let about = About::command(self.verb);
        self.tell = tell;
        self.converse(
            app,
            request,
            &about,
            Some(ANSWER_LIMIT),
            &[],
            &mut Vec::new(),
            &mut |_| false,
        )
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one conversation, split from its two callers"
    )]
    fn converse(
        &mut self,
        app: &mut App,
        request: &Request,
        about: &About,
        limit: Option<Duration>,
        asked: &[Asked],
        missing: &mut Vec<&Asked>,
        keep: &mut dyn FnMut(&Entry) -> bool,
    ) -> Result<(), Failure> {
        app.send(request)?;
        while let Some(reply) = app.next(about, limit)? {
            let Reply::File(report) = reply else {
                return Err(out_of_place(about, &reply));
            };
            if let Some(found) = missing.iter().position(|asked| asked.absolute == report.asked) {
                missing.swap_remove(found);
            }
            let entry = Entry::from_report(self.verb, report, asked);
            if !keep(&entry) {
                self.report(app, entry);
            }
        }
        Ok(())
    }

    /// Reports one file. The same error twice in a row (a share that is away, for a hundred files) is said once.
    fn report(&mut self, app: &mut App, entry: Entry) {
        match &entry.result {
            Ok(outcome) if app.out.is_human() && self.tell == Tell::AtOnce => {
                let line = text::outcome(&entry.about.name, outcome, app.out.times());
                app.out.say(&line);
            }
            Ok(_) => {}
            Err(failure) => {
                let said = failure.wording(app.out.times()).text;
                if self.last_error.as_ref() != Some(&said) {
                    app.out.error(failure);
                    self.last_error = Some(said);
                }
            }
        }
        self.entries.push(entry);
    }

    /// The batch's failure, if any: that of its only file, or how many failed.
    pub fn failure(&self) -> Option<Failure> {
        let failures: Vec<&Failure> = self
            .entries
            .iter()
            .filter_map(|entry| entry.result.as_ref().err())
            .collect();
        let first = *failures.first()?;
        if self.entries.len() == 1 {
            return Some(first.clone());
        }
        let all = failures.len() == self.entries.len();
        let alike = failures.iter().all(|failure| failure.code() == first.code());
        Some(Failure::Batch {
            failed: failures.len(),
            of: self.entries.len(),
            alike: (all && alike).then(|| first.code()),
        })
    }

    /// Ends the command: the JSON answer, the line that counts, the exit code.
    pub fn finish(self, app: &mut App) -> Exit {
        let failure = self.failure();
        let times = app.out.times();
        if app.out.is_json() {
            let all = self.tell == Tell::Later;
            let (mut files, mut awaited, mut asked) = (Vec::new(), Vec::new(), Vec::new());
            for entry in &self.entries {
                let list = match &entry.result {
                    Ok(Outcome::Awaited { .. }) if all => &mut awaited,
                    Ok(Outcome::Requested { .. }) if all => &mut asked,
                    _ => &mut files,
                };
                list.push(entry.shape(times));
            }
            let shape = FilesShape {
                files,
                awaited: all.then_some(awaited),
                asked: all.then_some(asked),
            };
            app.out.answer(self.verb, shape, failure.as_ref());
        }
        match failure {
            None => Exit::Done,
            Some(failure) => {
                if self.entries.len() > 1 {
                    app.out.error(&failure);
                }
                failure.code().1
            }
        }
    }
}

/// `asked` in parts that fit into requests.
fn parts(asked: &[Asked]) -> Vec<&[Asked]> {
    let mut parts = Vec::new();
    let mut rest = asked;
    while !rest.is_empty() {
        let mut bytes = 0;
        let count = rest
            .iter()
            .take_while(|asked| {
                bytes += asked.absolute.len() + 8;
                bytes <= REQUEST_BYTES
            })
            .count();
        let (part, others) = rest.split_at(count.max(1));
        parts.push(part);
        rest = others;
    }
    parts
}
