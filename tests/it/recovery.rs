//! What camctl makes anew, it makes anew; what it cannot read, it says so: no lock is lost, and nothing that is held is
//! ever shown as free.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
#[cfg(unix)]
use testkit::wait_for;
use testkit::{LONG, Machine, Repository, Run, Sandbox, holds_for, wait_until};

use crate::stage::Stage;
#[cfg(unix)]
use crate::stage::file;

#[path = "recovery/unreadable.rs"]
mod unreadable;

/// What happens to a file that is not the truth.
type Damage = (&'static str, fn(&Path));

const DAMAGES: [Damage; 4] = [
    ("truncated", |path| {
        let old = fs::read(path).unwrap();
        fs::write(path, &old[..old.len() / 2]).unwrap();
    }),
    ("emptied", |path| fs::write(path, "").unwrap()),
    ("garbage", |path| {
        fs::write(path, b"\x00\xff{\"a.mcam\": [[[ 0000000000000009").unwrap();
    }),
    ("deleted", |path| fs::remove_file(path).unwrap()),
];

/// Which files it happens to: alone and together.
const TARGETS: [&[&str]; 3] = [
    &["locks.json"],
    &[".camctl/head"],
    &["locks.json", ".camctl/head"],
];

/// One repository for each damage to each target, all of them known to the same agents: alice has `a.mcam` in each,
/// bob `b.mcam`, and nobody `c.vnc`.
struct Ward {
    alice: Machine,
    bob: Machine,
    beds: Vec<(String, Repository)>,
    sandbox: Sandbox,
}

impl Ward {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let (alice, bob) = (
            sandbox.machine("alice", "CAM-03"),
            sandbox.machine("bob", "CNC-1"),
        );
        let mut beds = Vec::new();
        for targets in TARGETS {
            for (how, _) in DAMAGES {
                let name = format!("{how} {}", targets.join(" and ").replace(".camctl/", ""));
                let builder = sandbox.repository().at(&name);
                let repository = builder.file("a.mcam").file("b.mcam").file("c.vnc").init();
                beds.push((name, repository));
            }
        }
        alice.start();
        bob.start();
        let ward = Self {
            alice,
            bob,
            beds,
            sandbox,
        };
        for (_, repository) in &ward.beds {
            camctl(
                &ward.alice,
                repository,
                &["checkout", "a.mcam", "-m", "revision C"],
            )
            .succeeds();
            camctl(&ward.bob, repository, &["checkout", "b.mcam"]).succeeds();
        }
        ward
    }

    /// Waits until the files for people are in step with the log: later damage is damage to what camctl wrote.
    fn settle(&self) {
        for (name, repository) in &self.beds {
            wait_until(LONG, &format!("{name}: everything is written"), || {
                is_whole(repository)
            });
        }
    }

    fn damage(&self) {
        let mut beds = self.beds.iter();
        for targets in TARGETS {
            for (_, damage) in DAMAGES {
                let (_, repository) = beds.next().unwrap();
                for target in targets {
                    damage(&repository.path(target));
                }
            }
        }
    }

    /// What `machine` is shown of every repository is the truth.
    fn tells_the_truth(&self, machine: &Machine) {
        for (name, repository) in &self.beds {
            assert_eq!(
                owners(machine, repository),
                truth(),
                "{name}, for {}",
                machine.user()
            );
        }
    }

    /// Everything is written anew, and until then nobody is told anything else than the truth.
    fn recovers(&self, looking: &Machine) {
        for (name, repository) in &self.beds {
            wait_until(LONG, &format!("{name}: it is written anew"), || {
                assert_eq!(owners(looking, repository), truth(), "{name}");
                is_whole(repository)
            });
        }
    }
}

fn camctl(machine: &Machine, repository: &Repository, arguments: &[&str]) -> Run {
    machine.camctl(arguments).in_folder(repository.folder()).run()
}

