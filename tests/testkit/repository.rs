//! A shared folder under camctl.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Mounts, Sandbox, make_folders};

/// Timings that a test can wait for. `stale_after` leaves room for a machine that has other things to do.
const FAST: [(&str, &str); 5] = [
    ("heartbeat", "\"200ms\""),
    ("stale_after", "\"2s\""),
    ("poll_busy", "\"20ms\""),
    ("poll_calm", "\"50ms\""),
    ("poll_idle", "\"100ms\""),
];

/// A shared folder that is about to be made a repository.
#[must_use = "it is made with `init`"]
#[derive(Debug)]
pub struct RepositoryBuilder<'a> {
    sandbox: &'a Sandbox,
    folder: PathBuf,
    arguments: Vec<String>,
    files: Vec<String>,
    policy: BTreeMap<String, String>,
}

impl<'a> RepositoryBuilder<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox) -> Self {
        Self {
            sandbox,
            folder: sandbox.shared().join("share"),
            arguments: Vec::new(),
            files: Vec::new(),
            policy: FAST.map(|(key, value)| (key.into(), value.into())).into(),
        }
    }

    /// Another place than `share` in the sandbox: a second repository, or another file system.
    pub fn at(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = self.sandbox.shared().join(folder);
        self
    }

    /// A file to be checked out; folders above it are made.
    pub fn file(mut self, name: &str) -> Self {
        self.files.push(name.into());
        self
    }

    /// Further arguments of `camctl init`.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// The timings that people have, instead of those that a test can wait for.
    pub fn default_timings(mut self) -> Self {
        for (key, _) in FAST {
            self.policy.remove(key);
        }
        self
    }

    /// A line of `repo.toml`; `value` as TOML writes it (`"\"400ms\""`).
    pub fn policy(mut self, key: &str, value: &str) -> Self {
        self.policy.insert(key.into(), value.into());
        self
    }

    /// Makes the files and the repository, with a machine of its own that is gone afterwards: no agent has seen the
    /// repository with other timings than these.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn init(self) -> Repository {
        make_folders(&self.folder);
        let repository = Repository { folder: self.folder };
        for name in &self.files {
            repository.write(name, format!("the first version of {name}\n"));
        }
        let setup = self.sandbox.machine("setup", "SETUP");
        setup.start();
        let folder = repository.folder.to_str().expect("sandboxes have plain names");
        setup
            .camctl(["init", folder])
            .arguments(&self.arguments)
            .run()
            .succeeds();
        setup.stop();
        repository.set_policy(&self.policy);
        repository
    }
}

/// A repository.
#[derive(Debug, Clone)]
pub struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The whole path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The log's folder. On a real share as the server sees it: tests look for commits that may not exist yet, and clients
    /// remember for long what did not exist.
    pub fn log_folder(&self) -> PathBuf {
        let log = self.path(".camctl/log");
        let on_the_server = Mounts::get().and_then(|mounts| mounts.on_the_server(&log));
        on_the_server.unwrap_or(log)
    }

    /// Writes one of the people's files, as any program would.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        make_folders(path.parent().expect("a file lies in a folder"));
        fs::write(&path, content).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// Changes lines of `repo.toml`, and leaves the others as they are.
    ///
    /// # Panics
    /// When it cannot be written.
    #[track_caller]
    pub fn set_policy(&self, lines: &BTreeMap<String, String>) {
        let path = self.path(".camctl/repo.toml");
        let old = fs::read_to_string(&path).unwrap_or_default();
        let is_set = |line: &&str| {
            line.split_once('=')
                .is_some_and(|(key, _)| lines.contains_key(key.trim()))
        };
        let kept = old.lines().filter(|line| !is_set(line)).map(str::to_owned);
        let new = lines.iter().map(|(key, value)| format!("{key} = {value}"));
        let text: Vec<_> = kept.chain(new).collect();
        fs::write(&path, text.join("\n") + "\n")
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// `locks.json`, as an older tool reads it; `None` while it is missing or torn.
    pub fn projection(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.path("locks.json")).ok()?).ok()
    }

    /// Every commit in the log, by its number.
    ///
    /// # Panics
    /// When one cannot be read.
    #[track_caller]
    pub fn log(&self) -> BTreeMap<u64, Value> {
        let read = |file: PathBuf| {
            let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            serde_json::from_slice(&text)
                .unwrap_or_else(|error| panic!("{} is no commit: {error}", file.display()))
        };
        self.commits()
            .map(|(number, file)| (number, read(file)))
            .collect()
    }

    /// The numbers of the commits in the log, whatever stands in them.
    pub fn log_numbers(&self) -> BTreeSet<u64> {
        self.commits().map(|(number, _)| number).collect()
    }

    fn commits(&self) -> impl Iterator<Item = (u64, PathBuf)> {
        let files = entries(&self.log_folder())
            .into_iter()
            .flat_map(|folder| entries(&folder));
        files.filter_map(|file| {
            let number = file.file_stem()?.to_str()?.parse().ok()?;
            (file.extension()? == "json").then_some((number, file))
        })
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_changed_line_by_line() {
        let sandbox = Sandbox::new();
        let repository = Repository {
            folder: sandbox.folder().to_owned(),
        };
        repository.write(".camctl/repo.toml", "# kept\nformat = 1\nheartbeat = \"30s\"\n");
        repository.set_policy(&BTreeMap::from([
            ("heartbeat".into(), "\"1s\"".into()),
            ("lease".into(), "\"2s\"".into()),
        ]));
        let text = fs::read_to_string(repository.path(".camctl/repo.toml")).unwrap();
        assert_eq!(text, "# kept\nformat = 1\nheartbeat = \"1s\"\nlease = \"2s\"\n");
    }

    #[test]
    fn the_log_is_read_by_number() {
        let sandbox = Sandbox::new();
        let repository = Repository {
            folder: sandbox.folder().to_owned(),
        };
        for (name, text) in [
            ("0/000.json", "{\"n\":0}"),
            ("1/1001.json", "{\"n\":1001}"),
            ("1/x.tmp", "half"),
        ] {
            repository.write(&format!(".camctl/log/{name}"), text);
        }
        let numbers: Vec<_> = repository
            .log()
            .into_iter()
            .map(|(n, commit)| (n, commit["n"].as_u64()))
            .collect();
        assert_eq!(numbers, [(0, Some(0)), (1001, Some(1001))]);
    }
}
