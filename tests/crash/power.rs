//! The power is cut before each system call of a repository's life. Whatever the disk kept of what was not synced: the
//! table opens, and nothing that was acknowledged is missing. `CAMCTL_TEST_SEED` brings the same choices back.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::{Clock, ManualClock};
use testkit::Chance;

use crate::disk::{self, Disk, Image, Op, Strength};
use crate::life::{Life, STEPS, Witness};
use crate::successor::{Successor, scratch};

/// How many ways of losing what was not synced are tried at each place.
const TRIES: u64 = 24;

/// After so many ways of losing, one is also gone on with: that costs syncs of its own.
const GO_ON: usize = 8;

/// A whole life: the system calls, and what was acknowledged before which of them.
struct History {
    ops: Vec<Op>,
    /// The steps, by their first calls.
    steps: Vec<(usize, &'static str)>,
    witnesses: Vec<(usize, Witness)>,
    clock: Arc<ManualClock>,
}

fn live(network: bool) -> History {
    let folder = scratch();
    let mut life = Life::new(folder.path(), network);
    let mut steps = Vec::new();
    for (name, step) in &STEPS {
        steps.push((life.share.reached(), *name));
        step(&mut life).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    // Every commit is a known table, also one that was published and not acknowledged yet.
    for (_, witness) in &mut life.testimony {
        witness.tables.clone_from(&life.witness.tables);
    }
    History {
        ops: life.share.log(),
        steps,
        witnesses: life.testimony,
        clock: life.clock,
    }
}

/// What is true at `call`.
fn at<T>(call: usize, since: &[(usize, T)]) -> &T {
    let newest = since.iter().rfind(|(from, _)| *from <= call);
    &newest.expect("there is one from the beginning").1
}

impl History {
    fn open(&self, image: &Image, call: usize, network: bool, thoroughly: bool) {
        let folder = scratch();
        disk::put(image, folder.path());
        let clock = ManualClock::new(self.clock.wall());
        clock.advance(Duration::from_secs(30));
        let successor = Successor {
            folder: folder.path(),
            network,
            clock: Arc::new(clock),
            witness: at(call, &self.witnesses),
        };
        let store = successor.looks();
        if thoroughly {
            successor.goes_on(store);
        }
    }
}

fn hash(image: &Image, call: Option<u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (image, call).hash(&mut hasher);
    hasher.finish()
}

/// Tries every place of a life, and returns how many different disks were opened. What is `forgotten` never reaches the
/// disk's ears.
fn cut_everywhere(strength: Strength, network: bool, forgotten: fn(&Op) -> bool) -> usize {
    let seed = Chance::seed();
    println!("CAMCTL_TEST_SEED={seed}");
    let history = live(network);
    let mut disk = Disk::new(strength);
    let mut seen = BTreeSet::new();
    for call in 0..=history.ops.len() {
        let (step, witness) = (at(call, &history.steps), at(call, &history.witnesses));
        for which in 0..TRIES {
            let mut chance = Chance::new(seed, call as u64 * TRIES + which);
            // The first is a process that is killed between two system calls.
            let image = match which {
                0 => disk.kept(),
                _ => disk.after_power_loss(&mut chance),
            };
            if !seen.insert(hash(&image, witness.acknowledged)) {
                continue;
            }
            let thoroughly = which == 0 || seen.len().is_multiple_of(GO_ON);
            let open = || history.open(&image, call, network, thoroughly);
            let opened = catch_unwind(AssertUnwindSafe(open));
            if let Err(panic) = opened {
                let done = &history.ops[call.saturating_sub(12)..call];
                println!(
                    "{strength:?}, in {step:?}, choice {which}, after:\n{done:#?}\nleft: {:#?}",
                    shown(&image)
                );
                resume_unwind(panic);
            }
        }
        if let Some(op) = history.ops.get(call)
            && !forgotten(op)
        {
            disk.perform(op);
        }
    }
    println!(
        "{strength:?}, on a network: {network}: {} system calls, {} different disks",
        history.ops.len(),
        seen.len()
    );
    seen.len()
}

fn shown(image: &Image) -> Vec<String> {
    let size = |content: &Option<Vec<u8>>| content.as_ref().map(Vec::len);
    image
        .iter()
        .map(|(path, content)| format!("{path} {:?}", size(content)))
        .collect()
}

fn nothing(_: &Op) -> bool {
    false
}

#[test]
fn the_power_is_cut_where_names_keep_their_order() {
    assert!(cut_everywhere(Strength::Journal, false, nothing) > 500);
}

#[test]
fn the_power_is_cut_where_only_what_was_synced_is_sure() {
    assert!(cut_everywhere(Strength::Weak, false, nothing) > 500);
}

/// The server's power: clients write `locks.json` in place.
#[test]
fn the_power_of_a_server_is_cut() {
    assert!(cut_everywhere(Strength::Weak, true, nothing) > 500);
}

fn folder(op: &Op) -> &str {
    match op {
        Op::SyncFolder(folder) => folder,
        _ => "no folder",
    }
}

/// Each sync is there for something: without any of them, something that was acknowledged gets lost, and is missed here.
#[test]
fn every_forgotten_sync_is_found() {
    type Forgets = fn(&Op) -> bool;
    let mistakes: [(&str, Strength, Forgets); 6] = [
        ("a commit's content", Strength::Weak, |op| {
            matches!(op, Op::Sync(_))
        }),
        ("a commit's content, in order", Strength::Journal, |op| {
            matches!(op, Op::Sync(_))
        }),
        ("a folder of commits", Strength::Weak, |op| {
            folder(op) == ".camctl/log/1"
        }),
        ("the log", Strength::Weak, |op| folder(op) == ".camctl/log"),
        ("camctl's own folder", Strength::Weak, |op| {
            folder(op) == ".camctl"
        }),
        ("the repository's folder", Strength::Weak, |op| {
            folder(op).is_empty()
        }),
    ];
    for (what, strength, forgotten) in mistakes {
        let tried = catch_unwind(|| cut_everywhere(strength, false, forgotten));
        assert!(tried.is_err(), "nobody misses the sync of {what}");
    }
}
