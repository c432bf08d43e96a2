//! What the bridge says: one JSON object on a line. `cli/BRIDGE.md` documents the shapes.

use camctl_shared::ipc::message::{FileState, LockInfo, MenuEntry, Standing};
use serde::Serialize;
use serde_json::Value;

use super::ask::{Refused, VERSION};
use crate::batch::Entry;
use crate::errors::Failure;
use crate::output::json::{ErrorShape, FileShape, presence};
use crate::output::text;
use crate::output::time::{Times, rfc3339};

/// What is to be said.
#[derive(Debug, Clone, PartialEq)]
pub enum Say {
    /// The first line.
    Hello,
    /// How files stand, as it was asked.
    Status { id: Value, files: Vec<Standing> },
    /// What can be done with files.
    Menu {
        id: Value,
        paths: Vec<String>,
        entries: Vec<MenuEntry>,
    },
    /// These folders are watched from now on, as well as it can be done.
    Subscribed { id: Value, folders: Vec<String> },
    /// These are not any more.
    Unsubscribed { id: Value, folders: Vec<String> },
    /// What came of a command.
    Done {
        id: Value,
        files: Vec<Entry>,
        failure: Option<Failure>,
    },
    /// Who has files.
    Who { id: Value, files: Vec<Standing> },
    /// Files that stand so now.
    Changed(Vec<Standing>),
    /// What is known of files in these folders may be wrong.
    AskAgain(Vec<String>),
    /// What is known of any file may be wrong.
    AskAllAgain,
    /// A line was not understood.
    Refused(Refused),
}

/// A line, to be written as JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Line {
    Hello {
        bridge: u64,
        version: &'static str,
    },
    Status {
        id: Value,
        status: Vec<StatusShape>,
    },
    Menu {
        id: Value,
        menu: Vec<EntryShape>,
    },
    Subscribed {
        id: Value,
        subscribed: Vec<String>,
    },
    Unsubscribed {
        id: Value,
        unsubscribed: Vec<String>,
    },
    Done {
        id: Value,
        done: bool,
        text: String,
        files: Vec<FileShape>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Box<ErrorShape>>,
    },
    Who {
        id: Value,
        done: bool,
        text: String,
        status: Vec<StatusShape>,
    },
    Changed {
        changed: Vec<StatusShape>,
    },
    AskAgain {
        ask_again: Vec<String>,
    },
    AskAllAgain {
        ask_again: &'static str,
    },
    Refused {
        id: Value,
        error: RefusedShape,
    },
}

#[derive(Debug, Serialize)]
pub struct RefusedShape {
    code: &'static str,
    message: String,
}

/// How a file stands.
#[derive(Debug, Serialize)]
pub struct StatusShape {
    path: String,
    repository: Option<String>,
    file: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    lock: Option<LockShape>,
    text: String,
    short: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    menu: Vec<EntryShape>,
}

#[derive(Debug, Serialize)]
struct LockShape {
    owner: String,
    machine: Option<String>,
    since: Option<String>,
    message: String,
    token: Option<u64>,
    presence: &'static str,
    waiting: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u32>,
}

impl From<LockInfo> for LockShape {
    fn from(lock: LockInfo) -> Self {
        Self {
            owner: lock.user,
            machine: lock.machine,
            since: rfc3339(lock.since_us),
            message: lock.message,
            token: lock.token,
            presence: presence(lock.presence),
            waiting: lock.waiting,
            place: lock.place,
        }
    }
}

/// One line of a menu.
#[derive(Debug, Serialize)]
pub struct EntryShape {
    command: String,
    label: String,
    enabled: bool,
    paths: Vec<String>,
}

