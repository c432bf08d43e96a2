//! File names are keys: what cannot be one is refused with the reason, and however a file is spelled, it is one key.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::model::{Case, Owner, SessionId};
use camctl_shared::share::{DiskShare, Share};
use camctl_shared::store::folder::{self, InitOptions};
use serde_json::{Value, json};
use testkit::{Machine, Run, Sandbox, Script};

use crate::stage::{Stage, file};

#[path = "names/refused.rs"]
mod refused;

const COMPOSED: &str = "caf\u{e9}.mcam";
const DECOMPOSED: &str = "cafe\u{301}.mcam";

/// What a command says of the only file that it was asked for, whether it succeeded or not.
#[track_caller]
fn answer(run: &Run) -> Value {
    let json = run.json();
    match json["files"].as_array().map(Vec::as_slice) {
        Some([one]) => one.clone(),
        _ => json,
    }
}

/// `camctl VERB -- NAME`, so that a name may begin with a dash.
fn ask(machine: &Machine, folder: &Path, verb: &[&str], name: impl AsRef<OsStr>) -> Run {
    machine
        .camctl(verb)
        .arguments(["--json", "--"])
        .arguments([name.as_ref()])
        .in_folder(folder)
        .run()
}

fn link(to: impl AsRef<Path>, name: impl AsRef<Path>) {
    std::os::unix::fs::symlink(to, name).unwrap();
}

