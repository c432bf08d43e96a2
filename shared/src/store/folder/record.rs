//! A lock as it is written, in the log and in `locks.json` alike: the seeds' three keys first, then ours.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Agent, Base, Extra, Kind, Lock, Note, Owner, Process, RequestId, SessionId, Waiter};
use crate::store::Heartbeat;

/// An owner, within other records.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OwnerRecord {
    pub(super) user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) machine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
}

impl OwnerRecord {
    pub(super) fn of(owner: &Owner) -> Self {
        Self {
            user: owner.user.as_ref().into(),
            machine: owner.machine.as_deref().map(Into::into),
            session: owner.session.as_ref().map(|session| session.as_str().into()),
        }
    }

    /// A session id that could not name a file is an error: it decides who is alive.
    pub(super) fn owner(self) -> Result<Owner, String> {
        let session = match self.session {
            Some(text) => Some(SessionId::parse(&text).ok_or_else(|| format!("{text:?} is no session id"))?),
            None => None,
        };
        Ok(Owner {
            user: self.user.into(),
            machine: self.machine.map(Into::into),
            session,
        })
    }
}

/// One lock.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LockRecord {
    user: String,
    timestamp: Timestamp,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(default = "checkout")]
    kind: String,
    token: Option<u64>,
    #[serde(default)]
    renewed: u64,
    #[serde(default)]
    expires: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<BaseRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<ProcessRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    queue: Vec<WaiterRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requests: Vec<NoteRecord>,
    #[serde(flatten)]
    extra: Extra,
}

fn checkout() -> String {
    Kind::Checkout.as_str().into()
}

#[derive(Debug, Serialize, Deserialize)]
struct BaseRecord {
    size: u64,
    modified: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Debug, Serialize, Deserialize)]
