//! The operating system's word that something changed: a hint that makes the next poll come at once.
//!
//! Only on disks of this machine; nothing tells of what other clients of a network share do. What is heard is a bit
//! for each file, so that a burst of changes is one wake-up of the worker. Never here: a wake-up for what was only
//! read, or for a sign of life; an idle agent sleeps between its polls.

#[cfg(target_os = "linux")]
#[path = "events/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "events/others.rs"]
mod platform;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use super::job::Job;

/// The file that every commit rewrites.
const HEAD: &str = "head";
/// The file that people edit.
const POLICY: &str = "repo.toml";

/// Listens as long as it lives.
pub struct Events {
    ear: Arc<Ear>,
    _listening: platform::Listening,
}

impl Events {
    /// Listens to `folder`, where `head` lies, and wakes the worker. `None` when the system cannot.
    pub fn watch(folder: &Path, jobs: Sender<Job>) -> Option<Self> {
        let ear = Arc::new(Ear {
            head: AtomicBool::new(false),
            policy: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            jobs,
        });
        match platform::Listening::start(folder, Arc::clone(&ear)) {
            Ok(listening) => Some(Self {
                ear,
                _listening: listening,
            }),
            Err(error) => {
                tracing::debug!(folder = %folder.display(), %error, "no events; polling alone has to do");
                None
            }
        }
    }

    /// Whether `head` may have changed since the last call.
    pub fn take_head(&self) -> bool {
        self.ear.head.swap(false, Ordering::AcqRel)
    }

    /// Whether `repo.toml` may have changed since the last call.
    pub fn take_policy(&self) -> bool {
        self.ear.policy.swap(false, Ordering::AcqRel)
    }

    /// Whether nothing more will be heard: the folder that was listened to is not there any more.
    pub fn is_deaf(&self) -> bool {
        self.ear.deaf.load(Ordering::Acquire)
    }
}

/// What may have changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct News {
    head: bool,
    policy: bool,
    /// Nothing more will be heard.
    deaf: bool,
}

impl News {
    /// Something was missed: it may have been anything.
    const ANYTHING: Self = Self {
        head: true,
        policy: true,
        deaf: false,
    };

    /// From here on everything is missed.
    #[cfg(target_os = "linux")]
    const LOST: Self = Self {
        deaf: true,
        ..Self::ANYTHING
    };

    /// Something happened to the file of that name.
    fn of(name: &[u8]) -> Self {
        Self {
            head: name == HEAD.as_bytes(),
            policy: name == POLICY.as_bytes(),
            deaf: false,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            head: self.head || other.head,
            policy: self.policy || other.policy,
            deaf: self.deaf || other.deaf,
        }
    }
}

/// What was heard and not taken yet.
struct Ear {
    head: AtomicBool,
    policy: AtomicBool,
    deaf: AtomicBool,
    jobs: Sender<Job>,
}

impl Ear {
    /// Notes it, and wakes the worker unless it was woken for the same and has not looked yet.
    fn hear(&self, news: News) {
        let mut new = false;
        for (is_heard, flag) in [
            (news.deaf, &self.deaf),
            (news.head, &self.head),
            (news.policy, &self.policy),
        ] {
            new |= is_heard && !flag.swap(true, Ordering::AcqRel);
        }
        if new {
            // Fails only when the worker is gone.
            let _ = self.jobs.send(Job::Wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;

    /// For what takes a millisecond.
    const LONG: Duration = Duration::from_secs(20);

    fn folder() -> TempDir {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(HEAD), "1").unwrap();
        fs::write(folder.path().join(POLICY), "").unwrap();
        folder
    }

    fn watch(folder: &TempDir) -> (Events, Receiver<Job>) {
        let (jobs, worker) = channel();
        (Events::watch(folder.path(), jobs).unwrap(), worker)
    }

    #[test]
    fn what_others_write_is_heard_at_once() {
        let folder = folder();
        let (events, worker) = watch(&folder);
        assert!(!events.take_head() && !events.take_policy());
        fs::write(folder.path().join(HEAD), "2").unwrap();
        assert!(matches!(worker.recv_timeout(LONG), Ok(Job::Wake)));
        assert!(events.take_head() && !events.take_policy() && !events.is_deaf());
        fs::write(folder.path().join(POLICY), "heartbeat = \"10s\"").unwrap();
        assert!(matches!(worker.recv_timeout(LONG), Ok(Job::Wake)));
        // Of the first file more may be heard.
        while !events.take_policy() {
            assert!(matches!(worker.recv_timeout(LONG), Ok(Job::Wake)));
        }
    }

    #[test]
    fn nobody_listens_any_more_once_it_is_dropped() {
        let folder = folder();
        let (events, worker) = watch(&folder);
        drop(events);
        let ended = worker.recv_timeout(LONG);
        assert!(
            matches!(ended, Err(std::sync::mpsc::RecvTimeoutError::Disconnected)),
            "the thread has ended, and its end of the queue with it"
        );
    }

    #[test]
    fn what_was_heard_already_wakes_nobody_again() {
        let (jobs, worker) = channel();
        let ear = Ear {
            head: AtomicBool::new(false),
            policy: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            jobs,
        };
        ear.hear(News::of(b"head"));
        ear.hear(News::of(b"head"));
        assert_eq!(worker.try_iter().count(), 1);
        ear.hear(News::ANYTHING);
        assert_eq!(worker.try_iter().count(), 1);
        ear.hear(News::of(b"mutex"));
        assert_eq!(worker.try_iter().count(), 0);
    }
}
