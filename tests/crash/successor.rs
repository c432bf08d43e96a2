//! Whoever comes after a crash: what must be there, and that it goes on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::{Clock, ManualClock};
use camctl_shared::model::{Owner, RequestId, SessionId, StoreError};
use camctl_shared::rules::{Checkout, Intent};
use camctl_shared::share::{DiskShare, Share};
use camctl_shared::store::folder::{FolderStore, init};
use camctl_shared::store::{Committed, LockStore};

use crate::life::{Life, Witness, decided, init_options};

/// A folder for one try. In memory where there is such a thing: what a disk loses is thought out here, and a real one takes
/// its time to lose nothing.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if cfg!(target_os = "linux") && memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a folder")
}

/// Opens what is left in `folder`, and panics when anything that was acknowledged is missing, or anything that nobody
/// decided is there.
pub struct Successor<'a> {
    pub folder: &'a Path,
    pub network: bool,
    pub clock: Arc<ManualClock>,
    pub witness: &'a Witness,
}

impl Successor<'_> {
    fn share(&self) -> Arc<dyn Share> {
        Arc::new(DiskShare::open_as(self.folder, !self.network).expect("the folder is there"))
    }

    fn opened(&self, user: &str) -> FolderStore {
        let mut store = Life::store_of(&self.share(), &self.clock, user);
        store
            .load()
            .unwrap_or_else(|error| panic!("the table does not open: {error}"));
        store
    }

    /// Looks at the table.
    pub fn looks(&self) -> FolderStore {
        if self.witness.acknowledged.is_none() {
            self.init_again();
        }
        let store = self.opened("bob");
        let shared = store.table();
        let table = shared.read();
        let least = self.witness.acknowledged.unwrap_or(0);
        assert!(
            table.n >= least,
            "commit {least} was acknowledged, {} is the newest",
            table.n
        );
        if let Some(expected) = self.witness.tables.get(&table.n)
            && self.witness.acknowledged.is_some()
        {
            assert_eq!(*table, *expected, "it is another table");
        }
        for (request, n) in &self.witness.requests {
            assert_eq!(table.recent.find(request), Some(*n), "an acknowledged request");
        }
        assert_eq!(store.policy().administrators, ["boss"], "repo.toml");
        drop(table);
        store
    }

    /// Nobody was told that there is a repository. Whoever asks for one again gets it.
    fn init_again(&self) {
        let founder = Arc::new(Owner::new("founder", "CAM-01", SessionId::random()));
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let made = init(&self.share(), &founder, &clock, &init_options());
        made.unwrap_or_else(|error: StoreError| panic!("init cannot be repeated: {error}"));
    }

    /// Goes on with it, and leaves nothing behind that is out of step.
    pub fn goes_on(&self, mut store: FolderStore) {
        let (by, id) = (store.author(), RequestId::random());
        let before = store.table().read().n;
        let checkout = |table: &_| {
            decided(
                table,
                &by,
                &id,
                "next.mcam",
                Intent::Checkout(Checkout::default()),
            )
        };
        let committed = store.commit(&mut |table| checkout(table));
        assert_eq!(committed, Ok(Committed::At(before + 1)));
        self.tends(&mut store, Duration::from_mins(1));
        assert_eq!(
            store.check(false),
            Ok(Vec::new()),
            "head and locks.json mend themselves"
        );
        let shown = std::fs::read(self.folder.join("locks.json")).expect("it is there");
        let shown: serde_json::Value = serde_json::from_slice(&shown).expect("it is JSON");
        assert_eq!(shown["next.mcam"]["user"], "bob");
        self.tends(&mut store, Duration::from_hours(50));
        for leftovers in ["tmp", "trash"] {
            let folder = self.folder.join(".camctl").join(leftovers);
            let count = std::fs::read_dir(folder).map_or(0, Iterator::count);
            assert_eq!(count, 0, "{leftovers} is swept");
        }
        let carol = self.opened("carol");
        assert_eq!(carol.table().read().locks, store.table().read().locks);
    }

    /// An agent that runs for so long, and polls every now and then.
    fn tends(&self, store: &mut FolderStore, time: Duration) {
        for _ in 0..30 {
            store.catch_up_fully().expect("it can be read");
            store.tend(self.clock.moment());
            self.clock.advance(time / 30);
        }
    }
}
