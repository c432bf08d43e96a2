//! A share that is full, read-only, or not there for a while: a clear error, nothing lost, and on it goes by itself.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{LONG, Machine, Repository, Run, Sandbox, holds_for, wait_until};

use crate::mount::{self, Mount};
use crate::stage::{file, grants};

/// A repository on a small file system of its own: alice has `a.mcam`, and bob's agent knows it too.
struct Small {
    // In this order: machines end before their file system, and that before the folder.
    alice: Machine,
    bob: Machine,
    repository: Repository,
    mount: Mount,
    sandbox: Sandbox,
}

impl Small {
    /// `None`, after saying so, where no file system can be mounted.
    fn new() -> Option<Self> {
        let sandbox = Sandbox::new();
        let at = sandbox.folder().join("share");
        fs::create_dir(&at).unwrap();
        let mount = mount::small("2m", &at)?;
        let repository = sandbox.repository().file("a.mcam").file("b.mcam").init();
        let (alice, bob) = (
            sandbox.machine("alice", "CAM-03"),
            sandbox.machine("bob", "CNC-1"),
        );
        alice.start();
        bob.start();
        let small = Self {
            alice,
            bob,
            repository,
            mount,
            sandbox,
        };
        small
            .run(&small.alice, &["checkout", "-m", "revision C", "a.mcam"])
            .succeeds();
        small.run(&small.bob, &["checkout", "a.mcam"]).exits(11);
        Some(small)
    }

    /// From the sandbox's own folder, so that no command stands in what is unmounted.
    fn run(&self, machine: &Machine, arguments: &[&str]) -> Run {
        let (last, first) = arguments.split_last().unwrap();
        let path = if *last == "." {
            self.repository.folder().to_owned()
        } else if last.contains(".mcam") {
            self.repository.path(last)
        } else {
            return machine.camctl(arguments).in_folder(self.sandbox.folder()).run();
        };
        machine
            .camctl(first)
            .arguments([path])
            .in_folder(self.sandbox.folder())
            .run()
    }

    /// Alice's lock stands, and both are told so, or that nobody knows.
    #[track_caller]
    fn alices_lock_stands(&self) {
        for machine in [&self.alice, &self.bob] {
            let run = self.run(machine, &["status", "--json", "a.mcam"]);
            if run.code == Some(0) {
                assert_eq!(file(&run)["lock"]["user"], json!("alice"), "{run:?}");
            } else {
                assert_eq!(run.code, Some(15), "{run:?}");
            }
        }
        let taken = self.run(&self.bob, &["checkout", "a.mcam"]);
        assert!(matches!(taken.code, Some(11 | 15)), "{taken:?}");
    }

    /// All is as before, and work goes on without a restart; alice's lock is still the one that she was granted.
    #[track_caller]
    fn goes_on(&self) {
        wait_until(LONG, "bob can check out again", || {
            self.run(&self.bob, &["checkout", "b.mcam"]).code == Some(0)
        });
        self.run(&self.bob, &["checkout", "a.mcam"])
            .exits(11)
            .says("alice")
            .says("revision C");
        self.run(&self.bob, &["checkin", "b.mcam"]).succeeds();
        wait_until(LONG, "alice's agent can too", || {
            self.run(&self.alice, &["checkin", "a.mcam"]).code == Some(0)
        });
        assert_eq!(grants(&self.repository, "a.mcam").len(), 1);
        wait_until(LONG, "the table for people is up to date", || {
            let newest = self.repository.log_numbers().last().copied();
            self.repository
                .projection()
                .is_some_and(|table| table["$camctl"]["commit"].as_u64() == newest)
        });
        let report = self.run(&self.bob, &["doctor", "--json", "."]).succeeds().json();
        let errors = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["grade"] == "error");
        assert_eq!(errors.count(), 0, "{report}");
    }

    /// The whole log can be read, without a gap.
    #[track_caller]
    fn log_is_whole(&self) {
        let numbers: Vec<u64> = self.repository.log().into_keys().collect();
        let expected: Vec<u64> = (0..numbers.len() as u64).collect();
        assert_eq!(numbers, expected);
    }
}

/// Fills the file system to its last byte, as a colleague with a large file does.
fn fill(folder: &Path) {
    use std::io::Write as _;
    let mut large = fs::File::create(folder.join("large.bin")).unwrap();
    let mut piece = 64 << 10;
    while piece > 0 {
        if large.write_all(&vec![b'x'; piece]).is_err() {
            piece /= 2;
        }
    }
}

