//! A repository that cannot be read is an error, for whoever knew it and whoever comes new: never free, never empty.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
#[cfg(unix)]
use testkit::Script;
use testkit::{LONG, Machine, Repository, Run, Sandbox, wait_until};

use super::camctl;

/// One way to make a repository unreadable, with what errors name, and how they end.
struct Case {
    name: &'static str,
    /// The exit code of an agent that is new to it.
    exit: i32,
    /// The exit code of one that knew it: what has vanished cannot be reached, says that one.
    known: i32,
    says: &'static str,
    hurt: fn(&Path),
    mend: fn(&Path),
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("aside")
}

#[expect(
    clippy::disallowed_methods,
    reason = "in the test's own folder nothing is overwritten"
)]
fn move_away(path: &Path) {
    fs::rename(path, aside(path)).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "in the test's own folder nothing is overwritten"
)]
fn move_back(path: &Path) {
    fs::rename(aside(path), path).unwrap();
}

fn spoil(path: &Path) {
    fs::copy(path, aside(path)).unwrap();
    fs::write(path, "{ \"n\": 1, rubbish").unwrap();
}

#[cfg(unix)]
fn forbid(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
}

#[cfg(unix)]
fn allow(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

const CASES: &[Case] = &[
    Case {
        name: "log missing",
        exit: 1,
        known: 1,
        says: ".camctl/log",
        hurt: |root| move_away(&root.join(".camctl/log")),
        mend: |root| move_back(&root.join(".camctl/log")),
    },
    Case {
        name: "log empty",
        exit: 1,
        known: 1,
        says: ".camctl/log",
        hurt: |root| {
            move_away(&root.join(".camctl/log"));
            fs::create_dir(root.join(".camctl/log")).unwrap();
        },
        mend: |root| {
            fs::remove_dir(root.join(".camctl/log")).unwrap();
            move_back(&root.join(".camctl/log"));
        },
    },
    Case {
        name: "a commit damaged",
        exit: 1,
        known: 1,
        says: "log/0/2.json",
        hurt: |root| spoil(&root.join(".camctl/log/0/2.json")),
        mend: |root| move_back(&root.join(".camctl/log/0/2.json")),
    },
    Case {
        name: "newest commit damaged",
        exit: 1,
        known: 1,
        says: "log/0/3.json",
        hurt: |root| spoil(&root.join(".camctl/log/0/3.json")),
        mend: |root| move_back(&root.join(".camctl/log/0/3.json")),
    },
    Case {
        name: "first commit damaged",
        exit: 1,
        known: 1,
        says: "log/0/0.json",
        hurt: |root| spoil(&root.join(".camctl/log/0/0.json")),
        mend: |root| move_back(&root.join(".camctl/log/0/0.json")),
    },
    Case {
        name: "gap",
        exit: 1,
        known: 1,
        says: "log/0/1.json",
        hurt: |root| move_away(&root.join(".camctl/log/0/1.json")),
        mend: |root| move_back(&root.join(".camctl/log/0/1.json")),
    },
    Case {
        name: "commit emptied",
        exit: 1,
        known: 1,
        says: "log/0/1.json",
        hurt: |root| {
            spoil(&root.join(".camctl/log/0/1.json"));
            fs::write(root.join(".camctl/log/0/1.json"), "").unwrap();
        },
        mend: |root| move_back(&root.join(".camctl/log/0/1.json")),
    },
    Case {
        name: "policy wrong",
        exit: 1,
        known: 1,
        says: "repo.toml, line 2",
        hurt: |root| {
            fs::copy(
                root.join(".camctl/repo.toml"),
                aside(&root.join(".camctl/repo.toml")),
            )
            .unwrap();
            fs::write(
                root.join(".camctl/repo.toml"),
                "format = 1\nheartbeat = \"soon\"\n",
            )
            .unwrap();
        },
        mend: |root| move_back(&root.join(".camctl/repo.toml")),
    },
    #[cfg(unix)]
    Case {
        name: "own folder not to be read",
        exit: 15,
        known: 15,
        says: "ermission denied",
        hurt: |root| forbid(&root.join(".camctl")),
        mend: |root| allow(&root.join(".camctl")),
    },
    #[cfg(unix)]
    Case {
        name: "log not to be read",
        exit: 15,
        known: 15,
        says: "ermission denied",
        hurt: |root| forbid(&root.join(".camctl/log")),
        mend: |root| allow(&root.join(".camctl/log")),
    },
    #[cfg(unix)]
    Case {
        name: "folder not to be read",
        exit: 15,
        known: 15,
        says: "ermission denied",
        hurt: forbid,
        mend: allow,
    },
    Case {
        name: "a file in the place of the own folder",
        exit: 1,
        known: 1,
        says: ".camctl",
        hurt: |root| {
            move_away(&root.join(".camctl"));
            fs::write(root.join(".camctl"), "").unwrap();
        },
        mend: |root| {
            fs::remove_file(root.join(".camctl")).unwrap();
            move_back(&root.join(".camctl"));
        },
    },
    Case {
        name: "folder gone",
        exit: 1,
        known: 15,
        says: "folder gone",
        hurt: |root| move_away(root),
        mend: |root| move_back(root),
    },
    Case {
        name: "an empty folder in its place, as when a share is not mounted",
        exit: 1,
        known: 15,
        says: ".camctl",
        hurt: |root| {
            move_away(root);
            fs::create_dir(root).unwrap();
        },
        mend: |root| {
            fs::remove_dir(root).unwrap();
            move_back(root);
        },
    },
];

/// Root reads whatever it likes; without these capabilities it is a user like others.
#[cfg(unix)]
const NO_PRIVILEGES: [&str; 2] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/// On Windows no case here forbids anything.
#[cfg(windows)]
fn plain_machine(sandbox: &Sandbox, user: &str, name: &str) -> Machine {
    sandbox.machine(user, name)
}

/// A machine whose user may not read what is forbidden.
#[cfg(unix)]
fn plain_machine(sandbox: &Sandbox, user: &str, name: &str) -> Machine {
    let machine = sandbox.machine(user, name);
    let locked = sandbox.folder().join("forbidden");
    if fs::create_dir(&locked).is_ok() {
        forbid(&locked);
    }
    if fs::read_dir(&locked).is_err() {
        return machine;
    }
    let look = Script::new("ls").arguments([&locked]).under(&NO_PRIVILEGES).run();
    assert!(
        look.err.contains("ermission denied"),
        "root's privileges cannot be dropped here: run this test as another user, or install setpriv: {look:?}"
    );
    machine.under(&NO_PRIVILEGES)
}

/// A command about a repository whose folder may be gone.
fn ask(machine: &Machine, sandbox: &Sandbox, arguments: &[&str], path: &Path) -> Run {
    machine
        .camctl(arguments)
        .arguments([path])
        .in_folder(sandbox.folder())
        .run()
}

/// What is said of a repository is true, or it is an error: alice has `a.mcam`.
#[track_caller]
fn is_honest(case: &Case, run: &Run) {
    let json: Value = serde_json::from_str(&run.out).unwrap_or_default();
    if run.code == Some(0) {
        let files = json["files"].as_array().unwrap();
        let held = files.iter().find(|file| file["name"] == "a.mcam");
        assert_eq!(
            held.map(|file| &file["lock"]["user"]),
            Some(&Value::from("alice")),
            "{}: free, or an empty list: {run:?}",
            case.name
        );
        return;
    }
    assert!(matches!(run.code, Some(1 | 15)), "{}: {run:?}", case.name);
    assert_ne!(json["error"]["message"], Value::Null, "{}: {run:?}", case.name);
    let files = json["files"].as_array();
    assert!(files.is_none_or(Vec::is_empty), "{}: {run:?}", case.name);
}

/// Given alice's lock in a repository for each way to be unreadable, and one that stays well,
/// when each is hurt,
/// then bob's agent, which runs on, tells the truth or fails; a new agent and a restarted one fail, with the file and
/// the exit code; none is troubled in the repository that is well; and all go on without a restart when it is mended.
#[cfg_attr(windows, ignore = "hundreds of commands: minutes under Wine")]
#[test]
fn what_cannot_be_read_is_never_free_and_never_empty() {
    let sandbox = Sandbox::new();
    let alice = plain_machine(&sandbox, "alice", "CAM-03");
    let bob = plain_machine(&sandbox, "bob", "CNC-1");
    let make = |name: &str| sandbox.repository().at(name).file("a.mcam").file("b.mcam").init();
    let well = make("well");
    let wards: Vec<(&Case, Repository)> = CASES.iter().map(|case| (case, make(case.name))).collect();
    alice.start();
    for repository in wards.iter().map(|(_, repository)| repository).chain([&well]) {
        camctl(&alice, repository, &["checkout", "b.mcam"]).succeeds();
        camctl(&alice, repository, &["checkout", "a.mcam"]).succeeds();
    }
    // Parked, so that nobody else writes to the logs.
    alice.stop();
    bob.start();
    for (_, repository) in &wards {
        camctl(&bob, repository, &["list"]).succeeds();
    }
    for (case, repository) in &wards {
        (case.hurt)(repository.folder());
    }
    for (case, repository) in &wards {
        is_honest(
            case,
            &ask(&bob, &sandbox, &["list", "--json"], repository.folder()),
        );
        let taken = ask(
            &bob,
            &sandbox,
            &["checkout", "--json"],
            &repository.path("a.mcam"),
        );
        assert_ne!(taken.code, Some(0), "{}: {taken:?}", case.name);
    }
    bob.kill();
    bob.start();
    let dora = plain_machine(&sandbox, "dora", "LAB");
    dora.start();
    for machine in [&dora, &bob] {
        for (case, repository) in &wards {
            let list = ask(machine, &sandbox, &["list", "--json"], repository.folder());
            is_honest(case, &list);
            let exit = if machine.user() == "bob" {
                case.known
            } else {
                case.exit
            };
            assert_eq!(
                list.code,
                Some(exit),
                "{} for {}: {list:?}",
                case.name,
                machine.user()
            );
            list.says(case.says);
            let status = ask(
                machine,
                &sandbox,
                &["status", "--json"],
                &repository.path("a.mcam"),
            );
            assert!(matches!(status.code, Some(1 | 15)), "{}: {status:?}", case.name);
        }
        camctl(machine, &well, &["checkout", "a.mcam"])
            .exits(11)
            .says("alice");
    }
    for (case, repository) in &wards {
        (case.mend)(repository.folder());
    }
    for machine in [&dora, &bob] {
        for (case, repository) in &wards {
            wait_until(
                LONG,
                &format!("{} is mended for {}", case.name, machine.user()),
                || ask(machine, &sandbox, &["list", "--json"], repository.folder()).code == Some(0),
            );
            camctl(machine, repository, &["checkout", "a.mcam"])
                .exits(11)
                .says("alice");
        }
    }
}

/// Given bob's lock on a file in a folder that nobody may read any more, a link, and a name that cannot be one here,
/// when alice lists the repository,
/// then bob's file is shown as his, nothing in that folder is called free, and what she cannot see is named.
#[cfg(unix)]
#[test]
fn what_a_list_has_to_leave_out_is_named_and_hides_no_lock() {
    let sandbox = Sandbox::new();
    let (alice, bob) = (
        plain_machine(&sandbox, "alice", "CAM-03"),
        plain_machine(&sandbox, "bob", "CNC-1"),
    );
    let files = sandbox.repository().file("a.mcam").file("a:b.mcam");
    let repository = files.file("private/b.mcam").file("private/c.mcam").init();
    std::os::unix::fs::symlink("a.mcam", repository.path("link.mcam")).unwrap();
    bob.start();
    camctl(&bob, &repository, &["checkout", "private/b.mcam"]).succeeds();
    forbid(&repository.path("private"));
    alice.start();
    let list = |arguments: &[&str]| camctl(&alice, &repository, arguments).succeeds();
    let names = |json: &Value, key: &str, name: &str| -> Vec<String> {
        let named = json[key].as_array().unwrap().iter();
        named.map(|one| one[name].as_str().unwrap().to_owned()).collect()
    };
    let json = list(&["list", "--json"]).json();
    assert_eq!(names(&json, "files", "name"), ["a.mcam", "private/b.mcam"]);
    assert_eq!(json["files"][1]["lock"]["user"], "bob");
    assert_eq!(
        names(&json, "left_out", "path"),
        ["a:b.mcam", "link.mcam", "private"]
    );
    assert_eq!(json["left_out"][2]["folder"], true);
    assert_eq!(json["left_out_more"], 0);
    let free = list(&["list", "--free", "--json"]).json();
    assert_eq!(names(&free, "files", "name"), ["a.mcam"]);
    assert_eq!(names(&free, "left_out", "path").len(), 3);
    // Of locks the table knows them all.
    let locked = list(&["list", "--locked", "--json"]).json();
    assert_eq!(names(&locked, "files", "name"), ["private/b.mcam"]);
    assert_eq!(locked["left_out"], Value::from(Vec::<Value>::new()));
    let shown = list(&["list"]);
    assert!(!shown.out.contains("left out"), "{shown:?}");
    assert!(
        shown
            .err
            .contains("left out: 1 folder, it may not be read: Permission denied"),
        "{shown:?}"
    );
    allow(&repository.path("private"));
}
