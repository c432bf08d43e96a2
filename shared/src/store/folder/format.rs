//! A commit as it is written to the log: types of their own, versioned, unknown keys kept.
//!
//! | format | date | what changed |
//! | --- | --- | --- |
//! | 1 | 2026-11-20 | the first |
//!
//! A commit is one JSON object on one line. It begins with exactly `{"format":F,"checksum":"C",`, where `C` is the
//! XXH3-64 (seed 0) of every byte after that comma, as 16 hex digits. So a commit that was torn, or edited by hand,
//! is told from a whole one before anything in it is believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::record::{LockRecord, OwnerRecord, Owners};
use crate::model::{
    Absence, Case, Change, Commit, Draft, Ended, Extra, FileName, How, Nonce, Recent, RepositoryId,
    RequestId, SessionChange, SessionId, Table, Verb,
};
use crate::mutation::{Mutation, mutated};

/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

/// Why bytes are no commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bad {
    /// Written by a newer version.
    Newer(u32),
    /// Torn, edited, or never one.
    Broken(String),
}

fn broken(what: impl std::fmt::Display) -> Bad {
    Bad::Broken(what.to_string())
}

/// XXH3-64 with seed 0, as 16 hex digits.
pub(super) fn checksum(bytes: &[u8]) -> String {
    format!("{:016x}", xxh3_64(bytes))
}

#[derive(Serialize, Deserialize)]
struct CommitRecord {
    n: u64,
    previous: String,
    nonce: String,
    author: OwnerRecord,
    time: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requests: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sessions: Vec<SessionRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<TableRecord>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Serialize, Deserialize)]
struct ChangeRecord {
    file: String,
    verb: String,
    by: OwnerRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<EndedRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock: Option<LockRecord>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Serialize, Deserialize)]
struct EndedRecord {
    owner: OwnerRecord,
    token: Option<u64>,
    since: Timestamp,
    how: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SessionRecord {
    session: String,
    verb: String,
    parked: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct AbsenceRecord {
    since: Timestamp,
    commit: u64,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Serialize, Deserialize)]
struct TableRecord {
    repository: String,
    case: String,
    folder_size: u64,
    locks: BTreeMap<String, LockRecord>,
    parked: BTreeMap<String, AbsenceRecord>,
    #[serde(default)]
    signs: BTreeMap<String, u64>,
    recent: Vec<(u64, String)>,
    #[serde(flatten)]
    extra: Extra,
}

/// A commit as it was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) commit: Commit,
    /// In the first commit of every folder: the table after it, and how many commits a folder holds.
    pub(super) checkpoint: Option<(Table, u64)>,
    /// Written by a newer version: this is what is understood of it, and nothing may be written after it.
    pub(super) newer: Option<u32>,
}

/// The bytes of `commit`; with the table that stands after it and the folder's size when it is the first of a folder.
pub(super) fn encode(commit: &Commit, after: Option<(&Table, u64)>) -> Result<Vec<u8>, serde_json::Error> {
    let draft = &commit.draft;
    let record = CommitRecord {
        n: commit.n,
        previous: commit.previous.as_str().into(),
        nonce: commit.nonce.as_str().into(),
        author: OwnerRecord::of(&commit.author),
        time: commit.time,
        requests: draft.requests.iter().map(|id| id.as_str().into()).collect(),
        changes: draft.changes.iter().map(change_record).collect(),
        sessions: draft.sessions.iter().map(session_record).collect(),
        table: after.map(|(table, folder_size)| table_record(table, folder_size)),
        extra: commit.extra.clone(),
    };
    let body = serde_json::to_vec(&record)?;
    // The record's own opening brace gives way to the header's.
    let mut rest = body[1..].to_vec();
    rest.push(b'\n');
    let mut bytes = format!("{{\"format\":{FORMAT},\"checksum\":\"{}\",", checksum(&rest)).into_bytes();
    bytes.append(&mut rest);
    Ok(bytes)
}

/// Reads the bytes of a commit. A checkpoint brings the repository's case rule along; all others need `case`.
pub(super) fn decode(bytes: &[u8], case: Option<Case>, owners: &mut Owners) -> Result<Read, Bad> {
    let (format, body) = body(bytes)?;
    let read = understand(&body, case, owners);
    if format <= FORMAT {
        return read;
    }
    let read = read.map_err(|_| Bad::Newer(format))?;
    Ok(Read {
        newer: Some(format),
        ..read
    })
}

fn understand(body: &[u8], case: Option<Case>, owners: &mut Owners) -> Result<Read, Bad> {
    let record: CommitRecord = serde_json::from_slice(body).map_err(broken)?;
    let own_case = match &record.table {
        Some(table) => Some(Case::parse(&table.case).ok_or_else(|| broken("unknown case rule"))?),
        None => None,
    };
    let case = own_case
        .or(case)
        .ok_or_else(|| broken("the first commit of its folder carries no table"))?;
    let changes = record
        .changes
        .into_iter()
        .map(|change| change.change(case, owners))
        .collect::<Result<_, _>>()?;
    let sessions = record
        .sessions
        .into_iter()
        .map(SessionRecord::change)
        .collect::<Result<_, _>>()?;
    let commit = Commit {
        n: record.n,
        previous: Nonce::from_text(&record.previous),
        nonce: Nonce::from_text(&record.nonce),
        author: owners.one(record.author.owner().map_err(broken)?),
        time: record.time,
        draft: Draft {
            changes,
            sessions,
            requests: record
                .requests
                .iter()
                .map(|id| RequestId::from_text(id))
                .collect(),
        },
        extra: record.extra,
    };
    let checkpoint = match record.table {
        Some(table) => Some(table.table(&commit, case, owners)?),
        None => None,
    };
    Ok(Read {
        commit,
        checkpoint,
        newer: None,
    })
}

