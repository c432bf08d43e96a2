//! `put` dies at each of its calls, loses the power at each system call, and is refused each of them: the file's name
//! stands for the old content or the new one, whole; where there is no name, the old content is back after `doctor`.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use camctl_shared::files::copy::CopyError;
use camctl_shared::files::leftovers::{Hidden, Mended};
use camctl_shared::files::put::{Keep, PutError, Switched, prepare};
use camctl_shared::files::versions;
use camctl_shared::model::{SessionId, ShareErrorKind as Kind};
use camctl_shared::share::{DiskShare, Share, TEMPORARY};
use testkit::Chance;
use testkit::faulty::{Fault, Faulty, Lie, Operation, Rule};

use crate::disk::{self, Disk, Op, Strength};
use crate::successor::scratch;
use crate::watched::{Watched, When};

const FILE: &str = "parts/4801247.mcam";
const OLD: &[u8] = b"the old content";
const NEW: &[u8] = b"the new content, which is longer";
const NEWER: &[u8] = b"newer still";

/// A repository's folder with one file.
fn stage() -> tempfile::TempDir {
    let folder = scratch();
    for inner in [".camctl", "parts"] {
        std::fs::create_dir(folder.path().join(inner)).expect("it is new");
    }
    std::fs::write(folder.path().join(FILE), OLD).expect("it can be written");
    folder
}

fn session() -> SessionId {
    SessionId::parse("01946f7e-0000-7000-8000-000000000001").expect("it is one")
}

fn put(share: &dyn Share, content: &[u8], versions: u32) -> Result<Switched, PutError> {
    let elsewhere = scratch();
    std::fs::write(elsewhere.path().join("new"), content).expect("it can be written");
    let from = DiskShare::open(elsewhere.path()).expect("it is there");
    let prepared = prepare(share, FILE, &session(), (&from, "new"), &mut |_, _| {
        ControlFlow::Continue(())
    })?;
    let keep = Keep {
        versions,
        now: "2026-11-20T14:40:12Z".parse().expect("a time"),
    };
    let switched = prepared.switch(share, keep);
    if !matches!(switched, Ok(_) | Err(PutError::Torn { .. })) {
        prepared.discard(share);
    }
    switched
}

fn content(folder: &Path) -> Option<Vec<u8>> {
    std::fs::read(folder.join(FILE)).ok()
}

fn kept(folder: &Path) -> Vec<Vec<u8>> {
    let share = DiskShare::open(folder).expect("it is there");
    let versions = versions::all(&share, FILE).unwrap_or_default();
    let read = |version: &versions::Version| std::fs::read(folder.join(version.path())).expect("it is there");
    versions.iter().map(read).collect()
}

fn hidden(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder.join("parts")).expect("it is there");
    let names = names.map(|entry| entry.expect("a name").file_name().into_string().expect("a word"));
    let hidden = names.filter(|name| name.starts_with(TEMPORARY));
    hidden.map(|name| format!("parts/{name}")).collect()
}

/// As `doctor --fix` does.
fn mend(folder: &Path, local: bool) -> Vec<Mended> {
    let share = DiskShare::open_as(folder, local).expect("it is there");
    let left = hidden(folder);
    let mended = left.iter().map(|path| {
        let hidden = Hidden::parse(path).expect("it says whose it is");
        assert_eq!((&hidden.session, &hidden.path()), (&session(), path));
        hidden.mend(&share, &|_| true).expect("it can be mended")
    });
    mended.collect()
}

