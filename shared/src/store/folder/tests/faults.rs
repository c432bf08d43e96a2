//! Lost replies, late answers, frozen clients, a full disk: a share that lies, by a table.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::fixture::{Bench, grant, held, owner, system_clock, take};
use crate::clock::{Clock, ManualClock};
use crate::model::{Draft, ShareError, ShareErrorKind, StoreError};
use crate::share::{Entry, FileSystem, Held, Meta, Published, Result, Share, Visit};
use crate::store::folder::{FolderStore, Options};
use crate::store::{Committed, LockStore};

/// What happens to one publishing.
pub(super) enum Fault {
    /// It is done, and the answer is lost.
    LostReply,
    /// It is not done, and nobody knows.
    LostRequest,
    /// The same, and something happens meanwhile.
    Outage(Box<dyn FnOnce() + Send>),
    /// It is refused.
    Refused(ShareErrorKind),
    /// Something else happens first.
    Before(Box<dyn FnOnce() + Send>),
}

/// A share whose publishings meet faults, in order; afterwards none. Keeps a diary of what makes things durable.
pub(super) struct Faulty {
    inner: Arc<dyn Share>,
    faults: Mutex<VecDeque<Fault>>,
    pub(super) diary: Mutex<Vec<String>>,
    /// What happens at the next sync of a folder, which then fails.
    pub(super) outage: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// So many removals fail, and nobody knows whether they were done.
    pub(super) stubborn: Mutex<u32>,
}

fn trouble(kind: ShareErrorKind) -> ShareError {
    ShareError {
        action: "publish",
        path: "somewhere".into(),
        kind,
        cause: "as arranged".into(),
    }
}

impl Share for Faulty {
    fn publish(&self, temporary: &str, path: &str) -> Published {
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => self.inner.publish(temporary, path),
            Some(Fault::LostReply) => {
                self.inner.publish(temporary, path);
                Published::Unknown(trouble(ShareErrorKind::Unknown))
            }
            Some(Fault::LostRequest) => Published::Unknown(trouble(ShareErrorKind::Unknown)),
            Some(Fault::Outage(act)) => {
                act();
                Published::Unknown(trouble(ShareErrorKind::Unknown))
            }
            Some(Fault::Refused(kind)) => Published::Refused(trouble(kind)),
            Some(Fault::Before(act)) => {
                act();
                self.inner.publish(temporary, path)
            }
        }
    }

    fn show(&self, path: &str) -> String {
        self.inner.show(path)
    }
    fn root(&self) -> &Path {
        self.inner.root()
    }
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>> {
        self.inner.read(path, limit)
    }
    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        self.inner.list(folder)
    }
    fn scan(&self, folder: &str, visit: &mut dyn Visit) -> Result<()> {
        self.inner.scan(folder, visit)
    }
    fn stat(&self, path: &str) -> Result<Meta> {
        self.inner.stat(path)
    }
    fn write_new(&self, path: &str, content: &[u8]) -> Result<()> {
        self.inner.write_new(path, content)
    }
    fn sync_folder(&self, folder: &str) -> Result<()> {
        self.diary.lock().unwrap().push(format!("sync {folder}"));
        if let Some(outage) = self.outage.lock().unwrap().take() {
            outage();
            return Err(trouble(ShareErrorKind::Unknown));
        }
        self.inner.sync_folder(folder)
    }
    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()> {
        self.diary.lock().unwrap().push(format!("write {path}"));
        self.inner.overwrite(path, content)
    }
    fn replace(&self, path: &str, content: &[u8]) -> Result<()> {
        self.inner.replace(path, content)
    }
    fn make_folder(&self, path: &str) -> Result<()> {
        self.inner.make_folder(path)
    }
    fn remove(&self, path: &str) -> Result<()> {
        let mut stubborn = self.stubborn.lock().unwrap();
        if let Some(left) = stubborn.checked_sub(1) {
            *stubborn = left;
            return Err(trouble(ShareErrorKind::Unknown));
        }
        self.inner.remove(path)
    }
    fn remove_folder(&self, path: &str) -> Result<()> {
        self.inner.remove_folder(path)
    }
    fn set_aside(&self, from: &str, to: &str) -> Result<()> {
        self.inner.set_aside(from, to)
    }
    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>> {
        self.inner.try_lock(path)
    }
    fn is_local(&self) -> bool {
        self.inner.is_local()
    }
    fn file_system(&self) -> &FileSystem {
        self.inner.file_system()
    }
    fn free_space(&self) -> Result<Option<u64>> {
        self.inner.free_space()
    }
    fn resolve(&self, path: &str) -> Result<Option<String>> {
        self.inner.resolve(path)
    }
}

pub(super) fn faulty(bench: &Bench, faults: Vec<Fault>) -> Arc<Faulty> {
    Arc::new(Faulty {
        inner: bench.share(),
        faults: Mutex::new(faults.into()),
        diary: Mutex::default(),
        outage: Mutex::default(),
        stubborn: Mutex::default(),
    })
}

