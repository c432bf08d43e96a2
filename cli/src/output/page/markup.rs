//! HTML and SVG that are put together: all text goes through [`escape`].

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::output::clean::clean;

/// `text` as it stands between tags and in attributes. What others wrote has no marks in it that turn the direction of
/// writing, either.
pub fn escape(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// What stands in a column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// What the row is about.
    Head,
    /// A number, at the right edge.
    Number,
    /// A text.
    Text,
}

/// A table of these columns; `None` where there is no row.
pub fn table(columns: &[(&str, Column)], rows: &[Vec<String>]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let mut html = String::from("<div class=\"scroll\"><table><thead><tr>");
    for (title, column) in columns {
        let class = if *column == Column::Number {
            " class=\"n\""
        } else {
            ""
        };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(title));
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (text, (_, column)) in row.iter().zip(columns) {
            let text = escape(text);
            let _ = match column {
                Column::Head => write!(html, "<th scope=\"row\">{text}</th>"),
                Column::Number => write!(html, "<td class=\"n\">{text}</td>"),
                Column::Text => write!(html, "<td class=\"text\">{text}</td>"),
            };
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    Some(html)
}

/// A table that is opened by who wants it.
pub fn folded(title: &str, table: Option<String>) -> String {
    let Some(table) = table else { return String::new() };
    format!("<details><summary>{}</summary>{table}</details>\n", escape(title))
}

/// A part of the page with a heading and a sentence below it.
pub fn section(id: &str, title: &str, says: &str, body: &str) -> String {
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n<p>{}</p>\n{body}</section>\n",
        escape(title),
        escape(says)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_wrote_is_markup() {
        let cases = [
            ("plain", "plain"),
            (
                "<script>alert(\"x\")</script>",
                "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;",
            ),
            ("a & b's", "a &amp; b&#39;s"),
            ("gnp.\u{202e}macm", "gnp.\\u{202e}macm"),
        ];
        for (text, html) in cases {
            assert_eq!(escape(text), html);
        }
        let table = table(&[("<a>", Column::Head)], &[vec!["</table>".to_owned()]]).unwrap();
        assert!(
            !table.contains("<a>") && table.matches("</table>").count() == 1,
            "{table}"
        );
    }
}
