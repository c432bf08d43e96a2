//! File names are keys: one file, one name, on every machine.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use thiserror::Error;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The longest name, in bytes of UTF-8.
pub const MAX_BYTES: usize = 4096;

/// The folder that camctl keeps for itself in every repository.
pub const OWN_FOLDER: &str = ".camctl";

/// The key of the header in `locks.json`, where all others are names of files.
const OWN_KEY: &str = "$camctl";

/// Which spellings are the same file on the share. Probed at `init`, kept in `repo.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// `A.mcam` and `a.mcam` are two files.
    #[default]
    Sensitive,
    /// They are one, as on SMB and on macOS.
    Insensitive,
}

impl Case {
    /// The word that is written for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sensitive => "sensitive",
            Self::Insensitive => "insensitive",
        }
    }

    /// The rule that a written word means.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Sensitive, Self::Insensitive]
            .into_iter()
            .find(|case| case.as_str() == word)
    }
}

/// Why a name cannot be a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// It has a `..`, is absolute, or a link on the way leads out.
    #[error("it leads out of the repository")]
    Outside,
    /// It belongs to camctl.
    #[error("it belongs to camctl itself")]
    Own,
    /// A control character would garble every list it appears in.
    #[error("it contains the control character {0:?}")]
    Control(char),
    /// Windows does not take this character, or takes it for something else.
    #[error("it contains {0:?}, which Windows does not allow in names")]
    Forbidden(char),
    /// Windows takes this name for a device, whatever the folder and the extension.
    #[error("Windows takes {0:?} for a device")]
    Reserved(Box<str>),
    /// Windows drops dots and spaces at the end of a name, so that two names become one.
    #[error("{0:?} ends in a dot or a space, which Windows drops")]
    Trailing(Box<str>),
    /// Longer than 4,096 bytes.
    #[error("it has {0} bytes; at most {MAX_BYTES} are allowed")]
    TooLong(usize),
    /// Not Unicode; it could not be written to `locks.json`.
    #[error("it is not valid Unicode")]
    NotUnicode,
}

/// The name of a file: relative to the repository, `/` between parts, Unicode NFC.
///
/// Compared, ordered and hashed by its key: where the share takes two spellings for one file, so does this type.
/// It keeps the spelling that was given, for people.
#[derive(Clone)]
pub struct FileName {
    shown: Box<str>,
    folded: Option<Box<str>>,
}

impl FileName {
    /// Takes `text`, with `/` between its parts, for a name.
    ///
    /// # Errors
    /// Everything in [`NameError`] but a link that leads out, which only the share can see.
    pub fn parse(text: &str, case: Case) -> Result<Self, NameError> {
        if text.len() > MAX_BYTES {
            return Err(NameError::TooLong(text.len()));
        }
        let shown: Box<str> = if is_nfc(text) {
            text.into()
        } else {
            text.nfc().collect::<String>().into()
        };
        if shown.len() > MAX_BYTES {
            return Err(NameError::TooLong(shown.len()));
        }
        if shown.is_empty() {
            return Err(NameError::Empty);
        }
        if shown.starts_with('/') {
            return Err(NameError::Outside);
        }
        for part in shown.split('/') {
            check_part(part)?;
        }
        let first = shown.split('/').next().unwrap_or_default();
        if first.eq_ignore_ascii_case(OWN_FOLDER) || shown.eq_ignore_ascii_case(OWN_KEY) {
            return Err(NameError::Own);
        }
        let folded = match case {
            Case::Sensitive => None,
            Case::Insensitive => Some(fold(&shown)),
        };
        Ok(Self { shown, folded })
    }

    /// The name as it was spelled, in NFC.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// What two names have in common when they are the same file.
    pub fn key(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.shown)
    }

    /// Whether the file has one of these extensions, in any case; `extensions` are given without the dot.
    pub fn has_extension(&self, extensions: &[impl AsRef<str>]) -> bool {
        has_extension(&self.shown, extensions)
    }
}

/// [`FileName::has_extension`] for a path that is not yet known to be a name: cheap, for walks over many files.
pub fn has_extension(path: &str, extensions: &[impl AsRef<str>]) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, extension)) = last.rsplit_once('.') else {
        return false;
    };
    !stem.is_empty()
        && extensions
            .iter()
            .any(|wanted| same_letters(extension, wanted.as_ref()))
}

/// How `path` may be written on a disk that tells Unicode's normal forms apart: as it is, composed (NFC), decomposed
/// (NFD, as macOS writes names), each once.
pub fn spellings(path: &str) -> Vec<String> {
    let mut forms = vec![path.to_owned()];
    if !path.is_ascii() {
        for form in [path.nfc().collect::<String>(), path.nfd().collect()] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

fn same_letters(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!a.is_ascii() && !b.is_ascii() && fold(a) == fold(b))
}

/// Letter by letter to upper case, where that gives one letter: what NTFS and Samba do. `ß` stays as it is.
/// Composed again afterwards: `ſ` and an accent give `S` and an accent, which is a letter of its own.
fn fold(text: &str) -> Box<str> {
    if text.is_ascii() {
        return text.to_ascii_uppercase().into();
    }
    let upper = |letter: char| {
        let mut letters = letter.to_uppercase();
        match (letters.next(), letters.next()) {
            (Some(single), None) => single,
            _ => letter,
        }
    };
    text.chars().map(upper).nfc().collect::<String>().into()
}

/// What Windows does not take in names.
const FORBIDDEN: &[u8] = br#"<>:"|?*\"#;

fn check_part(part: &str) -> Result<(), NameError> {
    if part.is_empty() {
        return Err(NameError::Empty);
    }
    if part == ".." || part == "." {
        return Err(NameError::Outside);
    }
    // One pass over the bytes settles nearly every name: lists of 100,000 files are made of these.
    if !part
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !FORBIDDEN.contains(&byte))
    {
        if let Some(control) = part.chars().find(|letter| letter.is_control()) {
            return Err(NameError::Control(control));
        }
        if let Some(bad) = part.bytes().find(|byte| FORBIDDEN.contains(byte)) {
            return Err(NameError::Forbidden(bad.into()));
        }
    }
    if part.ends_with(['.', ' ']) {
        return Err(NameError::Trailing(part.into()));
    }
    if is_device(part) {
        return Err(NameError::Reserved(part.into()));
    }
    Ok(())
}

