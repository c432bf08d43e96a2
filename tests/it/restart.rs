//! An agent that ends in any way goes on with what it held, and knows what became of it meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
#[cfg(unix)]
use testkit::wait_for;
use testkit::{LONG, Machine, Running, Sandbox, agent_program, wait_until};

use crate::stage::{Stage, file};

fn agent_status(machine: &Machine) -> Value {
    machine
        .camctl(["agent", "status", "--json"])
        .run()
        .succeeds()
        .json()
}

/// Where the agent of a machine keeps its session.
fn session_file(machine: &Machine) -> PathBuf {
    machine
        .home()
        .join(format!("data/session-{}.json", machine.name()))
}

/// What alice holds, as `camctl status` says without files.
fn mine(stage: &Stage) -> Vec<String> {
    let status = stage.alice(&["status", "--json"]).run().succeeds().json();
    let files = status["files"].as_array().unwrap().iter();
    files
        .map(|file| file["file"].as_str().unwrap().to_owned())
        .collect()
}

/// Given alice's lock, when her agent is killed again and again, and the next command starts a new one,
/// then that command, however early it comes, says what she holds; session and token stay the same.
#[test]
fn the_first_status_after_a_crash_knows_what_one_holds() {
    let stage = Stage::new();
    let token =
        file(&stage.alice(&["checkout", "a.mcam", "--json"]).run().succeeds())["lock"]["token"].clone();
    let session = agent_status(&stage.alice)["session"].clone();
    stage.alice.kill();
    for round in 0..5 {
        let status = stage.alice(&["status", "--json"]).run().succeeds();
        let held = file(&status);
        assert_eq!(
            (&held["file"], &held["lock"]["token"]),
            (&json!("a.mcam"), &token),
            "round {round}: {held}"
        );
        let now = agent_status(&stage.alice);
        assert_eq!(now["session"], session, "round {round}");
        let pid = now["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
        testkit::kill(pid.unwrap());
    }
    let status = stage.alice(&["status"]).run().succeeds().says("a.mcam");
    assert!(!status.out.contains("you hold nothing"), "{status:?}");
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
}

/// Given alice's lock on a share that is gone when her agent starts again,
/// then `status` says that the share cannot be reached (15), and not that she holds nothing; and goes on when it is back.
#[expect(
    clippy::disallowed_methods,
    reason = "in the test's own folder nothing is overwritten"
)]
#[test]
fn what_one_holds_on_a_share_that_is_away_is_not_nothing() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice.kill();
    let (folder, aside) = (
        stage.repository.folder(),
        stage.sandbox.folder().join("unplugged"),
    );
    fs::rename(folder, &aside).unwrap();
    fs::create_dir(folder).unwrap();
    for _ in 0..3 {
        let status = stage.alice.camctl(["status"]).run().exits(15);
        assert!(!status.out.contains("you hold nothing"), "{status:?}");
        let status = stage.alice.camctl(["status", "--json"]).run().exits(15);
        assert_ne!(status.json()["files"], json!([]), "{status:?}");
    }
    fs::remove_dir(folder).unwrap();
    fs::rename(&aside, folder).unwrap();
    wait_until(LONG, "the share is back", || {
        stage.alice.camctl(["status"]).run().code == Some(0)
    });
    assert_eq!(mine(&stage), ["a.mcam"]);
}

/// Given alice's lock, when her agent is asked to stop by SIGTERM (the end of the login),
/// then others see her lock as away since then, and as alive with the same token once her agent starts again.
#[cfg(unix)]
#[test]
fn sigterm_parks_and_the_next_start_revives() {
    let stage = Stage::new();
    let token =
        file(&stage.alice(&["checkout", "a.mcam", "--json"]).run().succeeds())["lock"]["token"].clone();
    let pid = agent_status(&stage.alice)["pid"].as_u64().unwrap();
    stage.alice.agent(|agent| agent.terminate());
    wait_until(LONG, "it has ended", || {
        stage.alice.agent(testkit::Agent::has_ended)
    });
    let seen = |presence: &str| {
        let lock = file(&stage.bob(&["status", "a.mcam", "--json"]).run().succeeds())["lock"].clone();
        (lock["presence"] == presence).then_some(lock)
    };
    let parked = wait_for(LONG, "bob sees that alice is away", || seen("parked"));
    assert!(
        !parked["parked"].is_null() && parked["token"] == token,
        "{parked}"
    );
    stage
        .bob(&["checkout", "a.mcam"])
        .run()
        .exits(11)
        .says("away since");
    stage.bob(&["list"]).run().succeeds().says("away");
    // The next command of hers starts an agent.
    assert_eq!(mine(&stage), ["a.mcam"]);
    assert_ne!(agent_status(&stage.alice)["pid"], json!(pid));
    let alive = wait_for(LONG, "bob sees that alice is back", || seen("alive"));
    assert!(alive["parked"].is_null() && alive["token"] == token, "{alive}");
}

