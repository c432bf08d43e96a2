//! Files that `camctl agent enable` writes, told by their mark from those of others.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::Path;

use camctl_shared::paths::replace_file;

/// In every file that is written here. A file without it is somebody else's.
pub(super) const MARK: &str = "Written by \"camctl agent enable\"; \"camctl agent disable\" removes it.";

/// What stands under the name of one of our files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Ours(String),
    /// Somebody else's, or nothing that can be read: a link to `/dev/null`, say, by which people mask units.
    Foreign,
}

/// Looks without following a link: one of our files is never one.
pub(super) fn look(path: &Path) -> Found {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
        Ok(meta) if meta.is_file() => match fs::read_to_string(path) {
            Ok(text) if text.contains(MARK) => Found::Ours(text),
            _ => Found::Foreign,
        },
        _ => Found::Foreign,
    }
}

/// Refuses what somebody else has put there.
pub(super) fn refuse_foreign(path: &Path) -> Result<(), String> {
    match look(path) {
        Found::Foreign => Err(format!(
            "{} was not written by camctl, and is left as it is; move it away, then try again",
            path.display()
        )),
        _ => Ok(()),
    }
}

/// Writes one of our files, whole or not at all; `false` when it stands there already.
pub(super) fn write(path: &Path, text: &str) -> Result<bool, String> {
    refuse_foreign(path)?;
    if look(path) == Found::Ours(text.to_owned()) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        // The system's own folders: made as everybody makes them, and never made private when they are there.
        let made = DirBuilder::new().recursive(true).create(folder);
        made.map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    }
    replace_file(path, text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(true)
}

/// Removes one of our files; `false` when there is none of ours.
pub(super) fn remove(path: &Path) -> Result<bool, String> {
    match look(path) {
        Found::Ours(_) => match fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(format!("cannot remove {}: {error}", path.display())),
        },
        Found::Nothing | Found::Foreign => Ok(false),
    }
}

/// Control characters would end the line that they stand in, and begin another.
pub(super) fn one_line(words: &[&str]) -> Result<(), String> {
    match words.iter().find(|word| word.chars().any(char::is_control)) {
        Some(word) => Err(format!(
            "{word:?} has a control character in it, and cannot be started at login"
        )),
        None => Ok(()),
    }
}
