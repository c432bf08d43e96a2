//! The operating system's word that something changed: a hint that makes the next poll come at once.
//!
//! Only on disks of this machine; nothing tells of what other clients of a network share do. What is heard is a bit
//! for each file, so that a burst of changes is one wake-up.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::job::Job;

/// Listens as long as it lives.
pub struct Events {
    heard: Arc<Heard>,
    _watcher: RecommendedWatcher,
}

impl Events {
    /// Listens to `folder`, where `head` lies, and wakes the worker. `None` when the system cannot.
    pub fn watch(folder: &Path, jobs: Sender<Job>) -> Option<Self> {
        let heard = Arc::new(Heard::default());
        let ear = Arc::clone(&heard);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let news = [(&ear.head, "head"), (&ear.policy, "repo.toml")];
            let mut new = false;
            for (flag, name) in news {
                new |= concerns(&event, name) && !flag.swap(true, Ordering::AcqRel);
            }
            if new {
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

    /// Whether `head` may have changed since the last call.
    pub fn take_head(&self) -> bool {
        self.heard.head.swap(false, Ordering::AcqRel)
    }

    /// Whether `repo.toml` may have changed since the last call.
    pub fn take_policy(&self) -> bool {
        self.heard.policy.swap(false, Ordering::AcqRel)
    }
}

/// What was heard and not taken yet.
#[derive(Debug, Default)]
struct Heard {
    head: AtomicBool,
    policy: AtomicBool,
}

/// Whether the file of that name may have a new content. Those who only read it are heard as well, and do not matter.
fn concerns(event: &notify::Event, name: &str) -> bool {
    let written = match event.kind {
        EventKind::Create(_) | EventKind::Modify(_) => true,
        EventKind::Access(AccessKind::Close(mode)) => mode == AccessMode::Write,
        _ => false,
    };
    let meant = |path: &std::path::PathBuf| path.file_name().is_some_and(|file| file == name);
    (written && event.paths.iter().any(meant)) || event.need_rescan()
}