/// Given files with odd names that are allowed, then each is listed, taken, refused to others and given back under
/// exactly that name, in every output.
#[test]
fn odd_names_are_names_like_others() {
    let names = [
        "with a space.mcam",
        "it's o'clock.mcam",
        "emoji \u{1f6e0}\u{fe0f} \u{1f469}\u{200d}\u{1f52c}.mcam",
        "部品 №7 ßİı.mcam",
        "-m.mcam",
        "--json.mcam",
        "$HOME `id` %PATH% {a,b} [1].mcam",
        "..hidden.mcam",
        "a..b.mcam",
        "UPPER.MCAM",
        "mixed.VnC",
        "deep/er/and/deep er/x.mcam",
        "$camctl.mcam",
        "constant.mcam",
        "com.mcam",
        "nulls/com10.mcam",
    ];
    let stage = Stage::new();
    for name in names {
        stage.repository.write(name, "content");
    }
    let list = stage.alice(&["list", "--json"]).run().succeeds().json();
    let listed: Vec<_> = list["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].clone())
        .collect();
    for name in names {
        assert!(listed.contains(&json!(name)), "{name:?} is listed: {list}");
        let folder = stage.repository.folder();
        let taken = answer(&ask(&stage.alice, folder, &["checkout"], name).succeeds());
        assert_eq!(
            (&taken["file"], &taken["result"]),
            (&json!(name), &json!("granted")),
            "{taken}"
        );
        let refused = answer(&ask(&stage.bob, folder, &["checkout"], name).exits(11));
        assert_eq!(refused["file"], json!(name), "{refused}");
    }
    let status = stage.alice(&["status", "--json"]).run().succeeds().json();
    assert_eq!(
        status["files"].as_array().map(Vec::len),
        Some(names.len()),
        "{status}"
    );
    testkit::wait_until(testkit::LONG, "the table for people has them all", || {
        let table = stage.repository.projection().unwrap_or_default();
        names.iter().all(|name| table[name]["user"] == "alice")
    });
    stage.alice(&["checkin", "--all"]).run().succeeds();
}

/// Given one file, when it is asked for by every path that leads to it (from any folder, absolute, with dots, through
/// links of folders and files, inside and outside of the repository),
/// then it is one key: each new machine is refused, with the owner and the same name.
#[test]
fn every_path_to_a_file_is_one_key() {
    let stage = Stage::new();
    let (root, above) = (
        stage.repository.folder().to_owned(),
        stage.sandbox.folder().to_owned(),
    );
    link(&root, above.join("by link"));
    link(root.join("parts"), above.join("deep"));
    link(root.join("parts/c.vnc"), above.join("file.vnc"));
    link("parts", root.join("same"));
    link("parts/c.vnc", root.join("alias.vnc"));
    stage
        .alice(&["checkout", "alias.vnc", "-m", "mine"])
        .run()
        .succeeds();
    let absolute = root.join("parts/c.vnc");
    let paths: [(PathBuf, &str); 11] = [
        (root.clone(), "parts/c.vnc"),
        (root.clone(), "./parts/.././parts//c.vnc"),
        (root.clone(), "same/c.vnc"),
        (root.clone(), "alias.vnc"),
        (root.join("parts"), "c.vnc"),
        (root.join("parts"), "../alias.vnc"),
        (above.clone(), "share/parts/c.vnc"),
        (above.clone(), "by link/parts/c.vnc"),
        (above.clone(), "deep/c.vnc"),
        (above.clone(), "file.vnc"),
        (PathBuf::from("/"), absolute.to_str().unwrap()),
    ];
    for (number, (folder, path)) in paths.iter().enumerate() {
        // A machine that has never seen the repository, so that this path is its first to it; and bob, who knows it.
        let new = stage.sandbox.machine("eve", &format!("NEW-{number}"));
        for machine in [&new, &stage.bob] {
            let run = ask(machine, folder, &["checkout"], path).exits(11);
            let refused = answer(&run);
            assert_eq!(
                refused["file"],
                json!("parts/c.vnc"),
                "{path} in {}: {run:?}",
                folder.display()
            );
            assert_eq!(refused["error"]["lock"]["user"], json!("alice"), "{refused}");
        }
        new.camctl(["agent", "stop"]).run().succeeds();
    }
    // Her own checkin by yet another way.
    let released = file(
        &stage
            .alice(&["checkin", "same/../same/c.vnc", "--json"])
            .run()
            .succeeds(),
    );
    assert_eq!(released["file"], json!("parts/c.vnc"));
}

/// Given one folder that is mounted in two places, then one agent takes both for one repository, whichever it met
/// first, and a file is one key through both.
#[cfg(target_os = "linux")]
#[test]
fn two_mounts_of_a_folder_are_one_repository() {
    let stage = Stage::new();
    let second = stage.sandbox.folder().join("second mount");
    fs::create_dir(&second).unwrap();
    let Some(_mount) = crate::mount::bind(stage.repository.folder(), &second) else {
        return;
    };
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let again = answer(&ask(&stage.alice, &second, &["checkout"], "a.mcam").succeeds());
    assert_eq!(
        (&again["result"], &again["file"]),
        (&json!("renewed"), &json!("a.mcam")),
        "{again}"
    );
    let status = stage
        .alice
        .camctl(["agent", "status", "--json"])
        .run()
        .succeeds()
        .json();
    assert_eq!(
        status["repositories"].as_array().map(Vec::len),
        Some(1),
        "{status}"
    );
    // Who comes by the second mount first, and then by the other.
    let eve = stage.sandbox.machine("eve", "LAB");
    for folder in [&second, stage.repository.folder()] {
        ask(&eve, folder, &["checkout"], "a.mcam").exits(11).says("alice");
    }
    ask(&eve, &second, &["checkout"], "b.mcam").succeeds();
    ask(&stage.alice, stage.repository.folder(), &["checkout"], "b.mcam")
        .exits(11)
        .says("eve");
    ask(&stage.alice, &second, &["checkin"], "a.mcam").succeeds();
}

/// A repository whose share takes two spellings that differ by case for one file: as such a share would, the folder
/// has the file under both.
fn insensitive(sandbox: &Sandbox) -> PathBuf {
    let root = sandbox.folder().join("share");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("Part.MCAM"), "one file").unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "two names of one file, as such a share has them"
    )]
    fs::hard_link(root.join("Part.MCAM"), root.join("pArT.mcam")).unwrap();
    let share: Arc<dyn Share> = Arc::new(DiskShare::open(&root).unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let author = Arc::new(Owner::new("setup", "SETUP", SessionId::random()));
    let options = InitOptions::new(Case::Insensitive);
    folder::init(&share, &author, &clock, &options).unwrap();
    root
}

