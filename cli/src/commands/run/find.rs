//! Whether there is such a program, before anything is taken for it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::program::platform;
use crate::errors::Failure;

/// Where the program is that the first of `words` names, as a shell would find it.
///
/// # Errors
/// [`Failure::Program`], with the exit codes of shells: 127 when it is not there, 126 when it cannot be run.
pub fn find(words: &[OsString]) -> Result<PathBuf, Failure> {
    let Some(word) = words.first() else {
        return Err(missing(OsStr::new("")));
    };
    let is_path = Path::new(word).components().count() != 1 || platform::is_path(word);
    if is_path {
        let candidates = platform::spellings(Path::new(word));
        return choose(word, candidates);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let candidates = env::split_paths(&path)
        .filter(|folder| !folder.as_os_str().is_empty())
        .flat_map(|folder| platform::spellings(&folder.join(word)));
    choose(word, candidates)
}

/// The first that can be run; one that only stands there says why it is not another.
fn choose(word: &OsStr, candidates: impl IntoIterator<Item = PathBuf>) -> Result<PathBuf, Failure> {
    let mut stands = None;
    for path in candidates {
        if path.is_file() && platform::can_be_run(&path) {
            return Ok(path);
        }
        if path.exists() {
            stands.get_or_insert(path);
        }
    }
    match stands {
        None => Err(missing(word)),
        Some(path) => {
            let why = if path.is_dir() {
                "it is a folder"
            } else {
                "it is not executable"
            };
            Err(Failure::Program {
                problem: format!("cannot run {}: {why}", path.display()),
                missing: false,
            })
        }
    }
}

fn missing(word: &OsStr) -> Failure {
    Failure::Program {
        problem: format!("there is no program {}", word.display()),
        missing: true,
    }
}
