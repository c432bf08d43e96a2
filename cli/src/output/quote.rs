//! File names inside commands that people copy into their shell.

use std::borrow::Cow;

use super::clean::clean;

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%' | '=')
}

/// `word` as one argument of the shell that people use on this system.
pub fn quote(word: &str) -> Cow<'_, str> {
    quote_for(word, cfg!(windows))
}

fn quote_for(word: &str, windows: bool) -> Cow<'_, str> {
    let fits = |c| is_plain(c) || (windows && c == '\\');
    if !word.is_empty() && word.chars().all(fits) {
        return Cow::Borrowed(word);
    }
    let word = clean(word);
    if windows {
        Cow::Owned(format!("\"{word}\""))
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

/// `camctl <verb> <file>`, runnable as it stands: a file whose name begins with `-` follows `--`.
pub fn command(verb: &str, file: &str) -> String {
    let separator = if file.starts_with('-') { "-- " } else { "" };
    format!("camctl {verb} {separator}{}", quote(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_shell() {
        let cases = [
            (
                "fixtures/4801247.mcam",
                "fixtures/4801247.mcam",
                "fixtures/4801247.mcam",
            ),
            ("a b.mcam", "'a b.mcam'", "\"a b.mcam\""),
            ("it's.mcam", r"'it'\''s.mcam'", "\"it's.mcam\""),
            (r"Z:\parts\a.mcam", r"'Z:\parts\a.mcam'", r"Z:\parts\a.mcam"),
            ("$(rm).mcam", "'$(rm).mcam'", "\"$(rm).mcam\""),
            ("größe.mcam", "größe.mcam", "größe.mcam"),
            ("", "''", "\"\""),
        ];
        for (given, unix, windows) in cases {
            assert_eq!(quote_for(given, false), unix, "{given:?}");
            assert_eq!(quote_for(given, true), windows, "{given:?}");
        }
    }

    #[test]
    fn a_name_with_a_hyphen_is_no_option() {
        assert_eq!(command("wait", "-m.mcam"), "camctl wait -- -m.mcam");
        assert_eq!(
            command("checkout --wait", "a.mcam"),
            "camctl checkout --wait a.mcam"
        );
    }
}