/// Who has what, as `camctl list` says.
#[track_caller]
fn owners(machine: &Machine, repository: &Repository) -> Value {
    let list = camctl(machine, repository, &["list", "--json"]).succeeds().json();
    let files = list["files"].as_array().unwrap().iter();
    files
        .map(|file| {
            (
                file["name"].as_str().unwrap().to_owned(),
                file["lock"]["user"].clone(),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn truth() -> Value {
    json!({"a.mcam": "alice", "b.mcam": "bob", "c.vnc": null})
}

/// `locks.json` and `head` say what the log says.
fn is_whole(repository: &Repository) -> bool {
    let newest = *repository.log().last_key_value().unwrap().0;
    let head = fs::read_to_string(repository.path(".camctl/head")).unwrap_or_default();
    let head_is_whole = head.len() == 64 && head.starts_with(&format!("camctl1 {newest:020} "));
    let table_is_whole = repository.projection().is_some_and(|table| {
        table["$camctl"]["commit"] == newest
            && (&table["a.mcam"]["user"], &table["b.mcam"]["user"]) == (&json!("alice"), &json!("bob"))
    });
    head_is_whole && table_is_whole
}

/// The files that were set aside in a repository.
fn set_aside(repository: &Repository) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(repository.path(".camctl")).unwrap().flatten();
    let aside = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("locks.json.bad-"));
    aside.map(|entry| fs::read(entry.path()).unwrap()).collect()
}

/// Given two agents that hold locks in twelve repositories,
/// when `locks.json`, `head` or both are truncated, emptied, filled with garbage or deleted in each,
/// then everybody goes on to be told who has what, nobody gets what another holds, and both files are written anew.
#[test]
fn damaged_projections_and_hints_are_mended_while_agents_run() {
    let ward = Ward::new();
    ward.settle();
    ward.damage();
    ward.tells_the_truth(&ward.bob);
    for (name, repository) in &ward.beds {
        let refused = camctl(&ward.bob, repository, &["checkout", "a.mcam"]);
        assert_eq!(refused.code, Some(11), "{name}: {refused:?}");
    }
    ward.recovers(&ward.alice);
    for (name, repository) in &ward.beds {
        let kept = usize::from(!name.contains("head") || name.contains("and"));
        let foreign = usize::from(name.starts_with("truncated") || name.starts_with("garbage"));
        assert_eq!(
            set_aside(repository).len(),
            kept * foreign,
            "{name}: what is not ours is kept, once"
        );
    }
    // Somebody who comes new to all this reads the same.
    let dora = ward.sandbox.machine("dora", "LAB");
    dora.start();
    ward.tells_the_truth(&dora);
}

/// The same with all agents gone, one killed and one stopped: who starts next reads the truth, and mends.
#[test]
fn damage_done_while_no_agent_runs_is_mended_at_the_next_start() {
    let ward = Ward::new();
    ward.settle();
    ward.alice.kill();
    ward.bob.stop();
    ward.damage();
    ward.alice.start();
    let status = ward.alice.camctl(["status", "--json"]).run().succeeds().json();
    assert_eq!(
        status["files"].as_array().map(Vec::len),
        Some(ward.beds.len()),
        "{status}"
    );
    ward.tells_the_truth(&ward.alice);
    ward.recovers(&ward.alice);
    ward.bob.start();
    ward.tells_the_truth(&ward.bob);
    for (_, repository) in &ward.beds {
        camctl(&ward.bob, repository, &["checkin", "b.mcam"]).succeeds();
    }
}

/// Given an agent that sees nothing for a while (it is frozen),
/// when another one takes a lock and dies, and the hint is torn before anybody has read it,
/// then the first one finds the lock all the same, long before it would list the whole log.
#[cfg(unix)]
#[test]
fn a_torn_head_hides_nothing_that_others_did() {
    for (how, damage) in DAMAGES {
        let stage = Stage::new();
        stage.bob(&["list"]).run().succeeds();
        stage.bob.agent(|agent| agent.freeze());
        stage.alice(&["checkout", "a.mcam"]).run().succeeds();
        stage.alice.kill();
        damage(&stage.repository.path(".camctl/head"));
        stage.bob.agent(|agent| agent.thaw());
        wait_until(LONG, &format!("bob sees alice's lock ({how})"), || {
            file(&stage.bob(&["status", "a.mcam", "--json"]).run().succeeds())["lock"]["user"] == "alice"
        });
    }
}

/// Given a `locks.json` that an older tool or a person wrote over ours,
/// when the agent notices,
/// then it is kept aside with all that it said, ours is written anew, and whoever watches and the log are told once.
#[test]
fn a_foreign_table_is_kept_aside_and_told_once() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let whole = |stage: &Stage| {
        stage
            .repository
            .projection()
            .is_some_and(|table| table["a.mcam"]["user"] == "alice")
    };
    wait_until(LONG, "it is written", || whole(&stage));
    let mut watching = stage.alice(&["watch", "--json", "."]).start();
    watching.line("what is watched", |line| line.contains("watching"));
    let foreign =
        json!({"b.mcam": {"user": "carol", "timestamp": "2024-03-01T08:00:00", "message": "by hand"}});
    stage.repository.write("locks.json", foreign.to_string());
    let said = watching.line("that it was not ours", |line| {
        line.contains("not written by camctl")
    });
    assert!(said.contains("locks.json.bad-"), "{said}");
    assert!(whole(&stage), "written anew when that is said");
    assert_eq!(set_aside(&stage.repository), [foreign.to_string().into_bytes()]);
    let sentence = "not written by camctl";
    let told = |stage: &Stage| {
        stage.alice.log().matches(sentence).count() + stage.bob.log().matches(sentence).count()
    };
    wait_until(LONG, "the log says so too", || told(&stage) >= 1);
    // Two looks at the table later, nobody has said it again.
    let looks = std::time::Duration::from_secs(6);
    holds_for(looks, "it is said once", || {
        told(&stage) == 1 && watching.out().matches(sentence).count() == 1
    });
    assert_eq!(set_aside(&stage.repository).len(), 1);
}

/// Given agents that commit all the time,
/// when an older tool writes over `locks.json` between two of their rewrites,
/// then what it wrote is kept aside all the same, and not overwritten unseen.
#[test]
fn a_foreign_table_is_kept_aside_in_a_busy_repository_too() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    wait_until(LONG, "it is written", || {
        stage
            .repository
            .projection()
            .is_some_and(|table| table["a.mcam"]["user"] == "alice")
    });
    let foreign =
        json!({"parts/c.vnc": {"user": "carol", "timestamp": "2024-03-01T08:00:00", "message": "by hand"}});
    stage.repository.write("locks.json", foreign.to_string());
    for _ in 0..3 {
        stage.bob(&["checkout", "b.mcam"]).run().succeeds();
        stage.bob(&["checkin", "b.mcam"]).run().succeeds();
    }
    // Its name is there before its content is.
    wait_until(LONG, "all of it is set aside", || {
        set_aside(&stage.repository) == [foreign.to_string().into_bytes()]
    });
    wait_until(LONG, "ours is there again", || {
        stage
            .repository
            .projection()
            .is_some_and(|table| table["a.mcam"]["user"] == "alice")
    });
}

