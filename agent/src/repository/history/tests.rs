//! Digests of real logs: kept up, torn, of another log, of one that was pruned or set back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::{Clock, ManualClock};
use camctl_shared::history::{Names, Newest};
use camctl_shared::model::{Case, FileName, Owner, RequestId, SessionId};
use camctl_shared::rules::{self, Ask, Checkin, Checkout, Intent, Lively, Scene};
use camctl_shared::share::{DiskShare, Share};
use camctl_shared::store::LockStore;
use camctl_shared::store::folder::{FolderStore, InitOptions, Options, Timings, init};
use tempfile::TempDir;

use super::keep::Keeper;
use super::{Progress, Scope, newest, tell};
use crate::problem::Problem;

/// A repository whose folders of the log hold ten commits, with alice's store on it, and a place for digests.
struct Site {
    folder: TempDir,
    clock: Arc<ManualClock>,
    alice: FolderStore,
    keeper: Keeper,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new("2026-11-20T09:00:00Z".parse().unwrap()));
        let options = InitOptions {
            folder_size: 10,
            ..InitOptions::new(Case::Sensitive)
        };
        std::fs::create_dir(folder.path().join("cam")).unwrap();
        let alice = Arc::new(Owner::new("alice", "CAM-03", SessionId::random()));
        let shown: Arc<dyn Clock> = clock.clone();
        init(&share(&folder.path().join("cam")), &alice, &shown, &options).unwrap();
        let mut site = Self {
            alice: store(&folder.path().join("cam"), &clock),
            keeper: keeper(&folder.path().join("digest")),
            folder,
            clock,
        };
        site.alice.load().unwrap();
        site
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("cam")
    }

    fn digest(&self) -> PathBuf {
        self.folder.path().join("digest")
    }

    fn log(&self, folder: u64) -> PathBuf {
        self.root().join(format!(".camctl/log/{folder}"))
    }

    /// A minute later, a commit. The keeper is not told.
    fn decide(&mut self, file: &str, intent: &Intent) {
        self.clock.advance(Duration::from_secs(60));
        let (policy, now, by) = (self.alice.policy(), self.clock.wall(), self.alice.author());
        let ask = Ask {
            id: RequestId::random(),
            by,
            file: FileName::parse(file, Case::Sensitive).unwrap(),
            intent: intent.clone(),
        };
        let mut decide = |table: &camctl_shared::model::Table| {
            let scene = Scene {
                table,
                policy: &policy,
                judge: &Lively,
                now,
            };
            rules::decide(&scene, std::slice::from_ref(&ask)).draft
        };
        self.alice.commit(&mut decide).unwrap();
    }

    fn take(&mut self, file: &str) {
        self.decide(file, &Intent::Checkout(Checkout::default()));
    }

    fn give(&mut self, file: &str) {
        self.decide(file, &Intent::Checkin(Checkin::default()));
    }

    /// The keeper is told what alice's store has learnt.
    fn note(&mut self) {
        let news = self.alice.news();
        let id = self.alice.table().read().repository.0.clone();
        self.keeper.note(&news, &id);
    }

    /// What is known of the past, the newest first; from a share that lies at `root`.
    fn look_at(&self, root: &Path) -> Result<Vec<String>, Problem> {
        let table = self.alice.table();
        let id = table.read().repository.0.clone();
        let progress = Progress::default();
        let frames = self
            .keeper
            .catch_up(&share(root), &id, &|| newest(&table), &progress)?;
        let mut names = Names::default();
        let mut rows = Newest::new(usize::MAX, None, None);
        let scope = Scope {
            paths: vec![String::new()],
        };
        tell(frames, &scope, &mut names, &mut rows, &progress).unwrap();
        let (episodes, _) = rows.into_episodes();
        let row = |episode: camctl_shared::history::Episode| {
            let file = names.text(episode.file);
            match episode.ending {
                None => format!("{file} held"),
                Some(ending) => match ending.how {
                    Some(how) => format!("{file} {}", how.as_str()),
                    None => format!("{file} not known"),
                },
            }
        };
        Ok(episodes.into_iter().map(row).collect())
    }

    fn look(&self) -> Vec<String> {
        self.look_at(&self.root()).unwrap()
    }

    /// From the digest alone: the log is nowhere.
    fn look_without_log(&self) -> Result<Vec<String>, Problem> {
        let empty = tempfile::tempdir().unwrap();
        self.look_at(empty.path())
    }
}

