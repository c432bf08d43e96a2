//! Speaking to the agent byte by byte.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use camctl_shared::ipc::codec::{PREFIX, decode, encode};
use camctl_shared::ipc::message::{Hello, Reply, Request};
use testkit::{LONG, Machine};

/// A connection to the agent of `machine`, which has said nothing yet.
pub fn connect(machine: &Machine) -> UnixStream {
    let socket = UnixStream::connect(machine.home().join("runtime/v1.sock")).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    socket.set_write_timeout(Some(LONG)).unwrap();
    socket
}

/// The first frame of a client that speaks `protocol`.
pub fn hello(protocol: u32) -> Vec<u8> {
    let hello = Hello {
        protocol,
        version: "9.9.9".into(),
        capabilities: vec!["unheard-of".into()],
    };
    encode(&hello).unwrap()
}

/// A request as a frame.
pub fn request(request: &Request) -> Vec<u8> {
    encode(request).unwrap()
}

/// Sends `bytes` and reads until the agent hangs up. What it does not want to read any more, it need not.
#[track_caller]
pub fn say(machine: &Machine, bytes: &[u8]) -> Vec<u8> {
    let mut socket = connect(machine);
    if let Err(error) = socket.write_all(bytes) {
        assert!(
            matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset),
            "{error}"
        );
    }
    let mut answer = Vec::new();
    if let Err(error) = socket.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the agent hangs up");
    }
    answer
}

/// The frames of an answer: the agent's `Hello`, and its replies.
pub fn frames(mut answer: &[u8]) -> (Option<Hello>, Vec<Reply>) {
    let mut frames = Vec::new();
    while answer.len() >= PREFIX {
        let length = u32::from_le_bytes(answer[..PREFIX].try_into().unwrap()) as usize;
        frames.push(&answer[PREFIX..PREFIX + length]);
        answer = &answer[PREFIX + length..];
    }
    let mut frames = frames.into_iter();
    let hello = frames.next().map(|frame| decode(frame).unwrap());
    (hello, frames.map(|frame| decode(frame).unwrap()).collect())
}
