//! The protocol as bytes, for ever: each kind of message has a frame in `tests/data/ipc/v<protocol>/`, in hex, and
//! must be written to those bytes and read from them.
//!
//! A new message needs a new file: `UPDATE_GOLDEN=1 cargo test -p camctl-shared --test golden_frames` writes it. When
//! an old file changes, old programs no longer understand the new one: that is a new
//! `camctl_shared::ipc::version::PROTOCOL`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

#[path = "golden/samples.rs"]
mod samples;

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use camctl_shared::ipc::codec::{self, PREFIX};
use camctl_shared::ipc::message::{EventKind, Fault, Hello, Outcome, Presence, Reply, Request, Whose};
use camctl_shared::ipc::version::PROTOCOL;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/data/ipc/v{PROTOCOL}"))
}

/// Thirty-two bytes a line.
fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        let end = (index + 1).is_multiple_of(32) || index + 1 == bytes.len();
        write!(text, "{byte:02x}{}", if end { "\n" } else { "" }).unwrap();
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    name: &str,
    message: &T,
    seen: &mut BTreeSet<String>,
) {
    let file = format!("{name}.hex");
    let path = folder().join(&file);
    assert!(seen.insert(file), "two samples are called {name}");
    let frame = codec::encode(message).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, to_hex(&frame)).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let golden = from_hex(&text);
    let length = codec::length(golden[..PREFIX].try_into().unwrap()).unwrap();
    assert_eq!(length, golden.len() - PREFIX, "{name}: the length is wrong");
    let read: T = codec::decode(&golden[PREFIX..]).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(&read, message, "{name}: old frames are read differently");
    assert_eq!(
        to_hex(&frame),
        to_hex(&golden),
        "{name}: old programs cannot read this"
    );
}

#[test]
fn every_message_is_written_and_read_as_ever() {
    let mut seen = BTreeSet::new();
    check::<Hello>("hello", &samples::hello(), &mut seen);
    for (name, request) in samples::requests() {
        check::<Request>(&format!("request-{name}"), &request, &mut seen);
    }
    for (name, reply) in samples::replies() {
        check::<Reply>(&format!("reply-{name}"), &reply, &mut seen);
    }
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, seen, "files without a message, or messages without a file");
}

#[test]
fn the_greeting_of_every_version_can_be_read() {
    let versions = folder().parent().unwrap().to_owned();
    let mut known = 0;
    for version in fs::read_dir(versions).unwrap() {
        let path = version.unwrap().path().join("hello.hex");
        let frame = from_hex(&fs::read_to_string(path).unwrap());
        let hello: Hello = codec::decode(&frame[PREFIX..]).unwrap();
        assert!(hello.protocol <= PROTOCOL);
        known += 1;
    }
    assert_eq!(known, PROTOCOL, "one folder for each version");
}

/// How many variants an enum has, as its reader says when it is given one too many.
fn variants<T: DeserializeOwned + Debug>() -> usize {
    // 251 is the largest number that takes a single byte and more than any of these enums has variants.
    let error = codec::decode::<T>(&[250]).unwrap_err().to_string();
    let (_, count) = error.split_once("0 <= i < ").unwrap();
    count
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap()
}

/// The variant's number is the first byte of what is written.
fn covers<T: Serialize + DeserializeOwned + Debug>(values: impl IntoIterator<Item = T>) {
    let seen: BTreeSet<u8> = values
        .into_iter()
        .map(|value| codec::encode(&value).unwrap()[PREFIX])
        .collect();
    let all: BTreeSet<u8> = (0..u8::try_from(variants::<T>()).unwrap()).collect();
    assert_eq!(seen, all, "of {}", std::any::type_name::<T>());
}

#[test]
fn no_kind_of_message_is_missing() {
    let replies = || samples::replies().into_iter().map(|(_, reply)| reply);
    covers(samples::requests().into_iter().map(|(_, request)| request));
    covers(replies());
    covers(
        samples::requests()
            .into_iter()
            .filter_map(|(_, request)| match request {
                Request::List { filter, .. } => Some(filter.state),
                _ => None,
            }),
    );
    covers(
        samples::requests()
            .into_iter()
            .filter_map(|(_, request)| match request {
                Request::Answer { said, .. } => Some(said),
                _ => None,
            }),
    );
    covers(replies().filter_map(|reply| match reply {
        Reply::Event(event) => Some(event.what),
        _ => None,
    }));
    let outcomes = || {
        replies().filter_map(|reply| match reply {
            Reply::File(report) => Some(report.outcome),
            _ => None,
        })
    };
    covers(outcomes());
    let in_files = outcomes().filter_map(|outcome| match outcome {
        Outcome::Failed(fault) => Some(fault),
        _ => None,
    });
    let in_all = replies().filter_map(|reply| match reply {
        Reply::Failed(fault) => Some(fault),
        _ => None,
    });
    covers::<Fault>(in_files.chain(in_all));
    let locks: Vec<_> = outcomes()
        .filter_map(|outcome| match outcome {
            Outcome::Stands { lock, .. } => lock,
            _ => None,
        })
        .collect();
    covers(replies().filter_map(|reply| match reply {
        Reply::Standing(standing) => Some(standing.state),
        _ => None,
    }));
    covers::<Whose>(locks.iter().map(|lock| lock.whose));
    covers::<Presence>(locks.iter().map(|lock| lock.presence));
    assert_eq!(variants::<EventKind>(), 6, "the count itself is read right");
}