fn store_with(bench: &Bench, faults: Vec<Fault>) -> FolderStore {
    let mut store = bench.store_on(faulty(bench, faults), "alice", system_clock());
    store.load().unwrap();
    store
}

fn log_files(bench: &Bench) -> usize {
    std::fs::read_dir(bench.path(".camctl/log/0")).unwrap().count()
}

fn leftovers(bench: &Bench) -> usize {
    std::fs::read_dir(bench.path(".camctl/tmp")).unwrap().count()
}

#[test]
fn a_lost_reply_is_known_by_its_nonce() {
    let bench = Bench::new(1000);
    let mut alice = store_with(&bench, vec![Fault::LostReply]);
    assert_eq!(take(&mut alice, "a.mcam"), 1);
    assert_eq!(log_files(&bench), 2, "once");
    assert_eq!(leftovers(&bench), 0);
}

#[test]
fn a_lost_request_is_sent_again() {
    let bench = Bench::new(1000);
    let mut alice = store_with(&bench, vec![Fault::LostRequest, Fault::LostRequest]);
    assert_eq!(take(&mut alice, "a.mcam"), 1);
    assert_eq!(held(&bench.loaded("bob")), ["a.mcam"]);
}

#[test]
fn a_refusal_after_a_lost_reply_is_not_the_last_word() {
    let bench = Bench::new(1000);
    let mut alice = store_with(
        &bench,
        vec![Fault::LostReply, Fault::Refused(ShareErrorKind::Full)],
    );
    assert_eq!(take(&mut alice, "a.mcam"), 1, "the first attempt was applied");
    assert_eq!(log_files(&bench), 2);
}

#[test]
fn a_full_disk_is_an_error_at_once_and_changes_nothing() {
    for kind in [
        ShareErrorKind::Full,
        ShareErrorKind::ReadOnly,
        ShareErrorKind::Denied,
    ] {
        let bench = Bench::new(1000);
        let mut alice = store_with(&bench, vec![Fault::Refused(kind)]);
        let by = alice.author();
        let error = alice
            .commit(&mut |table| grant(&by, "a.mcam", table.n + 1))
            .unwrap_err();
        assert!(
            matches!(&error, StoreError::Share(error) if error.kind == kind),
            "{error}"
        );
        assert_eq!(
            (held(&alice).len(), log_files(&bench), leftovers(&bench)),
            (0, 1, 0)
        );
        assert_eq!(take(&mut alice, "a.mcam"), 1, "and the store goes on");
    }
}

#[test]
fn what_cannot_be_settled_in_time_is_said_to_be_unknown_and_settled_later() {
    for applied in [true, false] {
        let bench = Bench::new(1000);
        let mut faults: Vec<Fault> = (0..200).map(|_| Fault::LostRequest).collect();
        if applied {
            faults[0] = Fault::LostReply;
            // Whoever asks again meets silence, not "exists".
        }
        let share = faulty(&bench, faults);
        let mut alice = bench.store_on(Arc::clone(&share) as Arc<dyn Share>, "alice", system_clock());
        alice.load().unwrap();
        let by = alice.author();
        let error = alice
            .commit(&mut |table| grant(&by, "a.mcam", table.n + 1))
            .unwrap_err();
        assert!(matches!(error, StoreError::Unsettled { n: 1, .. }), "{error}");
        let error = alice
            .commit(&mut |_| panic!("nothing new before the old is settled"))
            .unwrap_err();
        assert!(matches!(error, StoreError::Unsettled { .. }), "{error}");
        share.faults.lock().unwrap().clear();
        assert_eq!(
            alice.settle().unwrap(),
            Committed::At(1),
            "applied at once: {applied}"
        );
        assert_eq!(held(&alice), ["a.mcam"]);
        assert_eq!(alice.news().len(), 1, "known once");
        assert_eq!(alice.settle().unwrap(), Committed::Nothing);
    }
}

#[test]
fn an_unsettled_commit_whose_name_another_takes_is_over() {
    let bench = Bench::new(1000);
    let share = faulty(&bench, (0..200).map(|_| Fault::LostRequest).collect());
    let mut alice = bench.store_on(Arc::clone(&share) as Arc<dyn Share>, "alice", system_clock());
    alice.load().unwrap();
    let by = alice.author();
    alice
        .commit(&mut |table| grant(&by, "a.mcam", table.n + 1))
        .unwrap_err();
    take(&mut bench.loaded("bob"), "b.mcam");
    share.faults.lock().unwrap().clear();
    assert_eq!(alice.settle().unwrap(), Committed::Nothing);
    assert_eq!(held(&alice), ["b.mcam"]);
}

/// Bob comes to the folder, and takes so many files, a commit each.
fn bob_commits(folder: &Path, options: Options, count: u64) {
    let share: Arc<dyn Share> = Arc::new(crate::share::DiskShare::open_as(folder, true).unwrap());
    let mut bob = FolderStore::new(share, Arc::new(owner("bob")), system_clock(), options);
    bob.load().unwrap();
    for number in 0..count {
        take(&mut bob, &format!("{number}.mcam"));
    }
}

