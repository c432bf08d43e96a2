//! Finds the repository that a path lies in: upwards, as git does.

use std::fs;
use std::path::{Path, PathBuf};

use super::platform;
use crate::model::{OWN_FOLDER, ShareError, ShareErrorKind};

/// Where a repository was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its folder, as the path spells it.
    pub folder: PathBuf,
    /// Its folder once all links are followed.
    pub real: PathBuf,
    /// The path that was asked for, below `folder`.
    pub path: PathBuf,
}

/// The innermost repository above or at `path`, which is absolute and need not exist. First as it is spelled, then
/// with all links followed: a link may lead into a repository. Blocks for as long as the file system does.
///
/// # Errors
/// When none was found, and a folder on the way may not be looked into: nobody knows whether it is one.
pub fn find_root(path: &Path) -> Result<Option<Root>, ShareError> {
    if let Some(root) = spelled(path)? {
        return Ok(Some(root));
    }
    follow(path).map_or(Ok(None), |real| spelled(&real))
}

fn spelled(path: &Path) -> Result<Option<Root>, ShareError> {
    let mut hidden = None;
    for folder in path.ancestors() {
        let own = folder.join(OWN_FOLDER);
        match fs::symlink_metadata(&own) {
            Ok(meta) if meta.is_dir() => {
                let real = fs::canonicalize(folder).map_or_else(|_| folder.to_owned(), platform::plain);
                return Ok(Some(Root {
                    folder: folder.to_owned(),
                    real,
                    path: path.to_owned(),
                }));
            }
            Err(cause) if platform::kind(&cause) == ShareErrorKind::Denied => {
                hidden.get_or_insert(ShareError {
                    action: "look at",
                    path: own.to_string_lossy().into(),
                    kind: ShareErrorKind::Denied,
                    cause: cause.to_string().into(),
                });
            }
            _ => {}
        }
    }
    hidden.map_or(Ok(None), Err)
}

fn follow(path: &Path) -> Option<PathBuf> {
    let real = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(_) => fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?),
    };
    Some(platform::plain(real))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_found_upwards_and_through_links() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap().join("cam");
        let deep = root.join("fixtures/small");
        for path in [&root, &root.join(OWN_FOLDER), &root.join("fixtures"), &deep] {
            fs::create_dir(path).unwrap();
        }
        let link = root.with_file_name("link");
        std::os::unix::fs::symlink(&deep, &link).unwrap();

        let found = find_root(&deep.join("new.mcam")).unwrap().unwrap();
        assert_eq!((found.folder, found.path), (root.clone(), deep.join("new.mcam")));
        let found = find_root(&link.join("new.mcam")).unwrap().unwrap();
        assert_eq!((found.folder, found.path), (root.clone(), deep.join("new.mcam")));
        assert_eq!(find_root(&root.with_file_name("elsewhere.mcam")), Ok(None));
    }
}
