//! A page of a list, in the form that it is sent in.
//!
//! A list may have a hundred thousand files, and nearly all of them are free. So what every file has lies in two
//! columns, all names in one text and all numbers in rows of fixed width, and the few locks lie apart: reading a page
//! takes three pieces of memory, however many files are on it.

use serde::{Deserialize, Serialize};

use super::LockInfo;

/// One file of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedFile<'a> {
    /// Its name in the repository.
    pub name: &'a str,
    /// Bytes; `None` when it is gone and only its lock is left.
    pub size: Option<u64>,
    /// Last change, by the share's clock.
    pub modified_us: Option<i64>,
    /// Its lock.
    pub lock: Option<&'a LockInfo>,
}

/// A page of a list. Made with [`Page::push`], read with [`Page::files`].
///
/// A page that was received holds together: its columns belong to the same files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Columns")]
pub struct Page(Columns);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Columns {
    /// One behind the other, with nothing between them.
    names: String,
    /// A [`Row`] for each file.
    #[serde(with = "bytes")]
    rows: Vec<u8>,
    /// Whose lock, by its place on the page, ascending.
    locks: Vec<(u32, LockInfo)>,
}

/// Little-endian: 2 bytes for the length of the name, 8 for the size, 8 for the time.
type Row = [u8; ROW];
const ROW: usize = 18;

/// No size.
const NO_SIZE: u64 = u64::MAX;
/// No time.
const NO_TIME: i64 = i64::MIN;

impl Page {
    /// The bytes that a file takes beside its name and its lock.
    pub const EACH: usize = ROW;

    /// Adds a file. A name in a repository has at most 4,096 bytes; a page with one beyond 65,535 is refused by
    /// whoever receives it.
    pub fn push(&mut self, file: ListedFile<'_>) {
        let Columns { names, rows, locks } = &mut self.0;
        if let Some(lock) = file.lock {
            let place = u32::try_from(rows.len() / ROW).unwrap_or(u32::MAX);
            locks.push((place, lock.clone()));
        }
        let length = u16::try_from(file.name.len()).unwrap_or(u16::MAX);
        names.push_str(file.name);
        rows.extend_from_slice(&length.to_le_bytes());
        rows.extend_from_slice(&file.size.unwrap_or(NO_SIZE).to_le_bytes());
        rows.extend_from_slice(&file.modified_us.unwrap_or(NO_TIME).to_le_bytes());
    }

    /// How many files are on it.
    pub fn len(&self) -> usize {
        self.0.rows.len() / ROW
    }

    /// Whether it has no file.
    pub fn is_empty(&self) -> bool {
        self.0.rows.is_empty()
    }

    /// All names, one behind the other: what can be said of this text can be said of each of them.
    pub fn names(&self) -> &str {
        &self.0.names
    }

    /// The files, in order.
    pub fn files(&self) -> Files<'_> {
        Files {
            names: &self.0.names,
            rows: self.0.rows.as_chunks().0.iter(),
            locks: &self.0.locks,
            place: 0,
        }
    }
}

impl<'a> FromIterator<ListedFile<'a>> for Page {
    fn from_iter<T: IntoIterator<Item = ListedFile<'a>>>(files: T) -> Self {
        let mut page = Self::default();
        for file in files {
            page.push(file);
        }
        page
    }
}

/// The files of a [`Page`].
#[derive(Debug, Clone)]
pub struct Files<'a> {
    names: &'a str,
    rows: std::slice::Iter<'a, Row>,
    locks: &'a [(u32, LockInfo)],
    place: u32,
}

impl<'a> Iterator for Files<'a> {
    type Item = ListedFile<'a>;

    #[inline]
    fn next(&mut self) -> Option<ListedFile<'a>> {
        let row = self.rows.next()?;
        let (name, names) = self.names.split_at_checked(length(row))?;
        self.names = names;
        let lock = match self.locks {
            [(place, lock), rest @ ..] if *place == self.place => {
                self.locks = rest;
                Some(lock)
            }
            _ => None,
        };
        self.place += 1;
        Some(ListedFile {
            name,
            size: Some(size(row)).filter(|size| *size != NO_SIZE),
            modified_us: Some(time(row)).filter(|time| *time != NO_TIME),
            lock,
        })
    }
}

