//! Looks upwards that are under way, so that nobody waits where others have waited for too long.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camctl_shared::clock::Moment;

/// The folders that looks began from, by how many are under way, and since when the oldest is.
pub type Looks = Mutex<BTreeMap<PathBuf, (usize, Moment)>>;

/// A look upwards from a folder, as long as it is under way.
pub struct Looking {
    all: Arc<Looks>,
    folder: PathBuf,
}

impl Looking {
    /// Begins one.
    pub fn begin(all: &Arc<Looks>, folder: PathBuf, now: Moment) -> Self {
        let mut looks = all.lock().unwrap_or_else(PoisonError::into_inner);
        looks.entry(folder.clone()).or_insert((0, now)).0 += 1;
        drop(looks);
        let all = Arc::clone(all);
        Self { all, folder }
    }

    /// Since when the oldest look from this folder has been under way.
    pub fn waited(&self, now: Moment) -> Option<Duration> {
        let looks = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(&self.folder).map(|(_, since)| now.since(*since))
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        let mut looks = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, _)) = looks.get_mut(&self.folder) {
            *count -= 1;
            if *count == 0 {
                looks.remove(&self.folder);
            }
        }
    }
}
