//! A log that was set back: a server lost its power, and names with it that were not on its disk, or somebody has put a
//! backup back. It is followed when that is sure, and not for what a client merely remembers. (Rule 3 of the protocol.)

use std::sync::Arc;

use super::{FolderStore, Result, layout, unclear};
use crate::model::{Commit, Table};
use crate::store::SharedTable;

/// So often at least a log must have been seen to end too early before that is believed.
const LOOKS: u32 = 4;

impl FolderStore {
    /// Follows a log that was set back. Nobody is shown a table that is on its way.
    pub(super) fn go_back_to(&mut self, commit: Commit, table: Table, newest: u64) -> Result<()> {
        let known = self.n();
        self.news.clear();
        // Told too: it may be another one than the checkpoint that was read before.
        self.news.push(Arc::new(commit));
        let shown = std::mem::replace(&mut self.table, SharedTable::new(table));
        let followed = self.replay_to(newest);
        let followed_to = std::mem::replace(&mut self.table, shown);
        if followed.is_err() {
            self.news.clear();
            return followed;
        }
        *self.table.write() = followed_to.read().clone();
        self.remarks.push(format!(
            "{} was set back: commit {known} is not in it any more as it was read (a server lost its power, or a backup was put back)",
            self.share.show(layout::LOG)
        ));
        self.shorter = None;
        self.head_behind = true;
        self.projection.table_changed();
        self.projection.committed(self.clock.moment());
        Ok(())
    }

    /// The log ends before what was read from it. Mostly that is an old listing that this client remembers, and passes;
    /// a view never goes back for that. What stays so for [`Timings::set_back`](super::Timings::set_back) is no memory:
    /// the server lost its power, and names that were not on its disk, or somebody has put a backup back.
    ///
    /// # Errors
    /// Until then, that the log ends too early.
    pub(super) fn believe_the_end(&mut self, newest: u64, known: u64) -> Result<()> {
        let now = self.clock.moment();
        let (since, looks) = self.shorter.unwrap_or((now, 0));
        self.shorter = Some((since, looks + 1));
        // More than two looks: between them a machine may have slept, and nothing it remembers was forgotten meanwhile.
        if now.since(since) >= self.timings.set_back && looks >= LOOKS {
            return Ok(());
        }
        let problem = format!(
            "the log ends at commit {newest}, but commit {known} has been read from it or told of before"
        );
        Err(unclear(self.share.as_ref(), "read", layout::LOG, problem).into())
    }
}
