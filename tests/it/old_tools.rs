//! Scripts that read and write `locks.json` in the old ways, beside camctl.

use std::fs;
use std::path::Path;
use std::time::Duration;

use camctl_shared::ipc::client::Limits;
use serde_json::{Value, json};
use testkit::talk::Checkout;
use testkit::{LONG, Machine, Repository, Run, Sandbox, Script, holds_for, wait_until};

use crate::stage::{Stage, file, grants};

/// Calls the old tool.
fn old_tool(arguments: &[&str], folder: &Path, more: &[&str]) -> Script {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/old_tools/old_tool.py");
    Script::new("python3")
        .arguments([&program])
        .arguments(arguments)
        .arguments([folder])
        .arguments(more)
}

fn look(folder: &Path) -> Value {
    old_tool(&["look"], folder, &[]).run().succeeds().json()
}

fn row<'a>(rows: &'a Value, name: &str) -> &'a Value {
    let mut rows = rows.as_array().unwrap().iter();
    rows.find(|row| row["name"] == name).unwrap()
}

/// Given locks of camctl, when the old readers look,
/// then they see user, time and message of each as ever, and the header as a name of no file.
#[test]
fn old_readers_see_who_has_what_since_when_and_why() {
    let stage = Stage::new();
    stage.repository.write("upper.MCAM", "four");
    stage
        .alice(&["checkout", "a.mcam", "-m", "Working on \"revisions\" – ü"])
        .run()
        .succeeds();
    stage
        .bob(&["checkout", "parts/c.vnc", "--for", "30m"])
        .run()
        .succeeds();
    wait_until(LONG, "both stand in the table", || {
        let table = stage.repository.projection().unwrap_or_default();
        !table["a.mcam"].is_null() && !table["parts/c.vnc"].is_null()
    });
    let seen = look(stage.repository.folder());
    let record = &seen["records"]["a.mcam"];
    assert_eq!(
        (&record["user"], &record["message"]),
        (&json!("alice"), &json!("Working on \"revisions\" – ü")),
        "{seen}"
    );
    assert_eq!(
        (&record["is_locked"], &record["info_user"]),
        (&json!(true), &json!("alice"))
    );
    let seconds = record["seconds"].as_f64().unwrap();
    assert!((-1.0..120.0).contains(&seconds), "{seen}");
    assert_eq!(seen["records"]["parts/c.vnc"]["user"], json!("bob"), "{seen}");
    let names: Vec<_> = seen["records"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["a.mcam", "parts/c.vnc"], "{seen}");
    // The folder joined with the table, in both ways.
    for (rows, status) in [(&seen["overview"], "status"), (&seen["listing"], "status")] {
        assert_eq!(row(rows, "a.mcam")[status], json!("checked_out"));
        assert_eq!(row(rows, "a.mcam")["locked_by"], json!("alice"));
        assert_eq!(row(rows, "b.mcam")[status], json!("available"));
        assert_eq!(row(rows, "b.mcam")["locked_by"], json!(null));
    }
    assert_eq!(row(&seen["overview"], "upper.MCAM")["size_bytes"], json!(4));
    let listed = seen["listing"].as_array().unwrap().len();
    assert_eq!(
        listed, 2,
        "the header is no file, and nothing of camctl's own has such an ending: {seen}"
    );
}

/// Given locks that stand and old readers that read as fast as they can,
/// when two agents commit as fast as they can,
/// then no reader ever meets a torn, empty or missing table, or one without the locks that stand.
#[test]
fn old_readers_never_meet_a_torn_or_empty_table() {
    const COMMITS: usize = 400;
    let stage = Stage::new();
    let busy: Vec<String> = (0..4).map(|number| format!("busy{number}.mcam")).collect();
    for name in &busy {
        stage.repository.write(name, name);
    }
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    wait_until(LONG, "both stand in the table", || {
        let table = stage.repository.projection().unwrap_or_default();
        !table["a.mcam"].is_null() && !table["b.mcam"].is_null()
    });
    let stop = stage.sandbox.folder().join("stop");
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let more = [stop.to_str().unwrap(), "a.mcam=alice", "b.mcam=bob"];
            old_tool(&["watch"], stage.repository.folder(), &more).start()
        })
        .collect();
    std::thread::scope(|scope| {
        for (name, machine) in busy.iter().zip([&stage.alice, &stage.bob].into_iter().cycle()) {
            let path = stage.repository.path(name).to_str().unwrap().to_owned();
            let mut talk = machine.talk(Limits::default());
            scope.spawn(move || {
                for _ in 0..COMMITS / 8 {
                    talk.checkout(&path, Checkout::default()).unwrap();
                    talk.checkin(&path).unwrap();
                }
            });
        }
    });
    fs::write(&stop, "").unwrap();
    for reader in readers {
        let met = reader.finish(LONG).succeeds().json();
        for harm in ["torn", "missing"] {
            assert_eq!(met[harm], json!(0), "{met}");
        }
        assert_eq!(met["wrong"], json!([]), "{met}");
        let counts = ["reads", "tables"].map(|key| met[key].as_u64().unwrap());
        assert!(
            counts[0] > 20 && counts[1] > 3,
            "it looked while there was something to see: {met}"
        );
    }
    assert!(
        stage.repository.log_numbers().len() > COMMITS / 4,
        "the commits were made"
    );
}

