//! Losing a hint, a projection or a courtesy loses nothing; losing a part of the log is said.

use std::path::Path;
use std::time::Duration;

use super::fixture::{Bench, held, take, tend};
use crate::clock::Clock as _;
use crate::model::StoreError;
use crate::store::LockStore;

const GARBAGE: [(&str, Option<&[u8]>); 5] = [
    ("missing", None),
    ("empty", Some(b"")),
    ("white", Some(b"   \n")),
    ("garbage", Some(b"\x00\xff not json at all")),
    ("cut short", Some(b"{\n  \"$camctl\": { \"format\": 1, \"comm")),
];

/// What is done to a repository.
type Damage = fn(&Bench);

fn damage(bench: &Bench, file: &str, content: Option<&[u8]>) {
    match content {
        Some(bytes) => bench.write(file, bytes),
        None => std::fs::remove_file(bench.path(file)).unwrap(),
    }
}

#[test]
fn whatever_happens_to_head_and_projection_no_lock_is_lost() {
    for (what, content) in GARBAGE {
        for files in [
            &["locks.json"][..],
            &[".camctl/head"],
            &["locks.json", ".camctl/head"],
        ] {
            let bench = Bench::new(10);
            let (mut alice, clock) = bench.timed("alice");
            for number in 0..13 {
                take(&mut alice, &format!("{number}.mcam"));
            }
            tend(&mut alice, &clock);
            for file in files {
                damage(&bench, file, content);
            }
            let mut bob = bench.loaded("bob");
            assert_eq!(
                held(&bob).len(),
                13,
                "{what} {files:?}: a new agent reads the log"
            );
            assert_eq!(take(&mut bob, "bob.mcam"), 14);
            alice.catch_up_fully().unwrap();
            assert_eq!(held(&alice).len(), 14, "{what} {files:?}: a running one goes on");
        }
    }
}

#[test]
fn a_running_agent_writes_a_lost_projection_again_and_keeps_a_foreign_one() {
    for (what, content) in GARBAGE {
        let bench = Bench::new(1000);
        let (mut alice, clock) = bench.timed("alice");
        take(&mut alice, "a.mcam");
        tend(&mut alice, &clock);
        assert_eq!(bench.json("locks.json")["a.mcam"]["user"], "alice");
        damage(&bench, "locks.json", content);
        clock.advance(Duration::from_secs(6));
        tend(&mut alice, &clock);
        assert_eq!(bench.json("locks.json")["a.mcam"]["token"], 1, "{what}");
        let remarks = alice.remarks();
        assert_eq!(remarks.len(), 1, "{what}: said once: {remarks:?}");
        let aside: Vec<_> = std::fs::read_dir(bench.path(".camctl"))
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter(|name| name.starts_with("locks.json.bad-"))
            .collect();
        let foreign = content.is_some_and(|bytes| !bytes.trim_ascii().is_empty());
        assert_eq!(aside.len(), usize::from(foreign), "{what}: {aside:?}");
        if let Some(name) = aside.first() {
            assert_eq!(bench.read(&format!(".camctl/{name}")), content.unwrap());
        }
        clock.advance(Duration::from_secs(6));
        tend(&mut alice, &clock);
        assert_eq!(alice.remarks(), Vec::<String>::new());
    }
}

#[test]
fn an_edit_by_hand_changes_no_lock() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    take(&mut alice, "a.mcam");
    tend(&mut alice, &clock);
    let edited = String::from_utf8(bench.read("locks.json"))
        .unwrap()
        .replace("alice", "mallory");
    bench.write("locks.json", edited);
    clock.advance(Duration::from_secs(6));
    tend(&mut alice, &clock);
    assert_eq!(bench.json("locks.json")["a.mcam"]["user"], "alice");
}

