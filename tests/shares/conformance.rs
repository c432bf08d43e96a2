//! The suite of all stores, with every second machine on the other computer.

use std::sync::Arc;

use camctl_shared::clock::SystemClock;
use camctl_shared::conformance_suite;
use camctl_shared::model::{Case, Owner, SessionId};
use camctl_shared::share::DiskShare;
use camctl_shared::store::LockStore;
use camctl_shared::store::conformance::{Bed, FOLDER_SIZE};
use camctl_shared::store::folder::{FolderStore, InitOptions, Options, init};

/// A repository that two computers have mounted.
struct Both {
    shares: [Arc<DiskShare>; 2],
    opened: usize,
}

impl Both {
    fn new() -> Self {
        let shares = super::scene().map(|folder| super::open(&folder));
        let founder = Arc::new(Owner::new("founder", "CAM-00", SessionId::random()));
        let options = InitOptions {
            folder_size: FOLDER_SIZE,
            ..InitOptions::new(Case::Sensitive)
        };
        let share = Arc::clone(&shares[0]) as _;
        let clock = Arc::new(SystemClock) as _;
        init(&share, &founder, &clock, &options).unwrap();
        Self { shares, opened: 0 }
    }
}

impl Bed for Both {
    fn open(&mut self, author: Owner) -> Box<dyn LockStore> {
        self.opened += 1;
        let share = Arc::clone(&self.shares[self.opened % 2]);
        let store = FolderStore::new(share, Arc::new(author), Arc::new(SystemClock), Options::default());
        Box::new(store)
    }
}

conformance_suite!(tests: Both::new());
