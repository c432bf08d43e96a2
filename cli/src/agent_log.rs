//! The agent's log files, on this machine's own disk.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use camctl_shared::paths::Paths;

use crate::errors::Failure;

/// What an agent says before it has a log, and what a crash leaves: its standard error.
pub const START_FILE: &str = "start.err";
/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How much of the end of a log is read at most.
const TAIL_BYTES: u64 = 4 * 1024 * 1024;

/// The folder of the logs.
///
/// # Errors
/// When this user has no place for them.
pub fn folder() -> Result<PathBuf, Failure> {
    match Paths::from_env() {
        Ok(paths) => Ok(paths.log_dir),
        Err(error) => Err(Failure::Local {
            problem: error.to_string(),
        }),
    }
}

/// The newest log file.
#[derive(Debug)]
pub struct Newest {
    folder: PathBuf,
    path: PathBuf,
    file: File,
}

impl Newest {
    /// Opens the newest log in `folder`; when no agent came so far as to have one, what the last said instead.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let failed = |error: &io::Error| Failure::Local {
            problem: format!("cannot read the logs in {}: {error}", folder.display()),
        };
        let start = || Some(folder.join(START_FILE)).filter(|path| path.is_file());
        let Some(path) = newest(folder).map_err(|error| failed(&error))?.or_else(start) else {
            return Err(Failure::Local {
                problem: format!(
                    "there is no log in {}: the agent has not run yet",
                    folder.display()
                ),
            });
        };
        let file = File::open(&path).map_err(|error| failed(&error))?;
        Ok(Self {
            folder: folder.to_owned(),
            path,
            file,
        })
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::Local {
            problem: format!("cannot read {}: {error}", self.path.display()),
        }
    }

    /// The last lines.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tail(&mut self, lines: usize) -> Result<String, Failure> {
        let length = self.file.metadata().map_err(|error| self.failed(&error))?.len();
        let start = length.saturating_sub(TAIL_BYTES);
        let text = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| rest(&mut self.file))
            .map_err(|error| self.failed(&error))?;
        Ok(last_lines(&text, lines).to_owned())
    }

    /// Waits a moment and gives what was added since; goes over to a newer file when there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn more(&mut self) -> Result<String, Failure> {
        thread::sleep(LOOK);
        let text = rest(&mut self.file).map_err(|error| self.failed(&error))?;
        if text.is_empty()
            && let Ok(Some(path)) = newest(&self.folder)
            && path != self.path
        {
            *self = Self::open(&self.folder)?;
            return rest(&mut self.file).map_err(|error| self.failed(&error));
        }
        Ok(text)
    }
}

/// The last lines of the newest log that was written to since `since`, and of what the agent said before it had one.
pub fn since(folder: &Path, since: SystemTime, lines: usize) -> Vec<String> {
    let fresh = |path: &PathBuf| {
        let written = fs::metadata(path).and_then(|data| data.modified());
        written.is_ok_and(|written| written >= since)
    };
    let files = [Some(folder.join(START_FILE)), newest(folder).ok().flatten()];
    let mut found = Vec::new();
    for path in files.into_iter().flatten().filter(fresh) {
        let text = File::open(path)
            .and_then(|mut file| rest(&mut file))
            .unwrap_or_default();
        found.extend(last_lines(&text, lines).lines().map(str::to_owned));
    }
    found
}

fn newest(folder: &Path) -> io::Result<Option<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    for entry in entries {
        let entry = entry?;
        let data = entry.metadata()?;
        if !data.is_file() || entry.file_name() == START_FILE {
            continue;
        }
        let candidate = (data.modified()?, entry.path());
        if newest.as_ref().is_none_or(|newest| *newest < candidate) {
            newest = Some(candidate);
        }
    }
    Ok(newest.map(|(_, path)| path))
}

fn rest(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn last_lines(text: &str, lines: usize) -> &str {
    let body = text.strip_suffix('\n').unwrap_or(text);
    if lines == 0 {
        return "";
    }
    match body.rmatch_indices('\n').nth(lines - 1) {
        Some((index, _)) => &text[index + 1..],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole() {
        let cases = [
            ("a\nb\nc\n", 2, "b\nc\n"),
            ("a\nb\nc", 2, "b\nc"),
            ("a\nb\n", 5, "a\nb\n"),
            ("a\nb\n", 0, ""),
            ("", 3, ""),
            ("\n\n\n", 1, "\n"),
        ];
        for (text, lines, expected) in cases {
            assert_eq!(last_lines(text, lines), expected, "{text:?} {lines}");
        }
    }

    #[test]
    fn the_newest_log_is_shown_and_followed() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str, age: u64| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            let when = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
            File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(when)
                .unwrap();
        };
        write("agent.2026-11-19.log", "old\n", 100);
        write("agent.2026-11-20.log", "one\ntwo\n", 50);
        write(START_FILE, "said before\n", 0);
        let mut log = Newest::open(dir.path()).unwrap();
        assert_eq!(log.tail(1).unwrap(), "two\n");
        assert_eq!(log.more().unwrap(), "");
        write("agent.2026-11-21.log", "newer\n", 10);
        assert_eq!(log.more().unwrap(), "newer\n");
        let fresh = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - 20);
        assert_eq!(since(dir.path(), fresh, 5), ["said before", "newer"]);
    }

    #[test]
    fn an_agent_that_never_had_a_log_is_heard_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(START_FILE), "config.toml, line 1: odd\n").unwrap();
        let mut log = Newest::open(dir.path()).unwrap();
        assert_eq!(log.tail(5).unwrap(), "config.toml, line 1: odd\n");
    }

    #[test]
    fn no_log_is_an_error_that_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let failure = Newest::open(&dir.path().join("nowhere")).unwrap_err();
        assert!(matches!(failure, Failure::Local { problem } if problem.contains("has not run yet")));
    }
}
