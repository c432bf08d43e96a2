//! Deliberate mistakes, one at a time, each of which the simulation has to find.
//!
//! Most are made at the product's seams: in the share and the clock that it is given ([`Seam`]), or by a store around its
//! store ([`wrap`]). Those that cannot be made there are switches inside the product, which no release has
//! (`shared/src/mutation.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::model::{Commit, Draft, Owner, Policy, SessionId, StoreError, Table};
use camctl_shared::mutation::Mutation;
use camctl_shared::share::Share;
use camctl_shared::store::{Committed, Heartbeat, LockStore, Result, SharedTable};

use crate::run;

/// A mistake at a seam of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
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
    /// Decisions are made on the table that `locks.json` shows.
    DecideFromProjection,
    /// Decisions are made on the table of the commit that `head` names.
    DecideFromHead,
    /// A decision is not made again when somebody else was faster.
    DecideOnce,
    /// A commit whose fate is not known is reported as done.
    UnknownIsDone,
    /// Old commits are removed one by one.
    RemoveSingleCommits,
}

/// One mistake, wherever it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    Seam(Seam),
    Inside(Mutation),
}

const ALL: [Mistake; 29] = [
    Mistake::Seam(Seam::FilesNotSynced),
    Mistake::Seam(Seam::FoldersNotSynced),
    Mistake::Seam(Seam::PublishByReplacing),
    Mistake::Seam(Seam::HeartbeatsReplaced),
    Mistake::Seam(Seam::MomentsFromTheWall),
    Mistake::Seam(Seam::DecideFromProjection),
    Mistake::Seam(Seam::DecideFromHead),
    Mistake::Seam(Seam::DecideOnce),
    Mistake::Seam(Seam::UnknownIsDone),
    Mistake::Seam(Seam::RemoveSingleCommits),
    Mistake::Inside(Mutation::TakenIsAnothers),
    Mistake::Inside(Mutation::LostReplyIsFailure),
    Mistake::Inside(Mutation::BuildOnVanished),
    Mistake::Inside(Mutation::RecreatePruned),
    Mistake::Inside(Mutation::PublishAfterSleep),
    Mistake::Inside(Mutation::HeadIsTheLog),
    Mistake::Inside(Mutation::ForgetSigns),
    Mistake::Inside(Mutation::IgnoreToken),
    Mistake::Inside(Mutation::JudgeAcrossGap),
    Mistake::Inside(Mutation::JudgeParked),
    Mistake::Inside(Mutation::SkipRevive),
    Mistake::Inside(Mutation::NeverGiveUp),
    Mistake::Inside(Mutation::HideGap),
    Mistake::Inside(Mutation::SettleLast),
    Mistake::Inside(Mutation::ServeTheLast),
    Mistake::Inside(Mutation::KeepTheServed),
    Mistake::Inside(Mutation::ForgetRequests),
    Mistake::Inside(Mutation::TellAgain),
    Mistake::Inside(Mutation::TellFromTheTable),
];

/// So many seeds are tried for each mistake, unless `CAMCTL_SIM_BOUND` says otherwise.
const BOUND: u64 = 2000;

#[test]
fn every_deliberate_mistake_is_found() {
    std::panic::set_hook(Box::new(|_| {}));
    let bound = crate::number("CAMCTL_SIM_BOUND", BOUND);
    let mut missed = Vec::new();
    let wanted = std::env::var("CAMCTL_SIM_MUTATION").unwrap_or_default();
    for mistake in ALL
        .into_iter()
        .filter(|mistake| format!("{mistake:?}").contains(&wanted))
    {
        match (0..bound).find_map(|seed| Some((seed, run::run(seed, Some(mistake), false).err()?))) {
            Some((seed, failure)) => {
                println!("{mistake:?}: found after {} seeds: {}", seed + 1, failure.problem);
            }
            None => missed.push(mistake),
        }
    }
    drop(std::panic::take_hook());
    assert!(missed.is_empty(), "not found in {bound} seeds: {missed:?}");
}