/// A folder with files and a table that the old tool wrote: carol has `a.mcam`, and dave `b.mcam`.
struct Old {
    sandbox: Sandbox,
    repository: Repository,
}

impl Old {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let folder = sandbox.folder().join("share");
        fs::create_dir(&folder).unwrap();
        for (name, user, why) in [("a.mcam", "carol", "since ever"), ("b.mcam", "dave", "")] {
            fs::write(folder.join(name), name).unwrap();
            old_tool(&["take"], &folder, &[name, user, why]).run().succeeds();
        }
        let old = fs::read(folder.join("locks.json")).unwrap();
        assert!(old.starts_with(b"{\n  \"a.mcam\""), "the old tool wrote it");
        // Timings that a test can wait for, which `init` of the test's own support makes.
        let repository = sandbox
            .repository()
            .file("c.mcam")
            .with(&["--admin", "boss"])
            .init();
        Self { sandbox, repository }
    }

    fn run(&self, machine: &Machine, arguments: &[&str]) -> Run {
        machine
            .camctl(arguments)
            .in_folder(self.repository.folder())
            .run()
    }
}

/// Given a table that an old tool wrote, when the folder becomes a repository,
/// then its locks are honoured: others are refused, its users check in from any machine, or check out and so take
/// them over; administrators end them; nobody else ever may, for they are never stale.
#[test]
fn locks_of_old_writers_are_adopted_and_honoured() {
    let old = Old::new();
    let alice = old.sandbox.machine("alice", "CAM-03");
    alice.start();
    let listed = old.run(&alice, &["list", "--json"]).succeeds().json();
    let owners: Vec<_> = listed["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["lock"]["user"].clone())
        .collect();
    assert_eq!(owners, [json!("carol"), json!("dave"), json!(null)], "{listed}");
    for command in [
        &["checkout", "a.mcam"][..],
        &["break", "a.mcam", "--reason", "want it"],
    ] {
        old.run(&alice, command)
            .exits(11)
            .says("carol")
            .says("since ever");
    }
    old.run(&alice, &["checkin", "a.mcam"]).exits(12).says("carol");
    // Longer than anybody may be silent here.
    holds_for(Duration::from_secs(3), "it does not become stale", || {
        old.run(&alice, &["checkout", "a.mcam"]).code == Some(11)
    });
    // Old readers read on, also what was adopted.
    let seen = look(old.repository.folder());
    assert_eq!(
        seen["records"]["a.mcam"]["message"],
        json!("since ever"),
        "{seen}"
    );
    // Its user checks out, at any machine, and so takes it over; and back in.
    let carol = old.sandbox.machine("carol", "LAB");
    let taken = file(&old.run(&carol, &["checkout", "a.mcam", "--json"]).succeeds());
    assert_eq!(
        (&taken["lock"]["machine"], &taken["lock"]["whose"]),
        (&json!("LAB"), &json!("mine")),
        "{taken}"
    );
    assert_eq!(
        grants(&old.repository, "a.mcam").len(),
        1,
        "with a token from now on"
    );
    old.run(&alice, &["checkout", "a.mcam"])
        .exits(11)
        .says("carol on LAB");
    old.run(&carol, &["checkin", "a.mcam"]).succeeds();
    old.run(&alice, &["checkout", "a.mcam"]).succeeds();
    // An administrator ends the other one.
    let boss = old.sandbox.machine("boss", "OFFICE");
    old.run(&boss, &["break", "b.mcam", "--reason", "dave has left us"])
        .succeeds();
    old.run(&alice, &["status", "b.mcam", "--json"])
        .succeeds()
        .says("\"lock\":null");
    let said = serde_json::to_string(&old.repository.log()).unwrap();
    assert!(said.contains("dave has left us"), "it stands in the log");
}

/// Given an adopted lock, when its user checks in without having checked out, then it is free.
#[test]
fn users_of_old_writers_check_in_from_any_machine() {
    let old = Old::new();
    let dave = old.sandbox.machine("dave", "CNC-1");
    old.run(&dave, &["checkin", "b.mcam"]).succeeds();
    let eve = old.sandbox.machine("eve", "CNC-2");
    old.run(&eve, &["checkout", "b.mcam"]).succeeds();
}

/// Given a table that cannot be understood to the last record, when `init` meets it, then it says which record, and
/// neither the folder nor the table is changed.
#[test]
fn an_old_table_that_cannot_be_understood_is_left_alone() {
    let sandbox = Sandbox::new();
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    let good = json!({"user": "carol", "timestamp": "2024-03-01T08:00:00+00:00", "message": ""});
    let cases = [
        ("half", "{\"a.mcam\": {\"user\": \"ca".to_owned(), "locks.json"),
        ("a list", "[]".to_owned(), "locks.json"),
        (
            "no user",
            json!({"a.mcam": {"timestamp": "2024-03-01T08:00:00"}}).to_string(),
            "a.mcam",
        ),
        ("leads out", json!({"../a.mcam": good}).to_string(), "../a.mcam"),
        ("no name", json!({"": good}).to_string(), "locks.json"),
    ];
    for (name, table, says) in cases {
        let folder = sandbox.folder().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("locks.json"), &table).unwrap();
        let init = alice.camctl(["init"]).in_folder(&folder).run();
        assert_eq!(init.code, Some(1), "{name}: {init:?}");
        init.says(says);
        assert_eq!(fs::read_to_string(folder.join("locks.json")).unwrap(), table);
        let entries = fs::read_dir(&folder).unwrap().count();
        assert_eq!(entries, 1, "{name}: nothing else was made");
    }
}

