//! What a commit costs inside, beside the bare system calls that any durable compare-and-swap needs.
//!
//! `cargo bench -p camctl-shared --bench commit`. Compare only rows of one run: machines differ, and their disks more.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::model::{Case, Draft, FileName, Owner, RequestId, SessionId};
use camctl_shared::rules::{Ask, Checkin, Checkout, Intent, Judge, Scene, Standing, decide};
use camctl_shared::share::{DiskShare, Share};
use camctl_shared::store::LockStore;
use camctl_shared::store::folder::{FolderStore, InitOptions, Options, init};
use divan::Bencher;
use tempfile::TempDir;

fn main() {
    divan::main();
}

struct Lively;

impl Judge for Lively {
    fn lock(
        &self,
        _: &camctl_shared::model::Table,
        _: &FileName,
        _: &camctl_shared::model::Lock,
    ) -> Standing {
        Standing::Alive { silent: None }
    }

    fn session_is_stale(&self, _: &camctl_shared::model::Table, _: &SessionId) -> bool {
        false
    }
}

struct Bench {
    _folder: TempDir,
    store: FolderStore,
    me: Arc<Owner>,
}

impl Bench {
    fn with_locks(locks: usize) -> Self {
        // On the disk of the project, because a temporary folder may lie in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let share: Arc<dyn Share> = Arc::new(DiskShare::open(folder.path()).unwrap());
        let me = Arc::new(Owner::new("alice", "CAM-03", SessionId::random()));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let options = InitOptions::new(Case::Sensitive);
        init(&share, &me, &clock, &options).unwrap();
        let mut store = FolderStore::new(share, Arc::clone(&me), clock, Options::default());
        store.load().unwrap();
        let mut bench = Self {
            _folder: folder,
            store,
            me,
        };
        let asks: Vec<Ask> = (0..locks)
            .map(|n| bench.ask(&format!("held/{n}.mcam"), true))
            .collect();
        bench.run(&asks);
        bench
    }

    fn ask(&self, name: &str, checkout: bool) -> Ask {
        let intent = if checkout {
            Intent::Checkout(Checkout::default())
        } else {
            Intent::Checkin(Checkin::default())
        };
        let file = FileName::parse(name, Case::Sensitive).unwrap();
        Ask {
            id: RequestId::random(),
            by: Arc::clone(&self.me),
            file,
            intent,
        }
    }

    fn run(&mut self, asks: &[Ask]) {
        let policy = self.store.policy();
        let decided = &mut |table: &camctl_shared::model::Table| -> Draft {
            let now = SystemClock.wall();
            decide(
                &Scene {
                    table,
                    policy: &policy,
                    judge: &Lively,
                    now,
                },
                asks,
            )
            .draft
        };
        self.store.commit(decided).unwrap();
        self.store.news();
    }
}

/// One checkout and one checkin, each a commit of its own.
#[divan::bench(args = [10, 1_000, 10_000], sample_count = 300)]
fn checkout_and_checkin(bencher: Bencher<'_, '_>, locks: usize) {
    let mut bench = Bench::with_locks(locks);
    bencher.bench_local(move || {
        for checkout in [true, false] {
            let ask = bench.ask("bench.mcam", checkout);
            bench.run(&[ask]);
        }
    });
}

/// The same without a lock table: twice 300 bytes, written, synced, published by link, the folder synced.
#[divan::bench(sample_count = 300)]
fn bare_write_sync_publish_twice(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut n = 0;
    bencher.bench_local(move || {
        for _ in 0..2 {
            n += 1;
            publish(folder.path(), n);
        }
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "the bare system calls are what is measured"
)]
fn publish(folder: &Path, n: u64) {
    let temporary = folder.join("temporary");
    let mut file = File::create_new(&temporary).unwrap();
    file.write_all(&[b'x'; 300]).unwrap();
    file.sync_all().unwrap();
    fs::hard_link(&temporary, folder.join(n.to_string())).unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
    fs::remove_file(&temporary).unwrap();
}

/// What an agent reads when it starts.
#[divan::bench(args = [10, 1_000, 10_000], sample_count = 20)]
fn load(bencher: Bencher<'_, '_>, locks: usize) {
    let bench = Bench::with_locks(locks);
    bencher
        .with_inputs(|| {
            let share = Arc::clone(bench.store.share());
            FolderStore::new(
                share,
                Arc::clone(&bench.me),
                Arc::new(SystemClock),
                Options::default(),
            )
        })
        .bench_local_values(|mut store| {
            store.load().unwrap();
            store
        });
}
