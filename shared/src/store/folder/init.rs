//! Making a folder a repository.
//!
//! Commit 0 is published by exclusive creation, like every other: of two machines that initialise one folder at once,
//! one does, and the other finds it done. A crash half-way leaves a folder that `init` completes; `repo.toml` comes
//! last. Whatever looks as if there had been a repository here before is an error, never a reason to begin anew.

pub(super) mod adopt;

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::record::Owners;
use super::{FolderStore, Options, Result, format, head, layout, projection};
use crate::clock::Clock;
use crate::model::{
    Case, Change, Commit, Draft, Extra, Nonce, Owner, Policy, RepositoryId, ShareError, ShareErrorKind,
    StoreError, Table,
};
use crate::share::{Published, Share};
use crate::store::LockStore as _;

/// How many commits a folder of the log holds. Written into commit 0, and the same for ever after.
pub const FOLDER_SIZE: u64 = 1000;

/// What a repository is made with.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// Which files are listed; empty: the default.
    pub extensions: Vec<String>,
    /// Where the table for people lies, relative to the repository.
    pub locks_file: Option<String>,
    /// Who may end live locks.
    pub administrators: Vec<String>,
    /// Which names are the same file, as probed.
    pub case: Case,
    /// [`FOLDER_SIZE`], but in tests.
    pub folder_size: u64,
}

impl InitOptions {
    /// What a repository is made with when nothing is asked for; `case` is as probed.
    pub fn new(case: Case) -> Self {
        Self {
            extensions: Vec::new(),
            locks_file: None,
            administrators: Vec::new(),
            case,
            folder_size: FOLDER_SIZE,
        }
    }
}

/// What `init` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// It was a repository already; nothing was changed.
    pub existed: bool,
    /// How many locks of an older tool were taken over.
    pub adopted: usize,
}

/// Whether `share` is a repository, or was one.
///
/// # Errors
/// When the share does not say.
pub fn is_repository(share: &dyn Share) -> Result<bool, ShareError> {
    exists(share, layout::LOG)
}

/// Makes `share` a repository. The share has been probed: its creation is exclusive.
///
/// # Errors
/// When the folder holds what is left of a repository, when an older tool's `locks.json` cannot be understood to the
/// last record, and whatever the share answers.
pub fn init(
    share: &Arc<dyn Share>,
    author: &Arc<Owner>,
    clock: &Arc<dyn Clock>,
    options: &InitOptions,
) -> Result<Made> {
    let mut store = FolderStore::new(
        Arc::clone(share),
        Arc::clone(author),
        Arc::clone(clock),
        Options::default(),
    );
    match store.load() {
        Ok(()) => {
            complete(share.as_ref(), &store, options)?;
            return Ok(Made {
                existed: true,
                adopted: 0,
            });
        }
        Err(StoreError::NoRepository { .. }) => {}
        Err(error) => return Err(error),
    }
    let policy_text = policy_text(options);
    let policy = Policy::parse(&policy_text).map_err(|error| StoreError::Policy {
        path: share.show(layout::POLICY).into(),
        line: error.line,
        problem: error.problem.into(),
    })?;
    let adopted = adopt(
        share.as_ref(),
        author,
        clock.wall(),
        &policy.locks_file,
        options.case,
    )?;
    let count = adopted.len();
    for folder in [
        layout::OWN,
        layout::TEMPORARY,
        layout::SESSIONS,
        layout::LOG,
        &layout::log_folder(0),
    ] {
        make_folder(share.as_ref(), folder)?;
    }
    let existed = !publish_first(share.as_ref(), author, clock.wall(), adopted, options)?;
    store.load()?;
    complete(share.as_ref(), &store, options)?;
    Ok(Made {
        existed,
        adopted: if existed { 0 } else { count },
    })
}

fn publish_first(
    share: &dyn Share,
    author: &Arc<Owner>,
    now: Timestamp,
    changes: Vec<Change>,
    options: &InitOptions,
) -> Result<bool> {
    let mut table = Table::empty(RepositoryId::random(), options.case);
    let commit = Commit {
        n: 0,
        previous: Nonce::default(),
        nonce: Nonce::random(),
        author: Arc::clone(author),
        time: adopt::micros(now),
        draft: Draft {
            changes,
            ..Draft::default()
        },
        extra: Extra::new(),
    };
    table.apply(&commit);
    let path = layout::commit(0, options.folder_size);
    let damaged = |problem: String| StoreError::Damaged {
        path: share.show(&path).into(),
        problem: problem.into(),
    };
    let bytes = format::encode(&commit, Some((&table, options.folder_size)))
        .map_err(|error| damaged(error.to_string()))?;
    let temporary = layout::temporary();
    share.write_new(&temporary, &bytes)?;
    let published = share.publish(&temporary, &path);
    let _ = share.remove(&temporary);
    let won = match published {
        Published::Won => true,
        // Another's, or ours with a lost reply: the nonce says so.
        Published::Taken => {
            let read = share.read(&path, 1 << 30)?;
            let read = format::decode(&read, None, &mut Owners::default());
            read.is_ok_and(|read| read.commit.nonce == commit.nonce)
        }
        Published::NoFolder => return Err(damaged("its folder vanished while it was written".into())),
        Published::Refused(error) | Published::Unknown(error) => return Err(error.into()),
    };
    Ok(won)
}

