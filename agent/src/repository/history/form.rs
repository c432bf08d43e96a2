//! The digest of a log as bytes.
//!
//! | format | date | what changed |
//! | --- | --- | --- |
//! | 1 | 2026-11-21 | the first |
//!
//! One line that says whose digest it is ([`heading`]), then frames to the end: 4 bytes little-endian for the length of
//! what follows the checksum, 8 for its XXH3-64 (seed 0), and that. Each frame stands for itself: it has the names that it
//! uses, so that whoever adds one has to know nothing of those before. A file of another format is not read: it is made
//! anew from the log.
//!
//! Numbers are written seven bits a byte, the lowest first; texts with their length before them.

use camctl_shared::history::{Desk, End, Held, Name, Names, Place, Step};
use camctl_shared::model::How;

/// What stands before a frame: its length and its checksum.
pub const PREFIX: usize = 12;
/// The longest frame that is believed.
pub const LONGEST: usize = 512 << 20;

/// The first line of the digest of that repository's log.
pub fn heading(repository: &str) -> Vec<u8> {
    let id: String = repository.chars().filter(|c| !c.is_control()).collect();
    format!("camctl history 1 {id}\n").into_bytes()
}

/// A part of the log.
#[derive(Debug, Default)]
pub struct Frame {
    /// The number of its last commit.
    pub n: u64,
    /// That commit's nonce.
    pub nonce: String,
    /// The names in it.
    pub names: Names,
    /// What it tells.
    pub told: Told,
}

/// What a part of the log tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// What stood after a commit of that time. What was before is not known, or has ended unheard.
    Begin {
        /// When.
        at: i64,
        /// Every lock.
        locks: Vec<(Name, Held)>,
    },
    /// What its commits did, without a gap after the frame before.
    Steps(Vec<Step>),
}

impl Default for Told {
    fn default() -> Self {
        Self::Steps(Vec::new())
    }
}

impl Frame {
    /// As it is written.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer(vec![0; PREFIX]);
        to.number(self.n);
        to.text(&self.nonce);
        to.number(self.names.texts().len() as u64);
        for name in self.names.texts() {
            to.text(name);
        }
        match &self.told {
            Told::Begin { at, locks } => {
                to.number(0);
                to.time(*at);
                to.number(locks.len() as u64);
                for (file, lock) in locks {
                    to.name(*file);
                    to.held(lock);
                }
            }
            Told::Steps(steps) => {
                to.number(1);
                to.number(steps.len() as u64);
                for step in steps {
                    to.step(step);
                }
            }
        }
        let mut bytes = to.0;
        let length = u32::try_from(bytes.len() - PREFIX).unwrap_or(u32::MAX);
        let sum = checksum(&bytes[PREFIX..]);
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes[4..PREFIX].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads what follows the prefix. `None`: it is no frame.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let (n, nonce) = (from.number()?, from.text()?.to_owned());
        let mut names = Names::default();
        for _ in 0..from.number()? {
            names.number(from.text()?);
        }
        let told = match from.number()? {
            0 => {
                let at = from.time()?;
                let locks = from.list(|from| Some((from.name()?, from.held()?)))?;
                Told::Begin { at, locks }
            }
            1 => Told::Steps(from.list(Reader::step)?),
            _ => return None,
        };
        from.0.is_empty().then_some(Self {
            n,
            nonce,
            names,
            told,
        })
    }

    /// The last commit of the frame that `bytes` are, and its nonce.
    pub fn last(bytes: &[u8]) -> Option<(u64, String)> {
        let mut from = Reader(bytes);
        Some((from.number()?, from.text()?.to_owned()))
    }
}

/// Of what follows a prefix.
pub fn checksum(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push((number & 0x7f) as u8);
    }

    /// Near zero on either side is short.
    fn time(&mut self, at: i64) {
        self.number(((at << 1) ^ (at >> 63)).cast_unsigned());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn name(&mut self, name: Name) {
        self.number(name.into());
    }

    /// None is zero, and all others are one higher.
    fn maybe(&mut self, number: Option<u64>) {
        self.number(number.map_or(0, |number| number.saturating_add(1)));
    }

    fn desk(&mut self, desk: Desk) {
        self.name(desk.user);
        self.maybe(desk.machine.map(Into::into));
    }

    fn places(&mut self, places: &[Place]) {
        self.number(places.len() as u64);
        for place in places {
            self.desk(place.who);
            self.time(place.since);
        }
    }

    fn held(&mut self, lock: &Held) {
        self.desk(lock.owner);
        self.maybe(lock.token);
        self.time(lock.since);
        self.name(lock.kind);
        self.text(&lock.message);
        self.places(&lock.line);
        self.places(&lock.asked);
    }

    fn step(&mut self, step: &Step) {
        self.number(step.n);
        self.time(step.at);
        self.name(step.file);
        self.desk(step.by);
        let ended = step.ended.as_ref();
        self.maybe(ended.map(|ended| number_of(ended.how)));
        if let Some(ended) = ended {
            self.desk(ended.owner);
            self.maybe(ended.token);
            self.time(ended.since);
            self.text(&ended.reason);
        }
        self.number(step.lock.is_some().into());
        if let Some(lock) = &step.lock {
            self.held(lock);
        }
    }
}

