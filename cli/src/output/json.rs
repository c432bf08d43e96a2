//! The shapes of `--json`, version 1. `cli/README.md` documents them; snapshots hold them fast.
//!
//! A shape may grow keys. A key never changes its meaning or goes away without a new [`VERSION`].

pub mod agent;
pub mod events;
pub mod listed;
pub mod past;

use camctl_shared::ipc::message::{EndedInfo, LockInfo, NoteInfo, Outcome, Presence, WaiterInfo, Whose};
use serde::Serialize;

use super::time::Times;
pub use super::time::rfc3339;
use crate::errors::{Failure, Wording};

/// The version of all shapes together, in the key `camctl` of each object.
pub const VERSION: u32 = 1;

/// What every answer has; the rest is the command's own.
#[derive(Debug, Serialize)]
pub struct Answer<'a, T: Serialize> {
    camctl: u32,
    command: &'a str,
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorShape>,
    #[serde(flatten)]
    body: T,
}

/// A command without data of its own.
#[derive(Debug, Serialize)]
pub struct Nothing {}

impl<'a, T: Serialize> Answer<'a, T> {
    /// An answer; with `failure`, the command failed.
    pub fn new(command: &'a str, body: T, failure: Option<&Failure>, times: &Times) -> Self {
        let wording = failure.map(|failure| failure.wording(times));
        let exit = wording.as_ref().map_or(0, |wording| wording.exit.code());
        Self {
            camctl: VERSION,
            command,
            exit,
            error: wording.map(ErrorShape::from),
            body,
        }
    }
}

/// A failure.
#[derive(Debug, Serialize)]
pub struct ErrorShape {
    code: &'static str,
    exit: u8,
    message: String,
    hints: Vec<HintShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<LockShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<EndedShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waited_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    silent_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    administrators: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unsettled: bool,
}

#[derive(Debug, Serialize)]
struct HintShape {
    text: String,
    command: Option<String>,
}

impl From<Wording> for ErrorShape {
    fn from(wording: Wording) -> Self {
        let detail = wording.detail;
        let hint = |hint: crate::errors::Hint| HintShape {
            text: hint.text,
            command: hint.command,
        };
        Self {
            code: wording.code,
            exit: wording.exit.code(),
            message: wording.text,
            hints: wording.hints.into_iter().map(hint).collect(),
            lock: detail.lock.as_ref().map(LockShape::from),
            place: detail.place,
            ended: detail.ended.as_ref().map(EndedShape::from),
            by: detail.by,
            waited_ms: detail.waited_ms,
            silent_ms: detail.silent_ms,
            stale_after_ms: detail.stale_after_ms,
            administrators: detail.administrators,
            unsettled: detail.unsettled,
        }
    }
}

/// A lock.
#[derive(Debug, Serialize)]
pub struct LockShape {
    user: String,
    machine: Option<String>,
    session: Option<String>,
    since: Option<String>,
    message: String,
    kind: String,
    token: Option<u64>,
    expires: Option<String>,
    whose: &'static str,
    presence: &'static str,
    parked: Option<String>,
    waiting: u32,
    place: Option<u32>,
    asked: u32,
}

impl From<&LockInfo> for LockShape {
    fn from(lock: &LockInfo) -> Self {
        Self {
            user: lock.user.clone(),
            machine: lock.machine.clone(),
            session: lock.session.clone(),
            since: rfc3339(lock.since_us),
            message: lock.message.clone(),
            kind: lock.kind.clone(),
            token: lock.token,
            expires: lock.expires_us.and_then(rfc3339),
            whose: whose(lock.whose),
            presence: presence(lock.presence),
            parked: lock.parked_us.and_then(rfc3339),
            waiting: lock.waiting,
            place: lock.place,
            asked: lock.asked,
        }
    }
}

fn whose(whose: Whose) -> &'static str {
    match whose {
        Whose::Mine => "mine",
        Whose::MineElsewhere => "mine_elsewhere",
        Whose::Theirs => "theirs",
    }
}

/// The word for how sure it is that an owner is there.
pub fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Alive => "alive",
        Presence::Stale => "stale",
        Presence::Parked => "parked",
        Presence::Expired => "expired",
        Presence::Unknown => "unknown",
        Presence::Unsafe => "unsafe",
    }
}

/// The end of a lock.
#[derive(Debug, Serialize)]
pub struct EndedShape {
    user: String,
    machine: Option<String>,
    token: Option<u64>,
    since: Option<String>,
    how: String,
    reason: Option<String>,
}

impl From<&EndedInfo> for EndedShape {
    fn from(ended: &EndedInfo) -> Self {
        Self {
            user: ended.user.clone(),
            machine: ended.machine.clone(),
            token: ended.token,
            since: rfc3339(ended.since_us),
            how: ended.how.clone(),
            reason: ended.reason.clone(),
        }
    }
}

/// Somebody in line.
#[derive(Debug, Serialize)]
pub struct WaiterShape {
    user: String,
    machine: Option<String>,
    since: Option<String>,
    message: String,
    whose: &'static str,
    presence: &'static str,
}

impl From<&WaiterInfo> for WaiterShape {
    fn from(waiter: &WaiterInfo) -> Self {
        Self {
            user: waiter.user.clone(),
            machine: waiter.machine.clone(),
            since: rfc3339(waiter.since_us),
            message: waiter.message.clone(),
            whose: whose(waiter.whose),
            presence: presence(waiter.presence),
        }
    }
}

