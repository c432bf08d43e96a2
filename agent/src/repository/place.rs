//! Where a repository's files are found.

use std::sync::Arc;

use camctl_shared::model::{OWN_FOLDER, ShareError, ShareErrorKind, spellings};
use camctl_shared::share::{Meta, Share};

/// Finds files; may block for as long as the share does.
pub trait Place: Send {
    /// The file that `path` leads to once all links are followed: its own path in the repository, and what the share
    /// says of it. `None` when that is outside.
    fn find(&self, path: &str) -> Result<Option<(String, Meta)>, ShareError>;
}

impl Place for Arc<dyn Share> {
    fn find(&self, path: &str) -> Result<Option<(String, Meta)>, ShareError> {
        let mut found = look(self.as_ref(), path);
        // A disk may tell normal forms apart which are one name to everybody else.
        for spelling in spellings(path).iter().skip(1) {
            match found {
                Err(error) if error.kind == ShareErrorKind::NotFound => {
                    found = look(self.as_ref(), spelling).map_err(|_| error);
                }
                _ => return found,
            }
        }
        match found {
            // In the empty folder of a share that is not mounted every file is missing.
            Err(error) if error.kind == ShareErrorKind::NotFound && self.stat(OWN_FOLDER).is_err() => {
                Err(ShareError::vanished(&self.show("")))
            }
            found => found,
        }
    }
}

fn look(share: &dyn Share, path: &str) -> Result<Option<(String, Meta)>, ShareError> {
    let Some(real) = share.resolve(path)? else {
        return Ok(None);
    };
    let meta = share.stat(&real)?;
    Ok(Some((real, meta)))
}
