//! Where one message ends and the next begins.

use std::io::{ErrorKind, Read, Write};

use super::CodecError;

/// The longest message, in bytes, each way, without its length.
pub const MAX_FRAME: usize = 1 << 20;

/// The bytes of the length itself.
pub const PREFIX: usize = 4;

/// What a reader starts with; most messages are shorter.
const ROOM: usize = 4 << 10;

/// Less than this is not worth a read.
const LEAST: usize = 1 << 10;

/// A reader that grew beyond this gives the memory back between two frames, unless it is told otherwise.
const KEEP: usize = 256 << 10;

/// The length that a prefix announces, in bytes.
///
/// # Errors
/// [`CodecError::TooLarge`].
pub fn length(prefix: [u8; PREFIX]) -> Result<usize, CodecError> {
    let length = u32::from_le_bytes(prefix);
    usize::try_from(length)
        .ok()
        .filter(|length| *length <= MAX_FRAME)
        .ok_or(CodecError::TooLarge {
            length: usize::try_from(length).unwrap_or(usize::MAX),
        })
}

/// The prefix of a message of that length.
pub(super) fn prefix(length: usize) -> Result<[u8; PREFIX], CodecError> {
    match u32::try_from(length) {
        Ok(short) if length <= MAX_FRAME => Ok(short.to_le_bytes()),
        _ => Err(CodecError::TooLarge { length }),
    }
}

/// Takes bytes as they arrive, in whatever pieces, and gives whole frames. Does no I/O, so it serves blocking and
/// asynchronous readers alike:
///
/// 1. while [`FrameReader::frame`] gives a frame, use it;
/// 2. read into [`FrameReader::space`], and say with [`FrameReader::filled`] how many bytes came;
/// 3. when none came, the connection is over: [`FrameReader::end`] says whether that was between two frames.
///
/// Stopping between any two steps loses nothing. It holds at most 4 KiB, or twice what has arrived and was not used.
#[derive(Debug)]
pub struct FrameReader {
    buffer: Vec<u8>,
    /// What was not used yet lies in `buffer[start..end]`.
    start: usize,
    end: usize,
    keep: usize,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameReader {
    /// One that has seen nothing.
    pub const fn new() -> Self {
        Self::keeping(KEEP)
    }

    /// One that has seen nothing, and keeps at most so many bytes between two frames: for those of whom there are many.
    pub const fn keeping(bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            keep: bytes,
        }
    }

    /// The next whole frame, without its length; `None` until more bytes have arrived.
    ///
    /// # Errors
    /// [`CodecError::TooLarge`], as soon as the length has arrived, and again whenever it is asked.
    pub fn frame(&mut self) -> Result<Option<&[u8]>, CodecError> {
        let Some(total) = self.announced()? else {
            return Ok(None);
        };
        if self.end - self.start < total {
            return Ok(None);
        }
        let frame = self.start + PREFIX..self.start + total;
        self.start = frame.end;
        Ok(Some(&self.buffer[frame]))
    }

    /// Where the next bytes belong; never empty.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > self.keep {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.len() - self.end < LEAST {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if self.buffer.len() - self.end < LEAST {
                // Full of what really arrived: twice as much, but no more than the longest frame needs.
                let most = (PREFIX + MAX_FRAME + LEAST).max(self.end + LEAST);
                self.buffer.resize((2 * self.end).clamp(ROOM, most), 0);
            }
        }
        &mut self.buffer[self.end..]
    }

    /// Says that `count` bytes were put into [`FrameReader::space`]. More than fit are ignored.
    pub fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.buffer.len());
    }

    /// What it means that nothing more will come: [`CodecError::Closed`] or [`CodecError::Truncated`].
    pub fn end(&self) -> CodecError {
        match self.end - self.start {
            0 => CodecError::Closed,
            got => CodecError::Truncated {
                expected: self.announced().ok().flatten().unwrap_or(PREFIX),
                got,
            },
        }
    }

    /// The bytes of the frame that begins here, its length included; `None` while that has not arrived.
    ///
    /// # Errors
    /// [`CodecError::TooLarge`].
    pub fn announced(&self) -> Result<Option<usize>, CodecError> {
        match self.buffer[self.start..self.end].first_chunk::<PREFIX>() {
            Some(prefix) => Ok(Some(PREFIX + length(*prefix)?)),
            None => Ok(None),
        }
    }
}

/// Reads one frame and not a byte more; `buffer` then holds it without its length. For tools and tests: the
/// client reads through a [`FrameReader`], which needs fewer system calls.
///
/// # Errors
/// Any [`CodecError`] but `Rubbish`.
pub fn read_frame(from: &mut impl Read, buffer: &mut Vec<u8>) -> Result<(), CodecError> {
    let mut prefix = [0; PREFIX];
    match fill(from, &mut prefix)? {
        PREFIX => {}
        0 => return Err(CodecError::Closed),
        got => {
            return Err(CodecError::Truncated {
                expected: PREFIX,
                got,
            });
        }
    }
    let length = length(prefix)?;
    buffer.clear();
    while buffer.len() < length {
        let have = buffer.len();
        buffer.resize(length.min((2 * have).max(ROOM)), 0);
        let got = have + fill(from, &mut buffer[have..])?;
        if got < buffer.len() {
            return Err(CodecError::Truncated {
                expected: PREFIX + length,
                got: PREFIX + got,
            });
        }
    }
    Ok(())
}

