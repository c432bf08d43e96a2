//! The operating system's word that something changed: a hint that makes the next poll come at once.
//!
//! Only on disks of this machine; nothing tells of what other clients of a network share do. What is heard is one bit,
//! so that a burst of changes is one wake-up.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::job::Job;

/// Listens as long as it lives.
pub struct Events {
    heard: Arc<AtomicBool>,
    _watcher: RecommendedWatcher,
}

impl Events {
    /// Listens to `folder`, where `head` lies, and wakes the worker. `None` when the system cannot.
    pub fn watch(folder: &Path, jobs: Sender<Job>) -> Option<Self> {
        let heard = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&heard);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let matters = event.is_ok_and(|event| matters(&event));
            if matters && !flag.swap(true, Ordering::AcqRel) {
                // Fails only when the worker is gone.
                let _ = jobs.send(Job::Wake);
            }
        });
        let started = watcher.and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        match started {
            Ok(watcher) => Some(Self {
                heard,
                _watcher: watcher,
            }),
            Err(error) => {
                tracing::debug!(folder = %folder.display(), %error, "no events; polling alone has to do");
                None
            }
        }
    }

    /// Whether something was heard since the last call.
    pub fn take(&self) -> bool {
        self.heard.swap(false, Ordering::AcqRel)
    }
}

/// Whether `head` may have a new content. Those who only read it are heard as well, and do not matter.
fn matters(event: &notify::Event) -> bool {
    let written = match event.kind {
        EventKind::Create(_) | EventKind::Modify(_) => true,
        EventKind::Access(AccessKind::Close(mode)) => mode == AccessMode::Write,
        _ => false,
    };
    let is_head = |path: &std::path::PathBuf| path.file_name().is_some_and(|name| name == "head");
    (written && event.paths.iter().any(is_head)) || event.need_rescan()
}
