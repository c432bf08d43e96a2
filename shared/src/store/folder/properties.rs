//! What must hold of what is read from the share. See [`crate::properties`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a property fails by a panic"
)]

use std::sync::Arc;

use serde_json::Value;

use super::format::{self, Bad, FORMAT, Read};
use super::init::adopt;
use super::record::{self, Owners};
use super::{head, projection};
use crate::model::{Case, Commit, Draft, Extra, FileName, Nonce, Owner, RepositoryId, SessionId, Table};

/// A commit, also with the checksum that would make it one.
pub(crate) fn commit(bytes: &[u8]) {
    read_commit(bytes);
    read_commit(&sealed(bytes));
}

/// `bytes` as the rest of a commit, under the header that fits; those that have one already get it mended.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let header = |bytes: &[u8]| {
        let rest = bytes.strip_prefix(b"{\"format\":")?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let format: u32 = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        let rest = rest[digits..].strip_prefix(b",\"checksum\":\"")?;
        let rest = rest.get(16..)?.strip_prefix(b"\",")?;
        Some((format, rest.to_vec()))
    };
    let (format, rest) = header(bytes).unwrap_or((FORMAT, bytes.to_vec()));
    let sum = format::checksum(&rest);
    let header = format!("{{\"format\":{format},\"checksum\":\"{sum}\",");
    [header.as_bytes(), &rest].concat()
}

fn read_commit(bytes: &[u8]) {
    for case in [None, Some(Case::Sensitive), Some(Case::Insensitive)] {
        match format::decode(bytes, case, &mut Owners::default()) {
            Ok(read) => comes_back(bytes, case, &read),
            Err(Bad::Broken(problem)) => assert!(!problem.is_empty()),
            Err(Bad::Newer(found)) => assert!(found > FORMAT),
        }
    }
}

fn comes_back(bytes: &[u8], case: Option<Case>, read: &Read) {
    let with = read.checkpoint.as_ref().map(|(table, size)| (table, *size));
    let written = format::encode(&read.commit, with).expect("what was read can be written");
    let again = format::decode(&written, case, &mut Owners::default()).expect("what was written can be read");
    assert_eq!(again.commit, read.commit);
    assert_eq!(again.checkpoint, read.checkpoint);
    nothing_is_forgotten(bytes, &written);
    if let Some((table, _)) = &read.checkpoint {
        is_projected(table);
    }
}

/// What becomes part of the table is written again and again, by other versions than the one that made it: of that, nothing
/// may get lost on the way, whether it is understood or not.
fn nothing_is_forgotten(read: &[u8], written: &[u8]) {
    // What is skipped without being kept may be no Unicode.
    let [read, written]: [Value; 2] = [read, written]
        .map(|bytes| serde_json::from_str(&String::from_utf8_lossy(bytes)).expect("it is JSON"));
    is_kept("table", &read["table"], &written["table"]);
    let changes = |commit: &Value| commit["changes"].as_array().cloned().unwrap_or_default();
    for (read, written) in changes(&read).iter().zip(changes(&written)) {
        is_kept("lock", &read["lock"], &written["lock"]);
    }
}

fn is_kept(place: &str, read: &Value, written: &Value) {
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            if place == "locks" {
                // By names, which have other spellings.
                assert_eq!(read.len(), written.len(), "a lock was lost");
            }
            for (key, value) in read {
                let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                match written.get(key) {
                    // Of those, the old ones are forgotten.
                    Some(_) if place == "table" && key == "recent" => {}
                    Some(written) => is_kept(key, value, written),
                    None => assert!(place == "locks" || empty, "{key:?} was lost in {place:?}"),
                }
            }
        }
        (Value::Array(read), Value::Array(written)) => {
            assert_eq!(read.len(), written.len(), "{place}");
            for (read, written) in read.iter().zip(written) {
                is_kept(place, read, written);
            }
        }
        // What is not there is written as nothing, one way or the other; names and times have many spellings, and keep one.
        (Value::Null, _) | (Value::String(_), Value::String(_)) => {}
        (read, written) => assert_eq!(read, written, "{place}"),
    }
}

/// The table for people has every lock, and is known as ours.
fn is_projected(table: &Table) {
    let bytes = projection::encode(table).expect("what was read can be written");
    assert_eq!(projection::examine(&bytes), projection::Found::Ours(table.n));
    let shown: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    assert_eq!(
        shown.as_object().expect("a map").len(),
        table.locks.len() + 1,
        "every lock and the header"
    );
}

