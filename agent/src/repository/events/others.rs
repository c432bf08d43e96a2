//! What the package `notify` hears, on systems other than Linux.

use std::io;
use std::path::Path;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Ear, News};

/// Listens until it is dropped.
pub struct Listening {
    _watcher: RecommendedWatcher,
}

impl Listening {
    /// Begins to listen to `folder`.
    ///
    /// # Errors
    /// When the system cannot, or has no more to give.
    pub fn start(folder: &Path, ear: Arc<Ear>) -> io::Result<Self> {
        let hear = move |event: notify::Result<notify::Event>| {
            if let Ok(event) = event {
                ear.hear(meaning(&event));
            }
        };
        let mut watcher = notify::recommended_watcher(hear).map_err(io::Error::other)?;
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(io::Error::other)?;
        Ok(Self { _watcher: watcher })
    }
}

/// What an event tells. Those who only read are heard as well, and do not matter.
fn meaning(event: &notify::Event) -> News {
    if event.need_rescan() {
        return News::ANYTHING;
    }
    let written = match event.kind {
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
        EventKind::Access(AccessKind::Close(mode)) => mode == AccessMode::Write,
        _ => false,
    };
    if !written {
        return News::default();
    }
    let names = event.paths.iter().filter_map(|path| path.file_name());
    names
        .map(|name| News::of(name.as_encoded_bytes()))
        .fold(News::default(), News::and)
}