/// Checks the header, and gives back the format and the JSON without it.
fn body(bytes: &[u8]) -> Result<(u32, Vec<u8>), Bad> {
    let header = || broken("it does not begin as a commit does");
    let after_format = bytes.strip_prefix(b"{\"format\":").ok_or_else(header)?;
    let digits = after_format
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let format = std::str::from_utf8(&after_format[..digits])
        .ok()
        .and_then(|text| text.parse::<u32>().ok());
    let rest = after_format[digits..]
        .strip_prefix(b",\"checksum\":\"")
        .ok_or_else(header)?;
    let (sum, rest) = rest.split_at_checked(16).ok_or_else(header)?;
    let rest = rest.strip_prefix(b"\",").ok_or_else(header)?;
    if sum != checksum(rest).as_bytes() {
        return Err(broken("its checksum does not match: it was cut short or edited"));
    }
    match format {
        Some(format) if format > 0 => Ok((format, [b"{", rest].concat())),
        _ => Err(header()),
    }
}

fn change_record(change: &Change) -> ChangeRecord {
    ChangeRecord {
        file: change.file.as_str().into(),
        verb: change.verb.as_str().into(),
        by: OwnerRecord::of(&change.by),
        ended: change.ended.as_ref().map(|ended| EndedRecord {
            owner: OwnerRecord::of(&ended.owner),
            token: ended.token,
            since: ended.since,
            how: ended.how.as_str().into(),
            reason: ended.reason.as_deref().map(Into::into),
        }),
        lock: change.lock.as_deref().map(LockRecord::of),
        extra: change.extra.clone(),
    }
}

fn session_record(change: &SessionChange) -> SessionRecord {
    SessionRecord {
        session: change.session.as_str().into(),
        verb: change.verb.as_str().into(),
        parked: change.parked,
    }
}

fn table_record(table: &Table, folder_size: u64) -> TableRecord {
    let absence = |absence: &Absence| AbsenceRecord {
        since: absence.since,
        commit: absence.commit,
        extra: absence.extra.clone(),
    };
    TableRecord {
        repository: table.repository.0.as_ref().into(),
        case: table.case.as_str().into(),
        folder_size,
        locks: table
            .locks
            .iter()
            .map(|(file, lock)| (file.as_str().into(), LockRecord::of(lock)))
            .collect(),
        parked: table
            .parked
            .iter()
            .map(|(session, away)| (session.as_str().into(), absence(away)))
            .collect(),
        signs: table
            .signs
            .iter()
            .filter(|_| !mutated(Mutation::ForgetSigns))
            .map(|(session, n)| (session.as_str().into(), *n))
            .collect(),
        recent: table
            .recent
            .iter()
            .map(|(n, id)| (n, id.as_str().into()))
            .collect(),
        extra: table.extra.clone(),
    }
}

impl ChangeRecord {
    fn change(self, case: Case, owners: &mut Owners) -> Result<Change, Bad> {
        Ok(Change {
            file: file(&self.file, case)?,
            verb: Verb(self.verb.into()),
            by: owners.one(self.by.owner().map_err(broken)?),
            ended: match self.ended {
                Some(ended) => Some(ended.ended(owners)?),
                None => None,
            },
            lock: match self.lock {
                Some(lock) => Some(Arc::new(lock.lock(owners).map_err(broken)?)),
                None => None,
            },
            extra: self.extra,
        })
    }
}

impl EndedRecord {
    fn ended(self, owners: &mut Owners) -> Result<Ended, Bad> {
        Ok(Ended {
            owner: owners.one(self.owner.owner().map_err(broken)?),
            token: self.token,
            since: self.since,
            how: How::parse(&self.how)
                .ok_or_else(|| broken(format!("{:?} is no way for a lock to end", self.how)))?,
            reason: self.reason.map(Into::into),
        })
    }
}

impl SessionRecord {
    fn change(self) -> Result<SessionChange, Bad> {
        Ok(SessionChange {
            session: session(&self.session)?,
            verb: Verb(self.verb.into()),
            parked: self.parked,
        })
    }
}

impl TableRecord {
    fn table(self, commit: &Commit, case: Case, owners: &mut Owners) -> Result<(Table, u64), Bad> {
        if self.folder_size < 2 || !commit.n.is_multiple_of(self.folder_size) {
            return Err(broken(format!(
                "commit {} cannot begin a folder of {} commits",
                commit.n, self.folder_size
            )));
        }
        let mut table = Table::empty(RepositoryId(self.repository.into()), case);
        for (name, record) in self.locks {
            let lock = Arc::new(record.lock(owners).map_err(broken)?);
            if table.locks.insert(file(&name, case)?, lock).is_some() {
                return Err(broken(format!("the file {name:?} is held twice")));
            }
        }
        for (name, away) in self.parked {
            table.parked.insert(
                session(&name)?,
                Absence {
                    since: away.since,
                    commit: away.commit,
                    extra: away.extra,
                },
            );
        }
        for (name, n) in self.signs {
            table.signs.insert(session(&name)?, n);
        }
        table.recent = Recent::default();
        for (n, request) in self.recent {
            table.recent.add(n, RequestId::from_text(&request));
        }
        table.n = commit.n;
        table.nonce = commit.nonce.clone();
        table.extra = self.extra;
        Ok((table, self.folder_size))
    }
}

fn file(name: &str, case: Case) -> Result<FileName, Bad> {
    FileName::parse(name, case).map_err(|why| broken(format!("the file name {name:?} cannot be used: {why}")))
}

fn session(text: &str) -> Result<SessionId, Bad> {
    SessionId::parse(text).ok_or_else(|| broken(format!("{text:?} is no session id")))
}
