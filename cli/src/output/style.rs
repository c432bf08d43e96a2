//! Colour, on a terminal that wants it.

use std::borrow::Cow;

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Something failed.
    Error,
    /// Something needs a look.
    Warning,
    /// All is well; a file is free.
    Good,
    /// Less important than the rest.
    Dim,
    /// A command to copy.
    Command,
}

/// Whether to paint at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Without colour.
    pub const fn plain() -> Self {
        Self { colour: false }
    }

    /// The style for a stream: in colour on a terminal, unless the person said no (`NO_COLOR`, `TERM=dumb`).
    pub fn for_stream(terminal: bool, no_color: Option<&str>, term: Option<&str>) -> Self {
        let refused = no_color.is_some_and(|value| !value.is_empty()) || term == Some("dumb");
        Self {
            colour: terminal && !refused,
        }
    }

    /// `text` in a colour.
    pub fn paint(self, paint: Paint, text: &str) -> Cow<'_, str> {
        if !self.colour {
            return Cow::Borrowed(text);
        }
        let code = match paint {
            Paint::Error => "1;31",
            Paint::Warning => "33",
            Paint::Good => "32",
            Paint::Dim => "2",
            Paint::Command => "36",
        };
        Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_only_on_a_terminal_that_wants_it() {
        let cases = [
            (true, None, Some("xterm"), true),
            (true, None, None, true),
            (false, None, Some("xterm"), false),
            (true, Some("1"), Some("xterm"), false),
            (true, Some(""), Some("xterm"), true),
            (true, None, Some("dumb"), false),
        ];
        for (terminal, no_color, term, expected) in cases {
            let style = Style::for_stream(terminal, no_color, term);
            assert_eq!(style.colour, expected, "{terminal} {no_color:?} {term:?}");
        }
        assert_eq!(Style::plain().paint(Paint::Error, "x"), "x");
        assert_eq!(
            Style::for_stream(true, None, None).paint(Paint::Error, "x"),
            "\u{1b}[1;31mx\u{1b}[0m"
        );
    }
}
