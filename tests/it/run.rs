//! `camctl run`: a file for one program at a time.

#[cfg(unix)]
mod deaths;
#[cfg(target_os = "linux")]
mod examples;
#[cfg(unix)]
mod loss;
#[cfg(unix)]
mod signals;

use std::path::PathBuf;

use serde_json::{Value, json};
use testkit::{LONG, Repository, RepositoryBuilder, Script, wait_for, wait_until};

use crate::stage::{Stage, file};

const DB: &str = "data/wems.db";

fn stage() -> Stage {
    stage_with(|repository| repository)
}

fn stage_with(build: impl FnOnce(RepositoryBuilder<'_>) -> RepositoryBuilder<'_>) -> Stage {
    Stage::with(|repository| build(repository.file(DB)))
}

/// A program in the words of the system's shell.
#[cfg(unix)]
fn shell(text: &str) -> [&str; 3] {
    ["sh", "-c", text]
}
#[cfg(windows)]
fn shell(text: &str) -> [&str; 3] {
    ["cmd", "/c", text]
}

/// `camctl run` as alice.
fn alice(stage: &Stage, options: &[&str], program: &[&str]) -> Script {
    stage.alice(&words(options, program))
}

/// `camctl run` as bob.
fn bob(stage: &Stage, options: &[&str], program: &[&str]) -> Script {
    stage.bob(&words(options, program))
}

fn words<'a>(options: &[&'a str], program: &[&'a str]) -> Vec<&'a str> {
    let head = ["run", "--lock", DB];
    [&head, options, &["--"], program].concat()
}

/// The lock of the database, as the table for people shows it.
fn lock(repository: &Repository) -> Option<Value> {
    let lock = repository.projection()?[DB].clone();
    (!lock.is_null()).then_some(lock)
}

fn wait_until_free(stage: &Stage) {
    wait_until(LONG, "the file is free", || {
        let status = stage.bob(&["status", DB, "--json"]).run();
        status.code == Some(0) && file(&status)["lock"].is_null()
    });
}

/// A file that a program waits for before it ends, and one in which it says that it runs.
struct Door {
    open: PathBuf,
    inside: PathBuf,
}

impl Door {
    fn new(stage: &Stage, name: &str) -> Self {
        let place = |what: &str| stage.sandbox.folder().join(format!("{name}.{what}"));
        Self {
            open: place("open"),
            inside: place("inside"),
        }
    }

    /// Waits at the door, and ends with `code` when it is open.
    #[cfg(unix)]
    fn program(&self, code: i32) -> String {
        format!(
            "echo $$ >'{inside}'.new; mv '{inside}'.new '{inside}'; while [ ! -e '{open}' ]; do sleep 0.02; done; exit {code}",
            inside = self.inside.display(),
            open = self.open.display()
        )
    }
    #[cfg(windows)]
    fn program(&self, code: i32) -> String {
        format!(
            "echo 0 >{inside} & (for /l %i in (0,0,1) do if exist {open} exit {code})",
            inside = self.inside.display(),
            open = self.open.display()
        )
    }

    /// Waits until the program runs; its process.
    fn wait_until_inside(&self) -> u32 {
        wait_for(LONG, "the program runs", || {
            std::fs::read_to_string(&self.inside).ok()?.trim().parse().ok()
        })
    }

    fn open(&self) {
        std::fs::write(&self.open, "").unwrap();
    }
}

/// Given alice's program, when bob, and alice herself, want to run another one for the same file, or to check it out,
/// then nobody can before it has ended; its exit status is passed on, and the file is free at once.
#[test]
fn a_program_has_its_file_to_itself() {
    let stage = stage();
    let door = Door::new(&stage, "door");
    let text = door.program(7);
    let running = alice(&stage, &["-m", "month's end"], &shell(&text)).start();
    door.wait_until_inside();
    let refused = bob(&stage, &[], &shell("exit 0")).run().exits(11);
    let refused = refused.says("data/wems.db is held for a running program by alice on CAM-03 since");
    refused.says("\"month's end\"").says("camctl run --wait --lock");
    alice(&stage, &[], &shell("exit 0"))
        .run()
        .exits(11)
        .says("it runs already");
    stage.alice(&["checkout", DB]).run().exits(11);
    stage.bob(&["checkout", DB]).run().exits(11);
    let status = file(&stage.bob(&["status", DB, "--json"]).run().succeeds());
    assert_eq!(
        (&status["lock"]["kind"], &status["lock"]["user"]),
        (&json!("guard"), &json!("alice"))
    );
    // All that is checked in is not what a program has.
    stage.alice(&["checkin", "--all"]).run().succeeds();
    bob(&stage, &[], &shell("exit 0")).run().exits(11);
    door.open();
    running.finish(LONG).exits(7);
    bob(&stage, &[], &shell("exit 0")).run().succeeds();
}

#[test]
fn the_program_finds_its_lock_in_the_environment_and_its_streams_as_they_were() {
    let stage = stage();
    let (text, newline) = if cfg!(windows) {
        (
            "echo %CAMCTL_LOCK_FILE% %CAMCTL_LOCK_TOKEN% & echo no 1>&2 & more",
            "\r\n",
        )
    } else {
        (
            "echo $CAMCTL_LOCK_FILE $CAMCTL_LOCK_TOKEN; echo no >&2; cat",
            "\n",
        )
    };
    let run = alice(&stage, &[], &shell(text))
        .input(format!("in{newline}"))
        .run()
        .succeeds();
    let token = crate::stage::grants(&stage.repository, DB)[0];
    let first = run.out.lines().next().unwrap().trim_end();
    let (path, shown) = first.rsplit_once(' ').unwrap();
    assert_eq!(shown, token.to_string());
    assert!(
        PathBuf::from(path).ends_with(DB) && PathBuf::from(path).is_absolute(),
        "{path}"
    );
    assert_eq!(run.out.lines().nth(1), Some("in"));
    assert_eq!(run.err.trim_end(), "no");
}

#[test]
fn several_files_are_had_together_or_not_at_all() {
    let stage = stage();
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    let both = || {
        alice(
            &stage,
            &["--lock", "b.mcam", "--lock", "a.mcam"],
            &shell("exit 0"),
        )
    };
    both().run().exits(11).says("b.mcam is checked out by bob");
    for name in ["a.mcam", DB] {
        let status = file(&stage.bob(&["status", name, "--json"]).run().succeeds());
        assert!(status["lock"].is_null(), "{status}");
    }
    stage.bob(&["checkin", "b.mcam"]).run().succeeds();
    both().run().succeeds();
}

#[test]
fn a_program_that_cannot_be_run_takes_nothing() {
    let stage = stage();
    let before = stage.repository.log().len();
    alice(&stage, &[], &["no-such-program"])
        .run()
        .exits(127)
        .says("there is no program no-such-program");
    let folder = stage.sandbox.folder().display().to_string();
    alice(&stage, &[], &[&folder])
        .run()
        .exits(126)
        .says("it is a folder");
    let answer = stage
        .alice(&["run", "--json", "--lock", DB, "--", "no-such-program"])
        .run()
        .exits(127);
    assert_eq!(answer.json()["error"]["code"], "no_program");
    assert_eq!(stage.repository.log().len(), before);
    stage.alice(&["run", "--", "true"]).run().exits(2);
    stage
        .alice(&["run", "--lock", "no such file", "--", "sh"])
        .run()
        .exits(1)
        .says("does not exist");
}

/// Given alice's program, when bob's waits in line for the same file, then it starts when hers has ended, and what bob's
/// status file says goes from waiting to locked to unlocked.
#[test]
fn who_waits_in_line_runs_next() {
    let stage = stage();
    let (hers, his) = (Door::new(&stage, "hers"), Door::new(&stage, "his"));
    let (her_text, his_text) = (hers.program(0), his.program(3));
    let her_run = alice(&stage, &[], &shell(&her_text)).start();
    hers.wait_until_inside();
    bob(&stage, &["--wait=100ms"], &shell("exit 0"))
        .run()
        .exits(13)
        .says("did not become free");
    let shown = stage.sandbox.folder().join("bob.json");
    let path = shown.display().to_string();
    let his_run = bob(&stage, &["--wait", "--status-file", &path], &shell(&his_text)).start();
    let state = |state: &str| {
        wait_for(LONG, state, || {
            let text = std::fs::read_to_string(&shown).ok()?;
            let value: Value = serde_json::from_str(&text).unwrap();
            (value["state"] == state).then_some(value)
        })
    };
    let waiting = state("waiting");
    assert_eq!(waiting["files"][0]["lock"]["user"], "alice", "{waiting}");
    assert_eq!(
        (&waiting["files"][0]["lock"]["place"], &waiting["locked"]),
        (&json!(1), &json!(false))
    );
    wait_until(LONG, "bob stands in line for a guard", || {
        lock(&stage.repository).is_some_and(|lock| lock["queue"][0]["guard"]["pid"].is_u64())
    });
    assert!(his_run.err().contains("waiting (Ctrl-C leaves the line)"));
    hers.open();
    her_run.finish(LONG).succeeds();
    his.wait_until_inside();
    let locked = state("locked");
    assert_eq!(
        (&locked["files"][0]["lock"]["user"], &locked["locked"]),
        (&json!("bob"), &json!(true))
    );
    alice(&stage, &[], &shell("exit 0")).run().exits(11);
    his.open();
    his_run.finish(LONG).exits(3);
    let unlocked = state("unlocked");
    assert_eq!(
        (&unlocked["exit"], &unlocked["files"][0]["lock"]),
        (&json!(3), &Value::Null)
    );
    wait_until_free(&stage);
}

/// Given two programs of alice that wait for the same file, when it becomes free, then one after the other has it.
#[test]
fn two_programs_of_one_person_take_turns() {
    let stage = stage();
    stage.bob(&["checkout", DB]).run().succeeds();
    let doors = ["one", "two"].map(|name| Door::new(&stage, name));
    let running = doors.each_ref().map(|door| {
        let text = door.program(0);
        let waiting = alice(&stage, &["--wait"], &shell(&text)).start();
        wait_until(LONG, "it waits", || waiting.err().contains("leaves the line"));
        waiting
    });
    stage.bob(&["checkin", DB]).run().succeeds();
    let inside = |door: &Door| door.inside.exists();
    wait_until(LONG, "one of them runs", || doors.iter().any(inside));
    let first = usize::from(!inside(&doors[0]));
    alice(&stage, &[], &shell("exit 0")).run().exits(11);
    assert!(!inside(&doors[1 - first]), "one at a time");
    doors[first].open();
    doors[1 - first].wait_until_inside();
    doors[1 - first].open();
    for one in running {
        one.finish(LONG).succeeds();
    }
    wait_until_free(&stage);
}