/// A `head`, also with the checksum that would make it one.
pub(crate) fn head(bytes: &[u8]) {
    let mut sealed = bytes.to_vec();
    sealed.resize(head::SIZE, b' ');
    let sum = format::checksum(&sealed[..46]);
    sealed[46..62].copy_from_slice(sum.as_bytes());
    for bytes in [bytes, &sealed] {
        let Some(hint) = head::decode(bytes) else { continue };
        let nonce = Nonce::from_text("00112233445566778899aabbccddeeff");
        let written = head::encode(hint.n, &nonce);
        assert_eq!(written.len(), head::SIZE);
        let again = head::decode(&written).expect("what was written can be read");
        assert!(again.n == hint.n && again.is_of(&nonce));
        let cut = &bytes[..head::SIZE - 1];
        assert!(head::decode(cut).is_none(), "a part of it is nothing");
    }
}

/// A `locks.json`, also with the checksum that would make it ours.
pub(crate) fn projection(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let body = text.splitn(3, '\n').nth(2).unwrap_or(&text);
    let body = format!("{}\n", body.trim_ascii_end());
    let sum = format::checksum(body.as_bytes());
    let sealed =
        format!("{{\n  \"$camctl\": {{ \"format\": 1, \"commit\": 7, \"checksum\": \"{sum}\" }},\n{body}");
    assert_eq!(projection::examine(sealed.as_bytes()), projection::Found::Ours(7));
    for bytes in [bytes, sealed.as_bytes()] {
        let found = projection::examine(bytes);
        let padded = [bytes, b"      \n"].concat();
        assert_eq!(projection::examine(&padded), found, "padding changes nothing");
        if matches!(found, projection::Found::Ours(_)) {
            is_known_to_be_whole(bytes.trim_ascii_end());
        }
    }
}

fn is_known_to_be_whole(bytes: &[u8]) {
    let end = bytes.len() - 1;
    let mut other = bytes.to_vec();
    other[end] ^= 4;
    for damaged in [&other, &bytes[..end]] {
        assert_eq!(projection::examine(damaged), projection::Found::Foreign);
    }
}

/// An older tool's `locks.json`: all of it is taken over, or none.
pub(crate) fn adoption(bytes: &[u8]) {
    let by = Arc::new(Owner::new("boss", "CAM-03", SessionId::parse("0192").unwrap()));
    let now = jiff::Timestamp::UNIX_EPOCH;
    for case in [Case::Sensitive, Case::Insensitive] {
        let changes = match adopt::understand(bytes, &by, now, case) {
            Ok(changes) => changes,
            Err(problem) => {
                assert!(!problem.is_empty());
                continue;
            }
        };
        let mut table = Table::empty(RepositoryId("0192".into()), case);
        let commit = Commit {
            n: 0,
            previous: Nonce::default(),
            nonce: Nonce::from_text("00"),
            author: Arc::clone(&by),
            time: now,
            draft: Draft {
                changes,
                ..Draft::default()
            },
            extra: Extra::new(),
        };
        table.apply(&commit);
        all_is_taken_over(bytes, &table);
        let first = format::encode(&commit, Some((&table, 1000))).expect("what was read can be written");
        let read = format::decode(&first, None, &mut Owners::default()).expect("commit 0 can be read");
        assert_eq!(read.commit, commit);
        comes_back(&first, None, &read);
    }
}

/// Every record is a lock of its user, with the keys that nobody here knows.
fn all_is_taken_over(bytes: &[u8], table: &Table) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    let old: Value =
        serde_json::from_slice(if bytes.is_empty() { b"{}" } else { bytes }).expect("it is JSON");
    let old = old.as_object().expect("a map");
    assert_eq!(old.len(), table.locks.len());
    for (name, record) in old {
        let file = FileName::parse(name, table.case).expect("it is one");
        let lock = &table.locks[&file];
        assert_eq!(record["user"], *lock.owner.user);
        assert!(lock.owner.session.is_none() && lock.token.is_none());
        for (key, value) in &lock.extra {
            assert!(
                record.get(key) == Some(value) || key == "timestamp_as_found",
                "{key}"
            );
        }
    }
}

/// A sign of life.
pub(crate) fn heartbeat(bytes: &[u8]) {
    let session = SessionId::parse("0192aaaa-0000").expect("it is one");
    let Some(heartbeat) = record::decode_heartbeat(bytes, &session) else {
        return;
    };
    let written = record::encode_heartbeat(&heartbeat);
    assert!(written.len() >= 1024 && written.ends_with(b"\n"));
    assert_eq!(record::decode_heartbeat(&written, &session), Some(heartbeat));
}