fn share(root: &Path) -> Arc<dyn Share> {
    Arc::new(DiskShare::open(root).unwrap())
}

fn store(root: &Path, clock: &Arc<ManualClock>) -> FolderStore {
    let alice = Arc::new(Owner::new("alice", "CAM-03", SessionId::parse("s1").unwrap()));
    let timings = Timings {
        stale_cache: Duration::from_millis(50),
        set_back: Duration::ZERO,
        ..Timings::default()
    };
    let options = Options { timings, mutex: true };
    FolderStore::new(share(root), alice, clock.clone(), options)
}

fn keeper(digest: &Path) -> Keeper {
    let keeper = Keeper::default();
    keeper.keep_at(digest.to_owned());
    keeper
}

#[test]
fn the_log_is_read_once_and_then_followed() {
    let mut site = Site::new();
    site.note();
    assert!(
        !site.digest().exists(),
        "nobody has looked back: nothing is written"
    );
    site.take("a.mcam");
    site.give("a.mcam");
    site.note();
    assert_eq!(site.look(), ["a.mcam released"]);
    site.take("b.mcam");
    site.note();
    let expected = ["b.mcam held", "a.mcam released"];
    assert_eq!(site.look_without_log().unwrap(), expected);
    // A new run of the agent goes on with it, whatever its store tells it of again.
    site.keeper = keeper(&site.digest());
    site.alice = store(&site.root(), &site.clock);
    site.alice.load().unwrap();
    site.note();
    assert_eq!(site.look_without_log().unwrap(), expected);
    site.give("b.mcam");
    site.note();
    assert_eq!(
        site.look_without_log().unwrap(),
        ["b.mcam released", "a.mcam released"]
    );
}

#[test]
fn what_was_missed_is_read_when_somebody_looks_back() {
    let mut site = Site::new();
    assert!(site.look().is_empty());
    for n in 0..25 {
        site.take(&format!("{n:02}.mcam"));
    }
    drop(site.alice.news());
    site.take("z.mcam");
    site.note();
    assert!(
        site.look_without_log().is_err(),
        "there is a gap in what was told"
    );
    assert_eq!(site.look().len(), 26);
    site.take("y.mcam");
    site.note();
    assert_eq!(
        site.look_without_log().unwrap()[0],
        "y.mcam held",
        "followed again"
    );
}

#[test]
fn a_digest_that_is_torn_or_of_another_kind_is_mended_from_the_log() {
    let mut site = Site::new();
    for n in 0..15 {
        site.take(&format!("{n:02}.mcam"));
        site.note();
        site.look();
    }
    let expected = site.look();
    let whole = std::fs::read(site.digest()).unwrap();
    let older = [b"camctl history 0 x\n", &whole[20..]].concat();
    let broken = [&whole[..whole.len() / 2], b"rubbish", &whole[whole.len() / 2..]].concat();
    for content in [&whole[..whole.len() - 5], &whole[..40], &[], &older, &broken] {
        std::fs::write(site.digest(), content).unwrap();
        site.keeper = keeper(&site.digest());
        assert_eq!(site.look(), expected);
        assert_eq!(site.look_without_log().unwrap(), expected);
    }
    std::fs::remove_file(site.digest()).unwrap();
    site.keeper = keeper(&site.digest());
    assert_eq!(site.look(), expected);
}

/// Given a digest of a log that is then pruned, then it keeps what it has; and whoever begins after the pruning begins with
/// what stood at that time.
#[test]
fn what_was_pruned_stays_in_the_digest() {
    let mut site = Site::new();
    for n in 0..12 {
        site.take(&format!("{n:02}.mcam"));
    }
    site.give("00.mcam");
    let before = site.look();
    std::fs::remove_dir_all(site.log(0)).unwrap();
    assert_eq!(site.look(), before);
    site.take("00.mcam");
    assert_eq!(
        site.look().len(),
        before.len() + 1,
        "commits after it are read as ever"
    );
    site.keeper = keeper(&site.folder.path().join("another"));
    let late = site.look();
    assert!(late.contains(&"01.mcam held".to_owned()), "{late:?}");
    assert!(
        late.contains(&"00.mcam released".to_owned()),
        "its end is in the log: {late:?}"
    );
}

