//! Aligned columns. The first page decides the widths, so that a long list can be shown as it comes.

use super::clean::{shorten, width};
use super::style::{Paint, Style};

/// Spaces between two columns.
const GAP: &str = "  ";
/// The last column is never cut to less than this.
const LAST_AT_LEAST: usize = 12;

/// One cell: what it says, and in which colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    paint: Option<Paint>,
    right: bool,
}

impl Cell {
    /// A cell without colour.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            paint: None,
            right: false,
        }
    }

    /// A cell in a colour.
    pub fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self {
            text: text.into(),
            paint: Some(paint),
            right: false,
        }
    }

    /// A number: it stands at the right edge of its column.
    pub fn number(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            paint: None,
            right: true,
        }
    }
}

/// One line of a table.
pub type Row = Vec<Cell>;

/// A table whose pages are written one after another.
#[derive(Debug)]
pub struct Table {
    header: &'static [&'static str],
    style: Style,
    /// Columns of the terminal; `None`: as wide as it gets.
    columns: Option<usize>,
    widths: Option<Vec<usize>>,
}

impl Table {
    /// A table with these headings. `columns` is the width of the terminal, when there is one.
    pub fn new(header: &'static [&'static str], style: Style, columns: Option<usize>) -> Self {
        Self {
            header,
            style,
            columns,
            widths: None,
        }
    }

    /// The lines of one page, each with its line break; the first page has the headings above it.
    pub fn page(&mut self, rows: &[Row]) -> String {
        let mut text = String::new();
        let widths = self.widths.take().unwrap_or_else(|| {
            let widths = self.measure(rows);
            let header: Row = self
                .header
                .iter()
                .enumerate()
                .map(|(column, word)| heading(word, rows, column))
                .collect();
            self.write_row(&mut text, &widths, &header);
            widths
        });
        for row in rows {
            self.write_row(&mut text, &widths, row);
        }
        self.widths = Some(widths);
        text
    }

    fn measure(&self, rows: &[Row]) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|word| width(word)).collect();
        for row in rows {
            for (column, cell) in widths.iter_mut().zip(row) {
                *column = (*column).max(width(&cell.text));
            }
        }
        if let (Some(columns), Some((last, others))) = (self.columns, widths.split_last_mut()) {
            let used: usize = others.iter().map(|column| column + GAP.len()).sum();
            let room = columns.saturating_sub(used).max(LAST_AT_LEAST);
            *last = (*last).min(room);
        }
        widths
    }

    fn write_row(&self, text: &mut String, widths: &[usize], row: &[Cell]) {
        let line_start = text.len();
        let last = widths.len().saturating_sub(1);
        for (column, (cell, columns)) in row.iter().zip(widths).enumerate() {
            if column > 0 {
                text.push_str(GAP);
            }
            let cut = column == last && self.columns.is_some();
            let shown = if cut {
                shorten(&cell.text, *columns)
            } else {
                cell.text.as_str().into()
            };
            let padding = " ".repeat(columns.saturating_sub(width(&shown)));
            if cell.right {
                text.push_str(&padding);
            }
            match cell.paint {
                Some(paint) if !shown.is_empty() => text.push_str(&self.style.paint(paint, &shown)),
                _ => text.push_str(&shown),
            }
            if !cell.right && column != last {
                text.push_str(&padding);
            }
        }
        let end = text.trim_end_matches(' ').len().max(line_start);
        text.truncate(end);
        text.push('\n');
    }
}

/// A heading stands where its column's cells do.
fn heading(word: &str, rows: &[Row], column: usize) -> Cell {
    let right = rows
        .first()
        .and_then(|row| row.get(column))
        .is_some_and(|cell| cell.right);
    Cell {
        right,
        ..Cell::painted(word, Paint::Dim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[[&str; 3]]) -> Vec<Row> {
        lines
            .iter()
            .map(|[a, b, c]| vec![Cell::plain(*a), Cell::number(*b), Cell::plain(*c)])
            .collect()
    }

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_spaces() {
        let mut table = Table::new(&["FILE", "SIZE", "MESSAGE"], Style::plain(), None);
        let text = table.page(&rows(&[["部品.mcam", "12", "long enough"], ["a", "1234567", ""]]));
        assert_eq!(
            text,
            "FILE          SIZE  MESSAGE\n部品.mcam       12  long enough\na          1234567\n"
        );
    }

    #[test]
    fn later_pages_keep_the_widths_and_lose_nothing() {
        let mut table = Table::new(&["FILE", "SIZE", "MESSAGE"], Style::plain(), None);
        table.page(&rows(&[["aa", "1", "x"]]));
        assert_eq!(
            table.page(&rows(&[["longer than before", "2", "y"]])),
            "longer than before     2  y\n"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_the_last_column_alone() {
        let mut table = Table::new(&["FILE", "SIZE", "MESSAGE"], Style::plain(), Some(30));
        let text = table.page(&rows(&[["4801247.mcam", "12", "Working on revisions"]]));
        assert_eq!(
            text,
            "FILE          SIZE  MESSAGE\n4801247.mcam    12  Working on …\n"
        );
    }
}
