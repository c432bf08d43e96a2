//! The probe, on an honest disk and on shares that lie.

use std::path::Path;

use tempfile::TempDir;

use super::super::{DiskShare, Entry, Held, Meta};
use super::*;

/// A disk that can be told to behave as badly as some mounts do.
struct Odd {
    disk: DiskShare,
    system: FileSystem,
    publish: fn(&DiskShare, &str, &str) -> Published,
    folds_case: bool,
    locks_everybody: bool,
    reads_stale: bool,
    free: u64,
}

impl Odd {
    fn new(folder: &TempDir) -> Self {
        let disk = DiskShare::open(folder.path()).unwrap();
        Self {
            system: FileSystem {
                name: "ext4".into(),
                local: true,
                options: "".into(),
            },
            disk,
            publish: |disk, from, to| disk.publish(from, to),
            folds_case: false,
            locks_everybody: false,
            reads_stale: false,
            free: u64::MAX,
        }
    }
}

struct Nothing;
impl Held for Nothing {}

impl Share for Odd {
    fn show(&self, path: &str) -> String {
        self.disk.show(path)
    }
    fn root(&self) -> &Path {
        self.disk.root()
    }
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>> {
        if self.reads_stale && path.ends_with("head") {
            return Ok(vec![b'a'; 64]);
        }
        self.disk.read(path, limit)
    }
    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        self.disk.list(folder)
    }
    fn stat(&self, path: &str) -> Result<Meta> {
        if self.folds_case && path.ends_with("CAMCTL-cASE") {
            return self.disk.stat(&path.replace("CAMCTL-cASE", "camctl-Case"));
        }
        self.disk.stat(path)
    }
    fn write_new(&self, path: &str, content: &[u8]) -> Result<()> {
        self.disk.write_new(path, content)
    }
    fn publish(&self, temporary: &str, path: &str) -> Published {
        (self.publish)(&self.disk, temporary, path)
    }
    fn sync_folder(&self, folder: &str) -> Result<()> {
        self.disk.sync_folder(folder)
    }
    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()> {
        self.disk.overwrite(path, content)
    }
    fn replace(&self, path: &str, content: &[u8]) -> Result<()> {
        self.disk.replace(path, content)
    }
    fn make_folder(&self, path: &str) -> Result<()> {
        self.disk.make_folder(path)
    }
    fn remove(&self, path: &str) -> Result<()> {
        self.disk.remove(path)
    }
    fn remove_folder(&self, path: &str) -> Result<()> {
        self.disk.remove_folder(path)
    }
    fn set_aside(&self, from: &str, to: &str) -> Result<()> {
        self.disk.set_aside(from, to)
    }
    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>> {
        if self.locks_everybody {
            return Ok(Some(Box::new(Nothing)));
        }
        self.disk.try_lock(path)
    }
    fn is_local(&self) -> bool {
        self.system.local
    }
    fn file_system(&self) -> &FileSystem {
        &self.system
    }
    fn free_space(&self) -> Result<Option<u64>> {
        Ok(Some(self.free))
    }
    fn resolve(&self, path: &str) -> Result<Option<String>> {
        self.disk.resolve(path)
    }
}

fn problem(share: &Odd) -> String {
    match probe(share, "probe").unwrap_err() {
        StoreError::NotExclusive { problem, .. } => problem.into(),
        other => panic!("{other}"),
    }
}

#[test]
fn an_honest_disk_passes_and_is_left_as_it_was() {
    let folder = TempDir::new().unwrap();
    let share = Odd::new(&folder);
    let found = probe(&share, "probe").unwrap();
    assert_eq!(
        found,
        Probe {
            exclusive: if cfg!(windows) {
                "move without replacing"
            } else {
                "hard link"
            },
            case: if cfg!(target_os = "linux") {
                Case::Sensitive
            } else {
                found.case
            },
            one_spelling: found.one_spelling,
            file_system: "ext4".into(),
            local: true,
            locks: true,
            warnings: Vec::new(),
        }
    );
    assert!(cfg!(not(target_os = "linux")) || !found.one_spelling);
    assert!(share.list("").unwrap().is_empty(), "nothing is left behind");
}