/// The store, with the mistake that is wanted.
pub fn wrap(store: Box<dyn LockStore>, share: Arc<dyn Share>, seam: Option<Seam>) -> Box<dyn LockStore> {
    match seam {
        Some(
            seam @ (Seam::DecideFromProjection
            | Seam::DecideFromHead
            | Seam::DecideOnce
            | Seam::UnknownIsDone
            | Seam::RemoveSingleCommits),
        ) => Box::new(Mistaken {
            store,
            share,
            seam,
            tables: BTreeMap::new(),
        }),
        _ => store,
    }
}

/// A store that makes a mistake.
struct Mistaken {
    store: Box<dyn LockStore>,
    share: Arc<dyn Share>,
    seam: Seam,
    /// Every table that was seen, by its newest commit.
    tables: BTreeMap<u64, Table>,
}

impl Mistaken {
    /// The locks of the table that somebody who trusts the wrong file believes in.
    fn believed(&mut self) -> Option<Table> {
        let read = |path: &str| self.share.read(path, 1 << 20).ok();
        let n = match self.seam {
            Seam::DecideFromProjection => {
                let bytes = read("locks.json")?;
                serde_json::from_slice::<serde_json::Value>(&bytes).ok()?["$camctl"]["commit"].as_u64()?
            }
            _ => String::from_utf8_lossy(&read(".camctl/head")?)
                .get(8..28)?
                .parse()
                .ok()?,
        };
        self.tables.get(&n).cloned()
    }

    fn remember(&mut self) {
        let table = self.store.table().read().clone();
        self.tables.insert(table.n, table);
    }
}

impl LockStore for Mistaken {
    fn commit(&mut self, decide: &mut dyn FnMut(&Table) -> Draft) -> Result<Committed> {
        match self.seam {
            Seam::DecideOnce => {
                let mut first: Option<Draft> = None;
                self.store
                    .commit(&mut |table| first.get_or_insert_with(|| decide(table)).clone())
            }
            Seam::UnknownIsDone => match self.store.commit(decide) {
                Err(StoreError::Unsettled { n, .. }) => Ok(Committed::At(n)),
                other => other,
            },
            Seam::DecideFromProjection | Seam::DecideFromHead => {
                let believed = self.believed();
                let done = self.store.commit(&mut |table| {
                    let Some(mut believed) = believed.clone() else {
                        return decide(table);
                    };
                    (believed.n, believed.nonce) = (table.n, table.nonce.clone());
                    decide(&believed)
                });
                self.remember();
                done
            }
            _ => self.store.commit(decide),
        }
    }

    fn tend(&mut self, now: Moment) -> Option<Duration> {
        if self.seam == Seam::RemoveSingleCommits {
            let newest = self.store.table().read().n;
            for folder in self.share.list(".camctl/log").unwrap_or_default() {
                let folder = format!(".camctl/log/{}", folder.name);
                for commit in self.share.list(&folder).unwrap_or_default() {
                    let n = commit.name.trim_end_matches(".json").parse().unwrap_or(newest);
                    if n + 4 < newest {
                        let _ = self.share.remove(&format!("{folder}/{}", commit.name));
                    }
                }
            }
        }
        self.store.tend(now)
    }

    fn catch_up(&mut self) -> Result<()> {
        self.store.catch_up()?;
        self.remember();
        Ok(())
    }

    fn table(&self) -> SharedTable {
        self.store.table()
    }

    fn policy(&self) -> Arc<Policy> {
        self.store.policy()
    }

    fn load(&mut self) -> Result<()> {
        self.store.load()
    }

    fn catch_up_fully(&mut self) -> Result<()> {
        self.store.catch_up_fully()
    }

    fn settle(&mut self) -> Result<Committed> {
        self.store.settle()
    }

    fn news(&mut self) -> Vec<Arc<Commit>> {
        self.store.news()
    }

    fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Result<()> {
        self.store.heartbeat(heartbeat)
    }

    fn session(&mut self, session: &SessionId) -> Result<Option<Heartbeat>> {
        self.store.session(session)
    }

    fn sessions(&mut self) -> Result<Vec<Heartbeat>> {
        self.store.sessions()
    }

    fn check(&mut self, mend: bool) -> Result<Vec<String>> {
        self.store.check(mend)
    }

    fn remarks(&mut self) -> Vec<String> {
        self.store.remarks()
    }

    fn author(&self) -> Arc<Owner> {
        self.store.author()
    }
}