#[test]
fn a_projection_in_place_never_shrinks_and_always_parses() {
    let bench = Bench::new(1000).on_a_network();
    let (mut alice, clock) = bench.timed("alice");
    for number in 0..50 {
        take(&mut alice, &format!("{number}.mcam"));
    }
    tend(&mut alice, &clock);
    let long = bench.read("locks.json").len();
    alice
        .commit(&mut |table| {
            let changes = table.locks.keys().map(|file| crate::model::Change {
                file: file.clone(),
                verb: crate::model::Verb::CHECKIN,
                by: std::sync::Arc::new(super::fixture::owner("alice")),
                ended: None,
                lock: None,
                extra: crate::model::Extra::new(),
            });
            crate::model::Draft {
                changes: changes.collect(),
                ..Default::default()
            }
        })
        .unwrap();
    tend(&mut alice, &clock);
    assert_eq!(bench.read("locks.json").len(), long);
    let table = bench.json("locks.json");
    assert_eq!(table.as_object().unwrap().keys().collect::<Vec<_>>(), ["$camctl"]);
    clock.advance(Duration::from_secs(6));
    tend(&mut alice, &clock);
    assert_eq!(alice.remarks(), Vec::<String>::new(), "padding is not foreign");
}

#[test]
fn another_machines_death_before_its_projection_is_made_good() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    tend(&mut alice, &clock);
    // Bob commits, and dies before he writes locks.json.
    take(&mut bench.loaded("bob"), "b.mcam");
    alice.catch_up().unwrap();
    clock.advance(Duration::from_secs(6));
    tend(&mut alice, &clock);
    assert_eq!(bench.json("locks.json")["b.mcam"]["user"], "bob");
}

#[test]
fn a_commit_without_its_head_is_found_by_listing_and_by_the_next_writer() {
    let bench = Bench::new(10).on_a_network();
    let mut alice = bench.loaded("alice");
    let old_head = bench.read(".camctl/head");
    take(&mut alice, "a.mcam");
    bench.write(".camctl/head", &old_head);
    let mut bob = bench.loaded("bob");
    assert_eq!(held(&bob), ["a.mcam"]);
    let mut carol = bench.loaded("carol");
    take(&mut alice, "b.mcam");
    bench.write(".camctl/head", &old_head);
    bob.catch_up().unwrap();
    assert_eq!(held(&bob), ["a.mcam"], "head tells nothing of it");
    bob.catch_up_fully().unwrap();
    assert_eq!(
        held(&bob),
        ["a.mcam", "b.mcam"],
        "a view never goes back, and the listing finds it"
    );
    assert_eq!(take(&mut carol, "c.mcam"), 3, "a writer meets it");
    assert_eq!(held(&carol), ["a.mcam", "b.mcam", "c.mcam"]);
}

/// Authors may be stopped between a commit and its `head`, or overtaken there, and then write an older one.
#[test]
fn on_a_local_disk_nobody_is_told_less_than_the_log_says_whatever_head_says() {
    let bench = Bench::new(10);
    let mut alice = bench.loaded("alice");
    let mut bob = bench.loaded("bob");
    let old_head = bench.read(".camctl/head");
    // More than one folder of the log.
    for number in 1..=25 {
        take(&mut alice, &format!("{number}.mcam"));
        bench.write(".camctl/head", &old_head);
        if number % 7 != 0 {
            bob.catch_up().unwrap();
            assert_eq!(held(&bob).len(), number);
        }
    }
    bob.catch_up().unwrap();
    assert_eq!(*bob.table().read(), *alice.table().read());
    bob.tend(super::fixture::system_clock().moment());
    assert_ne!(bench.read(".camctl/head"), old_head, "and head is mended");
}

