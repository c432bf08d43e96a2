//! What another began and did not live to make durable: whoever builds on it makes it so. (Found by `tests/sim`.)

use super::faults::{Faulty, faulty};
use super::fixture::{Bench, system_clock, take};
use crate::store::LockStore;
use crate::store::folder::FolderStore;

fn bob_on(bench: &Bench, share: &std::sync::Arc<Faulty>) -> FolderStore {
    let mut bob = bench.store_on(share.clone(), "bob", system_clock());
    bob.load().unwrap();
    bob
}

#[test]
fn a_log_folder_whose_maker_died_is_synced_by_whoever_fills_it() {
    let bench = Bench::new(10);
    let share = faulty(&bench, Vec::new());
    let mut bob = bob_on(&bench, &share);
    for number in 1..10 {
        take(&mut bob, &format!("{number}.mcam"));
    }
    // Alice made the folder for commit 10, and died before it was on the disk.
    std::fs::create_dir(bench.path(".camctl/log/1")).unwrap();
    share.diary.lock().unwrap().clear();
    assert_eq!(take(&mut bob, "10.mcam"), 10);
    let diary = share.diary.lock().unwrap().clone();
    assert_eq!(
        diary[..3],
        ["sync .camctl/log/0", "sync .camctl/log", "sync .camctl/log/1"],
        "before it is acknowledged: {diary:?}"
    );
}

#[test]
fn head_never_tells_of_a_commit_that_a_loss_of_power_may_take() {
    let bench = Bench::new(1000);
    let share = faulty(&bench, Vec::new());
    let mut bob = bob_on(&bench, &share);
    let old_head = bench.read(".camctl/head");
    take(&mut bench.loaded("alice"), "a.mcam");
    // As if Alice had died right after she published: head is old, and nobody has synced the folder.
    bench.write(".camctl/head", old_head);
    bob.catch_up_fully().unwrap();
    share.diary.lock().unwrap().clear();
    bob.tend(system_clock().moment());
    let diary = share.diary.lock().unwrap().clone();
    assert_eq!(
        diary[..2],
        ["sync .camctl/log/0", "write .camctl/head"],
        "{diary:?}"
    );
}

#[test]
fn a_name_that_a_loss_of_power_took_before_it_was_synced_is_published_again_and_not_just_acknowledged() {
    let bench = Bench::new(1000);
    let share = faulty(&bench, Vec::new());
    let mut bob = bob_on(&bench, &share);
    let commit = bench.path(".camctl/log/0/1.json");
    let lost = commit.clone();
    *share.outage.lock().unwrap() = Some(Box::new(move || std::fs::remove_file(lost).unwrap()));
    assert_eq!(take(&mut bob, "a.mcam"), 1);
    assert!(commit.is_file(), "what was acknowledged is there");
}
