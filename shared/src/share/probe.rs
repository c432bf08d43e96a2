//! Finds out what a folder's file system really does, before anybody relies on it: at `init`, and by `doctor`.
//!
//! One client alone cannot prove that two exclude each other: a file system that lies to two machines may be honest
//! to one. So the system's name counts too, and those that are known to copy files later are refused unseen.

use std::sync::Barrier;
use std::thread;

use super::{FileSystem, Published, Result, Share};
use crate::model::{Case, ShareError, ShareErrorKind as Kind, StoreError};

/// How many names are raced for, by how many.
const ROUNDS: usize = 20;
const RACERS: usize = 4;

/// Less than this is said aloud: a log and its checkpoints need some room.
const LITTLE_SPACE: u64 = 64 << 20;

/// What was found out about a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How a name is created that only one can win: "hard link" or "move without replacing".
    pub exclusive: &'static str,
    /// Whether two spellings that differ by case are one file.
    pub case: Case,
    /// Whether the two Unicode spellings of é are one file.
    pub one_spelling: bool,
    /// The file system's name.
    pub file_system: String,
    /// Whether it is known to lie on a disk of this machine.
    pub local: bool,
    /// Whether file locks exclude, as far as one client can tell. Nothing depends on it.
    pub locks: bool,
    /// What a person should know, each a sentence.
    pub warnings: Vec<String>,
}

/// Tries out the share in the folder `scratch`, which is made and removed here; its parent must exist.
///
/// Takes some 80 small synced writes: milliseconds on a disk, a second or two on a network.
///
/// # Errors
/// [`StoreError::NotExclusive`] where two machines could create the same name, with what was seen;
/// [`StoreError::Share`] where the folder cannot be written to, or does not answer.
pub fn probe(share: &dyn Share, scratch: &str) -> Result<Probe, StoreError> {
    if let Some(problem) = unsuitable(share.file_system()) {
        return Err(not_exclusive(share, problem));
    }
    share.make_folder(scratch)?;
    let mut outcome = Trial { share, scratch }.run();
    if let Err(left) = clean(share, scratch)
        && let Ok(probe) = &mut outcome
    {
        probe.warnings.push(format!("{left}; it can be deleted by hand"));
    }
    outcome
}

fn clean(share: &dyn Share, scratch: &str) -> Result<()> {
    for entry in share.list(scratch)? {
        share.remove(&format!("{scratch}/{}", entry.name))?;
    }
    share.remove_folder(scratch)
}

fn not_exclusive(share: &dyn Share, problem: &str) -> StoreError {
    StoreError::NotExclusive {
        path: share.show("").into(),
        kind: share.file_system().name.clone(),
        problem: problem.into(),
    }
}

struct Trial<'a> {
    share: &'a dyn Share,
    scratch: &'a str,
}