/// The list is Microsoft's ("Naming Files, Paths, and Namespaces"): with any extension, and with superscript digits too.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
    {
        return true;
    }
    let Some(head) = stem.get(..3) else { return false };
    if !head.eq_ignore_ascii_case("COM") && !head.eq_ignore_ascii_case("LPT") {
        return false;
    }
    let mut rest = stem[3..].chars();
    matches!(
        (rest.next(), rest.next()),
        (Some('0'..='9' | '¹' | '²' | '³'), None)
    )
}

impl PartialEq for FileName {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for FileName {}
impl PartialOrd for FileName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for FileName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}
impl Hash for FileName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_written_in_either_normal_form() {
        let (composed, decomposed) = ("caf\u{e9}.mcam", "cafe\u{301}.mcam");
        assert_eq!(spellings(composed), [composed, decomposed]);
        assert_eq!(spellings(decomposed), [decomposed, composed]);
        assert_eq!(spellings("a.mcam"), ["a.mcam"]);
        let mixed = "\u{e9}/e\u{301}";
        assert_eq!(spellings(mixed).len(), 3);
    }

    fn parse(text: &str) -> Result<FileName, NameError> {
        FileName::parse(text, Case::Sensitive)
    }

    #[test]
    fn ordinary_names_are_taken_as_they_are() {
        let long = "a".repeat(MAX_BYTES);
        for good in [
            "4801247.mcam",
            "fixtures/4801247.mcam",
            "ä ö/ü.vnc",
            "a..b",
            ".hidden",
            "com.mcam",
            "x/.camctl2",
            "x/$camctl",
            "CON1",
            &long,
        ] {
            assert_eq!(parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn names_that_would_not_be_one_file_everywhere_are_refused() {
        let too_long = "a".repeat(MAX_BYTES + 1);
        let cases = [
            ("", NameError::Empty),
            ("a//b", NameError::Empty),
            ("a/", NameError::Empty),
            ("/a", NameError::Outside),
            ("..", NameError::Outside),
            ("a/../b", NameError::Outside),
            ("./a", NameError::Outside),
            (".camctl/head", NameError::Own),
            (".CamCtl", NameError::Own),
            ("$camctl", NameError::Own),
            ("a\nb", NameError::Control('\n')),
            ("a\u{85}b", NameError::Control('\u{85}')),
            ("a\\b", NameError::Forbidden('\\')),
            ("C:x", NameError::Forbidden(':')),
            ("what?.mcam", NameError::Forbidden('?')),
            ("nul", NameError::Reserved("nul".into())),
            ("a/COM1.mcam", NameError::Reserved("COM1.mcam".into())),
            ("lpt³.x", NameError::Reserved("lpt³.x".into())),
            ("CON .txt", NameError::Reserved("CON .txt".into())),
            ("a.", NameError::Trailing("a.".into())),
            ("a /b", NameError::Trailing("a ".into())),
            (&too_long, NameError::TooLong(MAX_BYTES + 1)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap_err(), expected, "{text:?}");
        }
    }

    #[test]
    fn composed_and_decomposed_spellings_are_one_name() {
        let composed = parse("fixtures/B\u{fc}chse.mcam").unwrap();
        let decomposed = parse("fixtures/Bu\u{308}chse.mcam").unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(decomposed.as_str(), "fixtures/B\u{fc}chse.mcam");
    }

    #[test]
    fn case_matters_only_where_the_share_says_so() {
        let [lower, upper] = ["fixtures/büchse.mcam", "FIXTURES/BÜCHSE.MCAM"];
        assert_ne!(parse(lower).unwrap(), parse(upper).unwrap());
        let insensitive = |text| FileName::parse(text, Case::Insensitive).unwrap();
        assert_eq!(insensitive(lower), insensitive(upper));
        assert_eq!(
            insensitive(lower).as_str(),
            lower,
            "the spelling is kept for people"
        );
        assert_ne!(
            insensitive("straße"),
            insensitive("strasse"),
            "a share keeps these apart"
        );
    }

    #[test]
    fn an_accent_on_a_letter_that_only_case_makes_another_is_part_of_the_key() {
        let insensitive = |text| FileName::parse(text, Case::Insensitive).unwrap();
        let long_s = insensitive("\u{17f}\u{301}.mcam");
        assert_eq!(long_s, insensitive("\u{15b}.mcam"));
        assert_eq!(insensitive(long_s.key()), long_s, "the key is a spelling of it");
    }

    #[test]
    fn extensions_are_found_in_any_case() {
        let wanted = ["mcam", "vnc"];
        for yes in ["a.mcam", "b/a.MCAM", "x.y.Vnc"] {
            assert!(parse(yes).unwrap().has_extension(&wanted), "{yes}");
        }
        for no in ["mcam", "a.mcam2", ".mcam", "a.mcam/b"] {
            assert!(!parse(no).unwrap().has_extension(&wanted), "{no}");
        }
    }
}
