//! A repository in a temporary folder, and stores on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::clock::{Clock, ManualClock, SystemClock};
use crate::model::{Case, Change, Draft, Extra, FileName, Lock, Owner, RequestId, SessionId, Verb};
use crate::share::DiskShare;
use crate::share::Share;
use crate::store::conformance::Bed;
use crate::store::folder::{FolderStore, InitOptions, Options, Timings, init};
use crate::store::{Committed, LockStore};

pub(super) struct Bench {
    pub(super) folder: TempDir,
    pub(super) options: Options,
    local: bool,
}

pub(super) fn init_options(folder_size: u64) -> InitOptions {
    InitOptions {
        folder_size,
        ..InitOptions::new(Case::Sensitive)
    }
}

pub(super) fn owner(user: &str) -> Owner {
    Owner::new(user, "CAM-03", SessionId::random())
}

pub(super) fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Timings that let a test see the end of every wait.
fn quick() -> Timings {
    Timings {
        stale_cache: Duration::from_millis(50),
        settle: Duration::from_millis(200),
        mutex_wait: Duration::from_millis(500),
        ..Timings::default()
    }
}

impl Bench {
    /// A fresh repository.
    pub(super) fn new(folder_size: u64) -> Self {
        let bench = Self::bare();
        bench.init(folder_size);
        bench
    }

    /// Makes the folder a repository.
    pub(super) fn init(&self, folder_size: u64) {
        let founder = Arc::new(owner("founder"));
        let made = init(
            &self.share(),
            &founder,
            &system_clock(),
            &init_options(folder_size),
        );
        assert!(!made.unwrap().existed);
    }

    /// A folder that is no repository yet.
    pub(super) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            options: Options {
                timings: quick(),
                mutex: true,
            },
            local: true,
        }
    }

    pub(super) fn without_mutex(mut self) -> Self {
        self.options.mutex = false;
        self
    }

    pub(super) fn on_a_network(mut self) -> Self {
        self.local = false;
        self
    }

    pub(super) fn share(&self) -> Arc<dyn Share> {
        Arc::new(DiskShare::open_as(self.folder.path(), self.local).unwrap())
    }

    pub(super) fn store(&self, user: &str) -> FolderStore {
        self.store_on(self.share(), user, system_clock())
    }

    pub(super) fn store_on(&self, share: Arc<dyn Share>, user: &str, clock: Arc<dyn Clock>) -> FolderStore {
        FolderStore::new(share, Arc::new(owner(user)), clock, self.options.clone())
    }

    pub(super) fn loaded(&self, user: &str) -> FolderStore {
        let mut store = self.store(user);
        store.load().unwrap();
        store
    }

    /// A store whose clock is moved by the test.
    pub(super) fn timed(&self, user: &str) -> (FolderStore, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
        let mut store = self.store_on(self.share(), user, Arc::clone(&clock) as Arc<dyn Clock>);
        store.load().unwrap();
        (store, clock)
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(path), content).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }

    pub(super) fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(path)).unwrap()
    }
}

impl Bed for Bench {
    fn open(&mut self, author: Owner) -> Box<dyn LockStore> {
        let clock = system_clock();
        Box::new(FolderStore::new(
            self.share(),
            Arc::new(author),
            clock,
            self.options.clone(),
        ))
    }
}

pub(super) fn name(text: &str) -> FileName {
    FileName::parse(text, Case::Sensitive).unwrap()
}

/// The draft that gives `file` to the store's own person, as commit `n`.
pub(super) fn grant(by: &Arc<Owner>, file: &str, n: u64) -> Draft {
    let lock = Lock {
        message: "Working on revisions".into(),
        ..Lock::new(Arc::clone(by), "2026-11-20T08:00:00.25Z".parse().unwrap(), n)
    };
    let change = Change {
        file: name(file),
        verb: Verb::CHECKOUT,
        by: Arc::clone(by),
        ended: None,
        lock: Some(Arc::new(lock)),
        extra: Extra::new(),
    };
    Draft {
        changes: vec![change],
        sessions: Vec::new(),
        requests: vec![RequestId::random()],
    }
}

/// Checks `file` out by hand, without the rules.
pub(super) fn take(store: &mut FolderStore, file: &str) -> u64 {
    let by = store.author();
    match store.commit(&mut |table| grant(&by, file, table.n + 1)).unwrap() {
        Committed::At(n) => n,
        Committed::Nothing => panic!("a draft with a change is never nothing"),
    }
}

/// The files that are held, as this store sees them.
pub(super) fn held(store: &FolderStore) -> Vec<String> {
    store
        .table()
        .read()
        .locks
        .keys()
        .map(ToString::to_string)
        .collect()
}

/// Lets chores run until none is urgent, on a clock that the test moves.
pub(super) fn tend(store: &mut FolderStore, clock: &ManualClock) {
    for _ in 0..20 {
        match store.tend(clock.moment()) {
            Some(wait) => clock.advance(wait.max(Duration::from_millis(1))),
            None => return,
        }
    }
    panic!("chores are urgent for ever");
}
