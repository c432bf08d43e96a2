//! Messages and their frames.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ipc::codec::{self, CodecError, FrameReader, MAX_FRAME, PREFIX};
use crate::ipc::message::{Hello, Reply, Request};

/// What one frame may cost while it is read, as `shared/tests/rubbish.rs` explains, and once more to be written.
pub(super) fn allowed(bytes: usize) -> usize {
    (2 << 20) + 8 * bytes.max(4096) + 256 * bytes
}

/// The same bytes as each kind of message.
pub(super) fn message(bytes: &[u8]) {
    comes_back::<Hello>(bytes);
    comes_back::<Request>(bytes);
    comes_back::<Reply>(bytes);
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    match codec::decode::<T>(bytes) {
        Ok(message) => {
            let frame = codec::encode(&message).expect("what fitted into a frame fits into one");
            let length = codec::length(*frame.first_chunk::<PREFIX>().unwrap()).unwrap();
            assert_eq!(length, frame.len() - PREFIX);
            assert!(length <= bytes.len(), "nothing is written that was not read");
            assert_eq!(codec::decode::<T>(&frame[PREFIX..]).unwrap(), message);
        }
        Err(CodecError::Rubbish { problem }) => assert!(!problem.is_empty()),
        Err(CodecError::TooLarge { length }) => assert!(length > MAX_FRAME),
        Err(other) => panic!("bytes in memory cannot end like this: {other}"),
    }
}

/// A stream of frames, read at once and in pieces of the size that the first byte says: both find the same.
pub(super) fn frames(bytes: &[u8]) {
    let Some((piece, stream)) = bytes.split_first() else {
        return;
    };
    let (by_call, end_by_call) = read_at_once(stream);
    let (by_pieces, end_by_pieces) = read_in_pieces(stream, usize::from(*piece) + 1);
    assert_eq!(by_call, by_pieces);
    assert_eq!(end_by_call, end_by_pieces);
}

fn read_at_once(mut stream: &[u8]) -> (Vec<Vec<u8>>, String) {
    let (mut frames, mut buffer) = (Vec::new(), Vec::new());
    loop {
        match codec::read_frame(&mut stream, &mut buffer) {
            Ok(()) => frames.push(buffer.clone()),
            Err(end) => return (frames, end.to_string()),
        }
    }
}

fn read_in_pieces(mut stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, String) {
    let mut reader = FrameReader::new();
    let mut frames = Vec::new();
    loop {
        loop {
            match reader.frame() {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(end) => return (frames, end.to_string()),
            }
        }
        if stream.is_empty() {
            return (frames, reader.end().to_string());
        }
        let space = reader.space();
        let count = piece.min(space.len()).min(stream.len());
        space[..count].copy_from_slice(&stream[..count]);
        reader.filled(count);
        stream = &stream[count..];
    }
}
