//! Reading the log: from the newest checkpoint on, without gaps, never backwards. (Rule 3 of the protocol.)

use std::sync::Arc;
use std::time::Duration;

use super::format::{self, Bad};
use super::{FolderStore, Result, head, layout, unclear};
use crate::model::{Case, Commit, ShareError, ShareErrorKind, StoreError, Table};
use crate::mutation::{Mutation, mutated};
use crate::share::What;

/// The longest commit that is read: a checkpoint of some 300,000 locks.
const LONGEST: u64 = 256 << 20;

/// What became of looking for a commit that must exist.
enum Fetched {
    Here(Box<format::Read>),
    /// Its whole folder is gone: pruned, while this client slept.
    Pruned,
    /// The log was set back: what it says now is read already.
    SetBack,
}

impl FolderStore {
    /// Learns what `head` tells of. Cheap when nothing happened: one open, one read.
    ///
    /// A `head` that is missing or torn says nothing, not even that there is a repository: then the log is asked.
    pub(super) fn follow_head(&mut self) -> Result<()> {
        if self.take_hint()? {
            return self.read_on();
        }
        self.follow_log()
    }

    /// Learns of commits that are in the log and not in `head`: their author is about to write it, was stopped before
    /// that, or was overtaken and wrote an older one. Only on a disk of this machine, where nobody remembers that a name
    /// was missing; there nobody is told less than anybody was told before.
    fn read_on(&mut self) -> Result<()> {
        let Some(size) = self.folder_size.filter(|_| self.share.is_local()) else {
            return Ok(());
        };
        loop {
            let next = self.n() + 1;
            match self.share.stat(&layout::commit(next, size)) {
                Ok(_) => self.replay_to(next)?,
                Err(error) if error.kind == ShareErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            self.head_behind = true;
        }
    }

    /// Learns what stands in the log, whatever `head` says.
    pub(super) fn follow_listing(&mut self) -> Result<()> {
        self.take_hint()?;
        self.follow_log()
    }

    /// Returns `false` when there is no hint to take.
    fn take_hint(&mut self) -> Result<bool> {
        let (known, nonce) = {
            let table = self.table.read();
            (table.n, table.nonce.clone())
        };
        let Some(hint) = self.read_head()? else {
            self.head_behind = true;
            return Ok(false);
        };
        if hint.n > known {
            self.replay_to(hint.n)?;
        } else if !(hint.n == known && hint.is_of(&nonce)) {
            // Lower is ignored, and rewritten when there is time; but only in the log that it was read from.
            self.confirm()?;
            self.head_behind = true;
        } else {
            self.head_behind = false;
            if self.shorter.is_some() {
                // A hint is no proof that the log has it.
                self.confirm()?;
            }
        }
        Ok(true)
    }

    /// Makes sure that the log is still the one that was read: somebody may have deleted the repository under a running
    /// agent, and made another in its place. Nothing of the old one may get into the new one.
    pub(super) fn confirm(&mut self) -> Result<()> {
        let Some(size) = self.folder_size else {
            return Ok(());
        };
        let (n, nonce, case) = {
            let table = self.table.read();
            (table.n, table.nonce.clone(), table.case)
        };
        match self.read_commit(&layout::commit(n, size), Some(case)) {
            Ok(read) if read.commit.nonce == nonce => {
                self.shorter = None;
                Ok(())
            }
            // No file of the log is ever changed: ours was taken back, and another written in its place.
            Ok(_) => self.load_log_anew(true),
            Err(StoreError::Share(error)) if error.kind != ShareErrorKind::NotFound => Err(error.into()),
            Err(_) => self.load_log(),
        }
    }

    fn follow_log(&mut self) -> Result<()> {
        let Some(size) = self.folder_size else {
            return self.load_log();
        };
        if mutated(Mutation::HeadIsTheLog) {
            return Ok(());
        }
        let newest = self.log_folders()?.into_iter().max().unwrap_or(0);
        let mut end = None;
        for folder in [newest.saturating_sub(1), newest] {
            let Some(last) = self.commits_in(folder)?.into_iter().max() else {
                continue;
            };
            end = end.max(Some(last));
            if last > self.n() && last / size == folder {
                self.head_behind = true;
                self.replay_to(last)?;
            }
        }
        if end < Some(self.n()) {
            self.confirm()?;
        }
        Ok(())
    }

    /// Reads the table from the newest checkpoint on.
    pub(super) fn load_log(&mut self) -> Result<()> {
        self.load_log_anew(false)
    }

    /// The same; `set_back` says that what was read before is not what stands in the log now.
    fn load_log_anew(&mut self, set_back: bool) -> Result<()> {
        let started = self.clock.moment();
        let mut pause = Duration::from_millis(5);
        loop {
            match self.try_load(set_back) {
                // What seems to be missing may be a listing that this client remembers from earlier.
                Err(StoreError::Damaged { .. } | StoreError::Lost { .. })
                    if self.clock.moment().since(started) < self.patience() / 5 =>
                {
                    self.clock.pause(pause);
                    pause *= 2;
                }
                other => return other,
            }
        }
    }

    fn try_load(&mut self, set_back: bool) -> Result<()> {
        let mut folders = self.log_folders()?;
        folders.sort_unstable();
        for folder in folders.iter().rev().take(2) {
            let Some(first) = self.commits_in(*folder)?.into_iter().min() else {
                continue;
            };
            let path = format!("{}/{first}.json", layout::log_folder(*folder));
            let read = self.read_commit(&path, None)?;
            let Some((table, size)) = read.checkpoint else {
                return Err(self.damaged(&path, "the first commit of this folder is missing"));
            };
            if first / size != *folder || read.commit.n != first {
                return Err(self.damaged(&path, format!("it says that it is commit {}", read.commit.n)));
            }
            return self.start_from(read.commit, table, size, set_back);
        }
        Err(self.without_log())
    }

    /// Goes on from a checkpoint: `commit`, with the whole `table` after it.
    fn start_from(&mut self, commit: Commit, table: Table, size: u64, set_back: bool) -> Result<()> {
        let (known, loaded) = (self.n(), self.folder_size.is_some());
        if loaded && table.repository != self.table.read().repository {
            let problem = "another repository was made in this one's place; `camctl agent restart` goes on with the new one";
            return Err(self.damaged(layout::LOG, problem));
        }
        let last = self
            .commits_in(commit.n / size)?
            .into_iter()
            .max()
            .unwrap_or(table.n);
        let hinted = self.read_head()?.map_or(0, |hint| hint.n);
        let newest = if mutated(Mutation::HeadIsTheLog) {
            hinted
        } else if set_back || loaded && hinted <= known {
            // A hint that is no news may tell of what the log has lost.
            last
        } else {
            hinted.max(last)
        };
        self.folder_size = Some(size);
        if newest < known && !set_back {
            self.believe_the_end(newest, known)?;
        }
        if newest < known || set_back {
            return self.go_back_to(commit, table, last);
        }
        if table.n > known || !loaded {
            *self.table.write() = table;
        }
        self.replay_to(newest)
    }

    pub(super) fn replay_to(&mut self, newest: u64) -> Result<()> {
        while self.n() < newest {
            let next = self.n() + 1;
            match self.fetch(next)? {
                Fetched::Here(read) => self.take(Arc::new(read.commit)),
                Fetched::Pruned => return self.load_log(),
                Fetched::SetBack => return Ok(()),
            }
        }
        Ok(())
    }

    /// Applies a commit that follows, and makes it known.
    pub(super) fn take(&mut self, commit: Arc<Commit>) {
        self.table.write().apply(&commit);
        self.last = Some(Arc::clone(&commit));
        self.shorter = None;
        self.projection.table_changed();
        self.news.push(commit);
    }

    /// Reads commit `n`, which is known to exist and to follow what was read before.
    fn fetch(&mut self, n: u64) -> Result<Fetched> {
        let size = self.folder_size.unwrap_or(super::FOLDER_SIZE);
        let path = layout::commit(n, size);
        let started = self.clock.moment();
        let mut pause = Duration::from_millis(2);
        loop {
            let case = self.table.read().case;
            let problem = match self.read_commit(&path, Some(case)) {
                Ok(read) if read.commit.n != n => {
                    return Err(self.damaged(&path, format!("it says that it is commit {}", read.commit.n)));
                }
                Ok(read) if read.commit.previous != self.table.read().nonce => {
                    let before = self.table.read().nonce.clone();
                    self.confirm()?;
                    if self.table.read().nonce != before {
                        return Ok(Fetched::SetBack);
                    }
                    return Err(self.damaged(&path, "it does not follow the commit before it"));
                }
                Ok(read) => return Ok(Fetched::Here(Box::new(read))),
                Err(StoreError::Share(error)) if error.kind == ShareErrorKind::NotFound => None,
                // Published files are whole. But a client may show the first open an old size: look again.
                Err(error @ StoreError::Damaged { .. }) => Some(error),
                Err(error) => return Err(error),
            };
            if self.clock.moment().since(started) >= self.patience() {
                return match problem {
                    Some(damaged) => Err(damaged),
                    None => self.explain_missing(n, &path, size),
                };
            }
            if problem.is_none() && self.is_pruned(n / size, size)? {
                return Ok(Fetched::Pruned);
            }
            self.clock.pause(pause);
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    /// How long what cannot be right is looked at again. A disk of this machine shows everybody the same.
    fn patience(&self) -> Duration {
        if self.share.is_local() {
            self.timings.stale_cache / 20
        } else {
            self.timings.stale_cache
        }
    }

    /// A folder that has others after it and not its own first commit was made again, empty, by somebody who stood still
    /// for so long that it was pruned meanwhile.
    fn is_pruned(&self, folder: u64, size: u64) -> Result<bool> {
        let folders = self.log_folders()?;
        let later = folders.iter().any(|other| *other > folder);
        Ok(later && (!folders.contains(&folder) || !self.commits_in(folder)?.contains(&(folder * size))))
    }

    fn explain_missing(&mut self, n: u64, path: &str, size: u64) -> Result<Fetched> {
        let listed = self.commits_in(n / size)?;
        if listed.contains(&n) {
            let problem = "it is in the listing of its folder, but cannot be opened";
            return Err(unclear(self.share.as_ref(), "read", path, problem).into());
        }
        let later = self.log_folders()?.into_iter().any(|folder| folder > n / size);
        if !later && listed.into_iter().all(|other| other < n) {
            // `head` tells of it, and it may have gone with a server's power.
            self.believe_the_end(self.n(), n)?;
            self.shorter = None;
            // Or it is told of again at the next look. Where that fails, it is looked at for as long again.
            let _ = self.write_head();
            return Ok(Fetched::SetBack);
        }
        Err(self.damaged(path, "this commit is missing, and later ones exist"))
    }

    /// Reads the commit at `path`.
    pub(super) fn read_commit(&mut self, path: &str, case: Option<Case>) -> Result<format::Read> {
        let bytes = self.share.read(path, LONGEST)?;
        let read = format::decode(&bytes, case, &mut self.owners).map_err(|bad| match bad {
            Bad::Newer(found) => self.newer_than_us(path, found),
            Bad::Broken(problem) => self.damaged(path, problem),
        })?;
        if let Some(found) = read.newer {
            self.newer = Some(self.newer_than_us(path, found));
        }
        Ok(read)
    }

    fn newer_than_us(&self, path: &str, found: u32) -> StoreError {
        StoreError::Newer {
            path: self.share.show(path).into(),
            found,
            known: format::FORMAT,
        }
    }

    /// `None` when it is missing or torn.
    pub(super) fn read_head(&self) -> Result<Option<head::Hint>> {
        match self.share.read(layout::HEAD, 4096) {
            Ok(bytes) => Ok(head::decode(&bytes)),
            Err(error) if matches!(error.kind, ShareErrorKind::NotFound | ShareErrorKind::TooLarge) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what we know into `head`. Whether that works decides nothing; it is tried again.
    pub(super) fn write_head(&mut self) -> Result<()> {
        let bytes = {
            let table = self.table.read();
            head::encode(table.n, &table.nonce)
        };
        let written = self.share.overwrite(layout::HEAD, &bytes);
        self.head_behind = written.is_err();
        Ok(written?)
    }

    /// The numbers of the log's folders, unordered.
    pub(super) fn log_folders(&self) -> Result<Vec<u64>> {
        match self.share.list(layout::LOG) {
            Ok(entries) => {
                let folders = entries.into_iter().filter(|entry| entry.what == What::Folder);
                Ok(folders
                    .filter_map(|entry| layout::plain_number(&entry.name))
                    .collect())
            }
            Err(error) if error.kind == ShareErrorKind::NotFound => Err(self.without_log()),
            Err(error) => Err(error.into()),
        }
    }

    /// The numbers of the commits in one folder, unordered.
    pub(super) fn commits_in(&self, folder: u64) -> Result<Vec<u64>> {
        match self.share.list(&layout::log_folder(folder)) {
            Ok(entries) => Ok(entries
                .iter()
                .filter_map(|entry| layout::commit_number(&entry.name))
                .collect()),
            Err(error) if error.kind == ShareErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// What it means that there is no log: no repository, or one that was lost.
    fn without_log(&self) -> StoreError {
        match super::init::was_initialised(self.share.as_ref()) {
            Ok(false) if self.folder_size.is_some() => ShareError::vanished(&self.share.show("")).into(),
            Ok(false) => StoreError::NoRepository {
                path: self.share.show("").into(),
            },
            Ok(true) => StoreError::Lost {
                path: self.share.show(layout::LOG).into(),
            },
            Err(error) => error.into(),
        }
    }
}
