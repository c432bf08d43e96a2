//! Text that other people wrote, made harmless for terminals, menus and notifications; its width; lengths of time in words.
//!
//! A file name or a message may hold escape sequences, line breaks or marks that turn the direction of writing.
//! Shown as they are, they could move the cursor or make one file look like another.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether `text` is nothing but printable ASCII: it is shown as it is, each byte in a column of its own.
pub fn is_plain(text: &str) -> bool {
    // Without a way out in the middle, so that the compiler looks at many bytes at a time.
    text.bytes()
        .fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte))
}

/// `text` on one line, with everything that a terminal would act on written as `\u{…}`.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\t' => clean.push(' '),
            '\r' => {}
            c if is_harmful(c) => {
                let _ = write!(clean, "\\u{{{:x}}}", u32::from(c));
            }
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1_f300..=0x1_faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

/// How many columns of a terminal `text` takes: near enough for aligned tables.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(char_width).sum()
}

/// `text` cut to at most `columns`, with `…` where something is missing.
pub fn shorten(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut short = String::new();
    let mut used = 0;
    for c in text.chars() {
        let next = char_width(c);
        if used + next + 1 > columns {
            break;
        }
        used += next;
        short.push(c);
    }
    short.push('…');
    Cow::Owned(short)
}

/// A length of time in its largest unit: `340 ms`, `12 s`, `5 min`, `2 h`, `3 d`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_act_on() {
        let cases = [
            ("plain ümläut 部品", "plain ümläut 部品"),
            ("two\nlines\tand a tab\r\n", "two lines and a tab "),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("gnp.\u{202e}macm", "gnp.\\u{202e}macm"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ];
        for (given, shown) in cases {
            assert_eq!(clean(given), shown, "{given:?}");
        }
    }

    #[test]
    fn width_counts_columns_and_not_bytes() {
        let cases = [("abc", 3), ("ümlaut", 6), ("u\u{308}", 1), ("部品", 4), ("", 0)];
        for (text, columns) in cases {
            assert_eq!(width(text), columns, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_marked() {
        assert_eq!(shorten("Working on it", 20), "Working on it");
        assert_eq!(shorten("Working on it", 8), "Working…");
        assert_eq!(shorten("部品部品", 5), "部品…");
        assert_eq!(shorten("部品部品", 4), "部…");
    }
}
