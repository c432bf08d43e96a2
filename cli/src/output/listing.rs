//! The pages of a list, as people see them.
//!
//! Nearly all files of a long list are free and have plain names. Their rows differ in name and size alone, and are
//! written by a pattern; all others are made of cells.

use camctl_shared::ipc::message::{ListedFile, LockInfo, Page, Presence, Whose};

use super::clean::{clean, is_plain};
use super::digits::Digits;
use super::sheet::Sheet;
use super::style::Paint;
use super::table::{Cell, Pattern, Table, empty_row};
use super::text::holder;
use super::time::{Times, size};

/// The headings.
pub const HEADER: [&str; COLUMNS] = ["STATE", "FILE", "OWNER", "SINCE", "SIZE", "MESSAGE"];
const COLUMNS: usize = 6;
const FILE: usize = 1;
const SIZE: usize = 4;

type Row<'a> = [Cell<'a>; COLUMNS];

/// The table of a list.
#[derive(Debug)]
pub struct Listing {
    table: Table<COLUMNS>,
    free: Option<Pattern>,
    sheet: Sheet,
}

impl Listing {
    /// A table with [`HEADER`].
    pub fn new(table: Table<COLUMNS>) -> Self {
        Self {
            table,
            free: None,
            sheet: Sheet::default(),
        }
    }

    /// The lines of the next page.
    pub fn page(&mut self, page: &Page, times: &Times) -> &[u8] {
        self.sheet.clear();
        let plain = is_plain(page.names());
        if !self.table.is_begun() {
            self.begin(page, plain, times);
        }
        for file in page.files() {
            let by_pattern = simple(&file, plain).is_some_and(|size| {
                let free = self.free.as_ref();
                free.is_some_and(|free| free.row(&mut self.sheet, file.name, &size))
            });
            if !by_pattern {
                self.table.row(&mut self.sheet, &row(file, times));
            }
        }
        self.sheet.text()
    }

    /// The first page decides the widths.
    fn begin(&mut self, page: &Page, plain: bool, times: &Times) {
        for file in page.files() {
            if let Some(size) = simple(&file, plain) {
                self.table.widen_to(FILE, file.name.len());
                self.table.widen_to(SIZE, size.len());
            } else {
                self.table.widen(&row(file, times));
            }
        }
        let first = page
            .files()
            .next()
            .map_or_else(empty_row, |file| row(file, times));
        self.table.head(&mut self.sheet, &first);
        self.free = self.table.pattern(&free(), SIZE);
    }
}

/// The size of a file that is free and shown as it is called; `plain`: all names of the page are.
#[inline]
fn simple(file: &ListedFile<'_>, plain: bool) -> Option<Digits> {
    if file.lock.is_some() || !(plain || is_plain(file.name)) {
        return None;
    }
    file.size.map(size)
}

fn free<'a>() -> Cell<'a> {
    Cell::painted("free", Paint::Good)
}

fn row<'a>(file: ListedFile<'a>, times: &Times) -> Row<'a> {
    let name = Cell::plain(clean(file.name));
    let bytes = file.size.map(|bytes| size(bytes).to_string());
    let Some(lock) = file.lock else {
        let bytes = Cell::number(bytes.unwrap_or_default());
        return [
            free(),
            name,
            Cell::default(),
            Cell::default(),
            bytes,
            Cell::default(),
        ];
    };
    let state = match lock.presence {
        Presence::Stale => Cell::painted("stale", Paint::Warning),
        Presence::Parked => Cell::painted("away", Paint::Warning),
        Presence::Expired => Cell::painted("over", Paint::Warning),
        Presence::Unsafe => Cell::painted("unsure", Paint::Error),
        Presence::Alive | Presence::Unknown => match lock.whose {
            Whose::Mine => Cell::painted("mine", Paint::Command),
            Whose::MineElsewhere | Whose::Theirs => Cell::painted("locked", Paint::Error),
        },
    };
    [
        state,
        name,
        Cell::plain(holder(lock)),
        Cell::plain(times.at(lock.since_us)),
        Cell::number(bytes.unwrap_or_else(|| "missing".to_owned())),
        match waiting(lock) {
            None => Cell::plain(clean(&lock.message)),
            Some(waiting) if lock.message.is_empty() => Cell::plain(waiting),
            Some(waiting) => Cell::plain(format!("{waiting}; {}", clean(&lock.message))),
        },
    ]
}

/// `2 waiting`, `you are number 2 of 3 in line`; `None` when nobody is.
fn waiting(lock: &LockInfo) -> Option<String> {
    match (lock.place, lock.waiting) {
        (_, 0) => None,
        (Some(place), count) => Some(format!("you are number {place} of {count} in line")),
        (None, count) => Some(format!("{count} waiting")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::output::style::Style;

    #[test]
    fn rows_of_free_files_have_a_pattern_whatever_the_widths() {
        let mut listing = Listing::new(Table::new(HEADER, Style::plain(), None));
        let file = ListedFile {
            name: "a",
            size: Some(0),
            modified_us: None,
            lock: None,
        };
        let times = crate::testing::times();
        let text = listing.page(&Page::from_iter([file]), &times);
        let text = str::from_utf8(text).unwrap();
        assert_eq!(
            text,
            "STATE  FILE  OWNER  SINCE  SIZE  MESSAGE\nfree   a                    0 B\n"
        );
        assert!(
            listing.free.is_some(),
            "a long list would take many times as long"
        );
    }
}