#[test]
fn a_damaged_log_is_an_error_that_names_the_file() {
    let break_it: [(&str, &str, Damage); 5] = [
        ("gap", "log/0/3.json", |bench| {
            std::fs::remove_file(bench.path(".camctl/log/0/3.json")).unwrap();
        }),
        ("cut", "log/0/3.json", |bench| {
            let bytes = bench.read(".camctl/log/0/3.json");
            bench.write(".camctl/log/0/3.json", &bytes[..bytes.len() / 2]);
        }),
        ("edited", "log/0/3.json", |bench| {
            let text = String::from_utf8(bench.read(".camctl/log/0/3.json")).unwrap();
            bench.write(".camctl/log/0/3.json", text.replace("alice", "mallo"));
        }),
        ("swapped", "log/0/3.json", |bench| {
            let bytes = bench.read(".camctl/log/0/4.json");
            bench.write(".camctl/log/0/3.json", bytes);
        }),
        ("no checkpoint", "log/0/1.json", |bench| {
            std::fs::remove_file(bench.path(".camctl/log/0/0.json")).unwrap();
        }),
    ];
    for (what, path, damage) in break_it {
        let bench = Bench::new(1000);
        let mut alice = bench.loaded("alice");
        for number in 0..5 {
            take(&mut alice, &format!("{number}.mcam"));
        }
        damage(&bench);
        match bench.store("bob").load().unwrap_err() {
            StoreError::Damaged { path: named, .. } => {
                // As a path: Windows writes it with its own separators.
                assert!(Path::new(&*named).ends_with(path), "{what}: {named}");
            }
            other => panic!("{what}: {other}"),
        }
    }
}

#[test]
fn a_newer_format_is_read_as_far_as_it_is_understood_and_never_written_to() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    take(&mut alice, "a.mcam");
    tend(&mut alice, &clock);
    drop(alice);
    let text = String::from_utf8(bench.read(".camctl/log/0/1.json")).unwrap();
    let newer = text.replacen("\"format\":1", "\"format\":2", 1);
    bench.write(".camctl/log/0/1.json", &newer);
    let (mut bob, clock) = bench.timed("bob");
    assert_eq!(held(&bob), ["a.mcam"]);
    let by = bob.author();
    let error = bob
        .commit(&mut |table| super::fixture::grant(&by, "b.mcam", table.n + 1))
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    bench.write("locks.json", "garbage");
    clock.advance(Duration::from_secs(60));
    tend(&mut bob, &clock);
    assert_eq!(bench.read("locks.json"), b"garbage", "the newer version's affair");
    // What is not understood at all is said to be newer, not damaged.
    let body = "\"quite\":\"different\"}\n";
    let sum = crate::store::folder::format::checksum(body.as_bytes());
    bench.write(
        ".camctl/log/0/1.json",
        format!("{{\"format\":3,\"checksum\":\"{sum}\",{body}"),
    );
    let error = bench.store("carol").load().unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 3, .. }), "{error}");
}

#[test]
fn a_torn_head_hides_no_commit_of_others() {
    for (what, content) in GARBAGE {
        let bench = Bench::new(1000);
        let (mut alice, mut bob) = (bench.loaded("alice"), bench.loaded("bob"));
        take(&mut bob, "b.mcam");
        damage(&bench, ".camctl/head", content);
        alice.catch_up().unwrap();
        assert_eq!(held(&alice).len(), 1, "{what}");
    }
}

#[test]
fn a_repository_that_is_no_longer_there_is_missed_at_once() {
    let bench = Bench::new(1000);
    let mut alice = bench.loaded("alice");
    take(&mut alice, "a.mcam");
    std::fs::remove_dir_all(bench.path(".camctl")).unwrap();
    let _ = std::fs::remove_file(bench.path("locks.json"));
    let error = alice.catch_up().unwrap_err();
    assert!(
        error.is_passing() && error.to_string().contains(".camctl"),
        "{error}"
    );
}

#[test]
fn nothing_is_written_into_the_empty_folder_where_a_share_was_mounted() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    take(&mut alice, "a.mcam");
    std::fs::remove_dir_all(bench.path(".camctl")).unwrap();
    let _ = std::fs::remove_file(bench.path("locks.json"));
    for _ in 0..20 {
        clock.advance(Duration::from_secs(1));
        alice.tend(clock.moment());
        let _ = alice.catch_up();
    }
    assert_eq!(std::fs::read_dir(bench.path("")).unwrap().count(), 0);
    assert_eq!(alice.remarks(), Vec::<String>::new());
}

