//! Reading an older tool's `locks.json`. Nothing is guessed: all of it is understood, or none.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::model::{Case, Change, Extra, FileName, Lock, Owner, Verb};

/// What to do about what cannot be understood.
const MEND: &str = "mend it or move it away, then run init again";

/// Every record becomes a lock of its user, never stale.
///
/// # Errors
/// With what cannot be understood.
pub(in super::super) fn understand(
    bytes: &[u8],
    by: &Arc<Owner>,
    now: Timestamp,
    case: Case,
) -> Result<Vec<Change>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let Records(records) =
        serde_json::from_slice(bytes).map_err(|error| format!("it cannot be read ({error}); {MEND}"))?;
    let mut seen = BTreeSet::new();
    let mut changes = Vec::with_capacity(records.len());
    for (name, record) in records {
        let file = FileName::parse(&name, case)
            .map_err(|why| format!("the file name {name:?} cannot be used: {why}"))?;
        if !seen.insert(file.clone()) {
            return Err(format!(
                "{name:?} is in it twice, or in spellings that are one file on this share"
            ));
        }
        let lock = old_lock(record, now).map_err(|why| format!("the record of {name:?} {why}"))?;
        changes.push(Change {
            file,
            verb: Verb::ADOPT,
            by: Arc::clone(by),
            ended: None,
            lock: Some(Arc::new(lock)),
            extra: Extra::new(),
        });
    }
    Ok(changes)
}

/// A map from file to record as it is written: a file that is in it twice is there twice.
struct Records(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Records;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a map from file to lock")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Records, M::Error> {
                let mut records = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    records.push(pair);
                }
                Ok(Records(records))
            }
        }
        from.deserialize_map(Pairs)
    }
}

fn old_lock(record: Value, now: Timestamp) -> Result<Lock, String> {
    let Value::Object(mut record) = record else {
        return Err("is not a map".into());
    };
    if record.contains_key("token") || record.contains_key("session") {
        return Err("was written by camctl, whose log is missing here; restore .camctl from a backup".into());
    }
    let user = match record.remove("user") {
        Some(Value::String(user)) if !user.trim().is_empty() => user,
        _ => return Err("names no user".into()),
    };
    let message = match record.remove("message") {
        Some(Value::String(message)) => message,
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    let since = match record.remove("timestamp") {
        Some(Value::String(text)) => old_time(&text).unwrap_or_else(|| {
            record.insert("timestamp_as_found".into(), Value::String(text));
            micros(now)
        }),
        Some(other) => {
            record.insert("timestamp_as_found".into(), other);
            micros(now)
        }
        None => micros(now),
    };
    // Keys of other meaning in our records must not come back as ours.
    let extra = record
        .into_iter()
        .filter(|(key, _)| !OUR_KEYS.contains(&key.as_str()))
        .collect();
    let owner = Arc::new(Owner {
        user: user.into(),
        machine: None,
        session: None,
    });
    Ok(Lock {
        message: message.into(),
        // No commit granted it: the one that takes it over comes later than the lock.
        token: None,
        extra,
        ..Lock::new(owner, since, 0)
    })
}

const OUR_KEYS: [&str; 9] = [
    "machine", "kind", "renewed", "expires", "lease_ms", "base", "process", "queue", "requests",
];

/// With an offset as Python's `isoformat` writes it for aware times; without one it is taken for UTC.
fn old_time(text: &str) -> Option<Timestamp> {
    let aware = text.parse::<Timestamp>().ok();
    aware.or_else(|| format!("{text}Z").parse().ok()).map(micros)
}

/// What JSON keeps of a time.
pub(super) fn micros(time: Timestamp) -> Timestamp {
    time.round(jiff::Unit::Microsecond).unwrap_or(time)
}
