//! Rows with commas between their fields, for spreadsheets (RFC 4180).

use std::borrow::Cow;

/// Rows that are put together.
#[derive(Debug, Default)]
pub struct Csv {
    text: String,
}

impl Csv {
    /// Begins with these headings.
    pub fn new(header: &[&str]) -> Self {
        let mut csv = Self::default();
        csv.row(header);
        csv
    }

    /// Adds a row.
    pub fn row<T: AsRef<str>>(&mut self, fields: &[T]) {
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.text.push_str(&quoted(field.as_ref()));
        }
        self.text.push_str("\r\n");
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A field as it is written. What a spreadsheet would take for a formula gets an apostrophe before it: others chose the
/// names and messages.
fn quoted(field: &str) -> Cow<'_, str> {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !field.contains([',', '"', '\n', '\r']) {
        return Cow::Borrowed(field);
    }
    let mark = if formula { "'" } else { "" };
    Cow::Owned(format!("\"{mark}{}\"", field.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_it_matters_and_formulas_are_none() {
        let mut csv = Csv::new(&["a", "b"]);
        csv.row(&["plain", "with, comma"]);
        csv.row(&["say \"x\"", "two\nlines"]);
        csv.row(&["=1+1", ""]);
        assert_eq!(
            csv.text(),
            "a,b\r\nplain,\"with, comma\"\r\n\"say \"\"x\"\"\",\"two\nlines\"\r\n\"'=1+1\",\r\n"
        );
    }
}
