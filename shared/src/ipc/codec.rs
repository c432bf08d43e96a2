//! Messages as bytes. The only file that knows `bincode`: replacing it is a new pair of `encode_into` and `decode`,
//! a new [`super::version::PROTOCOL`], and new golden frames.
//!
//! A frame is the length of what follows, in 4 bytes, little-endian, and then one message. Nobody may announce more
//! than [`MAX_FRAME`], and memory grows with what has arrived, never with what was announced. A frame that holds
//! anything else than exactly one message is an error: the connection is over, nothing is guessed.
//!
//! Never here: what a message means, and which file or socket the bytes come from.

mod frames;

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

pub use frames::{FrameReader, MAX_FRAME, PREFIX, length, read_frame, write_frame};

/// Why a message could not be sent or received. After any of them but [`CodecError::TooLarge`] of one's own message
/// and [`CodecError::TimedOut`], the connection cannot be used any more.
#[derive(Debug, Error)]
pub enum CodecError {
    /// Longer than a frame may be; for lists, send several frames.
    #[error("a message of {length} bytes is longer than the {MAX_FRAME} that a frame may have")]
    TooLarge {
        /// Bytes, without the length itself.
        length: usize,
    },
    /// The connection ended in the middle of a frame.
    #[error("the connection ended after {got} of {expected} bytes")]
    Truncated {
        /// Bytes that were to come, the length included.
        expected: usize,
        /// Bytes that came.
        got: usize,
    },
    /// The frame does not hold a message of the kind that was expected, or more than that.
    #[error("a message that cannot be understood: {problem}")]
    Rubbish {
        /// What is wrong, in the codec's words.
        problem: Box<str>,
    },
    /// The connection ended between two frames.
    #[error("the connection was closed")]
    Closed,
    /// The time limit passed.
    #[error("nothing came within the time limit")]
    TimedOut,
    /// The system's own error.
    #[error("the connection failed: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for CodecError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Unix says "would block" when a socket's time limit passes.
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            _ => Self::Io(error),
        }
    }
}

/// One message as a frame, its length included.
///
/// # Errors
/// [`CodecError::TooLarge`].
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    let mut frame = Vec::new();
    encode_into(message, &mut frame)?;
    Ok(frame)
}

/// Appends one message as a frame to `buffer`, so that several can be sent in one write.
///
/// # Errors
/// [`CodecError::TooLarge`]; `buffer` is then as it was.
pub fn encode_into<T: Serialize>(message: &T, buffer: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; PREFIX]);
    let written = bincode::serde::encode_into_std_write(message, buffer, bincode::config::standard());
    let result = match written {
        Ok(length) => frames::prefix(length).map(|prefix| {
            buffer[start..start + PREFIX].copy_from_slice(&prefix);
        }),
        Err(error) => Err(CodecError::Rubbish {
            problem: error.to_string().into(),
        }),
    };
    if result.is_err() {
        buffer.truncate(start);
    }
    result
}

/// The message that `frame` holds; `frame` comes without its length.
///
/// # Errors
/// [`CodecError::TooLarge`], or [`CodecError::Rubbish`], also for bytes behind the message.
pub fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, CodecError> {
    if frame.len() > MAX_FRAME {
        return Err(CodecError::TooLarge { length: frame.len() });
    }
    let read = if frame.len() <= SHORT {
        decode_within::<T, { 8 * SHORT }>
    } else if frame.len() <= MIDDLE {
        decode_within::<T, { 8 * MIDDLE }>
    } else {
        decode_within::<T, { 8 * MAX_FRAME }>
    };
    match read(frame) {
        Ok((message, used)) if used == frame.len() => Ok(message),
        Ok((_, used)) => Err(CodecError::Rubbish {
            problem: format!("{} bytes too many", frame.len() - used).into(),
        }),
        Err(error) => Err(CodecError::Rubbish {
            problem: error.to_string().into(),
        }),
    }
}

/// Sizes of frames that are given a limit of their own, so that a short frame cannot claim the memory of a long one.
const SHORT: usize = 4 << 10;
const MIDDLE: usize = 64 << 10;

/// `bincode` makes room for a text as long as announced, up to this limit, before it looks whether it is there. What
/// it counts against the limit is eight bytes for a number that took one; so eight times its length is what a frame
/// may rightly need.
fn decode_within<T: DeserializeOwned, const LIMIT: usize>(
    frame: &[u8],
) -> Result<(T, usize), bincode::error::DecodeError> {
    bincode::serde::decode_from_slice(frame, bincode::config::standard().with_limit::<LIMIT>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::message::{Filter, FilterState, Hello, Reply, Request};

    fn hello() -> Hello {
        Hello {
            protocol: 1,
            version: "0.1.0".into(),
            capabilities: vec!["bridge".into()],
        }
    }

    #[test]
    fn a_message_comes_back_as_it_went() {
        let request = Request::List {
            folder: "/mnt/cam".into(),
            filter: Filter {
                state: FilterState::Mine,
                extensions: vec!["mcam".into()],
            },
        };
        let frame = encode(&request).unwrap();
        assert_eq!(
            length(frame[..PREFIX].try_into().unwrap()).unwrap(),
            frame.len() - PREFIX
        );
        assert_eq!(decode::<Request>(&frame[PREFIX..]).unwrap(), request);
    }

    #[test]
    fn several_messages_share_a_buffer() {
        let mut buffer = Vec::new();
        encode_into(&hello(), &mut buffer).unwrap();
        let first = buffer.len();
        encode_into(&Request::AgentStatus, &mut buffer).unwrap();
        assert_eq!(decode::<Hello>(&buffer[PREFIX..first]).unwrap(), hello());
        assert_eq!(
            decode::<Request>(&buffer[first + PREFIX..]).unwrap(),
            Request::AgentStatus
        );
    }

    #[test]
    fn what_is_too_large_is_refused_and_leaves_the_buffer_alone() {
        let mut buffer = b"before".to_vec();
        let large = Request::Status {
            files: vec!["x".repeat(MAX_FRAME)],
        };
        let error = encode_into(&large, &mut buffer).unwrap_err();
        assert!(
            matches!(error, CodecError::TooLarge { length } if length > MAX_FRAME),
            "{error}"
        );
        assert_eq!(buffer, b"before");
        let error = decode::<Reply>(&vec![0; MAX_FRAME + 1]).unwrap_err();
        assert!(matches!(error, CodecError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn bytes_behind_the_message_are_an_error() {
        let mut frame = encode(&Reply::Done).unwrap();
        frame.push(0);
        let error = decode::<Reply>(&frame[PREFIX..]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a message that cannot be understood: 1 bytes too many"
        );
    }

    #[test]
    fn rubbish_is_an_error() {
        let frame = encode(&hello()).unwrap();
        let cut = decode::<Hello>(&frame[PREFIX..frame.len() - 1]);
        assert!(matches!(cut, Err(CodecError::Rubbish { .. })), "{cut:?}");
        for bytes in [
            &b""[..],
            b"GET / HTTP/1.1\r\n\r\n",
            &[200],                            // no such variant
            &[0xff; 64],                       // lengths beyond everything
            &[3, 1, 2, 0xc3, 0x28],            // not UTF-8
            &[2, 253, 0, 0, 0, 0, 0, 0, 0, 1], // 2^56 files
        ] {
            let result = decode::<Request>(bytes);
            assert!(
                matches!(result, Err(CodecError::Rubbish { .. })),
                "{bytes:?}: {result:?}"
            );
        }
    }
}