/// Given alice's lock that was broken while her agent was dead,
/// when it starts again, then her first `status` tells who has the file now (14), the log says it too,
/// her checkin is refused (14), and bob's lock stands.
#[test]
fn an_agent_that_was_away_tells_that_its_lock_was_broken() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam", "b.mcam"]).run().succeeds();
    stage.alice.kill();
    wait_until(LONG, "alice's lock is stale, and bob's now", || {
        stage.bob(&["checkout", "a.mcam"]).run().code == Some(0)
    });
    let status = stage.alice(&["status"]).run();
    assert_ne!(status.code, Some(0), "{status:?}");
    status.says("a.mcam").says("bob").says("b.mcam");
    wait_until(LONG, "the log says it", || {
        stage.alice.log().contains("one of our locks")
    });
    stage.alice(&["checkin", "a.mcam"]).run().exits(14).says("bob");
    stage
        .bob(&["status", "a.mcam"])
        .run()
        .succeeds()
        .says("checked out by you");
    // Told once; what is left is what she has.
    assert_eq!(mine(&stage), ["b.mcam"]);
}

/// Given alice's lock and an agent whose local state is damaged in some way while it is not running,
/// when it starts again,
/// then the damaged file is kept aside, the agent lives, her lock is hers and guarded by signs of life,
/// and `status` never says that she holds nothing.
#[test]
fn a_damaged_session_file_loses_no_lock() {
    type Damage = (&'static str, fn(&[u8]) -> Vec<u8>);
    let damages: [Damage; 5] = [
        ("emptied", |_| Vec::new()),
        ("truncated", |old| old[..old.len() / 2].to_vec()),
        ("garbage", |_| b"\x00\xff\xfe rubbish".to_vec()),
        ("another form", |_| b"[]".to_vec()),
        ("a session that is none", |old| {
            String::from_utf8_lossy(old)
                .replace("\"session\": \"", "\"session\": \"../")
                .into_bytes()
        }),
    ];
    let stage = Stage::new();
    let path = session_file(&stage.alice);
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    for (how, damage) in damages {
        wait_until(LONG, "the state is saved", || {
            fs::read_to_string(&path).is_ok_and(|text| text.contains("a.mcam"))
        });
        stage.alice.kill();
        let bad = damage(&fs::read(&path).unwrap());
        fs::write(&path, &bad).unwrap();
        stage.alice.start();
        let status = stage.alice(&["status"]).run();
        assert!(!status.out.contains("you hold nothing"), "{how}: {status:?}");
        assert_eq!(mine(&stage), ["a.mcam"], "{how}");
        let aside = fs::read(path.with_extension("json.bad")).unwrap();
        assert_eq!(aside, bad, "{how}");
        assert!(stage.alice.log().contains("cannot be understood"), "{how}");
    }
    // Longer than anybody may be silent: she answers for her lock.
    let stale_after = std::time::Duration::from_secs(3);
    testkit::holds_for(stale_after, "bob is refused", || {
        stage.bob(&["checkout", "a.mcam"]).run().code == Some(11)
    });
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
}

/// The same with the file gone, and nothing else left of it: the agent cannot know where it held something, but the
/// lock is its user's at this machine as soon as it sees the repository.
#[test]
fn a_lost_home_loses_no_lock() {
    let stage = Stage::new();
    stage.alice(&["checkout", "a.mcam"]).run().succeeds();
    stage.alice.kill();
    fs::remove_dir_all(stage.alice.home().join("data")).unwrap();
    let status = stage.alice(&["status", "a.mcam", "--json"]).run().succeeds();
    assert_eq!(file(&status)["lock"]["whose"], json!("mine"));
    assert_eq!(mine(&stage), ["a.mcam"]);
    let stale_after = std::time::Duration::from_secs(3);
    testkit::holds_for(stale_after, "bob is refused", || {
        stage.bob(&["checkout", "a.mcam"]).run().code == Some(11)
    });
    stage.alice(&["checkin", "a.mcam"]).run().succeeds();
}

/// Given no agent, when ten commands are started at once, then each is answered, by one and the same agent.
#[test]
fn commands_that_start_an_agent_together_start_one() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    let alice = sandbox.machine("alice", "CAM-03");
    for round in 0..3 {
        let commands: Vec<Running> = (0..10)
            .map(|_| {
                alice
                    .camctl(["status", "a.mcam", "--json"])
                    .in_folder(repository.folder())
                    .start()
            })
            .collect();
        for command in commands {
            let run = command.finish(LONG);
            assert_eq!(run.code, Some(0), "round {round}: {run:?}");
        }
        wait_until(LONG, "one agent is left", || sandbox.agents().len() == 1);
        alice.camctl(["agent", "stop"]).run().succeeds();
        wait_until(LONG, "it is gone", || sandbox.agents().is_empty());
    }
}

/// Given an agent that runs, when a second one is started, then it says so and leaves the first alone.
#[test]
fn a_second_agent_says_that_one_runs() {
    let sandbox = Sandbox::new();
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    let before = agent_status(&alice)["pid"].clone();
    let second = alice.script(agent_program()).arguments(["--foreground"]).run();
    second.succeeds().says("runs already");
    alice.camctl(["agent", "start"]).run().succeeds();
    assert_eq!(agent_status(&alice)["pid"], before);
    assert_eq!(sandbox.agents().len(), 1);
}

