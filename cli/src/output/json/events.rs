//! Events, one JSON object per line.

use camctl_shared::ipc::message::{Event, EventKind};
use serde::Serialize;

use super::{EndedShape, LockShape, rfc3339};

/// The first line of a stream of events.
#[derive(Debug, Serialize)]
pub struct WatchingShape {
    /// The repositories' folders.
    pub watching: Vec<String>,
}

/// A later line of a stream of events.
#[derive(Debug, Serialize)]
pub struct EventLine {
    /// What happened.
    pub event: EventShape,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub struct EventShape {
    repository: String,
    at: Option<String>,
    commit: Option<u64>,
    #[serde(flatten)]
    what: WhatShape,
}

#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum WhatShape {
    File {
        file: String,
        verb: String,
        by: PersonShape,
        ended: Option<EndedShape>,
        lock: Option<Box<LockShape>>,
    },
    Session {
        session: String,
        verb: String,
        by: PersonShape,
    },
    Away {
        cause: String,
    },
    Back,
    Remark {
        text: String,
    },
    Missed {
        count: u64,
    },
}

#[derive(Debug, Serialize)]
struct PersonShape {
    user: String,
    machine: Option<String>,
}

impl From<&Event> for EventShape {
    fn from(event: &Event) -> Self {
        let person = |user: &String, machine: &Option<String>| PersonShape {
            user: user.clone(),
            machine: machine.clone(),
        };
        let what = match &event.what {
            EventKind::File {
                file,
                verb,
                by_user,
                by_machine,
                ended,
                lock,
            } => WhatShape::File {
                file: file.clone(),
                verb: verb.clone(),
                by: person(by_user, by_machine),
                ended: ended.as_ref().map(EndedShape::from),
                lock: lock.as_ref().map(|lock| Box::new(LockShape::from(lock))),
            },
            EventKind::Session {
                session,
                verb,
                user,
                machine,
            } => WhatShape::Session {
                session: session.clone(),
                verb: verb.clone(),
                by: person(user, machine),
            },
            EventKind::Away { cause } => WhatShape::Away { cause: cause.clone() },
            EventKind::Back => WhatShape::Back,
            EventKind::Remark { text } => WhatShape::Remark { text: text.clone() },
            EventKind::Missed { count } => WhatShape::Missed { count: *count },
        };
        Self {
            repository: event.repository.clone(),
            at: rfc3339(event.at_us),
            commit: event.commit,
            what,
        }
    }
}
