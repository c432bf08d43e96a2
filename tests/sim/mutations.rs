//! Deliberate mistakes, each of which the simulation has to find.

use std::sync::Arc;

use crate::run::run;
use camctl_shared::share::Share;
use camctl_shared::store::LockStore;

/// A mistake at a seam of the product: in its share, its store or its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// New files are not synced before they are published.
    FilesNotSynced,
    /// Folders are not synced before a commit is acknowledged.
    FoldersNotSynced,
    /// A commit is published although its name is taken.
    PublishByReplacing,
    /// Heartbeats are replaced by rename instead of written in place.
    HeartbeatsReplaced,
    /// Time is measured with the wall clock.
    MomentsFromTheWall,
}

/// All of them.
const ALL: [Mistake; 5] = [
    Mistake::FilesNotSynced,
    Mistake::FoldersNotSynced,
    Mistake::PublishByReplacing,
    Mistake::HeartbeatsReplaced,
    Mistake::MomentsFromTheWall,
];

/// So many seeds are tried for each mistake.
const BOUND: u64 = 3000;

#[test]
fn every_deliberate_mistake_is_found() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = Vec::new();
    for mistake in ALL {
        match (0..BOUND).find_map(|seed| Some((seed, run(seed, Some(mistake), false).err()?))) {
            Some((seed, failure)) => println!("{mistake:?}: found by seed {seed}: {}", failure.problem),
            None => missed.push(mistake),
        }
    }
    drop(std::panic::take_hook());
    assert!(missed.is_empty(), "not found in {BOUND} seeds: {missed:?}");
}

/// The store, with the mistake that is wanted.
pub fn wrap(
    store: Box<dyn LockStore>,
    _share: Arc<dyn Share>,
    _mistake: Option<Mistake>,
) -> Box<dyn LockStore> {
    store
}