fn kill_everywhere(local: bool, versions: u32) {
    let mut gone = 0;
    for call in 0.. {
        for when in [When::Before, When::After] {
            let folder = stage();
            let share = Watched::new(folder.path(), !local);
            share.arm(call, when);
            let ended = put(share.as_ref(), NEW, versions);
            let there = content(folder.path());
            if !share.is_dead() {
                ended.expect("nothing is in the way");
                assert_eq!(there.as_deref(), Some(NEW));
                assert!(hidden(folder.path()).is_empty());
                assert_eq!(kept(folder.path()), vec![OLD; versions as usize]);
                assert!(call > 7, "it was killed {call} times only");
                assert_eq!(gone > 0, !local, "in one step where that is possible");
                return;
            }
            if let Some(whole) = there.as_deref() {
                assert!([OLD, NEW].contains(&whole), "call {call}: torn");
            } else {
                assert!(!local, "call {call}: it is gone");
                assert_eq!(kept(folder.path()), [OLD], "call {call}");
                gone += 1;
            }
            mend(folder.path(), local);
            assert!(hidden(folder.path()).is_empty(), "call {call}");
            let there = content(folder.path()).expect("it is there again");
            assert!([OLD, NEW].contains(&there.as_slice()), "call {call}: torn");
            if there == NEW && versions > 0 {
                assert_eq!(kept(folder.path()), [OLD], "call {call}: the old content is lost");
            }
            let next = DiskShare::open_as(folder.path(), local).expect("it is there");
            put(&next, NEWER, versions).expect("the next one finds no trace of it");
            assert_eq!(content(folder.path()).as_deref(), Some(NEWER));
        }
    }
}

#[test]
fn a_put_that_is_killed_leaves_the_old_content_or_the_new() {
    kill_everywhere(true, 1);
    kill_everywhere(true, 0);
}

#[test]
fn a_put_that_is_killed_between_two_steps_is_mended() {
    kill_everywhere(false, 1);
}

/// Whether a file was ever torn or lost, when the power went at some call and what is `forgotten` was not done.
fn cut_everywhere(strength: Strength, forgotten: fn(&Op) -> bool) -> bool {
    let folder = stage();
    let share = Watched::new(folder.path(), false);
    put(share.as_ref(), NEW, 1).expect("nothing is in the way");
    let mut disk = Disk::new(strength);
    for op in [
        Op::MakeFolder(".camctl".into()),
        Op::MakeFolder("parts".into()),
        Op::Create(FILE.into()),
        Op::Write(FILE.into(), OLD.into()),
        Op::Sync(FILE.into()),
        Op::SyncFolder("parts".into()),
        Op::SyncFolder(String::new()),
    ] {
        disk.perform(&op);
    }
    let seed = Chance::seed();
    println!("CAMCTL_TEST_SEED={seed}");
    let ops = share.log();
    for call in 0..=ops.len() {
        for which in 0..64 {
            let image = disk.after_power_loss(&mut Chance::new(seed, call as u64 * 64 + which));
            let left = scratch();
            disk::put(&image, left.path());
            let there = content(left.path());
            let whole = [Some(OLD), Some(NEW)].contains(&there.as_deref());
            let safe = there.as_deref() != Some(NEW) || kept(left.path()) == [OLD];
            let done = call < ops.len() || there.as_deref() == Some(NEW);
            if !(whole && safe && done) {
                println!("{strength:?}, after {:#?}", &ops[..call]);
                return true;
            }
        }
        if let Some(op) = ops.get(call)
            && !forgotten(op)
        {
            disk.perform(op);
        }
    }
    false
}

#[test]
fn a_put_whose_power_is_cut_leaves_the_old_content_or_the_new() {
    assert!(!cut_everywhere(Strength::Journal, |_| false));
    assert!(!cut_everywhere(Strength::Weak, |_| false));
    assert!(cut_everywhere(Strength::Journal, |op| matches!(op, Op::Sync(_))));
    assert!(cut_everywhere(Strength::Weak, |op| {
        matches!(op, Op::SyncFolder(folder) if folder == "parts")
    }));
    assert!(cut_everywhere(Strength::Weak, |op| {
        matches!(op, Op::SyncFolder(folder) if folder.contains("versions"))
    }));
}

struct Trial {
    folder: tempfile::TempDir,
    ended: Result<Switched, PutError>,
}

/// One put on a share that fails as `rules` say.
fn try_with(local: bool, rules: Vec<Rule>) -> Trial {
    let folder = stage();
    let disk = DiskShare::open_as(folder.path(), local).expect("it is there");
    let share = Faulty::new(Arc::new(disk));
    let count = rules.len();
    for rule in rules {
        share.add(rule);
    }
    let ended = put(share.as_ref(), NEW, 1);
    assert!(share.struck() >= count, "every fault has struck");
    Trial { folder, ended }
}

