//! Which files a repository has.
//!
//! Nothing is dropped without a word: what cannot be a file of the repository, or cannot be looked at, is in
//! [`Walk::skipped`] with the reason. Only what belongs to camctl itself, and files with other extensions, are left
//! out silently.

use std::ops::ControlFlow;

use thiserror::Error;

use super::Found;
use crate::model::{
    Case, FileName, NameError, OWN_FOLDER, ShareError, ShareErrorKind as Kind, has_extension,
};
use crate::share::{Meta, Share, TEMPORARY, Visit, What};

/// After how many names the caller is asked whether to go on.
const BREATH: u32 = 256;

/// Where to look, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The folder below which to look, relative to the repository; empty: the whole repository.
    pub folder: &'a str,
    /// Without the dot, compared in any case; empty: every file.
    pub extensions: &'a [String],
    /// Which spellings are the same file here.
    pub case: Case,
    /// The table for people, relative to the repository: it is no file of it, whatever the extensions.
    pub locks_file: &'a str,
}

/// What a walk has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walk {
    /// The files, sorted by name; no two have the same name.
    pub files: Vec<Found>,
    /// What was left out although somebody may look for it, sorted by path.
    pub skipped: Vec<Skipped>,
    /// Hidden files of camctl's own beside the people's: on their way, or left behind.
    pub hidden: Vec<String>,
}

/// What was left out of a walk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path in the repository, as well as it can be written.
    pub path: String,
    /// A folder: all that is in it is left out too.
    pub folder: bool,
    /// Why; the end of a sentence.
    pub why: String,
}

/// Why there is no list.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WalkError {
    /// The share does not answer, or the folder cannot be read.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The folder's name cannot be one in a repository.
    #[error("{folder} is no folder of the repository: {why}")]
    Name {
        /// As it was given.
        folder: Box<str>,
        /// Why.
        why: NameError,
    },
    /// The caller has lost interest.
    #[error("the listing was given up")]
    Cancelled,
}

/// Finds all files with these extensions below a folder, its sub-folders included. Links are not followed.
///
/// `go_on` is told now and then how many files there are so far, and ends the walk with [`ControlFlow::Break`].
///
/// # Errors
/// When the folder itself cannot be read, when the share stops answering on the way (half a list would look like a
/// whole one), or when the caller ended it. A sub-folder that may not be read is only skipped.
pub fn walk(
    share: &dyn Share,
    scope: Scope<'_>,
    go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Walk, WalkError> {
    if !scope.folder.is_empty() {
        FileName::parse(scope.folder, scope.case).map_err(|why| WalkError::Name {
            folder: scope.folder.into(),
            why,
        })?;
    }
    let mut collector = Collector {
        share,
        scope,
        // Beside the repository it is no name in it, and is never met.
        locks_file: FileName::parse(scope.locks_file, scope.case).ok(),
        go_on,
        walk: Walk::default(),
        path: String::new(),
        stem: 0,
        folders: vec![scope.folder.to_owned()],
        names: 0,
        cancelled: false,
        foreign: false,
    };
    while let Some(folder) = collector.folders.pop() {
        collector.folder(folder)?;
    }
    Ok(collector.finish())
}

struct Collector<'a> {
    share: &'a dyn Share,
    scope: Scope<'a>,
    locks_file: Option<FileName>,
    go_on: &'a mut dyn FnMut(usize) -> ControlFlow<()>,
    walk: Walk,
    /// The path of the folder that is being scanned, with a `/` at its end, and of the name that is looked at: one
    /// buffer for all files.
    path: String,
    /// How much of `path` is the folder.
    stem: usize,
    /// Folders still to be scanned.
    folders: Vec<String>,
    names: u32,
    cancelled: bool,
    /// The folder that is being scanned turned out to be another repository.
    foreign: bool,
}

