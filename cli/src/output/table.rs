//! Aligned columns. The first page decides the widths, so that a long list can be shown as it comes.

use std::borrow::Cow;

use super::clean::{shorten, width};
use super::digits::Digits;
use super::sheet::{Sheet, copy};
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
/// next to no time. [`Table::page`] does it all. Whoever makes rows in a way of his own first shows what is on the
/// first page, with [`Table::widen`] and [`Table::widen_to`], and then writes with [`Table::head`] and [`Table::row`].
#[derive(Debug)]
pub struct Table<const N: usize> {
    header: [&'static str; N],
    style: Style,
    /// Columns of the terminal; `None`: as wide as it gets.
    columns: Option<usize>,
    widths: [usize; N],
    begun: bool,
}

impl<const N: usize> Table<N> {
    /// A table with these headings. `columns` is the width of the terminal, when there is one.
    pub fn new(header: [&'static str; N], style: Style, columns: Option<usize>) -> Self {
        Self {
            header,
            style,
            columns,
            widths: header.map(width),
            begun: false,
        }
    }

    /// The lines of one page, each with its line break; the first page has the headings above it. `fill` makes the
    /// row of an item, in cells that are empty.
    pub fn page<'a, T>(&mut self, items: &'a [T], fill: impl Fn(&'a T, &mut [Cell<'a>; N])) -> Vec<u8> {
        let mut sheet = Sheet::default();
        if !self.begun {
            let mut first = empty_row();
            for item in items.iter().rev() {
                first = empty_row();
                fill(item, &mut first);
                self.widen(&first);
            }
            self.head(&mut sheet, &first);
        }
        for item in items {
            let mut row = empty_row();
            fill(item, &mut row);
            self.row(&mut sheet, &row);
        }
        sheet.text().to_vec()
    }

    /// Makes columns as wide as this row needs them.
    pub fn widen(&mut self, row: &[Cell<'_>; N]) {
        for (column, cell) in self.widths.iter_mut().zip(row) {
            *column = (*column).max(width(&cell.text));
        }
    }

    /// Makes one column at least so wide.
    pub fn widen_to(&mut self, column: usize, width: usize) {
        if let Some(column) = self.widths.get_mut(column) {
            *column = (*column).max(width);
        }
    }

    /// Whether the headings are written, and the widths decided.
    pub fn is_begun(&self) -> bool {
        self.begun
    }

    /// Decides the widths, and writes the headings; each stands above the cells of its column as those of `first` do.
    pub fn head(&mut self, sheet: &mut Sheet, first: &[Cell<'_>; N]) {
        if let (Some(columns), Some((last, others))) = (self.columns, self.widths.split_last_mut()) {
            let used: usize = others.iter().map(|column| column + GAP).sum();
            let room = columns.saturating_sub(used).max(LAST_AT_LEAST);
            *last = (*last).min(room);
        }
        self.begun = true;
        let mut header = self.header.map(|word| Cell::painted(word, Paint::Dim));
        for (heading, cell) in header.iter_mut().zip(first) {
            heading.right = cell.right;
        }
        self.row(sheet, &header);
    }

    /// Writes a row. Spaces are owed until something follows them: no line ends with any.
    pub fn row(&self, sheet: &mut Sheet, row: &[Cell<'_>; N]) {
        let mut owed = 0;
        for (column, (cell, columns)) in row.iter().zip(&self.widths).enumerate() {
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
            sheet.pad(if cell.right { owed + padding } else { owed });
            match cell.paint {
                Some(paint) => sheet.put(self.style.paint(paint, &shown).as_bytes()),
                None => sheet.put(shown.as_bytes()),
            }
            owed = if cell.right { GAP } else { padding + GAP };
        }
        sheet.put(b"\n");
    }

    /// The pattern of rows that begin with `first`, then have a text of their own, and in the column `number` a
    /// number; `None` when the columns are too narrow for it.
    pub fn pattern(&self, first: &Cell<'_>, number: usize) -> Option<Pattern> {
        let mut line = Sheet::default();
        let text = match first.paint {
            Some(paint) => self.style.paint(paint, &first.text),
            None => Cow::Borrowed(&*first.text),
        };
        line.put(text.as_bytes());
        line.pad(self.widths.first()?.checked_sub(width(&first.text))? + GAP);
        let text_at = line.text().len();
        let after: usize = self
            .widths
            .get(2..=number)?
            .iter()
            .map(|column| GAP + column)
            .sum();
        let text_room = *self.widths.get(1)?;
        line.pad(text_room + after);
        line.put(b"\n");
        (after >= Digits::LONGEST).then(|| Pattern {
            line: line.text().to_vec(),
            text_at,
            text_room,
            number_room: self.widths[number],
        })
    }
}

/// A row without anything in it.
pub fn empty_row<'a, const N: usize>() -> [Cell<'a>; N] {
    std::array::from_fn(|_| Cell::default())
}

/// A row in which only a text and a number are still to be written. Most rows of a long list are such.
#[derive(Debug)]
pub struct Pattern {
    line: Vec<u8>,
    text_at: usize,
    text_room: usize,
    number_room: usize,
}

impl Pattern {
    /// Writes a row; `false` when it does not fit the pattern. `text` must be as wide as it is long.
    #[inline]
    pub fn row(&self, sheet: &mut Sheet, text: &str, number: &Digits) -> bool {
        if text.len() > self.text_room || number.len() > self.number_room {
            return false;
        }
        let line = sheet.take(self.line.len());
        copy(line, &self.line);
        copy(&mut line[self.text_at..], text.as_bytes());
        // With the spaces before it: there is room for them between the two.
        if let Some((_, line)) = line.split_last_mut()
            && let Some(end) = line.last_chunk_mut()
        {
            *end = number.padded();
        }
        true
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