#[test]
fn a_foreign_table_is_kept_although_commits_go_on() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    take(&mut alice, "a.mcam");
    tend(&mut alice, &clock);
    bench.write("locks.json", "{\"b.mcam\": {\"user\": \"carol\"}}");
    for number in 0..20 {
        take(&mut alice, &format!("{number}.mcam"));
        clock.advance(Duration::from_millis(100));
        tend(&mut alice, &clock);
    }
    let remarks = alice.remarks();
    assert!(
        remarks.len() == 1 && remarks[0].contains("locks.json.bad-"),
        "{remarks:?}"
    );
    take(&mut alice, "last.mcam");
    tend(&mut alice, &clock);
    assert_eq!(bench.json("locks.json")["last.mcam"]["user"], "alice");
}

#[test]
fn a_table_that_cannot_be_written_is_told_once_and_stops_nobody() {
    let bench = Bench::new(1000);
    let (mut alice, clock) = bench.timed("alice");
    let _ = std::fs::remove_file(bench.path("locks.json"));
    std::fs::create_dir(bench.path("locks.json")).unwrap();
    for number in 0..20 {
        take(&mut alice, &format!("{number}.mcam"));
        clock.advance(Duration::from_secs(1));
        alice.tend(clock.moment());
    }
    let remarks = alice.remarks();
    assert!(
        remarks.len() == 1 && remarks[0].contains("locks.json"),
        "{remarks:?}"
    );
    std::fs::remove_dir(bench.path("locks.json")).unwrap();
    clock.advance(Duration::from_secs(10));
    tend(&mut alice, &clock);
    assert_eq!(bench.json("locks.json")["19.mcam"]["user"], "alice");
}

#[test]
fn who_asks_is_told_at_once_what_is_wrong_and_has_it_mended() {
    for (what, content) in GARBAGE {
        let bench = Bench::new(1000);
        let (mut alice, clock) = bench.timed("alice");
        take(&mut alice, "a.mcam");
        tend(&mut alice, &clock);
        assert_eq!(alice.check(false).unwrap(), Vec::<String>::new());
        for file in ["locks.json", ".camctl/head"] {
            damage(&bench, file, content);
        }
        assert_eq!(
            alice.check(false).unwrap().len(),
            2,
            "{what}: head and locks.json"
        );
        assert_eq!(alice.check(true).unwrap().len(), 2, "{what}");
        assert_eq!(bench.json("locks.json")["a.mcam"]["user"], "alice", "{what}");
        assert_eq!(alice.check(false).unwrap(), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn nothing_of_a_deleted_repository_gets_into_one_that_was_made_in_its_place() {
    for others in [0, 3, 20] {
        let bench = Bench::new(10);
        let (mut alice, clock) = bench.timed("alice");
        for number in 0..13 {
            take(&mut alice, &format!("{number}.mcam"));
        }
        std::fs::remove_dir_all(bench.path(".camctl")).unwrap();
        std::fs::remove_file(bench.path("locks.json")).unwrap_or_default();
        bench.init(10);
        let mut bob = bench.loaded("bob");
        for number in 0..others {
            take(&mut bob, &format!("bob-{number}.mcam"));
        }
        let (before, head, table) = (held(&bob), bench.read(".camctl/head"), bench.read("locks.json"));
        clock.advance(Duration::from_secs(6));
        alice.tend(clock.moment());
        let by = alice.author();
        let error = alice
            .commit(&mut |table| super::fixture::grant(&by, "late.mcam", table.n + 1))
            .unwrap_err();
        assert!(
            error.to_string().contains("another repository"),
            "{others}: {error}"
        );
        assert_eq!(bench.read(".camctl/head"), head, "{others}");
        assert_eq!(bench.read("locks.json"), table, "{others}");
        assert_eq!(held(&bench.loaded("carol")), before, "{others}");
        assert_eq!(take(&mut bob, "next.mcam"), others + 1);
    }
}