#[test]
fn the_real_disk_of_this_test_passes() {
    let folder = TempDir::new().unwrap();
    let share = DiskShare::open(folder.path()).unwrap();
    let found = probe(&share, "probe").unwrap();
    assert_eq!(found.file_system, *share.file_system().name);
    assert!(share.list("").unwrap().is_empty());
}

#[test]
fn a_share_that_gives_a_name_away_twice_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut share = Odd::new(&folder);
    share.publish = |disk, from, to| {
        // What renaming over an existing name does: everybody wins.
        disk.overwrite(to, &disk.read(from, 64).unwrap()).unwrap();
        Published::Won
    };
    assert_eq!(problem(&share), "a name that was taken was given away again");
    assert!(share.list("").unwrap().is_empty(), "nothing is left behind");
}

#[test]
fn a_share_where_racers_all_win_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut share = Odd::new(&folder);
    share.publish = |disk, from, to| match disk.publish(from, to) {
        Published::Taken if to.contains("race") => Published::Won,
        answer => answer,
    };
    assert_eq!(problem(&share), "4 of 4 created one name at the same time");
}

#[test]
fn a_share_that_says_no_but_replaces_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut share = Odd::new(&folder);
    share.publish = |disk, from, to| {
        let answer = disk.publish(from, to);
        if answer == Published::Taken {
            disk.overwrite(to, &disk.read(from, 64).unwrap()).unwrap();
        }
        answer
    };
    assert_eq!(problem(&share), "a name that was taken was given away again");
}

#[test]
fn a_share_without_any_exclusive_creation_is_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let mut share = Odd::new(&folder);
    share.publish = |disk, _, to| {
        Published::Refused(ShareError {
            action: "publish",
            path: disk.show(to).into(),
            kind: Kind::Unsupported,
            cause: "the file system has no hard links".into(),
        })
    };
    assert_eq!(problem(&share), "the file system has no hard links");
}

#[test]
fn a_share_that_copies_later_is_refused_untouched() {
    let folder = TempDir::new().unwrap();
    let mut share = Odd::new(&folder);
    share.system.name = "fuse.rclone".into();
    share.publish = |_, _, _| unreachable!("not even tried");
    assert!(problem(&share).contains("copies them to the others later"));
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_no_verdict() {
    let folder = TempDir::new().unwrap();
    let share = Odd::new(&folder);
    match probe(&share, "no/such/parent").unwrap_err() {
        StoreError::Share(error) => assert_eq!(error.kind, Kind::NotFound),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_odd_but_bearable_is_said() {
    let outer = TempDir::new().unwrap();
    let path = outer.path().join("Dropbox (Team)");
    std::fs::create_dir(&path).unwrap();
    let mut share = Odd::new(&outer);
    share.disk = DiskShare::open(&path).unwrap();
    share.system = FileSystem {
        name: "fuse.sshfs".into(),
        local: false,
        options: "rw,nobrl,cache=loose".into(),
    };
    (share.folds_case, share.locks_everybody, share.reads_stale) = (true, true, true);
    share.free = 5 << 20;
    let found = probe(&share, "probe").unwrap();
    assert_eq!((found.case, found.locks), (Case::Insensitive, false));
    for said in [
        "mounted with nobrl",
        "mounted with cache=loose",
        "fuse.sshfs is a file system",
        "Dropbox (Team)",
        "only 5120 KiB are free",
        "not seen at the next read",
        "they are granted to everybody",
    ] {
        let times = found.warnings.iter().filter(|text| text.contains(said)).count();
        assert_eq!(times, 1, "{said:?} in {:#?}", found.warnings);
    }
    assert_eq!(found.warnings.len(), 7);
}
