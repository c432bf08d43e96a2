//! A file that shows how it stands with the locks of a program, for whoever shows that to people: the program itself,
//! usually. It is replaced whole, so that no reader ever sees a half of it.

use std::ffi::OsStr;
use std::path::PathBuf;

use camctl_shared::ipc::message::LockInfo;
use camctl_shared::paths::replace_file;
use serde::Serialize;

use super::Run;
use crate::app::App;
use crate::args::Verb as _;
use crate::errors::{About, Failure};
use crate::files::Asked;
use crate::output::json::{LockShape, VERSION};

/// How it stands with all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In line, or about to ask.
    Waiting,
    /// The program runs, and has its files to itself.
    Locked,
    /// It runs, and nobody can say at the moment whether it has.
    Unsafe,
    /// It runs, and somebody else may have one of them.
    Lost,
    /// It could not be run.
    Refused,
    /// It has ended, and its files are free.
    Unlocked,
}

#[derive(Debug, Serialize)]
struct FileShape {
    asked: String,
    file: Option<String>,
    lock: Option<LockShape>,
}

#[derive(Debug, Serialize)]
struct Shape<'a> {
    camctl: u32,
    command: &'static str,
    state: State,
    /// Whether the program has its files to itself, as far as anybody knows.
    locked: bool,
    exit: Option<i32>,
    files: &'a [FileShape],
}

/// See the module.
#[derive(Debug)]
pub struct Indicator {
    path: Option<PathBuf>,
    state: State,
    files: Vec<FileShape>,
}

impl Indicator {
    /// At `path`, or nowhere.
    ///
    /// # Errors
    /// When it cannot be made absolute.
    pub fn new(path: Option<&OsStr>, files: &[Asked]) -> Result<Self, Failure> {
        let path = path.map(std::path::absolute).transpose();
        let path = path.map_err(|error| Failure::Local {
            problem: format!("the status file cannot be named: {error}"),
        })?;
        let shape = |asked: &Asked| FileShape {
            asked: asked.absolute.clone(),
            file: None,
            lock: None,
        };
        Ok(Self {
            path,
            state: State::Waiting,
            files: files.iter().map(shape).collect(),
        })
    }

    /// One is waited for.
    pub fn waits(&mut self, app: &mut App, about: &About, lock: Option<&LockInfo>) {
        let waiting = self
            .files
            .iter_mut()
            .find(|file| file.lock.is_none() || file.file.as_deref() == Some(&*about.name));
        if let Some(file) = waiting {
            file.file = Some(about.name.clone());
            file.lock = lock.map(LockShape::from);
        }
        self.show(app, State::Waiting, None);
    }

    /// One is had.
    pub fn holds(&mut self, app: &mut App, asked: &Asked, about: &About, lock: &LockInfo) {
        if let Some(file) = self.file(asked) {
            file.file = Some(about.name.clone());
            file.lock = Some(LockShape::from(lock));
        }
        let all = self.files.iter().all(|file| file.lock.is_some());
        if all {
            self.show(app, State::Locked, None);
        }
    }

    /// What is known of one has changed.
    pub fn stands(&mut self, app: &mut App, asked: &Asked, lock: Option<&LockInfo>, state: State) {
        if let Some(file) = self.file(asked) {
            file.lock = lock.map(LockShape::from);
        }
        self.show(app, state, None);
    }

    /// The program was not run.
    pub fn refused(&mut self, app: &mut App) {
        self.show(app, State::Refused, None);
    }

    /// The program has ended.
    pub fn ended(&mut self, app: &mut App, code: i32) {
        for file in &mut self.files {
            file.lock = None;
        }
        self.show(app, State::Unlocked, Some(code));
    }

    fn file(&mut self, asked: &Asked) -> Option<&mut FileShape> {
        self.files.iter_mut().find(|file| file.asked == asked.absolute)
    }

    fn show(&mut self, app: &mut App, state: State, exit: Option<i32>) {
        self.state = state;
        let Some(path) = &self.path else { return };
        let shape = Shape {
            camctl: VERSION,
            command: Run::NAME,
            state,
            locked: state == State::Locked,
            exit,
            files: &self.files,
        };
        let written = serde_json::to_vec(&shape)
            .map_err(|error| error.to_string())
            .and_then(|bytes| replace_file(path, &bytes).map_err(|error| error.to_string()));
        if let Err(problem) = written {
            // Said once: the program is more important than what shows it.
            self.path = None;
            app.out.warn(
                "warning:",
                &format!("the status file is not kept any more: {problem}"),
            );
        }
    }
}