fn length(row: &Row) -> usize {
    u16::from_le_bytes([row[0], row[1]]).into()
}

fn size(row: &Row) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|n| row[2 + n]))
}

fn time(row: &Row) -> i64 {
    i64::from_le_bytes(std::array::from_fn(|n| row[10 + n]))
}

impl TryFrom<Columns> for Page {
    type Error = &'static str;

    fn try_from(columns: Columns) -> Result<Self, Self::Error> {
        let (rows, rest) = columns.rows.as_chunks();
        if !rest.is_empty() {
            return Err("a page that ends within a file");
        }
        let mut end = 0;
        for row in rows {
            end += length(row);
            if !columns.names.is_char_boundary(end) {
                return Err("a page whose names are not as long as it says");
            }
        }
        if end != columns.names.len() {
            return Err("a page with names of no files");
        }
        let places = || columns.locks.iter().map(|(place, _)| *place);
        let beyond = |place| usize::try_from(place).is_ok_and(|place| place >= rows.len());
        if !places().is_sorted_by(|a, b| a < b) || places().next_back().is_some_and(beyond) {
            return Err("a page with locks of no files");
        }
        Ok(Self(columns))
    }
}

/// Serde takes bytes for a list of numbers, and reads it one by one, unless it is told.
mod bytes {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::codec::{PREFIX, decode, encode};
    use crate::ipc::message::{Presence, Whose};

    fn lock() -> LockInfo {
        LockInfo {
            user: "alice".into(),
            machine: None,
            session: None,
            since_us: 0,
            message: String::new(),
            kind: "checkout".into(),
            token: None,
            expires_us: None,
            whose: Whose::Theirs,
            presence: Presence::Unknown,
            parked_us: None,
            waiting: 0,
            place: None,
            asked: 0,
        }
    }

    fn file(name: &str) -> ListedFile<'_> {
        ListedFile {
            name,
            size: Some(7),
            modified_us: Some(-1),
            lock: None,
        }
    }

    #[test]
    fn what_was_put_on_a_page_is_read_from_it() {
        let lock = lock();
        let files = [
            file("a.mcam"),
            ListedFile {
                lock: Some(&lock),
                ..file("部品.mcam")
            },
            ListedFile {
                size: None,
                modified_us: None,
                ..file("ü")
            },
            ListedFile {
                size: None,
                lock: Some(&lock),
                ..file("z.mcam")
            },
        ];
        for count in 0..=files.len() {
            let page: Page = files[..count].iter().copied().collect();
            let sent = encode(&page).unwrap();
            let came: Page = decode(&sent[PREFIX..]).unwrap();
            assert_eq!(came, page);
            assert_eq!(came.len(), count);
            assert_eq!(came.is_empty(), count == 0);
            assert!(came.files().eq(files[..count].iter().copied()));
        }
    }

    #[test]
    fn a_page_that_does_not_hold_together_is_refused() {
        type Change = fn(&mut Columns);
        let good = Page::from_iter([file("ab"), file("ü")]).0;
        let with = |change: fn(&mut Columns)| {
            let mut columns = good.clone();
            change(&mut columns);
            let frame = encode(&columns).unwrap();
            decode::<Page>(&frame[PREFIX..]).map_err(|error| error.to_string())
        };
        with(|_| {}).unwrap();
        let cases: [(Change, &str); 7] = [
            (|columns| columns.rows.truncate(2 * ROW - 1), "ends within a file"),
            (|columns| columns.names.push('c'), "names of no files"),
            (|columns| columns.names.truncate(2), "not as long as it says"),
            (|columns| columns.rows[0] = 3, "not as long as it says"),
            (|columns| columns.locks.push((2, lock())), "locks of no files"),
            (
                |columns| columns.locks.extend([(1, lock()), (0, lock())]),
                "locks of no files",
            ),
            (
                |columns| columns.locks.extend([(1, lock()), (1, lock())]),
                "locks of no files",
            ),
        ];
        for (change, problem) in cases {
            let error = with(change).unwrap_err();
            assert!(error.contains(problem), "{problem}: {error}");
        }
    }
}