/// Given damaged files for people and a damaged hint,
/// when `camctl doctor` looks, then it names what is wrong; with `--fix` it is mended when the command ends.
#[test]
fn doctor_names_what_is_damaged_and_mends_it_at_once() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    let texts = |report: &Value, grade: &str| {
        let findings = report["findings"].as_array().unwrap().iter();
        let wanted = findings.filter(|finding| finding["grade"] == grade);
        wanted
            .map(|finding| finding["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    };
    for (how, damage) in DAMAGES {
        // The agents mend this by themselves, and may be faster than whoever asks: then once more.
        wait_until(LONG, &format!("doctor meets what is {how}"), || {
            wait_until(LONG, "everything is written", || is_whole(&stage.repository));
            for name in ["locks.json", ".camctl/head"] {
                damage(&stage.repository.path(name));
            }
            let report = stage.alice(&["doctor", ".", "--json"]).run().succeeds().json();
            let mended = stage
                .alice(&["doctor", ".", "--fix", "--json"])
                .run()
                .succeeds()
                .json();
            assert!(is_whole(&stage.repository), "{how}: {mended}");
            let named = |text: String| text.contains("locks.json");
            named(texts(&report, "warning")) && named(texts(&mended, "mended"))
        });
        let after = stage.alice(&["doctor", ".", "--json"]).run().succeeds().json();
        assert_eq!(texts(&after, "warning"), "", "{how}: {after}");
    }
}

/// Given a commit that is damaged before bob's agent has read it (it was frozen meanwhile),
/// when it goes on, then it is read-only there and names the file, the other repository of the same agent is well,
/// and once the file is mended everything goes on without a restart.
#[cfg(unix)]
#[test]
fn a_damaged_commit_stops_its_repository_alone_until_it_is_mended() {
    let stage = Stage::new();
    let other = stage.sandbox.repository().at("other").file("x.mcam").init();
    stage.bob(&["list"]).run().succeeds();
    camctl(&stage.bob, &other, &["checkout", "x.mcam"]).succeeds();
    stage.bob.agent(|agent| agent.freeze());
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    let newest = *stage.repository.log().last_key_value().unwrap().0;
    let commit = stage.repository.path(&format!(".camctl/log/0/{newest}.json"));
    let good = fs::read(&commit).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&commit, &bad).unwrap();
    stage.bob.agent(|agent| agent.thaw());
    let named = format!("{newest}.json");
    let refused = wait_for(LONG, "bob's agent has met it", || {
        let list = stage.bob(&["list", "--json"]).run();
        (list.code != Some(0)).then_some(list)
    });
    refused.exits(1).says(&named);
    for command in [
        &["checkout", "b.mcam"][..],
        &["status", "b.mcam"],
        &["wait", "b.mcam", "--timeout", "1s"],
    ] {
        let run = stage.bob(command).run();
        assert_eq!(run.code, Some(1), "{run:?}");
        run.says(&named);
    }
    let before = stage.repository.log_numbers();
    camctl(&stage.bob, &other, &["checkin", "x.mcam"]).succeeds();
    camctl(&stage.bob, &other, &["list"]).succeeds().says("free");
    assert_eq!(
        stage.repository.log_numbers(),
        before,
        "nothing was written to the damaged log"
    );
    assert_eq!(fs::read(&commit).unwrap(), bad, "and nothing made up");
    fs::write(&commit, &good).unwrap();
    wait_until(LONG, "bob goes on", || {
        let status = stage.bob(&["status", "a.mcam", "--json"]).run();
        status.code == Some(0) && file(&status)["lock"]["user"] == "alice"
    });
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    stage.bob(&["checkout", "a.mcam"]).run().exits(11).says("alice");
}