const HOWS: [How; 4] = [How::Released, How::Broken, How::Forced, How::Expired];

fn number_of(how: How) -> u64 {
    HOWS.iter().position(|one| *one == how).unwrap_or(0) as u64
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn time(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn name(&mut self) -> Option<Name> {
        Name::try_from(self.number()?).ok()
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(one(self)?);
        }
        Some(list)
    }

    fn desk(&mut self) -> Option<Desk> {
        let user = self.name()?;
        let machine = match self.number()?.checked_sub(1) {
            Some(name) => Some(Name::try_from(name).ok()?),
            None => None,
        };
        Some(Desk { user, machine })
    }

    fn place(&mut self) -> Option<Place> {
        let (who, since) = (self.desk()?, self.time()?);
        Some(Place { who, since })
    }

    fn held(&mut self) -> Option<Held> {
        Some(Held {
            owner: self.desk()?,
            token: self.number()?.checked_sub(1),
            since: self.time()?,
            kind: self.name()?,
            message: self.text()?.into(),
            line: self.list(Self::place)?,
            asked: self.list(Self::place)?,
        })
    }

    fn step(&mut self) -> Option<Step> {
        let (n, at, file, by) = (self.number()?, self.time()?, self.name()?, self.desk()?);
        let ended = match self.number()?.checked_sub(1) {
            None => None,
            Some(how) => Some(End {
                how: *HOWS.get(usize::try_from(how).ok()?)?,
                owner: self.desk()?,
                token: self.number()?.checked_sub(1),
                since: self.time()?,
                reason: self.text()?.into(),
            }),
        };
        let lock = match self.number()? {
            0 => None,
            _ => Some(self.held()?),
        };
        Some(Step {
            n,
            at,
            file,
            by,
            ended,
            lock,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(names: &mut Names) -> Held {
        let who = Desk {
            user: names.number("bob"),
            machine: None,
        };
        Held {
            owner: Desk {
                user: names.number("alice"),
                machine: Some(names.number("CAM-03")),
            },
            token: Some(u64::MAX - 1),
            since: -1,
            kind: names.number("checkout"),
            message: "Überarbeitung".into(),
            line: vec![Place { who, since: i64::MIN }],
            asked: vec![Place { who, since: i64::MAX }],
        }
    }

    fn frames() -> [Frame; 3] {
        let mut names = Names::default();
        let lock = held(&mut names);
        let file = names.number("fixtures/4801247.mcam");
        let step = |how| Step {
            n: 300,
            at: 1_795_185_612_123_456,
            file,
            by: lock.owner,
            ended: Some(End {
                owner: lock.owner,
                token: None,
                since: 0,
                how,
                reason: "on holiday".into(),
            }),
            lock: Some(lock.clone()),
        };
        let mut steps: Vec<Step> = HOWS.map(step).into();
        steps.push(Step {
            ended: None,
            lock: None,
            ..steps[0].clone()
        });
        let frame = |told| Frame {
            n: 300,
            nonce: "abc".into(),
            names: {
                let mut copy = Names::default();
                for text in names.texts() {
                    copy.number(text);
                }
                copy
            },
            told,
        };
        let locks = vec![(file, lock.clone())];
        [
            frame(Told::Begin { at: 5, locks }),
            frame(Told::Steps(steps)),
            Frame::default(),
        ]
    }

    #[test]
    fn what_was_written_is_read() {
        for frame in frames() {
            let bytes = frame.encode();
            let read = Frame::decode(&bytes[PREFIX..]).unwrap();
            assert_eq!(
                (read.n, &read.nonce, &read.told),
                (frame.n, &frame.nonce, &frame.told)
            );
            assert_eq!(read.names.texts(), frame.names.texts());
            assert_eq!(Frame::last(&bytes[PREFIX..]), Some((frame.n, frame.nonce)));
        }
    }

    #[test]
    fn nothing_that_was_cut_or_changed_is_a_panic_or_endless() {
        for frame in frames() {
            let bytes = frame.encode();
            for end in PREFIX..bytes.len() {
                assert!(Frame::decode(&bytes[PREFIX..end]).is_none(), "cut at {end}");
            }
            for at in PREFIX..bytes.len() {
                for flip in [0x01, 0x80, 0xff] {
                    let mut bytes = bytes.clone();
                    bytes[at] ^= flip;
                    // Read or not: the checksum is what tells, and this must only come to an end.
                    let _ = Frame::decode(&bytes[PREFIX..]);
                }
            }
        }
    }

    #[test]
    fn a_heading_is_one_line_and_names_the_repository() {
        assert_eq!(heading("0192\nf0c1"), b"camctl history 1 0192f0c1\n");
    }
}
