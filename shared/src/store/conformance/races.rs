//! Races: of two machines that want the same number, one decides again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Bed, Commit, Committed, Draft, FOLDER_SIZE, FileName, Machine, Token, file};
use crate::rules::revive;

/// Whoever comes second is asked again, and then sees what the first one did.
pub fn a_decision_that_lost_its_race_is_taken_again(bed: &mut dyn Bed) {
    let mut slow = Machine::open(bed, "alice", "CAM-03");
    let mut fast = Machine::open(bed, "bob", "CNC-1");
    let before = slow.n();
    let mut seen = Vec::new();
    let mut token = None;
    let committed = slow.store.commit(&mut |table| {
        seen.push((table.n, table.locks.contains_key(&file("a.mcam"))));
        if token.is_none() {
            token = Some(fast.checkout("a.mcam"));
        }
        revive(&crate::model::SessionId::random())
    });
    assert_eq!(seen, [(before, false), (before + 1, true)]);
    assert_eq!(token, Some(before + 1));
    assert_eq!(committed.unwrap(), Committed::At(before + 2));
    assert_eq!(
        slow.lock("a.mcam").unwrap().owner,
        fast.me,
        "nothing of the first was overwritten"
    );

    // The second decision may also be that there is nothing to do any more.
    let mut calls = 0;
    let committed = slow.store.commit(&mut |_| {
        calls += 1;
        if calls > 1 {
            return Draft::default();
        }
        fast.fill(1);
        revive(&crate::model::SessionId::random())
    });
    assert_eq!((committed.unwrap(), calls), (Committed::Nothing, 2));
    assert_eq!(slow.n(), before + 3);
}

/// A machine that is frozen between deciding and publishing, while others fill several folders, does no harm.
pub fn a_machine_that_slept_for_folders_decides_anew(bed: &mut dyn Bed) {
    let mut frozen = Machine::open(bed, "alice", "CAM-03");
    let mut other = Machine::open(bed, "bob", "CNC-1");
    let before = frozen.n();
    let mut seen = Vec::new();
    let committed = frozen.store.commit(&mut |table| {
        seen.push(table.n);
        if seen.len() == 1 {
            other.checkout("a.mcam");
            other.fill(3 * FOLDER_SIZE);
        }
        revive(&crate::model::SessionId::random())
    });
    let Committed::At(n) = committed.unwrap() else {
        panic!("not committed")
    };
    assert_eq!(n, before + 2 + 3 * FOLDER_SIZE);
    assert_eq!((seen[0], *seen.last().unwrap()), (before, n - 1));
    other.hear();
    assert_eq!(other.table(), frozen.table());
    assert_eq!(Machine::open(bed, "carol", "CNC-2").table(), frozen.table());
}

/// Two people at two machines, two stores each, all for the same ten files: the witnesses never meet, and the log is sound.
pub fn nobody_holds_what_another_holds(bed: &mut dyn Bed) {
    const FILES: usize = 10;
    const TRIES: usize = 40;
    let mut listener = Machine::open(bed, "carol", "CNC-2");
    let machines: Vec<Machine> = [("alice", "CAM-03"), ("bob", "CNC-1")]
        .into_iter()
        .flat_map(|(user, name)| {
            // A desk renews its own locks; as two desks, each store stands for itself.
            [format!("{name}-a"), format!("{name}-b")].map(|name| (user, name))
        })
        .map(|(user, name)| Machine::open(bed, user, &name))
        .collect();
    let held: Vec<AtomicBool> = (0..FILES).map(|_| AtomicBool::new(false)).collect();

    let granted: usize = std::thread::scope(|scope| {
        let held = &held;
        let threads: Vec<_> = machines
            .into_iter()
            .enumerate()
            .map(|(seed, machine)| scope.spawn(move || contend(machine, seed, TRIES, held)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });

    assert!(granted >= FILES, "hardly anybody got a file: {granted}");
    let log = listener.hear();
    assert_eq!(check_log(&log), granted, "every grant is in the log");
    assert!(listener.table().locks.is_empty());
}

/// Tries again and again to get a file, and shows while it holds it that nobody else does.
fn contend(mut machine: Machine, seed: usize, tries: usize, held: &[AtomicBool]) -> usize {
    let mut granted = 0;
    for step in 0..tries {
        // Every store walks through the files in a stride of its own, so that they meet often.
        let at = (step * (2 * seed + 1) + seed) % held.len();
        let name = format!("{at}.mcam");
        let Some(token) = machine.try_checkout(&name) else {
            continue;
        };
        granted += 1;
        let before = held[at].swap(true, Ordering::SeqCst);
        assert!(
            !before,
            "{name} was granted under {token} while somebody else held it"
        );
        std::thread::yield_now();
        held[at].store(false, Ordering::SeqCst);
        machine.checkin(&name, token);
    }
    granted
}

/// Replays the log: only free files are granted, only standing locks end. The number of grants.
fn check_log(log: &[std::sync::Arc<Commit>]) -> usize {
    let mut standing: BTreeMap<FileName, Token> = BTreeMap::new();
    let mut count = 0;
    for commit in log {
        for change in &commit.draft.changes {
            if let Some(ended) = &change.ended {
                assert_eq!(
                    standing.remove(&change.file),
                    ended.token,
                    "{}: an end that was none",
                    commit.n
                );
            }
            if change.grants(commit.n) {
                count += 1;
                let before = standing.insert(change.file.clone(), commit.n);
                assert_eq!(before, None, "{}: {} was not free", commit.n, change.file);
            }
        }
    }
    assert!(standing.is_empty(), "left over: {standing:?}");
    count
}
