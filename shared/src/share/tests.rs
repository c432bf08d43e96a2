//! What everything above trusts a share to do, shown on this machine's disk.

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tempfile::TempDir;

use super::*;
use crate::model::ShareErrorKind as Kind;

#[cfg(target_os = "linux")]
mod small_disk;

fn folder() -> (TempDir, DiskShare) {
    let folder = TempDir::new().unwrap();
    let share = DiskShare::open(folder.path()).unwrap();
    (folder, share)
}

fn kind<T: std::fmt::Debug>(answer: Result<T>) -> Kind {
    answer.unwrap_err().kind
}

fn names(share: &DiskShare, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = share
        .list(folder)
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    names.sort();
    names
}

#[test]
fn only_a_folder_can_be_opened() {
    let (folder, share) = folder();
    share.write_new("a", b"").unwrap();
    assert!(DiskShare::open(&folder.path().join("a")).is_err());
    assert_eq!(kind(DiskShare::open(&folder.path().join("b"))), Kind::NotFound);
    assert_eq!(share.root(), DiskShare::open(share.root()).unwrap().root());
}

#[test]
fn a_new_file_is_whole_and_new() {
    let (_folder, share) = folder();
    share.write_new("a", b"one").unwrap();
    assert_eq!(share.read("a", 3).unwrap(), b"one");
    assert_eq!(kind(share.write_new("a", b"two")), Kind::Exists);
    assert_eq!(share.read("a", 3).unwrap(), b"one", "what was there stays");
    assert_eq!(kind(share.write_new("no/such/folder", b"")), Kind::NotFound);
}

#[test]
fn no_more_is_read_than_was_asked_for() {
    let (_folder, share) = folder();
    for size in [0usize, 1, 8191, 8192, 8193, 100_000] {
        let content: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let (name, size) = (format!("f{size}"), size as u64);
        share.write_new(&name, &content).unwrap();
        for limit in [size, size + 1, size * 2 + 10] {
            assert_eq!(share.read(&name, limit).unwrap(), content, "{size} of {limit}");
        }
        if size > 0 {
            assert_eq!(kind(share.read(&name, size - 1)), Kind::TooLarge, "{size}");
        }
    }
    assert_eq!(kind(share.read("missing", 10)), Kind::NotFound);
}

