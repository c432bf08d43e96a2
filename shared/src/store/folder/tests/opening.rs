//! `init`, adopting, and opening.

use std::sync::Arc;

use super::fixture::{Bench, held, init_options, owner, system_clock, take};
use crate::model::StoreError;
use crate::store::LockStore;
use crate::store::folder::{InitOptions, Made, init};

fn run_init(bench: &Bench, options: &InitOptions) -> Result<Made, StoreError> {
    init(
        &bench.share(),
        &Arc::new(owner("alice")),
        &system_clock(),
        options,
    )
}

#[test]
fn a_second_init_changes_nothing() {
    let bench = Bench::new(1000);
    let before = bench.read(".camctl/repo.toml");
    let options = InitOptions {
        administrators: vec!["mallory".into()],
        ..init_options(1000)
    };
    assert!(run_init(&bench, &options).unwrap().existed);
    assert_eq!(bench.read(".camctl/repo.toml"), before);
}

#[test]
fn init_writes_what_it_was_told() {
    let bench = Bench::bare();
    let options = InitOptions {
        extensions: vec!["nc".into(), "we\"ird".into()],
        locks_file: Some("table.json".into()),
        administrators: vec!["boss".into()],
        ..init_options(1000)
    };
    run_init(&bench, &options).unwrap();
    let store = bench.loaded("alice");
    let policy = store.policy();
    assert_eq!(policy.extensions, ["nc", "we\"ird"]);
    assert_eq!(policy.administrators, ["boss"]);
    assert_eq!(bench.json("table.json")["$camctl"]["commit"], 0);
}

#[test]
fn of_many_that_initialise_one_folder_one_does() {
    let bench = Bench::bare();
    let made: Vec<Made> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| run_init(&bench, &init_options(1000)).unwrap()))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| !made.existed).count(), 1, "{made:?}");
    let mut store = bench.loaded("alice");
    assert_eq!(take(&mut store, "a.mcam"), 1);
}

#[test]
fn an_older_tools_locks_are_adopted_and_honoured() {
    let bench = Bench::bare();
    bench.write(
        "locks.json",
        r#"{
  "4801247.mcam": {"user": "Alice", "timestamp": "2026-11-20T14:40:12.123456+00:00", "message": "Working on revisions"},
  "b.vnc": {"user": "bob", "timestamp": "2026-11-20T14:40:12", "note": "kept"},
  "c.vnc": {"user": "carol", "timestamp": "yesterday", "message": null}
}"#,
    );
    assert_eq!(
        run_init(&bench, &init_options(1000)).unwrap(),
        Made {
            existed: false,
            adopted: 3
        }
    );
    let store = bench.loaded("dora");
    assert_eq!(held(&store), ["4801247.mcam", "b.vnc", "c.vnc"]);
    let shared = store.table();
    let table = shared.read();
    let alice = &table.locks[&super::fixture::name("4801247.mcam")];
    assert_eq!(alice.owner.user.as_ref(), "Alice");
    assert_eq!(alice.since.to_string(), "2026-11-20T14:40:12.123456Z");
    assert_eq!(
        (alice.token, &alice.owner.session),
        (None, &None),
        "never stale, and without a token"
    );
    assert_eq!(table.locks[&super::fixture::name("b.vnc")].extra["note"], "kept");
    assert_eq!(
        table.locks[&super::fixture::name("c.vnc")].extra["timestamp_as_found"],
        "yesterday"
    );
    drop(table);
    let projected = bench.json("locks.json");
    assert_eq!(
        projected["4801247.mcam"]["user"], "Alice",
        "and old tools go on reading it"
    );
    assert_eq!(projected["4801247.mcam"]["message"], "Working on revisions");
}

#[test]
fn a_table_that_is_not_understood_is_not_adopted() {
    let cases = [
        ("{\"a.mcam\": {\"user\": ", "cannot be read"),
        ("[]", "expected a map"),
        ("{\"a.mcam\": \"alice\"}", "is not a map"),
        ("{\"a.mcam\": {\"message\": \"\"}}", "names no user"),
        ("{\"../a.mcam\": {\"user\": \"alice\"}}", "leads out"),
        (
            "{\"a.mcam\": {\"user\": \"alice\", \"token\": 7}}",
            "restore .camctl",
        ),
    ];
    for (text, part) in cases {
        let bench = Bench::bare();
        bench.write("locks.json", text);
        let error = run_init(&bench, &init_options(1000)).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
        assert_eq!(bench.read("locks.json"), text.as_bytes(), "nothing is touched");
        assert!(!bench.path(".camctl").exists());
    }
}

#[test]
fn what_was_a_repository_is_never_begun_anew() {
    for missing in [".camctl/log", ".camctl/log/0"] {
        let bench = Bench::new(1000);
        take(&mut bench.loaded("alice"), "a.mcam");
        std::fs::remove_dir_all(bench.path(missing)).unwrap();
        let error = bench.store("bob").load().unwrap_err();
        assert!(matches!(error, StoreError::Lost { .. }), "{missing}: {error}");
        let error = run_init(&bench, &init_options(1000)).unwrap_err();
        assert!(matches!(error, StoreError::Lost { .. }), "{missing}: {error}");
    }
    let bench = Bench::new(1000);
    std::fs::remove_dir_all(bench.path(".camctl")).unwrap();
    let error = run_init(&bench, &init_options(1000)).unwrap_err();
    assert!(
        matches!(error, StoreError::Lost { .. }),
        "locks.json still says so: {error}"
    );
}

#[test]
fn an_interrupted_init_is_completed() {
    let bench = Bench::new(1000);
    for written_last in ["locks.json", ".camctl/repo.toml", ".camctl/head"] {
        std::fs::remove_file(bench.path(written_last)).unwrap();
    }
    assert!(run_init(&bench, &init_options(1000)).unwrap().existed);
    for file in ["locks.json", ".camctl/repo.toml", ".camctl/head"] {
        assert!(bench.path(file).exists(), "{file}");
    }
    let bench = Bench::bare();
    for folder in [
        ".camctl",
        ".camctl/tmp",
        ".camctl/sessions",
        ".camctl/log",
        ".camctl/log/0",
    ] {
        std::fs::create_dir(bench.path(folder)).unwrap();
    }
    assert!(
        !run_init(&bench, &init_options(1000)).unwrap().existed,
        "no commit had been made"
    );
}

#[test]
fn a_folder_that_is_none_says_so() {
    let error = Bench::bare().store("alice").load().unwrap_err();
    assert!(matches!(error, StoreError::NoRepository { .. }), "{error}");
}

#[test]
fn a_wrong_policy_names_its_line_and_a_mended_one_is_read() {
    let bench = Bench::new(1000);
    let mut store = bench.loaded("alice");
    bench.write(".camctl/repo.toml", "format = 1\nheartbeat = \"soon\"\n");
    let error = store.catch_up_fully().unwrap_err();
    assert!(matches!(error, StoreError::Policy { line: 2, .. }), "{error}");
    bench.write(".camctl/repo.toml", "administrators = [\"boss\"]\ncolour = 1\n");
    store.catch_up_fully().unwrap();
    assert_eq!(store.policy().administrators, ["boss"]);
    assert_eq!(store.remarks(), ["unknown key \"colour\" in repo.toml"]);
}