/// Given a repository on a small file system, when that is filled to its last byte,
/// then a checkout fails in words and with the share's exit code, in time, nothing of it stands, the locks stand,
/// readers are served; and when there is space again, everything goes on without a restart.
#[test]
fn a_full_disk_refuses_what_is_new_and_loses_nothing() {
    let Some(small) = Small::new() else { return };
    let before = small.repository.log_numbers();
    fill(small.repository.folder());
    for machine in [&small.bob, &small.alice] {
        let refused = small.run(machine, &["checkout", "b.mcam"]).exits(15);
        refused.says("No space left on device").says(".camctl");
    }
    let error = file(&small.run(&small.bob, &["checkout", "--json", "b.mcam"]).exits(15))["error"].clone();
    assert_eq!(error["code"], json!("share"), "{error}");
    small
        .run(&small.alice, &["checkin", "a.mcam"])
        .exits(15)
        .says("No space left");
    small.alices_lock_stands();
    small
        .run(&small.bob, &["list", "."])
        .succeeds()
        .says("alice on CAM-03");
    let report = small.run(&small.bob, &["doctor", "--json", "."]).json();
    assert!(
        report.to_string().contains("bytes are free"),
        "doctor says why: {report}"
    );
    // However often it is tried, nothing is left behind, neither in the log nor half-written beside it.
    for _ in 0..5 {
        small.run(&small.bob, &["checkout", "b.mcam"]).exits(15);
    }
    assert_eq!(small.repository.log_numbers(), before);
    let left = fs::read_dir(small.repository.path(".camctl/tmp"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "no half-written file is left");
    assert!(
        small.repository.projection().is_some(),
        "the table for people is whole"
    );
    fs::remove_file(small.repository.path("large.bin")).unwrap();
    small.goes_on();
    small.log_is_whole();
}

/// Given agents that are killed and started while the disk is full, then they know what they hold all the same, and
/// go on when there is space.
#[test]
fn agents_start_on_a_full_disk() {
    let Some(small) = Small::new() else { return };
    fill(small.repository.folder());
    for _ in 0..2 {
        small.alice.kill();
        small.alice.start();
        let status = small.run(&small.alice, &["status", "--json"]).succeeds().json();
        assert_eq!(status["files"][0]["file"], json!("a.mcam"), "{status}");
    }
    fs::remove_file(small.repository.path("large.bin")).unwrap();
    small.goes_on();
    small.log_is_whole();
}

/// Given a repository whose file system becomes read-only under the agents, then the same; and it does not become
/// stale for everybody: when it can be written again, alice's lock is still hers.
#[test]
fn a_read_only_disk_refuses_what_is_new_and_loses_nothing() {
    let Some(small) = Small::new() else { return };
    let before = small.repository.log_numbers();
    small.mount.remount("ro");
    let refused = small.run(&small.bob, &["checkout", "b.mcam"]).exits(15);
    refused.says("Read-only file system");
    small.alices_lock_stands();
    // Longer than anybody may be silent here: nobody's signs of life can be written, so nobody is judged.
    holds_for(std::time::Duration::from_secs(3), "alice's lock stands", || {
        let run = small.run(&small.bob, &["status", "--json", "a.mcam"]);
        run.code == Some(0) && file(&run)["lock"]["presence"] != "stale"
    });
    small
        .run(&small.bob, &["list", "."])
        .succeeds()
        .says("alice on CAM-03");
    small
        .run(&small.bob, &["doctor", "."])
        .exits(1)
        .says("Read-only file system");
    assert_eq!(small.repository.log_numbers(), before);
    small.mount.remount("rw");
    small.goes_on();
    small.log_is_whole();
}

/// What an agent is told of by `watch`, so far.
fn events(out: &str, kind: &str) -> usize {
    let lines = out
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["event"]["what"] == kind).count()
}

/// Given a share that is unmounted under the agents, and mounted again later,
/// then meanwhile nothing is free, nothing is granted, no list is empty (15), nothing is written into the empty
/// folder, and whoever watches is told once that it is away and once that it is back; then everything goes on.
#[test]
fn a_share_that_is_unplugged_is_away_and_comes_back() {
    let Some(small) = Small::new() else { return };
    let shown = small.repository.folder().to_owned();
    // The file system lives on elsewhere, as a server does whose clients lose it.
    let server = small.sandbox.folder().join("server");
    fs::create_dir(&server).unwrap();
    let Some(_server) = mount::bind(&shown, &server) else {
        return;
    };
    let mut watching = small
        .bob
        .camctl(["watch", "--json"])
        .arguments([&shown])
        .in_folder(small.sandbox.folder())
        .start();
    watching.line("what is watched", |line| line.contains("watching"));
    small.mount.unplug();
    for machine in [&small.alice, &small.bob] {
        wait_until(LONG, "the agent has noticed", || {
            let list = small.run(machine, &["list", "--json", "."]);
            let listed = list.json()["files"].as_array().map_or(0, Vec::len);
            assert!(
                list.code != Some(0) || listed > 0,
                "never an empty list: {list:?}"
            );
            list.code == Some(15)
        });
        small
            .run(machine, &["checkout", "b.mcam"])
            .exits(15)
            .says("is the share connected?");
        small.run(machine, &["status", "b.mcam"]).exits(15);
    }
    small.alices_lock_stands();
    // What she has is still shown, as not confirmed; or that nobody knows.
    let status = small.run(&small.alice, &["status"]);
    assert!(!status.out.contains("you hold nothing"), "{status:?}");
    watching.line("that it is away", |line| line.contains("\"away\""));
    // An agent that starts meanwhile knows that there was something.
    small.alice.kill();
    small.alice.start();
    small.run(&small.alice, &["status"]).exits(15);
    assert_eq!(
        fs::read_dir(&shown).unwrap().count(),
        0,
        "nothing is written where it was mounted"
    );
    let Some(_again) = mount::bind(&server, &shown) else {
        return;
    };
    watching.line("that it is back", |line| line.contains("\"back\""));
    let status = small.run(&small.alice, &["status", "--json"]);
    wait_until(LONG, "alice is told what she has", || {
        let status = small.run(&small.alice, &["status", "--json"]);
        status.code == Some(0) && status.json()["files"][0]["lock"]["whose"] == "mine"
    });
    drop(status);
    small.goes_on();
    small.log_is_whole();
    assert_eq!(
        ["away", "back"].map(|kind| events(&watching.out(), kind)),
        [1, 1],
        "{}",
        watching.out()
    );
}