#[test]
fn of_eight_that_publish_a_name_one_wins() {
    let (_folder, share) = folder();
    for round in 0..50 {
        let name = format!("{round}.json");
        let start = Barrier::new(8);
        let won: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|racer| {
                    let (share, name, start) = (&share, &name, &start);
                    scope.spawn(move || {
                        let temporary = format!("t{round}-{racer}");
                        share.write_new(&temporary, racer.to_string().as_bytes()).unwrap();
                        start.wait();
                        match share.publish(&temporary, name) {
                            Published::Won => Some(racer),
                            Published::Taken => None,
                            other => panic!("{other:?}"),
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(won.len(), 1, "round {round}");
        assert_eq!(share.read(&name, 10).unwrap(), won[0].to_string().as_bytes());
    }
}

#[test]
fn publishing_says_what_is_missing() {
    for local in [true, false] {
        let folder = TempDir::new().unwrap();
        let share = DiskShare::open_as(folder.path(), local).unwrap();
        share.write_new("t", b"mine").unwrap();
        assert_eq!(share.publish("t", "log/1.json"), Published::NoFolder);
        share.make_folder("log").unwrap();
        assert_eq!(share.publish("t", "log/1.json"), Published::Won);

        share.write_new("t2", b"other").unwrap();
        assert_eq!(share.publish("t2", "log/1.json"), Published::Taken);
        assert_eq!(share.read("log/1.json", 10).unwrap(), b"mine");

        match share.publish("no-such-file", "log/2.json") {
            Published::Refused(error) => {
                assert_eq!(error.kind, Kind::NotFound);
                assert!(error.path.ends_with("no-such-file"), "{error}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(names(&share, "log"), ["1.json"]);
    }
}

#[cfg(unix)]
#[test]
fn what_a_network_refused_is_looked_for_in_the_listing() {
    // A name that is too long is a refusal that can be had anywhere, from the same branch as a full disk.
    let folder = TempDir::new().unwrap();
    let share = DiskShare::open_as(folder.path(), false).unwrap();
    share.write_new("t", b"").unwrap();
    let long = "x".repeat(300);
    assert!(matches!(share.publish("t", &long), Published::Refused(_)));
    // A temporary file that is gone, and a name that stands: an earlier attempt may have done it.
    share.write_new("1.json", b"").unwrap();
    assert_eq!(share.publish("gone", "1.json"), Published::Taken);
}

#[test]
fn a_reader_never_sees_a_file_that_is_overwritten_empty_or_short() {
    let (_folder, share) = folder();
    let record = |n: u32| format!("{n:064}").into_bytes();
    share.overwrite("head", &record(0)).unwrap();
    let (done, looks) = (AtomicBool::new(false), AtomicU32::new(0));
    let mut written = 0;
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let seen = String::from_utf8(share.read("head", 64).unwrap()).unwrap();
                assert_eq!(seen.len(), 64);
                seen.parse::<u32>().expect("a record, not a hole");
                looks.fetch_add(1, Ordering::Relaxed);
            }
        });
        while !reader.is_finished() && (written < 1000 || looks.load(Ordering::Relaxed) < 100) {
            written += 1;
            share.overwrite("head", &record(written)).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(
        share.read("head", 64).unwrap(),
        record(written),
        "the next read sees it"
    );
}

#[test]
fn overwriting_keeps_a_longer_tail_and_makes_what_is_missing() {
    let (_folder, share) = folder();
    share.overwrite("a", b"0123456789").unwrap();
    share.overwrite("a", b"abc").unwrap();
    assert_eq!(share.read("a", 100).unwrap(), b"abc3456789");
    assert_eq!(kind(share.overwrite("no/folder", b"")), Kind::NotFound);
}

#[test]
fn replacing_is_for_local_disks_and_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let local = DiskShare::open_as(folder.path(), true).unwrap();
    local.replace("locks.json", b"a longer text").unwrap();
    local.replace("locks.json", b"{}").unwrap();
    assert_eq!(local.read("locks.json", 100).unwrap(), b"{}");
    assert!(local.replace("no/folder.json", b"{}").is_err());
    assert_eq!(names(&local, ""), ["locks.json"]);

    let shared = DiskShare::open_as(folder.path(), false).unwrap();
    assert_eq!(kind(shared.replace("locks.json", b"[]")), Kind::Unsupported);
    assert_eq!(shared.read("locks.json", 100).unwrap(), b"{}");
    assert!(!shared.is_local() && local.is_local());
}

#[test]
fn folders_are_made_one_at_a_time_and_removed_when_empty() {
    let (_folder, share) = folder();
    assert_eq!(
        kind(share.make_folder("a/b")),
        Kind::NotFound,
        "a pruned folder stays gone"
    );
    share.make_folder("a").unwrap();
    assert_eq!(kind(share.make_folder("a")), Kind::Exists);
    share.sync_folder("a").unwrap();
    share.write_new("a/x", b"12").unwrap();
    assert_eq!(kind(share.remove_folder("a")), Kind::Busy);
    let found = share.stat("a/x").unwrap();
    assert_eq!((found.what, found.size), (What::File, 2));
    assert!(found.modified.is_some());
    assert_eq!(share.stat("a").unwrap().what, What::Folder);
    share.remove("a/x").unwrap();
    assert_eq!(kind(share.remove("a/x")), Kind::NotFound);
    share.remove_folder("a").unwrap();
    assert_eq!(kind(share.list("a")), Kind::NotFound);
    if cfg!(unix) && share.is_local() {
        assert_eq!(kind(share.sync_folder("a")), Kind::NotFound);
    }
}

#[test]
fn setting_aside_never_replaces() {
    let (_folder, share) = folder();
    share.write_new("a", b"a").unwrap();
    share.write_new("b", b"b").unwrap();
    assert_eq!(kind(share.set_aside("a", "b")), Kind::Exists);
    share.set_aside("a", "c").unwrap();
    assert_eq!(names(&share, ""), ["b", "c"]);
    assert_eq!(kind(share.set_aside("a", "d")), Kind::NotFound);
}

#[test]
fn a_lock_is_had_by_one_and_given_back() {
    let (folder, share) = folder();
    let other = DiskShare::open(folder.path()).unwrap();
    let held = share.try_lock("mutex").unwrap().expect("nobody has it");
    assert!(other.try_lock("mutex").unwrap().is_none());
    assert!(
        share.try_lock("mutex").unwrap().is_none(),
        "not shared with other threads either"
    );
    drop(held);
    let held = other.try_lock("mutex").unwrap().expect("given back");
    // A mutex that somebody deletes is a new one for whoever comes next: it is a courtesy, not the law.
    if cfg!(unix) && share.is_local() {
        share.remove("mutex").unwrap();
        assert!(share.try_lock("mutex").unwrap().is_some());
    }
    drop(held);
    assert_eq!(kind(share.try_lock("no/mutex").map(|_| ())), Kind::NotFound);
}

#[test]
fn errors_name_the_whole_path() {
    let (_folder, share) = folder();
    let error = share.read("log/0/1.json", 10).unwrap_err();
    assert_eq!(&*error.path, share.show("log/0/1.json"));
    assert!(Path::new(&*error.path).is_absolute());
    assert!(error.to_string().starts_with("cannot read "), "{error}");
}

#[test]
fn a_file_may_lie_beside_the_repository() {
    let outer = TempDir::new().unwrap();
    fs::create_dir(outer.path().join("parts")).unwrap();
    let share = DiskShare::open(&outer.path().join("parts")).unwrap();
    share.overwrite("../locks.json", b"{}").unwrap();
    assert_eq!(share.read("../locks.json", 10).unwrap(), b"{}");
    assert!(outer.path().join("locks.json").exists());
}

#[cfg(unix)]
#[test]
fn links_are_resolved_inside_and_refused_outside() {
    use std::os::unix::fs::symlink;
    let outer = TempDir::new().unwrap();
    fs::write(outer.path().join("secret"), "").unwrap();
    fs::create_dir(outer.path().join("real")).unwrap();
    fs::create_dir(outer.path().join("real/sub")).unwrap();
    symlink(outer.path().join("real"), outer.path().join("mounted")).unwrap();
    let share = DiskShare::open(&outer.path().join("mounted")).unwrap();
    assert!(
        share.root().ends_with("real"),
        "links to the folder are followed once"
    );
    share.write_new("sub/a.mcam", b"").unwrap();
    symlink("sub", share.root().join("alias")).unwrap();
    symlink("../../secret", share.root().join("sub/out")).unwrap();
    symlink("nothing", share.root().join("dangling")).unwrap();

    assert_eq!(
        share.resolve("alias/a.mcam").unwrap().as_deref(),
        Some("sub/a.mcam")
    );
    assert_eq!(share.resolve("").unwrap().as_deref(), Some(""));
    assert_eq!(share.resolve("sub/out").unwrap(), None);
    assert_eq!(share.resolve("..").unwrap(), None);
    assert_eq!(kind(share.resolve("dangling")), Kind::NotFound);
    assert_eq!(
        share.stat("alias").unwrap().what,
        What::Other,
        "a link is no folder"
    );
    assert!(
        share.overwrite("sub/out", b"x").is_err(),
        "no write leaves the repository through a link"
    );
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_refuses_clearly() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: root may write everywhere");
        return;
    }
    let (folder, share) = folder();
    share.make_folder("log").unwrap();
    share.write_new("t", b"").unwrap();
    fs::set_permissions(folder.path().join("log"), PermissionsExt::from_mode(0o555)).unwrap();
    let answer = share.publish("t", "log/1");
    assert!(
        matches!(&answer, Published::Refused(error) if error.kind == Kind::Denied),
        "{answer:?}"
    );
    assert_eq!(kind(share.write_new("log/x", b"")), Kind::Denied);
    assert!(names(&share, "log").is_empty());
}