/// Writes what an `init` that was interrupted has not written yet; never touches what is there.
fn complete(share: &dyn Share, store: &FolderStore, options: &InitOptions) -> Result<()> {
    for folder in [layout::TEMPORARY, layout::SESSIONS] {
        make_folder(share, folder)?;
    }
    if !exists(share, layout::POLICY)? {
        // Before anything says that there is a repository, its log is on the disk; whoever began may have died.
        let newest = store.n() / store.folder_size.unwrap_or(FOLDER_SIZE);
        for folder in [&layout::log_folder(newest), layout::LOG, layout::OWN, ""] {
            share.sync_folder(folder)?;
        }
    }
    let (n, nonce, bytes) = {
        let shared = store.table();
        let table = shared.read();
        (table.n, table.nonce.clone(), projection::encode(&table))
    };
    if !exists(share, layout::HEAD)? {
        share.overwrite(layout::HEAD, &head::encode(n, &nonce))?;
    }
    if !exists(share, layout::POLICY)? {
        create_whole(share, layout::POLICY, policy_text(options).as_bytes())?;
        let locks_file = options.locks_file.as_deref().unwrap_or("locks.json");
        if let Ok(bytes) = bytes {
            projection::put(share, locks_file, bytes)?;
        }
    }
    // Whoever is told that there is a repository finds it after a loss of power with all that was chosen for it.
    Ok(share.sync_folder(layout::OWN)?)
}

/// Creates a file that is whole from its first moment, unless it is there already.
fn create_whole(share: &dyn Share, path: &str, content: &[u8]) -> Result<()> {
    let temporary = layout::temporary();
    share.write_new(&temporary, content)?;
    let published = share.publish(&temporary, path);
    let _ = share.remove(&temporary);
    match published {
        Published::Won | Published::Taken => Ok(()),
        Published::NoFolder => Err(StoreError::Lost {
            path: share.show(layout::OWN).into(),
        }),
        Published::Refused(error) | Published::Unknown(error) => Err(error.into()),
    }
}

/// Reads an older tool's `locks.json`: every record becomes a lock of its user, never stale. All or nothing.
fn adopt(share: &dyn Share, by: &Arc<Owner>, now: Timestamp, path: &str, case: Case) -> Result<Vec<Change>> {
    let bytes = match share.read(path, 64 << 20) {
        Ok(bytes) => bytes,
        Err(error) if error.kind == ShareErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    adopt::understand(&bytes, by, now, case).map_err(|problem| StoreError::Damaged {
        path: share.show(path).into(),
        problem: problem.into(),
    })
}

fn policy_text(options: &InitOptions) -> String {
    let list = |items: &[String]| {
        items
            .iter()
            .map(|item| toml_string(item))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let defaults = Policy::default();
    let extensions = if options.extensions.is_empty() {
        &defaults.extensions
    } else {
        &options.extensions
    };
    let locks_file = options.locks_file.as_deref().unwrap_or(&defaults.locks_file);
    let mut text = String::from(
        "# What holds in this camctl repository. Every key is optional; camctl's documentation lists all.\n",
    );
    let _ = writeln!(text, "format = {}", crate::model::POLICY_FORMAT);
    let _ = writeln!(text, "extensions = [{}]", list(extensions));
    let _ = writeln!(text, "locks_file = {}", toml_string(locks_file));
    let _ = writeln!(text, "case = \"{}\"", options.case.as_str());
    if !options.administrators.is_empty() {
        let _ = writeln!(text, "administrators = [{}]", list(&options.administrators));
    }
    text
}

fn toml_string(text: &str) -> String {
    // JSON's string is a TOML basic string, but for DEL, which TOML wants escaped.
    Value::String(text.into())
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

fn make_folder(share: &dyn Share, folder: &str) -> Result<()> {
    match share.make_folder(folder) {
        Err(error) if error.kind != ShareErrorKind::Exists => Err(error.into()),
        _ => Ok(()),
    }
}

fn exists(share: &dyn Share, path: &str) -> Result<bool, ShareError> {
    match share.stat(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind == ShareErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether there was a repository here once, though its log is gone.
pub(super) fn was_initialised(share: &dyn Share) -> Result<bool, ShareError> {
    if !exists(share, layout::OWN)? {
        return was_projected(share);
    }
    let sessions = match share.list(layout::SESSIONS) {
        Ok(entries) => !entries.is_empty(),
        Err(error) if error.kind == ShareErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    Ok(sessions || exists(share, layout::HEAD)? || exists(share, layout::POLICY)? || was_projected(share)?)
}

fn was_projected(share: &dyn Share) -> Result<bool, ShareError> {
    match share.read("locks.json", 64 << 20) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).contains("\"$camctl\"")),
        Err(error) if error.kind == ShareErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
