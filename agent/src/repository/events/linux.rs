//! inotify, with a mask of its own: a library's mask holds opening, reading and closing too, and would wake the agent
//! for everything that it does itself.
//!
//! The folder is watched and not `head` itself, so that a file in its place is no gap. Below the folder lie others
//! (the log, the signs of life), whose files make no events here; the mutex is opened and closed, which is not in the
//! mask. What is left is `head`, and what people do.

use std::io::{self, PipeReader, PipeWriter};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::{Ear, News};

/// What can mean a new content. Writing is heard when it is done and not when the file is closed: `head` is written by
/// one call, and of longer files the last part is heard too.
const NEW_CONTENT: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO);

/// The folder that is watched has another name, or none.
const GONE: WatchFlags = WatchFlags::DELETE_SELF.union(WatchFlags::MOVE_SELF);

/// A thread that listens until this is dropped.
pub struct Listening {
    /// Its other end hears when this one is closed.
    _end: PipeWriter,
}

impl Listening {
    /// Begins to listen to `folder`.
    ///
    /// # Errors
    /// When the system cannot, or has no more to give.
    pub fn start(folder: &Path, ear: Arc<Ear>) -> io::Result<Self> {
        let watched = Watched::new(folder)?;
        let (far_end, end) = io::pipe()?;
        std::thread::Builder::new()
            .name("events".into())
            .spawn(move || listen(&watched, &far_end, &ear))?;
        Ok(Self { _end: end })
    }
}

fn listen(watched: &Watched, end: &PipeReader, ear: &Ear) {
    loop {
        let mut ready = [
            PollFd::new(&watched.inotify, PollFlags::IN),
            PollFd::new(end, PollFlags::empty()),
        ];
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return ear.hear(News::LOST),
        }
        if !ready[1].revents().is_empty() {
            return;
        }
        let news = watched.news();
        ear.hear(news);
        if news.deaf {
            return;
        }
    }
}

/// A folder that is watched.
struct Watched {
    inotify: OwnedFd,
}

impl Watched {
    fn new(folder: &Path) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&inotify, folder, NEW_CONTENT | GONE | WatchFlags::ONLYDIR)?;
        Ok(Self { inotify })
    }

    /// What has happened since the last call; does not wait.
    fn news(&self) -> News {
        // Room for some dozens, or for one with the longest name.
        let mut room = [MaybeUninit::uninit(); 1024];
        let mut events = Reader::new(&self.inotify, &mut room);
        let mut news = News::default();
        loop {
            news = news.and(match events.next() {
                Ok(event) => meaning(
                    event.events(),
                    event.file_name().map_or(b"", |name| name.to_bytes()),
                ),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return news,
                Err(_) => return News::LOST,
            });
        }
    }
}