struct ProcessRecord {
    pid: u32,
    started: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boot: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<AgentRecord>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct AgentRecord {
    pid: u32,
    started: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct WaiterRecord {
    #[serde(flatten)]
    owner: OwnerRecord,
    since: Timestamp,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<ProcessRecord>,
    request: String,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Debug, Serialize, Deserialize)]
struct NoteRecord {
    #[serde(flatten)]
    from: OwnerRecord,
    at: Timestamp,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl LockRecord {
    pub(super) fn of(lock: &Lock) -> Self {
        let OwnerRecord {
            user,
            machine,
            session,
        } = OwnerRecord::of(&lock.owner);
        Self {
            user,
            machine,
            session,
            timestamp: lock.since,
            message: lock.message.as_ref().into(),
            kind: lock.kind.as_str().into(),
            token: lock.token,
            renewed: lock.renewed,
            expires: lock.expires,
            lease_ms: lock.lease.map(milliseconds),
            base: lock.base.as_ref().map(|base| BaseRecord {
                size: base.size,
                modified: base.modified,
                sha256: base.sha256.as_deref().map(Into::into),
                extra: base.extra.clone(),
            }),
            process: lock.process.as_ref().map(ProcessRecord::of),
            queue: lock.queue.iter().map(WaiterRecord::of).collect(),
            requests: lock.requests.iter().map(NoteRecord::of).collect(),
            extra: lock.extra.clone(),
        }
    }

    /// `owners` makes equal owners one: thousands of locks of one person cost one copy of the name.
    pub(super) fn lock(self, owners: &mut Owners) -> Result<Lock, String> {
        let owner = OwnerRecord {
            user: self.user,
            machine: self.machine,
            session: self.session,
        };
        let queue = self
            .queue
            .into_iter()
            .map(|waiter| waiter.waiter(owners))
            .collect::<Result<_, _>>()?;
        let requests = self
            .requests
            .into_iter()
            .map(|note| note.note(owners))
            .collect::<Result<_, _>>()?;
        Ok(Lock {
            owner: owners.one(owner.owner()?),
            since: self.timestamp,
            message: self.message.into(),
            kind: Kind::parse(&self.kind),
            token: self.token,
            renewed: self.renewed,
            lease: self.lease_ms.map(Duration::from_millis),
            expires: self.expires,
            base: self.base.map(|base| Base {
                size: base.size,
                modified: base.modified,
                sha256: base.sha256.map(Into::into),
                extra: base.extra,
            }),
            process: self.process.map(ProcessRecord::process),
            queue,
            requests,
            extra: self.extra,
        })
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl ProcessRecord {
    fn of(process: &Process) -> Self {
        Self {
            pid: process.pid,
            started: process.started,
            boot: process.boot.as_deref().map(Into::into),
            agent: process
                .agent
                .map(|Agent { pid, started }| AgentRecord { pid, started }),
            extra: process.extra.clone(),
        }
    }

    fn process(self) -> Process {
        Process {
            pid: self.pid,
            started: self.started,
            boot: self.boot.map(Into::into),
            agent: self
                .agent
                .map(|AgentRecord { pid, started }| Agent { pid, started }),
            extra: self.extra,
        }
    }
}

impl WaiterRecord {
    fn of(waiter: &Waiter) -> Self {
        Self {
            owner: OwnerRecord::of(&waiter.owner),
            since: waiter.since,
            message: waiter.message.as_ref().into(),
            lease_ms: waiter.lease.map(milliseconds),
            guard: waiter.guard.as_ref().map(ProcessRecord::of),
            request: waiter.request.as_str().into(),
            extra: waiter.extra.clone(),
        }
    }

    fn waiter(self, owners: &mut Owners) -> Result<Waiter, String> {
        Ok(Waiter {
            owner: owners.one(self.owner.owner()?),
            since: self.since,
            message: self.message.into(),
            lease: self.lease_ms.map(Duration::from_millis),
            guard: self.guard.map(ProcessRecord::process),
            request: RequestId::from_text(&self.request),
            extra: self.extra,
        })
    }
}

impl NoteRecord {
    fn of(note: &Note) -> Self {
        Self {
            from: OwnerRecord::of(&note.from),
            at: note.at,
            message: note.message.as_ref().into(),
            answer: note.answer.as_deref().map(Into::into),
            extra: note.extra.clone(),
        }
    }

    fn note(self, owners: &mut Owners) -> Result<Note, String> {
        Ok(Note {
            from: owners.one(self.from.owner()?),
            at: self.at,
            message: self.message.into(),
            answer: self.answer.map(Into::into),
            extra: self.extra,
        })
    }
}

/// Makes equal owners share one allocation. Holds the few that were seen last, not all that ever were.
#[derive(Debug, Default)]
pub(super) struct Owners {
    seen: Vec<Arc<Owner>>,
}

impl Owners {
    const KEPT: usize = 64;

    pub(super) fn one(&mut self, owner: Owner) -> Arc<Owner> {
        if let Some(known) = self.seen.iter().find(|known| ***known == owner) {
            return Arc::clone(known);
        }
        if self.seen.len() == Self::KEPT {
            self.seen.remove(0);
        }
        let shared = Arc::new(owner);
        self.seen.push(Arc::clone(&shared));
        shared
    }
}

/// The longest heartbeat that is read, in bytes.
pub(super) const HEARTBEAT_LIMIT: u64 = 4096;

/// Every heartbeat is padded to this, so that writing it in place never leaves a tail.
const HEARTBEAT_SIZE: usize = 1024;

#[derive(Serialize, Deserialize)]
struct HeartbeatRecord {
    format: u32,
    session: String,
    user: String,
    machine: String,
    counter: u64,
    version: String,
}

/// The bytes of a sign of life; always of one size but for absurdly long names.
pub(super) fn encode_heartbeat(heartbeat: &Heartbeat) -> Vec<u8> {
    let record = HeartbeatRecord {
        format: 1,
        session: heartbeat.session.as_str().into(),
        user: heartbeat.user.as_ref().into(),
        machine: heartbeat.machine.as_ref().into(),
        counter: heartbeat.counter,
        version: heartbeat.version.as_ref().into(),
    };
    let mut bytes = serde_json::to_vec(&record).unwrap_or_default();
    bytes.resize(bytes.len().max(HEARTBEAT_SIZE - 1), b' ');
    bytes.push(b'\n');
    bytes
}

/// `None` when it is torn: then its session simply shows no movement this time.
pub(super) fn decode_heartbeat(bytes: &[u8], session: &SessionId) -> Option<Heartbeat> {
    let record: HeartbeatRecord = serde_json::from_slice(bytes).ok()?;
    Some(Heartbeat {
        session: session.clone(),
        user: record.user.into(),
        machine: record.machine.into(),
        counter: record.counter,
        version: record.version.into(),
    })
}