impl Say {
    /// The line for it.
    pub fn line(self, times: &Times) -> Line {
        let shapes = |files: Vec<Standing>| files.into_iter().map(|file| shape(file, times)).collect();
        match self {
            Self::Hello => Line::Hello {
                bridge: VERSION,
                version: env!("CARGO_PKG_VERSION"),
            },
            Self::Status { id, files } => Line::Status {
                id,
                status: shapes(files),
            },
            Self::Menu { id, paths, entries } => Line::Menu {
                id,
                menu: menu(entries, &paths),
            },
            Self::Subscribed { id, folders } => Line::Subscribed {
                id,
                subscribed: folders,
            },
            Self::Unsubscribed { id, folders } => Line::Unsubscribed {
                id,
                unsubscribed: folders,
            },
            Self::Done { id, files, failure } => done(id, &files, failure.as_ref(), times),
            Self::Who { id, files } => Line::Who {
                id,
                done: true,
                text: lines(files.iter().map(|file| who(file, times))),
                status: shapes(files),
            },
            Self::Changed(files) => Line::Changed {
                changed: shapes(files),
            },
            Self::AskAgain(folders) => Line::AskAgain { ask_again: folders },
            Self::AskAllAgain => Line::AskAllAgain {
                ask_again: "everything",
            },
            Self::Refused(Refused { id, code, message }) => Line::Refused {
                id,
                error: RefusedShape { code, message },
            },
        }
    }
}

fn done(id: Value, files: &[Entry], failure: Option<&Failure>, times: &Times) -> Line {
    let said = files.iter().map(|entry| match &entry.result {
        Ok(outcome) => text::outcome(&entry.about.name, outcome, times),
        Err(failure) => failure.wording(times).text,
    });
    let whole = failure.map(|failure| failure.wording(times));
    Line::Done {
        id,
        done: failure.is_none() && files.iter().all(|entry| entry.result.is_ok()),
        text: lines(said.chain(whole.iter().map(|words| words.text.clone()))),
        files: files.iter().map(|entry| entry.shape(times)).collect(),
        error: whole.map(|words| Box::new(words.into())),
    }
}

/// One sentence a line; the same one (a share that is away, for a hundred files) only once.
fn lines(sentences: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for sentence in sentences {
        if all.last() != Some(&sentence) {
            all.push(sentence);
        }
    }
    all.join("\n")
}

fn shape(file: Standing, times: &Times) -> StatusShape {
    let menu = menu(file.menu.clone(), std::slice::from_ref(&file.asked));
    StatusShape {
        state: match file.state {
            FileState::Unknown => "unknown",
            FileState::Free => "free",
            FileState::Mine => "mine",
            FileState::Theirs => "theirs",
            FileState::Waiting => "waiting",
        },
        text: standing(&file, times),
        short: short(&file, times),
        path: file.asked,
        repository: file.repository,
        file: file.file,
        lock: file.lock.map(LockShape::from),
        menu,
    }
}

/// How a file stands, in words; nothing where nothing is known.
fn standing(file: &Standing, times: &Times) -> String {
    let place = match file.lock.as_ref().and_then(|lock| lock.place) {
        Some(1) => "; you are next in line".to_owned(),
        Some(place) => format!("; you are number {place} in line"),
        None => String::new(),
    };
    match (&file.lock, file.state) {
        (Some(lock), _) => format!("{}{place}", text::held(lock, times)),
        (None, FileState::Free) => "free".to_owned(),
        (None, _) => String::new(),
    }
}

/// The same for a column: nothing in it becomes wrong by the time alone.
fn short(file: &Standing, times: &Times) -> String {
    match (&file.lock, file.state) {
        (Some(lock), _) => format!(
            "checked out by {} since {}",
            text::holder(lock),
            times.at(lock.since_us)
        ),
        (None, FileState::Free) => "free".to_owned(),
        (None, _) => String::new(),
    }
}

fn who(file: &Standing, times: &Times) -> String {
    let name = file.file.as_deref().filter(|name| !name.is_empty());
    let name = crate::output::clean::clean(name.unwrap_or(&file.asked));
    match standing(file, times) {
        nothing if nothing.is_empty() => format!("{name}: who has it is not known at the moment"),
        words => format!("{name}: {words}"),
    }
}

fn menu(entries: Vec<MenuEntry>, paths: &[String]) -> Vec<EntryShape> {
    let shape = |entry: MenuEntry| EntryShape {
        command: entry.command,
        label: entry.label,
        enabled: entry.enabled,
        paths: entry
            .files
            .iter()
            .filter_map(|place| paths.get(usize::try_from(*place).ok()?).cloned())
            .collect(),
    };
    entries.into_iter().map(shape).collect()
}
