//! `camctl put`

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use testkit::Repository;

use crate::stage::{Stage, file};

fn content(repository: &Repository, name: &str) -> String {
    fs::read_to_string(repository.path(name)).unwrap()
}

/// What is kept of a file, oldest first.
fn versions(repository: &Repository, name: &str) -> Vec<String> {
    let folder = repository.path(".camctl/versions").join(name);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

fn hidden(repository: &Repository) -> usize {
    let names = fs::read_dir(repository.folder()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".camctl-")).count()
}

#[test]
fn a_new_content_takes_the_place_of_the_old_one_which_is_kept() {
    let stage = Stage::new();
    stage.repository.write("a.mcam", "revision A");
    let home = tempfile::tempdir().unwrap();
    let new = home.path().join("a.mcam");
    let path = stage.repository.path("a.mcam").display().to_string();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    for (revision, kept) in [("revision B", "000001-"), ("revision C!", "000002-")] {
        fs::write(&new, revision).unwrap();
        let put = stage
            .alice
            .camctl(["put", &path, "--json"])
            .in_folder(home.path())
            .run()
            .succeeds();
        let put = file(&put);
        assert_eq!(
            (&put["result"], &put["size"], &put["lock"]["whose"]),
            (&json!("replaced"), &json!(revision.len()), &json!("mine")),
            "{put}"
        );
        let place = put["kept"].as_str().unwrap();
        let folder = format!(".camctl/versions/a.mcam/{kept}");
        let stamp = place
            .strip_prefix(&folder)
            .and_then(|rest| rest.strip_suffix(".mcam"));
        assert_eq!(stamp.map(str::len), Some("20261120T144012Z".len()), "{place}");
        assert_eq!(content(&stage.repository, "a.mcam"), revision);
    }
    assert_eq!(
        versions(&stage.repository, "a.mcam"),
        ["revision A", "revision B"]
    );
    assert_eq!(hidden(&stage.repository), 0);
    let released = file(&stage.alice(&["checkin", "a.mcam", "--json"]).run().succeeds());
    assert_eq!(
        released["changed"],
        json!(true),
        "compared with the checkout: {released}"
    );
}

#[test]
fn as_many_versions_are_kept_as_the_repository_says() {
    let stage = Stage::with(|repository| repository.policy("keep_versions", "2"));
    stage.alice(&["checkout", "a.mcam", "b.mcam"]).run().succeeds();
    for n in 0..5 {
        stage
            .alice(&["put", "a.mcam", "-"])
            .input(format!("revision {n}"))
            .run()
            .succeeds()
            .says("still checked out");
    }
    assert_eq!(content(&stage.repository, "a.mcam"), "revision 4");
    assert_eq!(
        versions(&stage.repository, "a.mcam"),
        ["revision 2", "revision 3"]
    );
}

#[test]
fn nothing_is_put_without_ones_own_lock() {
    let stage = Stage::new();
    stage.repository.write("a.mcam", "as it was");
    let put = |stage: &Stage| stage.bob(&["put", "a.mcam", "b.mcam"]);
    put(&stage).run().exits(12).says("check it out first");
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    put(&stage).run().exits(12).says("alice on CAM-03");
    let laptop = stage.sandbox.machine("alice", "LAPTOP");
    laptop
        .camctl(["put", "a.mcam", "b.mcam"])
        .in_folder(stage.repository.folder())
        .run()
        .exits(12)
        .says("you on CAM-03");
    assert_eq!(content(&stage.repository, "a.mcam"), "as it was");
    assert!(versions(&stage.repository, "a.mcam").is_empty());
    assert_eq!(hidden(&stage.repository), 0);
}

#[test]
fn what_cannot_be_put_changes_nothing() {
    let stage = Stage::new();
    stage.repository.write("a.mcam", "as it was");
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let cases: [(&[&str], &str); 4] = [
        (&["put", "a.mcam", "missing"], "missing"),
        (&["put", "a.mcam", "parts"], "not a file"),
        (&["put", "a.mcam"], "by itself"),
        (&["put", "a.mcam", "./a.mcam"], "by itself"),
    ];
    for (words, says) in cases {
        stage.alice(words).run().exits(1).says(says);
    }
    assert_eq!(content(&stage.repository, "a.mcam"), "as it was");
    assert_eq!(hidden(&stage.repository), 0);
}

/// Given a file that vanished while alice has it, when she puts a content, then there is a file again.
#[test]
fn a_file_that_vanished_is_there_again() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    fs::remove_file(stage.repository.path("a.mcam")).unwrap();
    stage
        .alice(&["put", "a.mcam", "-"])
        .input("from the backup")
        .run()
        .succeeds();
    assert_eq!(content(&stage.repository, "a.mcam"), "from the backup");
}

#[cfg(unix)]
#[test]
fn who_may_use_the_file_may_use_its_new_content() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let path = stage.repository.path("a.mcam");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).unwrap();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice(&["put", "a.mcam", "-"]).input("new").run().succeeds();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o751);
}

/// Given a file that grows while it is copied, when an administrator ends the lock before the copy is done, then the file
/// keeps its content. The growing makes the copy take as long as this takes.
#[test]
fn a_lock_that_is_lost_during_the_copy_keeps_the_file_as_it_was() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let stage = Stage::with(|repository| repository.with(&["--admin", "bob"]));
    stage.repository.write("a.mcam", "as it was");
    let home = tempfile::tempdir().unwrap();
    let new = home.path().join("new");
    for round in 0..10 {
        fs::write(&new, vec![b'x'; 4 << 20]).unwrap();
        stage.alice(&["checkout", "a.mcam"]).run().succeeds();
        let done = AtomicBool::new(false);
        let put = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let mut file = fs::OpenOptions::new().append(true).open(&new).unwrap();
                    std::io::Write::write_all(&mut file, b"more").unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            });
            let putting = stage
                .alice(&["put", "a.mcam", new.to_str().unwrap(), "--json"])
                .start();
            testkit::wait_until(testkit::LONG, "the copy has begun", || {
                hidden(&stage.repository) > 0
            });
            stage
                .bob(&["break", "a.mcam", "--reason", "the customer waits"])
                .run()
                .succeeds();
            done.store(true, Ordering::Relaxed);
            file(&putting.finish(testkit::LONG))
        });
        assert_eq!(content(&stage.repository, "a.mcam"), "as it was", "{put}");
        assert_eq!(hidden(&stage.repository), 0, "{put}");
        match put["error"]["code"].as_str() {
            Some("lost") => return,
            // The break took longer than the copy has patience.
            Some("changing") => println!("round {round}: {put}"),
            _ => panic!("{put}"),
        }
    }
    panic!("the lock was never lost in time");
}
