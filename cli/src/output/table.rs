//! Aligned columns. The first page decides the widths, so that a long list can be shown as it comes.

use std::borrow::Cow;

use super::clean::{shorten, width};
use super::style::{Paint, Style};

/// Spaces between two columns.
const GAP: usize = 2;
/// The last column is never cut to less than this.
const LAST_AT_LEAST: usize = 12;

/// One cell: what it says, and in which colour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell<'a> {
    text: Cow<'a, str>,
    paint: Option<Paint>,
    right: bool,
}

impl<'a> Cell<'a> {
    /// A cell without colour.
    pub fn plain(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into(),
            paint: None,
            right: false,
        }
    }

    /// A cell in a colour.
    pub fn painted(text: impl Into<Cow<'a, str>>, paint: Paint) -> Self {
        Self {
            text: text.into(),
            paint: Some(paint),
            right: false,
        }
    }

    /// A number: it stands at the right edge of its column.
    pub fn number(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into(),
            paint: None,
            right: true,
        }
    }
}

/// A table of `N` columns whose pages are written one after another.
///
/// Rows are made one at a time while they are written: a list of a hundred thousand files costs no memory here, and
/// next to no time.
#[derive(Debug)]
pub struct Table<const N: usize> {
    header: [&'static str; N],
    style: Style,
    /// Columns of the terminal; `None`: as wide as it gets.
    columns: Option<usize>,
    widths: Option<[usize; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these headings. `columns` is the width of the terminal, when there is one.
    pub fn new(header: [&'static str; N], style: Style, columns: Option<usize>) -> Self {
        Self {
            header,
            style,
            columns,
            widths: None,
        }
    }

    /// The lines of one page, each with its line break; the first page has the headings above it. `fill` makes the
    /// row of an item, in cells that are empty.
    pub fn page<'a, T>(&mut self, items: &'a [T], fill: impl Fn(&'a T, &mut [Cell<'a>; N])) -> Vec<u8> {
        let mut text = Vec::new();
        // One row, filled again and again: moving rows about costs more than writing them.
        let mut row: [Cell<'a>; N] = std::array::from_fn(|_| Cell::default());
        let widths = self.widths.unwrap_or_else(|| {
            let mut header = self.header.map(|word| Cell::painted(word, Paint::Dim));
            if let Some(first) = items.first() {
                fill(first, &mut row);
                for (heading, cell) in header.iter_mut().zip(&mut row) {
                    heading.right = cell.right;
                    *cell = Cell::default();
                }
            }
            let widths = self.measure(items, &fill);
            self.write_row(&mut text, &widths, &header);
            widths
        });
        let line = widths.iter().sum::<usize>() + N * GAP;
        text.reserve(items.len().saturating_mul(line));
        for item in items {
            fill(item, &mut row);
            self.write_row(&mut text, &widths, &row);
            for cell in &mut row {
                *cell = Cell::default();
            }
        }
        self.widths = Some(widths);
        text
    }

    fn measure<'a, T>(&self, items: &'a [T], fill: impl Fn(&'a T, &mut [Cell<'a>; N])) -> [usize; N] {
        let mut widths = self.header.map(width);
        let mut row: [Cell<'a>; N] = std::array::from_fn(|_| Cell::default());
        for item in items {
            fill(item, &mut row);
            for (column, cell) in widths.iter_mut().zip(&mut row) {
                *column = (*column).max(width(&cell.text));
                *cell = Cell::default();
            }
        }
        if let (Some(columns), Some((last, others))) = (self.columns, widths.split_last_mut()) {
            let used: usize = others.iter().map(|column| column + GAP).sum();
            let room = columns.saturating_sub(used).max(LAST_AT_LEAST);
            *last = (*last).min(room);
        }
        widths
    }

    /// Spaces are owed until something follows them: no line ends with any.
    fn write_row(&self, text: &mut Vec<u8>, widths: &[usize; N], row: &[Cell<'_>; N]) {
        let mut owed = 0;
        for (column, (cell, columns)) in row.iter().zip(widths).enumerate() {
            let shown = if column + 1 == N && self.columns.is_some() {
                shorten(&cell.text, *columns)
            } else {
                Cow::Borrowed(&*cell.text)
            };
            let padding = columns.saturating_sub(width(&shown));
            if shown.is_empty() {
                owed += padding + GAP;
                continue;
            }
            pad(text, if cell.right { owed + padding } else { owed });
            match cell.paint {
                Some(paint) => put(text, &self.style.paint(paint, &shown)),
                None => put(text, &shown),
            }
            owed = if cell.right { GAP } else { padding + GAP };
        }
        text.push(b'\n');
    }
}

fn pad(text: &mut Vec<u8>, mut columns: usize) {
    const SPACES: &str = "                ";
    while columns > 0 {
        let some = columns.min(SPACES.len());
        put(text, &SPACES[..some]);
        columns -= some;
    }
}

/// Adds a short piece in steps of fixed size. The C library's copying, which `extend_from_slice` calls for lengths
/// that are not known, costs more than all else that is done for a row (musl, in a virtual machine).
fn put(text: &mut Vec<u8>, piece: &str) {
    let mut rest = piece.as_bytes();
    while let Some((eight, others)) = rest.split_first_chunk::<8>() {
        text.extend_from_slice(eight);
        rest = others;
    }
    if let Some((four, others)) = rest.split_first_chunk::<4>() {
        text.extend_from_slice(four);
        rest = others;
    }
    for byte in rest {
        text.push(*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(table: &mut Table<3>, rows: &[[&str; 3]]) -> String {
        let page = table.page(rows, |[a, b, c], row| {
            *row = [Cell::plain(*a), Cell::number(*b), Cell::plain(*c)];
        });
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_spaces() {
        let mut table = Table::new(["FILE", "SIZE", "MESSAGE"], Style::plain(), None);
        let text = lines(
            &mut table,
            &[["部品.mcam", "12", "long enough"], ["a", "1234567", ""]],
        );
        assert_eq!(
            text,
            "FILE          SIZE  MESSAGE\n部品.mcam       12  long enough\na          1234567\n"
        );
    }

    #[test]
    fn later_pages_keep_the_widths_and_lose_nothing() {
        let mut table = Table::new(["FILE", "SIZE", "MESSAGE"], Style::plain(), None);
        lines(&mut table, &[["aa", "1", "x"]]);
        assert_eq!(
            lines(&mut table, &[["longer than before", "2", "y"]]),
            "longer than before     2  y\n"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_the_last_column_alone() {
        let mut table = Table::new(["FILE", "SIZE", "MESSAGE"], Style::plain(), Some(30));
        let text = lines(&mut table, &[["4801247.mcam", "12", "Working on revisions"]]);
        assert_eq!(
            text,
            "FILE          SIZE  MESSAGE\n4801247.mcam    12  Working on …\n"
        );
    }
}
