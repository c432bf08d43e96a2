//! What a `put` left behind that was killed on its way, and how that is mended.

use super::put::folder_of;
use super::versions;
use crate::model::{SessionId, ShareError, ShareErrorKind as Kind};
use crate::share::{Published, Share, TEMPORARY, What};

/// How the hidden names of new contents begin.
const PUT: &str = "put-";

/// A hidden name that says whose new content it is, and for which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    folder: String,
    name: String,
    /// Whose.
    pub session: SessionId,
    file: String,
}

/// What became of something that was left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mended {
    /// It was removed.
    Removed,
    /// It was removed, and this file, whose name stood for nothing, has its old content again.
    PutBack(String),
}

impl Hidden {
    /// A new one for `file`.
    pub(super) fn new(file: &str, session: &SessionId) -> Self {
        let chance = crate::random::uuid().simple().to_string();
        let mark = mark(file);
        let name = format!("{TEMPORARY}{PUT}{session}_{mark}_{}", &chance[..8]);
        Self {
            folder: folder_of(file).to_owned(),
            name,
            session: session.clone(),
            file: mark,
        }
    }

    /// What a path says, if it was made here.
    pub fn parse(path: &str) -> Option<Self> {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let rest = name.strip_prefix(TEMPORARY)?.strip_prefix(PUT)?;
        let (rest, _) = rest.rsplit_once('_')?;
        let (session, file) = rest.rsplit_once('_')?;
        Some(Self {
            folder: folder_of(path).to_owned(),
            name: name.to_owned(),
            session: SessionId::parse(session)?,
            file: file.to_owned(),
        })
    }

    /// Its path in the repository.
    pub fn path(&self) -> String {
        if self.folder.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.folder, self.name)
        }
    }

    /// Removes it; before that, a file whose name stands for nothing since then gets its old content back. Only for those of
    /// one's own session, while it puts nothing.
    ///
    /// # Errors
    /// When the share refuses, or a file without a content is not `mine` any more: then both contents stay where they are.
    pub fn mend(&self, share: &dyn Share, mine: &dyn Fn(&str) -> bool) -> Result<Mended, ShareError> {
        let back = self.put_back(share, mine)?;
        match share.remove(&self.path()) {
            Err(error) if error.kind != Kind::NotFound => return Err(error),
            _ => {}
        }
        Ok(back.map_or(Mended::Removed, Mended::PutBack))
    }

    fn put_back(&self, share: &dyn Share, mine: &dyn Fn(&str) -> bool) -> Result<Option<String>, ShareError> {
        let with_versions = match share.list(versions::folder(&self.folder).trim_end_matches('/')) {
            Ok(entries) => entries,
            Err(error) if error.kind == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        for entry in with_versions.iter().filter(|entry| entry.what == What::Folder) {
            let file = if self.folder.is_empty() {
                entry.name.clone()
            } else {
                format!("{}/{}", self.folder, entry.name)
            };
            if mark(&file) != self.file {
                continue;
            }
            match share.stat(&file) {
                Err(error) if error.kind == Kind::NotFound => {}
                _ => return Ok(None),
            }
            let Some(newest) = versions::all(share, &file)?.pop() else {
                return Ok(None);
            };
            if !mine(&file) {
                return Err(ShareError {
                    action: "put the old content back as",
                    path: share.show(&file).into(),
                    kind: Kind::Denied,
                    cause: format!(
                        "you do not have it checked out; its old content is {}",
                        share.show(&newest.path())
                    )
                    .into(),
                });
            }
            // Whoever has made a file of that name meanwhile keeps it.
            match share.publish(&newest.path(), &file) {
                Published::Won => {
                    // Where it was moved, it is gone already.
                    let _ = share.remove(&newest.path());
                }
                Published::Taken | Published::NoFolder => return Ok(None),
                Published::Refused(error) | Published::Unknown(error) => return Err(error),
            }
            share.sync_folder(folder_of(&file))?;
            return Ok(Some(file));
        }
        Ok(None)
    }
}

/// Tells a file from the others of its folder.
fn mark(file: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(file.as_bytes()))
}