impl Trial {
    #[track_caller]
    fn leaves(&self, expected: &[u8], versions: &[&[u8]]) {
        assert_eq!(content(self.folder.path()).as_deref(), Some(expected));
        assert_eq!(kept(self.folder.path()), versions);
        assert!(hidden(self.folder.path()).is_empty());
    }
}

fn fails(operation: Operation, kind: Kind) -> Rule {
    Rule::on(operation).fault(Fault::Fail(kind))
}

fn loses(operation: Operation) -> Rule {
    Rule::on(operation).fault(Fault::LoseReply(Kind::Unknown))
}

#[test]
fn a_share_that_refuses_keeps_the_old_content() {
    for operation in [Operation::Create, Operation::Write, Operation::Finish] {
        let trial = try_with(true, vec![fails(operation, Kind::Full)]);
        let full =
            matches!(&trial.ended, Err(PutError::Copy(CopyError::To(error))) if error.kind == Kind::Full);
        assert!(full, "{:?}", trial.ended);
        trial.leaves(OLD, &[]);
    }
    for kind in [Kind::Busy, Kind::Denied] {
        let trial = try_with(true, vec![fails(Operation::PutOver, kind)]);
        assert!(
            matches!(trial.ended, Err(PutError::InUse(_))),
            "{:?}",
            trial.ended
        );
        trial.leaves(OLD, &[]);
        let trial = try_with(false, vec![fails(Operation::SetAside, kind)]);
        assert!(
            matches!(trial.ended, Err(PutError::InUse(_))),
            "{:?}",
            trial.ended
        );
        trial.leaves(OLD, &[]);
    }
    let other = fails(Operation::Link, Kind::Full);
    let trial = try_with(true, vec![other]);
    assert!(
        matches!(trial.ended, Err(PutError::Share(_))),
        "{:?}",
        trial.ended
    );
    trial.leaves(OLD, &[]);
}

#[test]
fn what_was_not_written_as_it_was_sent_is_found() {
    let lie = Fault::Lie(Lie::Content(b"the new content, whicX is longer".to_vec()));
    let trial = try_with(true, vec![Rule::on(Operation::Open).path("put-").fault(lie)]);
    let spoilt = matches!(trial.ended, Err(PutError::Copy(CopyError::Spoilt { .. })));
    assert!(spoilt, "{:?}", trial.ended);
    trial.leaves(OLD, &[]);
}

#[test]
fn without_second_names_the_old_content_is_copied() {
    let trial = try_with(true, vec![fails(Operation::Link, Kind::Unsupported)]);
    trial.ended.as_ref().expect("it is copied");
    trial.leaves(NEW, &[OLD]);
}

#[test]
fn a_lost_reply_is_found_out() {
    let trial = try_with(true, vec![loses(Operation::PutOver)]);
    trial.ended.as_ref().expect("it was done");
    trial.leaves(NEW, &[OLD]);
    for call in [1, 2] {
        let trial = try_with(false, vec![loses(Operation::SetAside).call(call)]);
        trial.ended.as_ref().expect("it was done");
        trial.leaves(NEW, &[OLD]);
    }
}

#[test]
fn a_second_step_that_fails_takes_the_first_one_back() {
    let trial = try_with(false, vec![fails(Operation::SetAside, Kind::Unknown).call(2)]);
    assert!(
        matches!(trial.ended, Err(PutError::Share(_))),
        "{:?}",
        trial.ended
    );
    trial.leaves(OLD, &[]);

    let trial = try_with(
        false,
        vec![fails(Operation::SetAside, Kind::Unknown).from_call(2)],
    );
    assert!(
        matches!(trial.ended, Err(PutError::Torn { .. })),
        "{:?}",
        trial.ended
    );
    assert_eq!(content(trial.folder.path()), None);
    assert_eq!(mend(trial.folder.path(), false), [Mended::PutBack(FILE.into())]);
    trial.leaves(OLD, &[]);
}