/// Given a repository on a share that does not tell upper from lower case,
/// then two spellings are one lock, everywhere; and camctl's own names are its own in any case.
#[test]
fn where_case_does_not_count_two_spellings_are_one_lock() {
    let sandbox = Sandbox::new();
    let root = insensitive(&sandbox);
    let (alice, bob) = (
        sandbox.machine("alice", "CAM-03"),
        sandbox.machine("bob", "CNC-1"),
    );
    ask(&alice, &root, &["checkout"], "Part.MCAM").succeeds();
    ask(&bob, &root, &["checkout"], "pArT.mcam")
        .exits(11)
        .says("alice");
    ask(&bob, &root, &["checkin"], "PART.mcam")
        .exits(12)
        .says("alice");
    let status = answer(&ask(&bob, &root, &["status"], "part.mcam").succeeds());
    assert_eq!(status["lock"]["user"], json!("alice"), "{status}");
    ask(&alice, &root, &["checkout"], "LOCKS.JSON").exits(1);
    let list = bob
        .camctl(["list", "--json"])
        .in_folder(&root)
        .run()
        .succeeds()
        .json();
    let files = list["files"].as_array().unwrap();
    assert!(
        files.iter().all(|file| file["lock"]["user"] == "alice") && files.len() == 1,
        "one file: {list}"
    );
    ask(&alice, &root, &["checkin"], "pArT.mcam").succeeds();
    ask(&bob, &root, &["checkout"], "Part.MCAM").succeeds();
}

/// Where case counts, they are two files with a lock each.
#[test]
fn where_case_counts_they_are_two_files() {
    let stage = Stage::with(|repository| repository.file("A.mcam"));
    stage.alice(&["checkout", "A.mcam"]).run().succeeds();
    stage.bob(&["checkout", "a.mcam"]).run().succeeds();
}

/// Given a file whose name has an accent, on a disk that tells composed (NFC) from decomposed (NFD) letters,
/// when one person types it this way and the other that way (macOS gives NFD),
/// then it is one key, written in NFC.
#[test]
fn composed_and_decomposed_letters_are_one_key() {
    for (on_disk, first, second) in [
        (COMPOSED, COMPOSED, DECOMPOSED),
        (COMPOSED, DECOMPOSED, COMPOSED),
        (DECOMPOSED, DECOMPOSED, COMPOSED),
        (DECOMPOSED, COMPOSED, DECOMPOSED),
    ] {
        let stage = Stage::with(|repository| repository.file(on_disk));
        let folder = stage.repository.folder();
        let taken = answer(&ask(&stage.alice, folder, &["checkout"], first).succeeds());
        assert_eq!(taken["file"], json!(COMPOSED), "{taken}");
        for name in [first, second] {
            let refused = answer(&ask(&stage.bob, folder, &["checkout"], name).exits(11));
            assert_eq!(refused["file"], json!(COMPOSED), "{refused}");
            let status = answer(&ask(&stage.bob, folder, &["status"], name).succeeds());
            assert_eq!(status["lock"]["user"], json!("alice"), "{status}");
        }
        let table: BTreeMap<u64, Value> = stage.repository.log();
        assert!(
            !serde_json::to_string(&table).unwrap().contains(DECOMPOSED),
            "keys are in NFC"
        );
        ask(&stage.alice, folder, &["checkin"], second).succeeds();
        ask(&stage.bob, folder, &["checkout"], second).succeeds();
    }
}

/// A name may reach the command line in any way; the shell's own globbing is not its business.
#[test]
fn names_may_come_from_a_shell() {
    let stage = Stage::new();
    let camctl = testkit::camctl_program().display().to_string();
    let shell = |text: &str| -> Script {
        let text = text.replace("camctl", &format!("'{camctl}'"));
        stage
            .alice
            .script("sh".as_ref())
            .arguments(["-c", &text])
            .in_folder(stage.repository.folder())
    };
    shell("camctl checkout *.mcam parts/*").run().succeeds();
    let status = stage.alice(&["status", "--json"]).run().succeeds().json();
    assert_eq!(status["files"].as_array().map(Vec::len), Some(3), "{status}");
    shell("camctl checkin *.nothing").run().exits(1).says("*.nothing");
}