impl Trial<'_> {
    fn run(&self) -> Result<Probe, StoreError> {
        let exclusive = self.one_name_once()?;
        self.race()?;
        let mut warnings = concerns(self.share);
        if !self.sees_overwriting()? {
            warnings.push("what is written to a file is not seen at the next read; expect delays".into());
        }
        let one_spelling = self.one_spelling(&mut warnings)?;
        Ok(Probe {
            exclusive,
            case: self.case()?,
            one_spelling,
            file_system: self.share.file_system().name.to_string(),
            local: self.share.is_local(),
            locks: self.locks(&mut warnings),
            warnings,
        })
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.scratch)
    }

    fn exists(&self, name: &str) -> Result<bool> {
        match self.share.stat(&self.path(name)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A taken name stays what it is. The way in which it was created shows in what is left.
    fn one_name_once(&self) -> Result<&'static str, StoreError> {
        for temporary in ["first", "second"] {
            self.share
                .write_new(&self.path(temporary), temporary.as_bytes())?;
        }
        let name = self.path("name");
        if !self.won(self.share.publish(&self.path("first"), &name))? {
            return Err(not_exclusive(self.share, "a new name was said to be taken"));
        }
        let exclusive = if self.exists("first")? {
            "hard link"
        } else {
            "move without replacing"
        };
        let again = self.won(self.share.publish(&self.path("second"), &name))?;
        self.discard("first")?;
        if again || self.share.read(&name, 64)? != b"first" {
            return Err(not_exclusive(
                self.share,
                "a name that was taken was given away again",
            ));
        }
        Ok(exclusive)
    }

    fn race(&self) -> Result<(), StoreError> {
        let temporaries: Vec<String> = (0..RACERS).map(|racer| format!("racer-{racer}")).collect();
        for round in 0..ROUNDS {
            let name = format!("race-{round}");
            for temporary in &temporaries {
                self.share
                    .write_new(&self.path(temporary), temporary.as_bytes())?;
            }
            let mut winners = Vec::new();
            for (racer, answer) in self.start(&temporaries, &name).into_iter().enumerate() {
                if self.won(answer)? {
                    winners.push(racer);
                }
                self.discard(&temporaries[racer])?;
            }
            let content = self.share.read(&self.path(&name), 64)?;
            match winners[..] {
                [racer] if content == temporaries[racer].as_bytes() => {}
                [_] => {
                    return Err(not_exclusive(
                        self.share,
                        "the winner's file was replaced by a loser's",
                    ));
                }
                _ => {
                    let problem = format!("{} of {RACERS} created one name at the same time", winners.len());
                    return Err(not_exclusive(self.share, &problem));
                }
            }
        }
        Ok(())
    }

    /// All at once; the answers in the order of `temporaries`.
    fn start(&self, temporaries: &[String], name: &str) -> Vec<Published> {
        let line = Barrier::new(temporaries.len());
        let (line, to) = (&line, &self.path(name));
        thread::scope(|scope| {
            let racers: Vec<_> = temporaries
                .iter()
                .map(|temporary| {
                    let from = self.path(temporary);
                    scope.spawn(move || {
                        line.wait();
                        self.share.publish(&from, to)
                    })
                })
                .collect();
            racers
                .into_iter()
                .map(|racer| {
                    racer
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        })
    }

    /// Removes a temporary file, as every author does with its own; it may be gone with its name.
    fn discard(&self, temporary: &str) -> Result<()> {
        match self.share.remove(&self.path(temporary)) {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn won(&self, answer: Published) -> Result<bool, StoreError> {
        match answer {
            Published::Won => Ok(true),
            Published::Taken => Ok(false),
            Published::Refused(error) if error.kind == Kind::Unsupported => {
                Err(not_exclusive(self.share, &error.cause))
            }
            Published::Refused(error) | Published::Unknown(error) => Err(error.into()),
            Published::NoFolder => Err(ShareError {
                action: "publish",
                path: self.share.show(self.scratch).into(),
                kind: Kind::NotFound,
                cause: "the folder was removed while it was tried out".into(),
            }
            .into()),
        }
    }

    fn sees_overwriting(&self) -> Result<bool> {
        let path = self.path("head");
        for content in [[b'a'; 64], [b'b'; 64]] {
            self.share.overwrite(&path, &content)?;
            if self.share.read(&path, 64)? != content {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn case(&self) -> Result<Case> {
        self.share.write_new(&self.path("camctl-Case"), b"")?;
        Ok(if self.exists("CAMCTL-cASE")? {
            Case::Insensitive
        } else {
            Case::Sensitive
        })
    }

    /// The same letter, composed and not: macOS and some mounts take both for one.
    fn one_spelling(&self, warnings: &mut Vec<String>) -> Result<bool> {
        match self.share.write_new(&self.path("camctl-\u{e9}"), b"") {
            Ok(()) => self.exists("camctl-e\u{301}"),
            Err(error) => {
                warnings.push(format!(
                    "names with letters such as \u{e9} cannot be stored here ({})",
                    error.cause
                ));
                Ok(false)
            }
        }
    }

    fn locks(&self, warnings: &mut Vec<String>) -> bool {
        let path = self.path("mutex");
        let exclusive = || -> Result<bool> {
            let Some(_held) = self.share.try_lock(&path)? else {
                return Ok(false);
            };
            Ok(self.share.try_lock(&path)?.is_none())
        };
        let why = match exclusive() {
            Ok(true) => return true,
            Ok(false) => "they are granted to everybody".into(),
            Err(error) => error.cause,
        };
        warnings.push(format!(
            "file locks do not work here ({why}); locks stay correct, but busy writers slow each other down"
        ));
        false
    }
}

/// Why a file system cannot hold a lock table, whatever it answers.
fn unsuitable(system: &FileSystem) -> Option<&'static str> {
    const COPY_LATER: &[&str] = &[
        "coda",
        "davfs",
        "fuse.blobfuse",
        "fuse.blobfuse2",
        "fuse.curlftpfs",
        "fuse.davfs",
        "fuse.gcsfuse",
        "fuse.google-drive-ocamlfuse",
        "fuse.goofys",
        "fuse.mount-s3",
        "fuse.onedriver",
        "fuse.rclone",
        "fuse.s3fs",
    ];
    COPY_LATER
        .contains(&&*system.name)
        .then_some("it creates files here first and copies them to the others later")
}

/// What is odd about where the folder lies.
fn concerns(share: &dyn Share) -> Vec<String> {
    let system = share.file_system();
    let mut concerns: Vec<String> = Vec::new();
    let mounted = |option: &str| system.options.split(',').any(|set| set == option);
    for option in ["nobrl", "nolock", "local_lock=all", "local_lock=flock"] {
        if mounted(option) {
            concerns.push(format!(
                "it is mounted with {option}: file locks do not reach the other machines; locks stay correct, but \
                 busy writers slow each other down"
            ));
        }
    }
    for option in ["nocto", "cache=loose"] {
        if mounted(option) {
            concerns.push(format!(
                "it is mounted with {option}: what others change is seen late"
            ));
        }
    }
    let measured =
        ["nfs", "nfs4", "cifs", "smb3"].contains(&&*system.name) || system.name.starts_with("NTFS");
    if !system.local && !measured {
        concerns.push(format!(
            "{} is a file system that camctl was not measured on (SMB, NFS and local disks were)",
            system.name
        ));
    }
    if ["tmpfs", "ramfs"].contains(&&*system.name) {
        concerns.push("it lies in this machine's memory: all is lost when the machine stops".into());
    }
    if let Some(name) = synchronised(share) {
        concerns.push(format!(
            "\"{name}\" looks like a folder that is copied between machines later: there two people can get the same \
             lock; use a network share"
        ));
    }
    if let Ok(Some(free)) = share.free_space()
        && free < LITTLE_SPACE
    {
        concerns.push(format!("only {} KiB are free", free >> 10));
    }
    concerns
}

/// The folder of a service that keeps copies on each machine, when the path has one by its usual name. It lies on a
/// local disk and excludes well there: only the name gives it away.
fn synchronised(share: &dyn Share) -> Option<String> {
    const STARTS: &[&str] = &["dropbox", "onedrive"];
    const WHOLE: &[&str] = &[
        "google drive",
        "my drive",
        "iclouddrive",
        "nextcloud",
        "owncloud",
        "seafile",
        "syncthing",
    ];
    share.root().components().find_map(|part| {
        let name = part.as_os_str().to_str()?;
        let lower = name.to_lowercase();
        let fits = STARTS.iter().any(|start| lower.starts_with(start)) || WHOLE.contains(&&*lower);
        fits.then(|| name.to_owned())
    })
}

#[cfg(test)]
#[path = "tests/probe.rs"]
mod tests;