/// Alice is frozen after she has read and before she publishes; meanwhile bob commits `others` times.
fn frozen(
    folder_size: u64,
    others: u64,
    prune: bool,
) -> (Bench, FolderStore, Result<Committed, StoreError>, u32) {
    let bench = Bench::new(folder_size);
    let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
    let (folder, options) = (bench.folder.path().to_owned(), bench.options.clone());
    let waking = Arc::clone(&clock);
    let thaw = Fault::Before(Box::new(move || {
        bob_commits(&folder, options, others);
        if prune {
            // What the chores do to folders older than `keep_history`, never the newest two.
            let newest = others / folder_size;
            for old in 0..newest.saturating_sub(1) {
                std::fs::remove_dir_all(folder.join(format!(".camctl/log/{old}"))).unwrap();
            }
        }
        waking.advance(Duration::from_secs(40 * 86_400));
    }));
    let share = faulty(&bench, vec![thaw]);
    let mut alice = bench.store_on(share, "alice", Arc::clone(&clock) as Arc<dyn Clock>);
    alice.load().unwrap();
    let by = alice.author();
    let mut decided = 0;
    let committed = alice.commit(&mut |table| {
        decided += 1;
        // The rules' refusal: somebody has it now.
        if table.locks.contains_key(&super::fixture::name("0.mcam")) {
            return Draft::default();
        }
        grant(&by, "0.mcam", table.n + 1)
    });
    (bench, alice, committed, decided)
}

#[test]
fn a_client_from_the_dead_does_not_commit_and_harms_nothing() {
    for (folder_size, others, prune) in [(10, 1, false), (10, 35, false), (10, 35, true), (10, 300, true)] {
        let (bench, alice, committed, decided) = frozen(folder_size, others, prune);
        assert_eq!(committed.unwrap(), Committed::Nothing, "{others} {prune}");
        assert!(decided >= 2, "decided anew against the newer table");
        assert_eq!(held(&alice).len(), usize::try_from(others).unwrap());
        let mut carol = bench.loaded("carol");
        assert_eq!(held(&carol).len(), usize::try_from(others).unwrap());
        assert_eq!(take(&mut carol, "carol.mcam"), others + 1);
        assert_eq!(leftovers(&bench), 0);
        if prune {
            assert!(
                !bench.path(".camctl/log/0").exists(),
                "a pruned folder is never made again"
            );
        }
    }
}

#[test]
fn a_reply_lost_for_so_long_that_its_folder_was_pruned_is_found_by_its_request() {
    let mut bench = Bench::new(10);
    // Bob's whole life passes before the second answer, and a slow disk needs its time for that.
    bench.options.timings.settle = Duration::from_secs(30);
    let (folder, options) = (bench.folder.path().to_owned(), bench.options.clone());
    let later = Fault::Before(Box::new(move || {
        bob_commits(&folder, options, 35);
        for old in 0..2 {
            std::fs::remove_dir_all(folder.join(format!(".camctl/log/{old}"))).unwrap();
        }
    }));
    let mut alice = store_with(&bench, vec![Fault::LostReply, later]);
    let by = alice.author();
    let mut drafts = Vec::new();
    let request = crate::model::RequestId::random();
    let committed = alice.commit(&mut |table| {
        if table.recent.find(&request).is_some() {
            return Draft::default();
        }
        let draft = Draft {
            requests: vec![request.clone()],
            ..grant(&by, "a.mcam", table.n + 1)
        };
        drafts.push(table.n);
        draft
    });
    assert_eq!(committed.unwrap(), Committed::Nothing, "settled long ago");
    assert_eq!(drafts, [0], "never decided twice");
    assert_eq!(alice.table().read().recent.find(&request), Some(1));
}

#[test]
fn without_a_usable_mutex_writers_go_on() {
    let bench = Bench::new(1000);
    let holder = bench.share();
    let held_for_ever = holder.try_lock(".camctl/mutex").unwrap().unwrap();
    let options = Options {
        mutex: true,
        timings: bench.options.timings.clone(),
    };
    let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
    let mut alice = FolderStore::new(
        bench.share(),
        Arc::new(owner("alice")),
        Arc::clone(&clock) as Arc<dyn Clock>,
        options,
    );
    alice.load().unwrap();
    let before = clock.moment();
    assert_eq!(take(&mut alice, "a.mcam"), 1);
    let first = clock.moment().since(before);
    assert!(
        first >= bench.options.timings.mutex_wait,
        "queued politely: {first:?}"
    );
    let before = clock.moment();
    assert_eq!(take(&mut alice, "b.mcam"), 2);
    assert_eq!(
        clock.moment().since(before),
        Duration::ZERO,
        "and from then on only tried"
    );
    drop(held_for_ever);
    assert_eq!(take(&mut alice, "c.mcam"), 3);
}