/// What somebody asked of a lock's owner.
#[derive(Debug, Serialize)]
pub struct NoteShape {
    user: String,
    machine: Option<String>,
    at: Option<String>,
    message: String,
    answer: Option<String>,
    whose: &'static str,
}

impl From<&NoteInfo> for NoteShape {
    fn from(note: &NoteInfo) -> Self {
        Self {
            user: note.user.clone(),
            machine: note.machine.clone(),
            at: rfc3339(note.at_us),
            message: note.message.clone(),
            answer: note.answer.clone(),
            whose: whose(note.whose),
        }
    }
}

/// `"files": […]` of the verbs that take files.
#[derive(Debug, Serialize)]
pub struct FilesShape {
    /// One for each file that was asked for; for `status` without files, one for each that is held.
    pub files: Vec<FileShape>,
    /// For `status` without files: what is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaited: Option<Vec<FileShape>>,
    /// For `status` without files: what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Vec<FileShape>>,
}

/// What became of one file.
#[derive(Debug, Serialize)]
pub struct FileShape {
    /// The absolute path that was asked for.
    pub asked: String,
    /// The repository's folder.
    pub repository: Option<String>,
    /// The name in the repository.
    pub file: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub result: ResultShape,
}

/// What became of it: `"result"` and what belongs to it.
#[derive(Debug, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum ResultShape {
    Granted {
        lock: LockShape,
        after: Option<EndedShape>,
    },
    Renewed {
        lock: LockShape,
    },
    Released {
        was: LockShape,
        changed: Option<bool>,
        next: Option<LockShape>,
    },
    Broken {
        was: LockShape,
        ended: EndedShape,
        next: Option<LockShape>,
    },
    Stands {
        lock: Option<LockShape>,
        size: Option<u64>,
        exists: Option<bool>,
        line: Vec<WaiterShape>,
        requests: Vec<NoteShape>,
        notify: bool,
    },
    Free,
    Awaited {
        lock: Option<LockShape>,
        line: Vec<WaiterShape>,
        notify: bool,
    },
    Noted {
        lock: Option<LockShape>,
        notify: bool,
    },
    Left {
        lock: Option<LockShape>,
    },
    Requested {
        lock: LockShape,
        request: NoteShape,
    },
    Answered {
        lock: LockShape,
        requests: Vec<NoteShape>,
    },
    Got {
        lock: Option<LockShape>,
        to: String,
        size: u64,
        sha256: String,
    },
    Replaced {
        lock: LockShape,
        size: u64,
        sha256: String,
        kept: Option<String>,
    },
    Failed {
        error: Option<ErrorShape>,
    },
}

impl ResultShape {
    /// The shape of one file's result.
    pub fn new(result: &Result<Outcome, Failure>, times: &Times) -> Self {
        match result {
            Ok(Outcome::Granted { lock, after }) => Self::Granted {
                lock: lock.into(),
                after: after.as_ref().map(EndedShape::from),
            },
            Ok(Outcome::Renewed { lock }) => Self::Renewed { lock: lock.into() },
            Ok(Outcome::Released { was, changed, next }) => Self::Released {
                was: was.into(),
                changed: *changed,
                next: next.as_ref().map(LockShape::from),
            },
            Ok(Outcome::Broken { was, ended, next }) => Self::Broken {
                was: was.into(),
                ended: ended.into(),
                next: next.as_ref().map(LockShape::from),
            },
            Ok(Outcome::Stands {
                lock,
                size,
                exists,
                line,
                requests,
                notify,
            }) => Self::Stands {
                lock: lock.as_ref().map(LockShape::from),
                size: *size,
                exists: *exists,
                line: line.iter().map(WaiterShape::from).collect(),
                requests: requests.iter().map(NoteShape::from).collect(),
                notify: *notify,
            },
            Ok(Outcome::Free) => Self::Free,
            Ok(Outcome::Awaited { lock, line, notify }) => Self::Awaited {
                lock: lock.as_ref().map(LockShape::from),
                line: line.iter().map(WaiterShape::from).collect(),
                notify: *notify,
            },
            Ok(Outcome::Left { lock }) => Self::Left {
                lock: lock.as_ref().map(LockShape::from),
            },
            Ok(Outcome::Requested { lock, note }) => Self::Requested {
                lock: lock.into(),
                request: note.into(),
            },
            Ok(Outcome::Answered { lock, notes }) => Self::Answered {
                lock: lock.into(),
                requests: notes.iter().map(NoteShape::from).collect(),
            },
            Ok(Outcome::Noted { lock, on }) => Self::Noted {
                lock: lock.as_ref().map(LockShape::from),
                notify: *on,
            },
            Ok(Outcome::Got {
                lock,
                to,
                size,
                sha256,
            }) => Self::Got {
                lock: lock.as_ref().map(LockShape::from),
                to: to.clone(),
                size: *size,
                sha256: sha256.clone(),
            },
            Ok(Outcome::Replaced {
                lock,
                size,
                sha256,
                kept,
            }) => Self::Replaced {
                lock: lock.into(),
                size: *size,
                sha256: sha256.clone(),
                kept: kept.clone(),
            },
            Ok(Outcome::Failed(_)) => Self::Failed { error: None },
            Err(failure) => Self::Failed {
                error: Some(failure.wording(times).into()),
            },
        }
    }
}