/// The steps of the old tutorial, through camctl: list with state, owner and size; check out; a refusal that names the
/// owner; a check-in by another, refused with the owner's name; the full flow; and a listing after each.
#[test]
fn the_steps_of_the_old_way_work_through_camctl() {
    let stage = Stage::new();
    let listed = |name: &str| -> (Value, Value, Value) {
        let list = stage.bob(&["list", "--json"]).run().succeeds().json();
        let one = row(&list["files"], name).clone();
        (
            one["lock"]["user"].clone(),
            one["lock"]["message"].clone(),
            one["size"].clone(),
        )
    };
    let size = json!(fs::metadata(stage.repository.path("a.mcam")).unwrap().len());
    // Only files with the wanted endings, each with state, owner and size.
    stage.repository.write("readme.txt", "not listed");
    assert_eq!(listed("a.mcam"), (json!(null), json!(null), size.clone()));
    let table = stage.bob(&["list"]).run().succeeds();
    assert!(
        table.out.contains("free") && !table.out.contains("readme.txt"),
        "{}",
        table.out
    );
    // Check out, and everybody sees it.
    stage
        .alice(&["checkout", "a.mcam", "-m", "Working on revisions"])
        .run()
        .succeeds();
    wait_until(LONG, "bob sees it", || listed("a.mcam").0 == "alice");
    assert_eq!(
        listed("a.mcam"),
        (json!("alice"), json!("Working on revisions"), size.clone())
    );
    let table = stage.bob(&["list"]).run().succeeds().out;
    let line = table.lines().find(|line| line.contains("a.mcam")).unwrap();
    for part in ["locked", "alice on CAM-03", "Working on revisions"] {
        assert!(line.contains(part), "{line}");
    }
    // A second check-out is refused with the owner's name, and so is another's check-in.
    stage
        .bob(&["checkout", "a.mcam"])
        .run()
        .exits(11)
        .says("checked out by alice on CAM-03")
        .says("Working on revisions");
    stage
        .bob(&["checkin", "a.mcam"])
        .run()
        .exits(12)
        .says("alice on CAM-03");
    stage
        .bob(&["checkin", "b.mcam"])
        .run()
        .exits(12)
        .says("not checked out");
    stage
        .bob(&["checkout", "none.mcam"])
        .run()
        .exits(1)
        .says("does not exist");
    // What the owner writes meanwhile is seen; and back in.
    stage.repository.write("a.mcam", "revised");
    stage
        .alice(&["checkin", "a.mcam"])
        .run()
        .succeeds()
        .says("changed");
    wait_until(LONG, "it is free", || listed("a.mcam").0 == json!(null));
    stage.bob(&["checkout", "a.mcam"]).run().succeeds();
    // The list of files is at most seconds old.
    wait_until(LONG, "its new size is shown", || {
        listed("a.mcam").2 == json!("revised".len())
    });
    let log = serde_json::to_string(&stage.repository.log()).unwrap();
    for verb in ["checkout", "checkin"] {
        assert!(log.contains(&format!("\"{verb}\"")), "{verb} is recorded");
    }
}