impl Collector<'_> {
    fn folder(&mut self, folder: String) -> Result<(), WalkError> {
        let before = (self.walk.files.len(), self.walk.skipped.len(), self.folders.len());
        let hidden = self.walk.hidden.len();
        self.path.clear();
        self.path.push_str(&folder);
        if !folder.is_empty() {
            self.path.push('/');
        }
        self.stem = self.path.len();
        self.foreign = false;
        let share = self.share;
        let scanned = share.scan(&folder, self);
        if self.cancelled {
            return Err(WalkError::Cancelled);
        }
        if self.foreign {
            self.walk.files.truncate(before.0);
            self.walk.skipped.truncate(before.1);
            self.folders.truncate(before.2);
            self.walk.hidden.truncate(hidden);
            self.skip_folder(folder, "it is a repository of its own");
            return Ok(());
        }
        match scanned {
            Ok(()) => Ok(()),
            Err(error) if folder == self.scope.folder => Err(error.into()),
            // It was removed since its parent was read.
            Err(error) if error.kind == Kind::NotFound => Ok(()),
            Err(error) if error.kind == Kind::Denied => {
                self.skip_folder(folder, &format!("it may not be read: {}", error.cause));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn skip_folder(&mut self, folder: String, why: &str) {
        self.walk.skipped.push(Skipped {
            path: folder,
            folder: true,
            why: why.to_owned(),
        });
    }

    /// Leaves out the name that is looked at.
    fn skip(&mut self, why: &str) {
        self.walk.skipped.push(Skipped {
            path: self.path.clone(),
            folder: false,
            why: why.to_owned(),
        });
    }

    fn look_at(&mut self, name: &str) {
        self.path.truncate(self.stem);
        self.path.push_str(name);
    }

    fn found_folder(&mut self, name: &str) {
        if name.eq_ignore_ascii_case(OWN_FOLDER) {
            // Our own at the top; elsewhere the mark of another repository, whose files answer to its own table.
            self.foreign = self.stem > 0;
            return;
        }
        match FileName::parse(&self.path, self.scope.case) {
            // By the name that the disk has, not the normal form.
            Ok(_) => self.folders.push(self.path.clone()),
            Err(why) => self.skip_folder(self.path.clone(), &why.to_string()),
        }
    }

    fn wants_file(&mut self, name: &str) -> bool {
        if name.starts_with(TEMPORARY) {
            self.walk.hidden.push(self.path.clone());
            return false;
        }
        self.scope.extensions.is_empty() || has_extension(name, self.scope.extensions)
    }

    fn finish(mut self) -> Walk {
        self.walk.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let skipped = &mut self.walk.skipped;
        self.walk.files.dedup_by(|second, first| {
            let same = second.name == first.name;
            if same {
                skipped.push(Skipped {
                    path: second.name.to_string(),
                    folder: false,
                    why: format!("its name is taken for the same as {}", first.name),
                });
            }
            same
        });
        skipped.sort_unstable();
        self.walk
    }
}

impl Visit for Collector<'_> {
    fn name(&mut self, name: &str, what: What) -> bool {
        self.look_at(name);
        match what {
            What::Folder => self.found_folder(name),
            What::File => return self.wants_file(name),
            What::Other => self.skip("it is a link or a device, and those are not followed"),
        }
        false
    }

    fn meta(&mut self, _name: &str, meta: Meta) {
        let name = match FileName::parse(&self.path, self.scope.case) {
            Ok(name) => name,
            Err(why) => return self.skip(&why.to_string()),
        };
        if self.locks_file.as_ref() == Some(&name) {
            return;
        }
        // Elsewhere it is asked for by its normal form, which not every share takes for the same file.
        if name.as_str() != self.path && self.share.stat(name.as_str()).is_err() {
            return self.skip("its name is not in Unicode's composed form (NFC); rename it");
        }
        self.walk.files.push(Found {
            name,
            size: meta.size,
            modified: meta.modified,
        });
    }

    fn failed(&mut self, name: &str, why: &str) {
        self.look_at(name);
        self.skip(why);
    }

    fn stop(&mut self) -> bool {
        self.names = self.names.wrapping_add(1);
        if self.names.is_multiple_of(BREATH) {
            self.cancelled = (self.go_on)(self.walk.files.len()).is_break();
        }
        self.cancelled || self.foreign
    }
}
