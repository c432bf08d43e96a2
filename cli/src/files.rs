//! Files as they are typed, and as the agent is asked for them.
//!
//! Nothing here looks at a disk: the agent alone touches the shared folder.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use camctl_shared::ipc::message::Fault;

use crate::errors::{About, Failure};

/// One file or folder of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// As it was typed.
    pub typed: String,
    /// The same, absolute: `.` is gone, `..` and links stand as they were.
    pub absolute: String,
}

impl Asked {
    /// Makes `typed` absolute, from the current folder where it is relative.
    ///
    /// # Errors
    /// When it is empty, holds bytes that are no Unicode, or is relative while the current folder is gone.
    pub fn new(verb: &'static str, typed: &OsStr) -> Result<Self, Failure> {
        let about = || About::typed(verb, &typed.to_string_lossy());
        let bad = |problem: String| Failure::fault(about(), Fault::BadName { problem });
        let Some(text) = typed.to_str() else {
            return Err(bad("it is not valid Unicode".to_owned()));
        };
        if text.is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        let path = Path::new(text);
        let absolute = if path.is_absolute() {
            text.to_owned()
        } else {
            absolute(path).map_err(bad)?
        };
        Ok(Self {
            typed: text.to_owned(),
            absolute,
        })
    }

    /// For messages about it, before the agent has said what it is called.
    pub fn about(&self, verb: &'static str) -> About {
        About::typed(verb, &self.typed)
    }
}

fn absolute(path: &Path) -> Result<String, String> {
    let absolute =
        std::path::absolute(path).map_err(|error| format!("it cannot be made absolute: {error}"))?;
    absolute.into_os_string().into_string().map_err(|path: OsString| {
        format!(
            "the current folder is not valid Unicode: {}",
            path.to_string_lossy()
        )
    })
}

/// A file of a repository, as it would be typed where the person stands: relative below the current folder,
/// absolute elsewhere.
pub fn shown(current: Option<&Path>, repository: &str, file: &str) -> String {
    let whole = Path::new(repository).join(file);
    let short = current.and_then(|current| whole.strip_prefix(current).ok());
    match short {
        Some(short) if !short.as_os_str().is_empty() => short.to_string_lossy().into_owned(),
        _ => whole.to_string_lossy().into_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn files_become_absolute_by_their_letters_alone() {
        let current = std::env::current_dir().unwrap();
        let below = |name: &str| current.join(name).to_str().unwrap().to_owned();
        let cases = [
            ("part.mcam", below("part.mcam")),
            ("./part.mcam", below("part.mcam")),
            ("../part.mcam", below("../part.mcam")),
            (
                "/mnt/cam/./a/../part.mcam",
                "/mnt/cam/./a/../part.mcam".to_owned(),
            ),
            ("no such folder/part.mcam", below("no such folder/part.mcam")),
        ];
        for (typed, absolute) in cases {
            let asked = Asked::new("checkout", OsStr::new(typed)).unwrap();
            assert_eq!(asked.absolute, absolute);
            assert_eq!(asked.typed, typed);
        }
    }

    #[test]
    fn names_that_cannot_be_sent_are_refused() {
        for bad in [OsStr::new(""), OsStr::from_bytes(b"part\xff.mcam")] {
            let failure = Asked::new("checkout", bad).unwrap_err();
            assert_eq!(failure.code().0, "bad_name");
        }
    }

    #[test]
    fn files_are_shown_as_they_would_be_typed() {
        let current = Some(Path::new("/mnt/cam/fixtures"));
        assert_eq!(shown(current, "/mnt/cam", "fixtures/a.mcam"), "a.mcam");
        assert_eq!(shown(current, "/mnt/cam", "b.mcam"), "/mnt/cam/b.mcam");
        assert_eq!(shown(None, "/mnt/cam", "b.mcam"), "/mnt/cam/b.mcam");
    }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn files_become_absolute_whatever_drive_and_separator_they_are_typed_with() {
        let current = std::env::current_dir().unwrap();
        let drive = &current.to_str().unwrap()[..2];
        let cases = [
            (
                "part.mcam",
                current.join("part.mcam").to_str().unwrap().to_owned(),
            ),
            (
                "fixtures/part.mcam",
                current.join(r"fixtures\part.mcam").to_str().unwrap().to_owned(),
            ),
            (r"\cam\part.mcam", format!(r"{drive}\cam\part.mcam")),
            (r"X:\cam\part.mcam", r"X:\cam\part.mcam".to_owned()),
            ("X:/cam/part.mcam", "X:/cam/part.mcam".to_owned()),
            (r"\\server\cam\part.mcam", r"\\server\cam\part.mcam".to_owned()),
        ];
        for (typed, absolute) in cases {
            assert_eq!(
                Asked::new("checkout", OsStr::new(typed)).unwrap().absolute,
                absolute
            );
        }
    }

    #[test]
    fn files_are_shown_as_they_would_be_typed() {
        let current = Some(Path::new(r"X:\cam\fixtures"));
        assert_eq!(shown(current, r"X:\cam", "fixtures/a.mcam"), "a.mcam");
        assert_eq!(shown(Some(Path::new(r"x:\cam")), r"X:\cam", "a.mcam"), "a.mcam");
    }
}
