//! Chores that nobody waits for: `head`, `locks.json`, old history, leftovers. (Rules 9, 11 and 12 of the protocol.)

use std::collections::BTreeMap;
use std::time::Duration;

use super::{FolderStore, Result, layout};
use crate::clock::Moment;
use crate::model::ShareErrorKind;
use crate::share::Meta;

/// So many commits of a folder are asked how old it is.
const WITNESSES: usize = 10;

/// What is known of leftovers, and when to look next.
pub(super) struct State {
    tidy_at: Moment,
    leftovers: BTreeMap<String, (Meta, Moment)>,
}

impl State {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            tidy_at: now,
            leftovers: BTreeMap::new(),
        }
    }
}

impl FolderStore {
    /// Does what is due. Returns when to come again, if that cannot wait for the next poll.
    pub(super) fn do_chores(&mut self, now: Moment) -> Option<Duration> {
        self.folder_size?;
        if self.newer.is_some() {
            return None;
        }
        if self.head_behind {
            self.mend_head();
        }
        let next = self.tend_projection(now);
        if now >= self.chores.tidy_at {
            self.chores.tidy_at = now.after(self.timings.tidy);
            self.prune();
            self.sweep(now);
        }
        next
    }

    /// Looks at `head` and `locks.json`, and makes them anew if `mend`; for a person who asks.
    pub(super) fn check_at_once(&mut self, mend: bool) -> Result<Vec<String>> {
        let held = self.enter_mutex();
        self.follow_listing()?;
        if let Some(newer) = &self.newer {
            return Err(newer.clone());
        }
        let mut wrong = Vec::new();
        if self.read_head()?.is_none_or(|hint| hint.n != self.n()) {
            let path = self.share.show(layout::HEAD);
            if mend {
                self.write_head_anew()?;
                wrong.push(format!("{path} was missing, damaged or old; it was written anew"));
            } else {
                wrong.push(format!("{path} is missing, damaged or old"));
            }
        }
        wrong.extend(self.check_projection_at_once(mend)?);
        drop(held);
        Ok(wrong)
    }

    /// `head` is a hint that only moves forward: what is written is what was just read from the log, under the mutex,
    /// so that it cannot overtake a writer.
    fn mend_head(&mut self) {
        let held = self.mutex.attempt(self.share.as_ref());
        if held.is_none() && !self.mutex.is_hopeless() {
            return;
        }
        self.head_behind = false;
        if self.follow_head().is_ok() && self.head_behind {
            // Tried again at the next chance.
            let _ = self.write_head_anew();
        }
        drop(held);
    }

    /// The newest commit may be another's, who died before it was on the disk. `head` must not survive a loss of power
    /// that takes the commit: everybody would look for it for ever.
    fn write_head_anew(&mut self) -> Result<()> {
        if let Some(size) = self.folder_size {
            self.share.sync_folder(&layout::log_folder(self.n() / size))?;
        }
        self.write_head()
    }

    /// Removes the oldest folders of the log once all of their commits are older than `keep_history`; never the newest
    /// two. Old by the log's own newest time *and* by this machine's clock: neither alone may be wrong.
    fn prune(&mut self) {
        let Ok(mut folders) = self.log_folders() else {
            return;
        };
        folders.sort_unstable();
        let Some(size) = self.folder_size else { return };
        let (n, case) = {
            let table = self.table.read();
            (table.n, table.case)
        };
        let Ok(newest) = self.read_commit(&layout::commit(n, size), Some(case)) else {
            return;
        };
        let present = newest.commit.time.min(self.clock.wall());
        let current = n / size;
        for folder in folders {
            if folder + 2 > current || !self.is_old_history(folder, size, present) {
                break;
            }
            let aside = format!("{}/{folder}-{}", layout::TRASH, crate::random::uuid().simple());
            let _ = self.share.make_folder(layout::TRASH);
            if self.share.set_aside(&layout::log_folder(folder), &aside).is_err() {
                break;
            }
        }
        self.empty_trash();
    }

    /// By most of several commits in it: one author's clock that is wrong makes no folder old, and keeps none for ever.
    fn is_old_history(&mut self, folder: u64, size: u64, present: jiff::Timestamp) -> bool {
        let Ok(mut commits) = self.commits_in(folder) else {
            return false;
        };
        commits.sort_unstable();
        let case = self.table.read().case;
        let step = commits.len().div_ceil(WITNESSES).max(1);
        let (mut old, mut asked) = (0, 0);
        for n in commits.into_iter().rev().step_by(step) {
            let Ok(read) = self.read_commit(&layout::commit(n, size), Some(case)) else {
                return false;
            };
            let age = Duration::try_from(present.duration_since(read.commit.time)).unwrap_or(Duration::ZERO);
            asked += 1;
            old += u32::from(age > self.policy.keep_history);
        }
        asked < 2 * old || asked == 0
    }

    fn empty_trash(&self) {
        let Ok(folders) = self.share.list(layout::TRASH) else {
            return;
        };
        for folder in folders {
            let path = format!("{}/{}", layout::TRASH, folder.name);
            for entry in self.share.list(&path).unwrap_or_default() {
                let _ = self.share.remove(&format!("{path}/{}", entry.name));
            }
            let _ = self.share.remove_folder(&path);
        }
    }

    /// Removes temporary files of others, once they were watched unchanged for a day.
    fn sweep(&mut self, now: Moment) {
        let Ok(entries) = self.share.list(layout::TEMPORARY) else {
            return;
        };
        let mut watched = BTreeMap::new();
        for entry in entries {
            let path = format!("{}/{}", layout::TEMPORARY, entry.name);
            if self
                .pending
                .as_ref()
                .is_some_and(|pending| pending.is_sent_from(&path))
            {
                continue;
            }
            let Ok(meta) = self.share.stat(&path) else {
                continue;
            };
            let since = match self.chores.leftovers.get(&path) {
                Some((same, since)) if *same == meta => *since,
                _ => now,
            };
            if now.since(since) >= self.timings.leftover {
                match self.share.remove(&path) {
                    Err(error) if error.kind != ShareErrorKind::NotFound => {}
                    _ => continue,
                }
            }
            watched.insert(path, (meta, since));
        }
        self.chores.leftovers = watched;
    }
}
