//! No commit over a gap: a server that lost its power may have lost a commit that this client has read, and nobody had been
//! told of. What is built on such a commit nobody could read. (Beside rules 3 and 8 of the protocol.)
//!
//! Whoever commits on a network share looks whether the last commit still stands, where the server may have been restarted
//! since it was seen: a restart takes longer than [`RESTART`], and so do the calls that it interrupts. A share that is well
//! and in use costs nothing more.

use std::time::Duration;

use super::commit::Pending;
use super::{FolderStore, Result, format, layout};
use crate::model::{Nonce, ShareErrorKind};
use crate::mutation::{Mutation, mutated};
use crate::share::Published;

/// No server loses its power and answers again in less.
pub(super) const RESTART: Duration = Duration::from_secs(3);

impl FolderStore {
    /// Makes sure that the last commit that was read still stands, unless that was seen a moment ago. `head` alone does not
    /// tell: it may have survived what it names.
    pub(super) fn stand_firm(&mut self) -> Result<()> {
        // Mistakes that this would hide.
        let hidden = mutated(Mutation::PublishAfterSleep) || mutated(Mutation::RecreatePruned);
        if !self.share.is_local() && self.may_have_restarted() && !hidden {
            self.confirm()?;
            self.firm = Some(self.clock.moment());
        }
        Ok(())
    }

    /// Whether the server may have been restarted since the last commit was seen.
    pub(super) fn may_have_restarted(&self) -> bool {
        let now = self.clock.moment();
        self.firm.is_none_or(|firm| now.since(firm) >= RESTART) && !mutated(Mutation::BuildOnVanished)
    }

    /// Whether a commit of ours, whose publishing took so long that the server may have been restarted meanwhile, is in the
    /// log as far as can be seen.
    pub(super) fn still_stands(&mut self, pending: &Pending) -> bool {
        self.stands(pending.n(), pending.nonce()) == Some(true)
    }

    /// Whether a commit of ours, whose publishing took so long that the server may have been restarted meanwhile, stands on
    /// the one before it. Where that one is gone and nobody has taken its name, it is published again, as its author would:
    /// the same commit, under the same name. `None`: not known yet.
    ///
    /// # Errors
    /// When another commit stands there: ours is in the log, and nobody can read it.
    pub(super) fn stands_on(&mut self, pending: &Pending) -> Result<Option<()>> {
        let n = pending.n() - 1;
        let mut stands = self.stands(n, pending.previous());
        if stands.is_none() && self.is_missing(n) {
            self.fill(pending.previous());
            stands = self.stands(n, pending.previous());
        }
        match stands {
            Some(false) => {
                let problem = "the commit before it vanished with a server's power while this one was written, and another has taken its place: this one follows nothing";
                Err(self.damaged(&layout::commit(n + 1, self.size()), problem))
            }
            Some(true) => {
                self.firm = Some(self.clock.moment());
                Ok(Some(()))
            }
            None => Ok(None),
        }
    }

    /// Whether the commit with this nonce stands as number `n`; `None` when none can be read there.
    fn stands(&mut self, n: u64, nonce: &Nonce) -> Option<bool> {
        let case = self.table.read().case;
        let read = self
            .read_commit(&layout::commit(n, self.size()), Some(case))
            .ok()?;
        Some(read.commit.nonce == *nonce)
    }

    fn is_missing(&self, n: u64) -> bool {
        let found = self.share.stat(&layout::commit(n, self.size()));
        matches!(found, Err(error) if error.kind == ShareErrorKind::NotFound)
    }

    /// Publishes the commit before ours again, whoever wrote it. Only where it follows what stands. Whether it worked is
    /// looked at afterwards.
    fn fill(&mut self, nonce: &Nonce) {
        let Some(last) = self.last.clone().filter(|last| last.nonce == *nonce) else {
            return;
        };
        if last.n > 0 && self.stands(last.n - 1, &last.previous) != Some(true) {
            return;
        }
        let (size, table) = (self.size(), self.table.clone());
        // The table is the one after it: ours is not applied yet.
        let table = table.read();
        let after = last.n.is_multiple_of(size).then_some((&*table, size));
        let Ok(bytes) = format::encode(&last, after) else {
            return;
        };
        drop(table);
        let Ok(temporary) = self.write_temporary(&bytes) else {
            return;
        };
        let path = layout::commit(last.n, size);
        if let Published::Won = self.share.publish(&temporary, &path) {
            // Where names have to be synced; ours is, after it, in any case.
            let _ = self.share.sync_folder(&layout::log_folder(last.n / size));
            let path = self.share.show(&path);
            self.remarks.push(format!(
                "{path} had vanished, and was written again (its server was restarted)"
            ));
        }
        // What is left of it is found by the chores.
        let _ = self.share.remove(&temporary);
    }

    fn size(&self) -> u64 {
        self.folder_size.unwrap_or(super::FOLDER_SIZE)
    }
}