/// What an event tells; `name` is that of the file in the folder, and empty for the folder itself.
fn meaning(event: ReadFlags, name: &[u8]) -> News {
    let gone = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT | ReadFlags::IGNORED;
    if event.intersects(gone) {
        News::LOST
    } else if event.contains(ReadFlags::QUEUE_OVERFLOW) {
        News::ANYTHING
    } else {
        News::of(name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::os::unix::fs::FileExt as _;
    use std::path::PathBuf;

    use camctl_shared::clock::{Clock, SystemClock};
    use camctl_shared::model::{Case, Draft, OWN_FOLDER, Owner, SessionChange, SessionId, Verb};
    use camctl_shared::share::{DiskShare, Share};
    use camctl_shared::store::folder::{FolderStore, InitOptions, Options, init};
    use camctl_shared::store::{Committed, Heartbeat, LockStore};
    use rustix::event::Timespec;
    use rustix::fs::{link, rename};
    use tempfile::TempDir;

    use super::*;

    const NOTHING: News = News {
        head: false,
        policy: false,
        deaf: false,
    };
    const HEAD: News = News {
        head: true,
        ..NOTHING
    };
    const POLICY: News = News {
        policy: true,
        ..NOTHING
    };

    /// A repository whose folder is watched. The system queues an event within the call that causes it, so nothing
    /// here has to wait.
    struct Scene {
        folder: TempDir,
        watched: Watched,
    }

    impl Scene {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let options = InitOptions::new(Case::Sensitive);
            init(&share(&folder), &owner("setup"), &clock(), &options).unwrap();
            let watched = Watched::new(&folder.path().join(OWN_FOLDER)).unwrap();
            Self { folder, watched }
        }

        fn store(&self, user: &str) -> FolderStore {
            let mut store = FolderStore::new(share(&self.folder), owner(user), clock(), Options::default());
            store.load().unwrap();
            store
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(OWN_FOLDER).join(name)
        }

        fn is_quiet(&self) -> bool {
            let mut ready = [PollFd::new(&self.watched.inotify, PollFlags::IN)];
            poll(&mut ready, Some(&Timespec::default())).unwrap() == 0
        }
    }

    fn share(folder: &TempDir) -> Arc<dyn Share> {
        Arc::new(DiskShare::open(folder.path()).unwrap())
    }

    fn clock() -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn owner(user: &str) -> Arc<Owner> {
        let session = SessionId::parse(&format!("session-{user}")).unwrap();
        Arc::new(Owner::new(user, "CAM-03", session))
    }

    fn heartbeat(user: &str) -> Heartbeat {
        Heartbeat {
            session: owner(user).session.clone().unwrap(),
            user: user.into(),
            machine: "CAM-03".into(),
            counter: 1,
            version: "1".into(),
        }
    }

    #[test]
    fn polls_heartbeats_and_locks_wake_nobody() {
        let scene = Scene::new();
        let mut alice = scene.store("alice");
        let mut idle = || {
            alice.heartbeat(&heartbeat("alice")).unwrap();
            alice.session(&heartbeat("bob").session).unwrap();
            alice.sessions().unwrap();
            alice.catch_up().unwrap();
            alice.catch_up_fully().unwrap();
            alice.tend(clock().moment());
            alice.check(false).unwrap();
            drop(share(&scene.folder).try_lock(".camctl/mutex").unwrap());
        };
        // The first who is idle makes the mutex.
        idle();
        scene.watched.news();
        idle();
        assert!(scene.is_quiet(), "{:?}", scene.watched.news());
    }

    #[test]
    fn a_commit_is_heard() {
        let scene = Scene::new();
        let mut bob = scene.store("bob");
        let draft = Draft {
            sessions: vec![SessionChange {
                session: owner("bob").session.clone().unwrap(),
                verb: Verb::REVIVE,
                parked: None,
            }],
            ..Draft::default()
        };
        assert!(matches!(bob.commit(&mut |_| draft.clone()), Ok(Committed::At(_))));
        assert_eq!(scene.watched.news(), HEAD);
        assert!(scene.is_quiet(), "{:?}", scene.watched.news());
    }

    #[test]
    fn a_file_is_heard_however_its_content_comes_about() {
        let scene = Scene::new();
        for (name, news) in [("head", HEAD), ("repo.toml", POLICY)] {
            let path = scene.path(name);
            let heard = |what: &str| assert_eq!(scene.watched.news(), news, "{name} was {what}");
            OpenOptions::new()
                .write(true)
                .open(&path)
                .unwrap()
                .write_all_at(b"x", 0)
                .unwrap();
            heard("rewritten in place");
            fs::write(&path, "truncated and written").unwrap();
            heard("truncated and written");
            let aside = scene.path(&format!("{name}~"));
            fs::copy(&path, &aside).unwrap();
            assert_eq!(scene.watched.news(), NOTHING);
            rename(&aside, &path).unwrap();
            heard("replaced");
            fs::write(&path, "again").unwrap();
            heard("written after it was replaced");
            rename(&path, &aside).unwrap();
            heard("moved away");
            link(&aside, &path).unwrap();
            heard("put back");
            fs::remove_file(&path).unwrap();
            heard("removed");
        }
    }

    #[test]
    fn a_folder_that_is_gone_is_noticed() {
        for end in ["moved", "removed"] {
            let scene = Scene::new();
            let folder = scene.path("");
            if end == "moved" {
                rename(&folder, scene.folder.path().join("aside")).unwrap();
            } else {
                fs::remove_dir_all(&folder).unwrap();
            }
            assert_eq!(scene.watched.news(), News::LOST, "it was {end}");
        }
        assert!(Watched::new(Path::new("/dev/null")).is_err());
    }

    #[test]
    fn events_that_were_dropped_may_have_been_anything() {
        assert_eq!(meaning(ReadFlags::QUEUE_OVERFLOW, b""), News::ANYTHING);
        assert_eq!(meaning(ReadFlags::UNMOUNT, b""), News::LOST);
        assert_eq!(meaning(ReadFlags::MODIFY, b"head~"), NOTHING);
    }
}
