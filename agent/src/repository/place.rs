//! Where a repository's files are found.

use std::sync::Arc;

use camctl_shared::model::ShareError;
use camctl_shared::share::{Meta, Share};

/// Finds files; may block for as long as the share does.
pub trait Place: Send {
    /// The file that `path` leads to once all links are followed: its own path in the repository, and what the share
    /// says of it. `None` when that is outside.
    fn find(&self, path: &str) -> Result<Option<(String, Meta)>, ShareError>;
}

impl Place for Arc<dyn Share> {
    fn find(&self, path: &str) -> Result<Option<(String, Meta)>, ShareError> {
        let Some(real) = self.resolve(path)? else {
            return Ok(None);
        };
        let meta = self.stat(&real)?;
        Ok(Some((real, meta)))
    }
}