/// Reads until `into` is full or nothing more comes; says how many bytes came.
fn fill(from: &mut impl Read, into: &mut [u8]) -> Result<usize, CodecError> {
    let mut got = 0;
    while got < into.len() {
        match from.read(&mut into[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(got)
}

/// Writes frames that [`super::encode_into`] made, and sees that they leave.
///
/// # Errors
/// [`CodecError::Io`] and [`CodecError::TimedOut`]; part of it may have been sent.
pub fn write_frame(to: &mut impl Write, frames: &[u8]) -> Result<(), CodecError> {
    to.write_all(frames)?;
    Ok(to.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(content: &[u8]) -> Vec<u8> {
        let mut bytes = prefix(content.len()).unwrap().to_vec();
        bytes.extend_from_slice(content);
        bytes
    }

    fn feed(reader: &mut FrameReader, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = reader.space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            reader.filled(count);
            bytes = &bytes[count..];
        }
    }

    #[test]
    fn frames_come_out_whole_however_they_arrive() {
        let contents: Vec<Vec<u8>> = [0, 1, 3, 4, 5000, 0, MAX_FRAME, 7]
            .iter()
            .map(|size| (0..*size).map(|n| u8::try_from(n % 251).unwrap()).collect())
            .collect();
        let stream: Vec<u8> = contents.iter().flat_map(|content| frame(content)).collect();
        for piece in [1, 3, 4096, 70_000, stream.len()] {
            let mut reader = FrameReader::new();
            let mut seen = Vec::new();
            for bytes in stream.chunks(piece) {
                feed(&mut reader, bytes);
                while let Some(content) = reader.frame().unwrap() {
                    seen.push(content.to_vec());
                }
            }
            assert!(seen == contents, "in pieces of {piece}");
            assert!(matches!(reader.end(), CodecError::Closed));
        }
    }

    #[test]
    fn an_announced_length_costs_nothing_until_bytes_come() {
        let mut reader = FrameReader::new();
        feed(&mut reader, &prefix(MAX_FRAME).unwrap());
        assert!(reader.frame().unwrap().is_none());
        reader.space();
        assert_eq!(reader.buffer.capacity(), ROOM);
        feed(&mut reader, &[0; 10_000]);
        reader.space();
        assert!(reader.buffer.capacity() <= 4 * 10_000);
    }

    #[test]
    fn memory_is_given_back_after_a_long_frame() {
        let mut reader = FrameReader::new();
        feed(&mut reader, &frame(&vec![1; MAX_FRAME]));
        assert_eq!(reader.frame().unwrap().map(<[u8]>::len), Some(MAX_FRAME));
        reader.space();
        assert_eq!(reader.buffer.capacity(), ROOM);
    }

    #[test]
    fn too_long_a_length_is_an_error_at_once_and_for_ever() {
        let mut reader = FrameReader::new();
        feed(&mut reader, b"GET ");
        for _ in 0..2 {
            assert!(matches!(reader.frame(), Err(CodecError::TooLarge { .. })));
        }
        assert!(matches!(
            read_frame(&mut &b"GET /"[..], &mut Vec::new()),
            Err(CodecError::TooLarge { .. })
        ));
        assert!(length(u32::try_from(MAX_FRAME).unwrap().to_le_bytes()).is_ok());
        assert!(length(u32::try_from(MAX_FRAME + 1).unwrap().to_le_bytes()).is_err());
    }

    #[test]
    fn an_end_in_the_middle_is_told_from_an_end_between() {
        let whole = frame(b"twelve bytes");
        for cut in 0..whole.len() {
            let mut reader = FrameReader::new();
            feed(&mut reader, &whole[..cut]);
            let by_reader = reader.end().to_string();
            let by_call = read_frame(&mut &whole[..cut], &mut Vec::new())
                .unwrap_err()
                .to_string();
            assert_eq!(by_reader, by_call, "cut at {cut}");
            assert_eq!(cut == 0, by_call == CodecError::Closed.to_string());
        }
        let mut buffer = b"old".to_vec();
        read_frame(&mut &whole[..], &mut buffer).unwrap();
        assert_eq!(buffer, b"twelve bytes");
    }

    #[test]
    fn interruptions_are_nothing_and_time_limits_are_named() {
        struct Moody(Vec<Result<u8, ErrorKind>>);
        impl Read for Moody {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                match self.0.pop() {
                    Some(Ok(byte)) => {
                        into[0] = byte;
                        Ok(1)
                    }
                    Some(Err(kind)) => Err(kind.into()),
                    None => Ok(0),
                }
            }
        }
        let mut script: Vec<_> = frame(b"ab")
            .into_iter()
            .flat_map(|byte| [Err(ErrorKind::Interrupted), Ok(byte)])
            .collect();
        script.reverse();
        let mut buffer = Vec::new();
        read_frame(&mut Moody(script), &mut buffer).unwrap();
        assert_eq!(buffer, b"ab");
        let late = read_frame(&mut Moody(vec![Err(ErrorKind::WouldBlock)]), &mut buffer);
        assert!(matches!(late, Err(CodecError::TimedOut)));
    }
}