/// Given what a killed agent leaves behind (its socket), or another socket that nobody listens at,
/// when a command comes, then it starts an agent there; what is no socket is left alone, and named.
#[cfg(unix)]
#[test]
fn a_stale_socket_is_replaced_and_anything_else_left_alone() {
    let sandbox = Sandbox::new();
    let alice = sandbox.machine("alice", "CAM-03");
    let socket = alice.home().join("runtime/v1.sock");
    alice.start();
    alice.kill();
    assert!(socket.exists(), "a killed agent leaves its socket");
    alice.camctl(["status"]).run().succeeds();
    alice.camctl(["agent", "stop"]).run().succeeds();
    wait_until(LONG, "it is gone", || sandbox.agents().is_empty());
    // A listener that was dropped leaves its file.
    drop(std::os::unix::net::UnixListener::bind(&socket).or_else(|_| {
        fs::remove_file(&socket)?;
        std::os::unix::net::UnixListener::bind(&socket)
    }));
    assert!(socket.exists());
    alice.camctl(["status"]).run().succeeds();
    alice.camctl(["agent", "stop"]).run().succeeds();
    wait_until(LONG, "it is gone", || sandbox.agents().is_empty());
    let _ = fs::remove_file(&socket);
    fs::write(&socket, "somebody's notes").unwrap();
    alice
        .camctl(["status"])
        .run()
        .exits(15)
        .says("v1.sock")
        .says("in the way");
    assert_eq!(fs::read_to_string(&socket).unwrap(), "somebody's notes");
}

/// So many folders above a home. Wine finds no real path that is longer than 260 letters; Windows does.
const DEEP: usize = if cfg!(windows) { 7 } else { 9 };

/// Given homes and repositories with spaces, quotes and letters of all kinds, and homes too deep for a socket's name,
/// then everything works there as elsewhere, two such homes have an agent each, and a restart goes on with the session.
#[test]
fn homes_may_be_called_and_lie_as_they_like() {
    let sandbox = Sandbox::new();
    let repository = sandbox
        .repository()
        .at(if cfg!(windows) {
            "Pièces à l'essai 'neu' 部品"
        } else {
            "Pièces à l'essai \"neu\" 部品"
        })
        .file("Ölwanne 3.mcam")
        .init();
    let zoe = sandbox.machine("Zoë Müller", "Büro 3 – Süd");
    let deep = |name: &str| {
        let home = sandbox
            .folder()
            .join(format!("{}{name}", "a folder with a long name/".repeat(DEEP)));
        sandbox.machine(name, "CAM-03").env("CAMCTL_HOME", home)
    };
    let machines = [zoe, deep("alice"), deep("bob")];
    for machine in &machines {
        let camctl = |arguments: &[&str]| machine.camctl(arguments).in_folder(repository.folder()).run();
        camctl(&["checkout", "Ölwanne 3.mcam", "-m", "für Zoë"]).succeeds();
        let session = agent_status(machine)["session"].clone();
        camctl(&["agent", "restart"]).succeeds();
        assert_eq!(agent_status(machine)["session"], session);
        camctl(&["status"])
            .succeeds()
            .says("Ölwanne 3.mcam")
            .says("für Zoë");
        camctl(&["checkin", "--all"]).succeeds();
    }
    let agents: BTreeSet<Option<u64>> = machines
        .iter()
        .map(|machine| agent_status(machine)["pid"].as_u64())
        .collect();
    assert_eq!(agents.len(), machines.len(), "each has an agent of its own");
    for machine in &machines {
        assert_eq!(agent_status(machine)["user"], json!(machine.user()));
        machine.camctl(["agent", "stop"]).run().succeeds();
    }
}

/// The same for a person's own home, without `CAMCTL_HOME`: everything that camctl keeps lies where the system wants it,
/// below the home and the folder for sockets.
#[cfg(target_os = "linux")]
#[test]
fn a_persons_own_home_may_be_called_as_it_likes() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    let folder = |name: &str| {
        let path = sandbox.folder().join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let (home, runtime) = (folder("Zoë's \"home\" – 家"), folder("run time ü"));
    let zoe = sandbox
        .machine("zoe", "LAB")
        .env("CAMCTL_HOME", "")
        .env("HOME", &home)
        .env("XDG_RUNTIME_DIR", &runtime);
    zoe.start();
    let camctl = |arguments: &[&str]| zoe.camctl(arguments).in_folder(repository.folder()).run();
    camctl(&["checkout", "a.mcam"]).succeeds();
    let session = agent_status(&zoe)["session"].clone();
    zoe.stop();
    zoe.start();
    assert_eq!(agent_status(&zoe)["session"], session);
    camctl(&["status"]).succeeds().says("a.mcam");
    assert!(runtime.join("camctl/v1.sock").exists());
    assert!(home.join(".local/share/camctl").exists());
    zoe.stop();
}
