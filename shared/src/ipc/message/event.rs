//! What happens in a repository while somebody watches.

use serde::{Deserialize, Serialize};

use super::{EndedInfo, LockInfo};

/// Something that happened in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The repository's folder.
    pub repository: String,
    /// When, by the author's clock.
    pub at_us: i64,
    /// The commit; `None` for what is not in the log.
    pub commit: Option<u64>,
    /// What.
    pub what: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is of the large kind, and none is kept"
)]
pub enum EventKind {
    /// A file's lock changed.
    File {
        /// Its name in the repository.
        file: String,
        /// "checkout", "checkin", "break", "steal", …
        verb: String,
        /// Who did it.
        by_user: String,
        /// Where.
        by_machine: Option<String>,
        /// The lock that ended.
        ended: Option<EndedInfo>,
        /// The lock that stands now.
        lock: Option<LockInfo>,
    },
    /// A session stopped cleanly or came back.
    Session {
        /// Which.
        session: String,
        /// "park" or "revive".
        verb: String,
        /// Who.
        user: String,
        /// Where.
        machine: Option<String>,
    },
    /// The share cannot be reached.
    Away {
        /// Why.
        cause: String,
    },
    /// It can be reached again.
    Back,
    /// Something a person should know.
    Remark {
        /// A sentence.
        text: String,
    },
    /// The client read too slowly and missed this many events; `list` shows how things stand.
    Missed {
        /// How many.
        count: u64,
    },
}