/// Given a digest that was not kept up while the log was pruned, then what ended meanwhile has ended nobody knows how.
#[test]
fn a_gap_is_bridged_by_what_stands_after_it() {
    let mut site = Site::new();
    site.take("ends.mcam");
    site.take("stays.mcam");
    site.look();
    site.give("ends.mcam");
    for n in 0..30 {
        site.take(&format!("{n:02}.mcam"));
    }
    for folder in 0..2 {
        std::fs::remove_dir_all(site.log(folder)).unwrap();
    }
    let seen = site.look();
    assert!(seen.contains(&"ends.mcam not known".to_owned()), "{seen:?}");
    assert!(seen.contains(&"stays.mcam held".to_owned()), "{seen:?}");
    assert_eq!(seen.len(), 32);
}

/// Given a digest, when a backup of the log is put back and other commits are made, then the digest is of the log that
/// stands now.
#[test]
fn a_log_that_was_set_back_is_read_anew() {
    for later in [1, 6] {
        let mut site = Site::new();
        site.take("a.mcam");
        for n in 0..4 {
            site.take(&format!("lost-{n}.mcam"));
        }
        site.note();
        assert_eq!(site.look().len(), 5);
        for n in 2..=5 {
            std::fs::remove_file(site.log(0).join(format!("{n}.json"))).unwrap();
        }
        std::fs::remove_file(site.root().join(".camctl/head")).unwrap();
        let mut other = store(&site.root(), &site.clock);
        other.load().unwrap();
        site.alice = other;
        for n in 0..later {
            site.take(&format!("new-{n}.mcam"));
        }
        site.note();
        let seen = site.look();
        assert_eq!(seen.len(), 1 + later, "{seen:?}");
        assert!(seen.iter().all(|row| !row.starts_with("lost")), "{seen:?}");
        site.take("after.mcam");
        site.note();
        assert_eq!(site.look_without_log().unwrap()[0], "after.mcam held");
    }
}

#[test]
fn another_repository_in_the_same_place_has_a_past_of_its_own() {
    let mut site = Site::new();
    site.take("a.mcam");
    assert_eq!(site.look(), ["a.mcam held"]);
    let other = Site::new();
    let other = Site {
        keeper: keeper(&site.digest()),
        ..other
    };
    assert!(other.look().is_empty());
}

#[test]
fn nobody_reads_on_for_somebody_who_has_left() {
    let mut site = Site::new();
    site.take("a.mcam");
    let progress = Progress::default();
    progress
        .abandoned
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let table = site.alice.table();
    let id = table.read().repository.0.clone();
    let stopped = site
        .keeper
        .catch_up(&share(&site.root()), &id, &|| newest(&table), &progress);
    assert!(matches!(stopped, Err(Problem::Cancelled)));
    assert_eq!(site.look(), ["a.mcam held"], "the next one goes on");
}

/// Given a thread that reads the log, then the worker does not wait for it, and what it told meanwhile is added.
#[test]
fn what_is_committed_while_the_log_is_read_is_added_too() {
    let mut site = Site::new();
    site.take("a.mcam");
    site.look();
    site.take("b.mcam");
    let news = site.alice.news();
    let table = site.alice.table();
    let id = table.read().repository.0.clone();
    let (keeper, told) = (&site.keeper, std::cell::Cell::new(false));
    // Told from within the reading, where the digest is locked.
    let newest = || {
        if !told.replace(true) {
            keeper.note(&news, &id);
        }
        (1, commit_nonce(&news, 1))
    };
    keeper
        .catch_up(&share(&site.root()), &id, &newest, &Progress::default())
        .unwrap();
    assert_eq!(site.look_without_log().unwrap(), ["b.mcam held", "a.mcam held"]);
}

fn commit_nonce(news: &[Arc<camctl_shared::model::Commit>], n: u64) -> String {
    let commit = news.iter().find(|commit| commit.n == n).unwrap();
    commit.nonce.as_str().to_owned()
}

#[test]
fn a_scope_is_a_file_or_all_below_a_folder() {
    let scope = |path: &str| Scope {
        paths: vec![path.to_owned()],
    };
    let cases = [
        ("", "a.mcam", true),
        ("a.mcam", "a.mcam", true),
        ("a", "a.mcam", false),
        ("parts", "parts/c.vnc", true),
        ("parts", "parts2/c.vnc", false),
        ("parts/c.vnc", "parts", false),
    ];
    for (path, file, has) in cases {
        assert_eq!(scope(path).has(file), has, "{path:?} {file:?}");
    }
}
