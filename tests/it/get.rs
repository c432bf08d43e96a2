//! `camctl get`

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::stage::{Stage, file};

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_copy_goes_where_it_is_wanted_and_says_who_has_the_file() {
    let stage = Stage::new();
    stage.repository.write("parts/c.vnc", "revision C");
    let home = tempfile::tempdir().unwrap();
    let path = stage.repository.path("parts/c.vnc").display().to_string();
    let copied = stage
        .bob
        .camctl(["get", &path, "--json"])
        .in_folder(home.path())
        .run()
        .succeeds();
    let copied = file(&copied);
    assert_eq!(
        (
            &copied["result"],
            &copied["lock"],
            &copied["size"],
            &copied["file"]
        ),
        (&json!("got"), &json!(null), &json!(10), &json!("parts/c.vnc")),
        "{copied}"
    );
    assert_eq!(copied["sha256"].as_str().map(str::len), Some(64), "{copied}");
    assert_eq!(fs::read(home.path().join("c.vnc")).unwrap(), b"revision C");

    stage.alice(&["checkout", "parts/c.vnc"]).run().succeeds();
    stage.repository.write("parts/c.vnc", "revision D");
    let to = home.path().join("c.vnc");
    stage
        .bob
        .camctl(["get", &path, to.to_str().unwrap()])
        .run()
        .succeeds()
        .says("checked out by alice on CAM-03");
    assert_eq!(
        fs::read(&to).unwrap(),
        b"revision D",
        "what was there is replaced"
    );
    assert_eq!(names(home.path()), ["c.vnc"], "and nothing else is left");
}

#[test]
fn what_cannot_be_copied_leaves_nothing_and_touches_nothing() {
    let stage = Stage::new();
    let home = tempfile::tempdir().unwrap();
    let home_path = home.path().to_str().unwrap();
    let no_folder = home.path().join("missing/a.mcam");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["get", "missing.mcam", home_path], 1, "does not exist"),
        (&["get", "parts", home_path], 1, "not a file"),
        (&["get", "a.mcam", no_folder.to_str().unwrap()], 1, "missing"),
        (&["get", "a.mcam"], 1, "a file of the repository"),
        (&["get", "a.mcam", "b.mcam"], 1, "a file of the repository"),
        (&["get", "parts/c.vnc", "parts"], 1, "a file of the repository"),
    ];
    let before = fs::read(stage.repository.path("b.mcam")).unwrap();
    for (words, code, says) in cases {
        stage.bob(words).run().exits(code).says(says);
    }
    assert_eq!(fs::read(stage.repository.path("b.mcam")).unwrap(), before);
    assert!(names(home.path()).is_empty());
    assert_eq!(names(&stage.repository.path("parts")), ["c.vnc"]);
}

/// Given a file that a program writes half and half, when it is copied meanwhile, then every copy is whole.
#[test]
fn a_file_that_is_being_written_is_copied_whole_or_not_at_all() {
    let stage = Stage::new();
    let half = |letter: u8| vec![letter; 1 << 20];
    let path = stage.repository.path("a.mcam");
    fs::write(&path, [half(b'a'), half(b'a')].concat()).unwrap();
    let (home, stop) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    let (mut whole, mut refused) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            use std::io::Write as _;
            for letter in (b'a'..=b'z').cycle() {
                let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
                file.write_all(&half(letter)).unwrap();
                // Longer than the grain of the file system's clock, by which two states are told apart.
                thread::sleep(Duration::from_millis(30));
                file.write_all(&half(letter)).unwrap();
                drop(file);
                thread::sleep(Duration::from_millis(120));
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        for _ in 0..15 {
            let run = stage
                .bob(&["get", "a.mcam", home.path().to_str().unwrap(), "--json"])
                .run();
            let answer = file(&run);
            if answer["result"] == "got" {
                let copy = fs::read(home.path().join("a.mcam")).unwrap();
                assert_eq!(copy.len(), 2 << 20);
                assert!(copy.iter().all(|letter| *letter == copy[0]), "it is torn");
                whole += 1;
            } else {
                assert_eq!(answer["error"]["code"], "changing", "{answer}");
                refused += 1;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    println!("{whole} whole, {refused} refused");
    // How many are whole is up to the machine; when nobody writes any more, it is.
    stage
        .bob(&["get", "a.mcam", home.path().to_str().unwrap()])
        .run()
        .succeeds();
}
