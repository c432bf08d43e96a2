//! The file of a digest, on this machine's own disk. It may be lost at any time: the log has the truth.
//!
//! It only grows at its end, and is not synced: what a crash leaves is found by the checksums, and cut off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use camctl_shared::paths;

use super::form::{Frame, LONGEST, PREFIX, checksum, heading};

/// The commit up to which a digest goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Its number.
    pub n: u64,
    /// Its nonce.
    pub nonce: String,
}

/// An open digest.
#[derive(Debug)]
pub struct Digest {
    path: PathBuf,
    file: File,
    heading: Vec<u8>,
    /// Where the next frame goes.
    end: u64,
    tail: Option<Tail>,
}

impl Digest {
    /// Opens the digest of that repository's log at `path`, and makes one where there is none that can be understood.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn open(path: &Path, repository: &str) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        paths::make_private_dir(folder).map_err(io::Error::other)?;
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut digest = Self {
            path: path.to_owned(),
            file,
            heading: heading(repository),
            end: 0,
            tail: None,
        };
        if !digest.is_ours()? {
            digest.clear()?;
        }
        digest.find_end()?;
        Ok(digest)
    }

    /// The same, but `None` when there is no file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn open_existing(path: &Path, repository: &str) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(_) => Self::open(path, repository).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How far it goes; `None` when it is empty.
    pub fn tail(&self) -> Option<&Tail> {
        self.tail.as_ref()
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// When the disk refuses; then it is as it was.
    pub fn append(&mut self, frame: &Frame) -> io::Result<()> {
        let bytes = frame.encode();
        self.file.seek(SeekFrom::Start(self.end))?;
        if let Err(error) = self.file.write_all(&bytes) {
            // What was written of it is no frame, and is written over or cut off.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += bytes.len() as u64;
        self.tail = Some(Tail {
            n: frame.n,
            nonce: frame.nonce.clone(),
        });
        Ok(())
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn clear(&mut self) -> io::Result<()> {
        self.tail = None;
        self.end = 0;
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&self.heading)?;
        self.end = self.heading.len() as u64;
        Ok(())
    }

    /// What is in it by now, for whoever reads it while it grows.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn frames(&self) -> io::Result<Frames> {
        let mut file = File::open(&self.path)?;
        let start = self.heading.len() as u64;
        file.seek(SeekFrom::Start(start))?;
        Ok(Frames {
            file: BufReader::with_capacity(256 << 10, file),
            left: self.end.saturating_sub(start),
            bytes: Vec::new(),
        })
    }

    fn is_ours(&mut self) -> io::Result<bool> {
        let mut found = vec![0; self.heading.len()];
        self.file.seek(SeekFrom::Start(0))?;
        match self.file.read_exact(&mut found) {
            Ok(()) => Ok(found == self.heading),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Goes through all frames, and cuts off what is none.
    fn find_end(&mut self) -> io::Result<()> {
        self.end = self.file.metadata()?.len();
        let mut frames = self.frames()?;
        let mut end = self.heading.len() as u64;
        let mut tail = None;
        while let Some(bytes) = frames.next_bytes()? {
            let Some((n, nonce)) = Frame::last(bytes) else {
                break;
            };
            end += (PREFIX + bytes.len()) as u64;
            tail = Some(Tail { n, nonce });
        }
        if end < self.end {
            self.file.set_len(end)?;
        }
        (self.end, self.tail) = (end, tail);
        Ok(())
    }
}

/// The frames of a digest, one after another.
#[derive(Debug)]
pub struct Frames {
    file: BufReader<File>,
    left: u64,
    bytes: Vec<u8>,
}

impl Frames {
    /// The next frame; `None` at the end, or where it is torn.
    ///
    /// # Errors
    /// When the disk refuses, or what has the right checksum cannot be understood.
    pub fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let Some(bytes) = self.next_bytes()? else {
            return Ok(None);
        };
        let frame = Frame::decode(bytes);
        frame.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn next_bytes(&mut self) -> io::Result<Option<&[u8]>> {
        let Some(left) = self.left.checked_sub(PREFIX as u64) else {
            return Ok(None);
        };
        let (mut length, mut sum) = ([0; 4], [0; 8]);
        self.file.read_exact(&mut length)?;
        self.file.read_exact(&mut sum)?;
        let length = u32::from_le_bytes(length);
        let Some(left) = left.checked_sub(length.into()) else {
            return Ok(None);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Ok(None);
        }
        self.bytes.resize(length, 0);
        self.file.read_exact(&mut self.bytes)?;
        self.left = left;
        Ok((checksum(&self.bytes) == u64::from_le_bytes(sum)).then_some(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(n: u64) -> Frame {
        Frame {
            n,
            nonce: format!("nonce {n}"),
            ..Frame::default()
        }
    }

    fn numbers(digest: &Digest) -> Vec<u64> {
        let mut frames = digest.frames().unwrap();
        std::iter::from_fn(|| frames.next_frame().unwrap().map(|frame| frame.n)).collect()
    }

    fn with_three(path: &Path) -> Digest {
        let mut digest = Digest::open(path, "one").unwrap();
        for n in 1..=3 {
            digest.append(&frame(n)).unwrap();
        }
        digest
    }

    #[test]
    fn it_goes_on_where_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/history");
        assert!(Digest::open_existing(&path, "one").unwrap().is_none());
        drop(with_three(&path));
        let mut digest = Digest::open_existing(&path, "one").unwrap().unwrap();
        assert_eq!(digest.tail().unwrap().nonce, "nonce 3");
        digest.append(&frame(4)).unwrap();
        assert_eq!(numbers(&digest), [1, 2, 3, 4]);
    }

    #[test]
    fn what_a_crash_has_torn_is_cut_off_at_every_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let whole = with_three(&path).end;
        let bytes = fs::read(&path).unwrap();
        let two = {
            let third = frame(3).encode().len() as u64;
            whole - third
        };
        for cut in usize::try_from(two).unwrap()..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let mut digest = Digest::open(&path, "one").unwrap();
            assert_eq!(digest.tail().map(|tail| tail.n), Some(2), "cut at {cut}");
            digest.append(&frame(3)).unwrap();
            assert_eq!(numbers(&digest), [1, 2, 3]);
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_ends_it_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        drop(with_three(&path));
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(numbers(&Digest::open(&path, "one").unwrap()), [1, 2]);
    }

    #[test]
    fn what_is_not_its_own_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        for content in [
            &b""[..],
            b"camctl history 1 on",
            b"camctl history 0 one\n",
            b"camctl history 2 one\nxyz",
        ] {
            fs::write(&path, content).unwrap();
            let digest = Digest::open(&path, "one").unwrap();
            assert_eq!((digest.tail(), numbers(&digest)), (None, vec![]));
            assert_eq!(fs::read(&path).unwrap(), heading("one"));
        }
        drop(with_three(&path));
        assert!(Digest::open(&path, "another").unwrap().tail().is_none());
    }
}
