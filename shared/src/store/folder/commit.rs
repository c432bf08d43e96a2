//! Writing the log: one exclusive creation is the compare-and-swap. (Rules 4 to 9 of the protocol.)

use std::sync::Arc;
use std::time::Duration;

use super::mutex::jitter;
use super::{Committed, FolderStore, Result, format, layout};
use crate::clock::Moment;
use crate::model::{Commit, Draft, Nonce, ShareErrorKind, StoreError, Table};
use crate::mutation::{Mutation, mutated};
use crate::share::{Held, Published};

/// A commit that was sent, and whose fate is not known yet.
pub(super) struct Pending {
    commit: Arc<Commit>,
    bytes: Vec<u8>,
    temporary: String,
    path: String,
    /// An answer was lost: it may be in the log already.
    doubt: bool,
    /// It is in the log; only its durability is not known yet.
    won: bool,
    /// The server may have been restarted while it was published.
    slow: bool,
}

/// What became of sending a commit.
enum Sent {
    Ours,
    Others,
    /// The folder is gone: pruned while we slept.
    NoFolder,
    /// Still not known.
    Unknown,
}

impl FolderStore {
    /// The commit loop, with or without the mutex.
    pub(super) fn commit_within(
        &mut self,
        mut mutex: Option<Box<dyn Held>>,
        decide: &mut dyn FnMut(&Table) -> Draft,
    ) -> Result<Committed> {
        self.settle_pending()?;
        let started = self.clock.moment();
        let mut attempts = 0;
        loop {
            let caught_up = self.clock.moment();
            self.follow_head()?;
            if let Some(newer) = &self.newer {
                return Err(newer.clone());
            }
            if self
                .pace
                .is_hopeless(attempts, caught_up.since(started), &self.timings)
            {
                return Err(StoreError::Contended {
                    path: self.share.show(layout::LOG).into(),
                    attempts,
                });
            }
            attempts += 1;
            let draft = decide(&self.table.read());
            if draft.is_empty() {
                return Ok(Committed::Nothing);
            }
            // Whoever slept since it caught up starts over, because the world has moved on: before a folder is made
            // (it might be one that was pruned meanwhile), and again before anything is published.
            if self.is_old(caught_up) {
                continue;
            }
            let pending = self.prepare(draft)?;
            if self.is_old(caught_up) {
                self.forget(&pending);
                continue;
            }
            if let Err(error) = self.stand_firm() {
                self.forget(&pending);
                return Err(error);
            }
            if self.table.read().nonce != pending.commit.previous {
                // The log was set back meanwhile.
                self.forget(&pending);
                continue;
            }
            let n = pending.commit.n;
            self.pending = Some(pending);
            let sent = self.push(self.clock.moment().after(self.timings.settle))?;
            self.pace
                .measure(self.clock.moment().since(caught_up), &self.timings);
            match sent {
                Sent::Ours => {
                    self.pace.served(self.clock.moment());
                    return Ok(Committed::At(n));
                }
                // Whoever has the mutex races only with those who gave it up, and is ahead of them.
                Sent::Others if mutex.is_some() => {}
                // The others live, whatever was thought of the mutex: the time to step back is spent in its line.
                Sent::Others => {
                    let patience = self.pace.step_back(attempts, &self.timings);
                    mutex = self
                        .mutex
                        .queue(self.share.as_ref(), self.clock.as_ref(), patience);
                }
                Sent::NoFolder => self.load_log()?,
                Sent::Unknown => return Err(self.unsettled(n)),
            }
        }
    }

    /// Goes on with a commit whose fate is not known.
    pub(super) fn settle_pending(&mut self) -> Result<Committed> {
        let Some(pending) = &self.pending else {
            return Ok(Committed::Nothing);
        };
        let (n, requests) = (pending.commit.n, pending.commit.draft.requests.clone());
        match self.push(self.clock.moment().after(self.timings.settle / 4))? {
            Sent::Ours => Ok(Committed::At(n)),
            Sent::Others => Ok(Committed::Nothing),
            Sent::NoFolder => {
                // The name can no longer be asked. The requests can: checkpoints carry them.
                self.load_log()?;
                let table = self.table.read();
                let found = requests.iter().find_map(|request| table.recent.find(request));
                Ok(found.map_or(Committed::Nothing, Committed::At))
            }
            Sent::Unknown => Err(self.unsettled(n)),
        }
    }

    fn is_old(&self, caught_up: Moment) -> bool {
        self.clock.moment().since(caught_up) > self.timings.fresh && !mutated(Mutation::PublishAfterSleep)
    }

    fn unsettled(&self, n: u64) -> StoreError {
        let path = layout::commit(n, self.folder_size.unwrap_or(super::FOLDER_SIZE));
        StoreError::Unsettled {
            n,
            path: self.share.show(&path).into(),
        }
    }

    /// Writes the next commit under a temporary name, durably.
    fn prepare(&mut self, draft: Draft) -> Result<Pending> {
        let size = self.folder_size.ok_or_else(|| StoreError::NoRepository {
            path: self.share.show("").into(),
        })?;
        let (n, commit, after) = {
            let table = self.table.read();
            let n = table.n + 1;
            let commit = Arc::new(Commit {
                n,
                previous: table.nonce.clone(),
                nonce: Nonce::random(),
                author: Arc::clone(&self.author),
                time: self
                    .clock
                    .wall()
                    .round(jiff::Unit::Microsecond)
                    .unwrap_or_default(),
                draft,
                extra: crate::model::Extra::new(),
            });
            let after = n.is_multiple_of(size).then(|| {
                let mut after = table.clone();
                after.apply(&commit);
                after
            });
            (n, commit, after)
        };
        if after.is_some() {
            self.make_log_folder(n / size)?;
        }
        let bytes = format::encode(&commit, after.as_ref().map(|table| (table, size))).map_err(|error| {
            self.damaged(
                layout::LOG,
                format!("commit {n} cannot be written as JSON: {error}"),
            )
        })?;
        let temporary = self.write_temporary(&bytes)?;
        Ok(Pending {
            commit,
            bytes,
            temporary,
            path: layout::commit(n, size),
            doubt: false,
            won: false,
            slow: false,
        })
    }

    /// Only for the first commit of a folder: nothing else ever creates one, and so nothing recreates a pruned one.
    fn make_log_folder(&self, folder: u64) -> Result<()> {
        if let Some(before) = folder.checked_sub(1) {
            // Whoever wrote its last commit may not have come to that yet, and its name must not go while ours stays.
            self.share.sync_folder(&layout::log_folder(before))?;
        }
        match self.share.make_folder(&layout::log_folder(folder)) {
            Err(error) if error.kind != ShareErrorKind::Exists => Err(error.into()),
            // Also when it exists: whoever made it may have died before it was on the disk.
            _ => Ok(self.share.sync_folder(layout::LOG)?),
        }
    }

    pub(super) fn write_temporary(&self, bytes: &[u8]) -> Result<String> {
        let temporary = layout::temporary();
        match self.share.write_new(&temporary, bytes) {
            Err(error) if error.kind == ShareErrorKind::NotFound => {
                // Somebody removed the folder for files on their way; it holds nothing that counts.
                let made = self.share.make_folder(layout::TEMPORARY);
                if made
                    .as_ref()
                    .is_err_and(|error| error.kind != ShareErrorKind::Exists)
                {
                    made?;
                }
                self.share.write_new(&temporary, bytes)?;
            }
            other => other?,
        }
        Ok(temporary)
    }

    /// Sends the pending commit until its fate is known, at most until `limit`.
    ///
    /// Afterwards nothing is pending any more, except after [`Sent::Unknown`].
    fn push(&mut self, limit: Moment) -> Result<Sent> {
        let mut pause = Duration::from_millis(5);
        loop {
            let Some(mut pending) = self.pending.take() else {
                return Ok(Sent::Others);
            };
            let fate = self.push_once(&mut pending);
            match fate {
                Ok(Some(sent)) => {
                    self.forget(&pending);
                    if matches!(sent, Sent::Ours) {
                        self.acknowledge(&pending);
                    }
                    return Ok(sent);
                }
                Ok(None) => self.pending = Some(pending),
                Err(error) => {
                    self.forget(&pending);
                    return Err(error);
                }
            }
            if self.clock.moment() >= limit {
                return Ok(Sent::Unknown);
            }
            self.clock.pause(jitter(pause));
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// One attempt. `None`: still not known. An error: certainly not done.
    fn push_once(&mut self, pending: &mut Pending) -> Result<Option<Sent>> {
        if pending.doubt && !pending.won {
            match self.look_first(pending) {
                None => {}
                Some(Sent::Unknown) => return Ok(None),
                over => return Ok(over),
            }
        }
        if !pending.won {
            let published = self.share.publish(&pending.temporary, &pending.path);
            pending.slow |= self.may_have_restarted();
            match published {
                Published::Won => pending.won = true,
                Published::Taken if mutated(Mutation::TakenIsAnothers) => return Ok(Some(Sent::Others)),
                Published::Taken => match self.whose(pending)? {
                    Some(true) => pending.won = true,
                    Some(false) => return Ok(Some(Sent::Others)),
                    None => {
                        pending.doubt = true;
                        return Ok(None);
                    }
                },
                Published::NoFolder if mutated(Mutation::RecreatePruned) => {
                    self.make_log_folder(pending.commit.n / self.folder_size.unwrap_or(super::FOLDER_SIZE))?;
                    return Ok(None);
                }
                Published::NoFolder => return Ok(Some(Sent::NoFolder)),
                // Refused now, but an earlier attempt may have been applied: ask for the name again.
                Published::Refused(error) if pending.doubt && error.kind == ShareErrorKind::NotFound => {
                    // Cannot be written just now, or can: either way nothing is known yet.
                    if let Ok(temporary) = self.write_temporary(&pending.bytes) {
                        pending.temporary = temporary;
                    }
                    return Ok(None);
                }
                Published::Refused(_) if pending.doubt => return Ok(None),
                Published::Refused(error) => return Err(error.into()),
                Published::Unknown(error) if mutated(Mutation::LostReplyIsFailure) => {
                    return Err(error.into());
                }
                Published::Unknown(_) => {
                    pending.doubt = true;
                    return Ok(None);
                }
            }
        }
        let folder = pending
            .path
            .rsplit_once('/')
            .map_or(layout::LOG, |(folder, _)| folder);
        // In the log, but perhaps not on the disk yet: not acknowledged before it is.
        if self.share.sync_folder(folder).is_ok() {
            pending.slow |= self.may_have_restarted();
            if !pending.slow || self.share.is_local() {
                return Ok(Some(Sent::Ours));
            }
            if !self.still_stands(pending) {
                (pending.won, pending.doubt) = (false, true);
                return Ok(None);
            }
            return Ok(self.stands_on(pending)?.map(|()| Sent::Ours));
        }
        // A server that lost power may have lost the name with it, and would sync the folder without it next time.
        (pending.won, pending.doubt) = (false, true);
        Ok(None)
    }

    /// Before something is sent again whose fate is not known. The server may have lost its power meanwhile, and with it
    /// the commit before this one, which nobody had been told of: after that, ours would make a gap. `None`: send it, what
    /// becomes of it the name will tell; else its fate.
    fn look_first(&mut self, pending: &Pending) -> Option<Sent> {
        let size = self.folder_size.unwrap_or(super::FOLDER_SIZE);
        let case = self.table.read().case;
        match self.read_commit(&layout::commit(pending.commit.n - 1, size), Some(case)) {
            Ok(read) if read.commit.nonce == pending.commit.previous => {
                self.firm = Some(self.clock.moment());
                return None;
            }
            Ok(_) => {}
            Err(StoreError::Share(error)) if error.kind == ShareErrorKind::NotFound => {}
            _ => return None,
        }
        // Follows the log where it was set back, as soon as that is sure.
        if self.confirm().and_then(|()| self.follow_head()).is_err() {
            return Some(Sent::Unknown);
        }
        let stands = {
            let table = self.table.read();
            table.n >= pending.commit.n || table.nonce == pending.commit.previous
        };
        if stands {
            return None;
        }
        // An earlier attempt may still be on its way, and would make a gap: without its file it cannot.
        match self.share.remove(&pending.temporary) {
            Err(error) if error.kind != ShareErrorKind::NotFound => Some(Sent::Unknown),
            _ => Some(Sent::NoFolder),
        }
    }

    /// Whose commit stands under the name that ours was to have. `None`: it cannot be read just now.
    fn whose(&mut self, pending: &Pending) -> Result<Option<bool>> {
        let case = self.table.read().case;
        match self.read_commit(&pending.path, Some(case)) {
            Ok(read) if read.commit.nonce == pending.commit.nonce => Ok(Some(true)),
            Ok(read) => {
                let next = read.commit.n == self.n() + 1 && read.commit.previous == self.table.read().nonce;
                if next {
                    self.take(Arc::new(read.commit));
                    self.head_behind = true;
                }
                Ok(Some(false))
            }
            // "No such file" of a name that is taken is a stale cache; everything else passes too, or it does not,
            // and then the next attempt to read on says what is wrong.
            Err(StoreError::Share(_)) => Ok(None),
            // What stands there cannot be read by anybody. Whether an earlier attempt of ours was applied before it
            // was damaged stays unknown.
            Err(_) if pending.doubt => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn acknowledge(&mut self, pending: &Pending) {
        if self.n() + 1 == pending.commit.n {
            self.take(Arc::clone(&pending.commit));
        }
        // Whether that works decides nothing: it is a hint, and is written again.
        let _ = self.write_head();
        self.projection.committed(self.clock.moment());
    }

    /// Removes our own temporary file; when that fails it becomes a leftover, which the chores of others find.
    fn forget(&self, pending: &Pending) {
        let _ = self.share.remove(&pending.temporary);
    }
}

impl Pending {
    /// Its number.
    pub(super) fn n(&self) -> u64 {
        self.commit.n
    }

    /// What tells it from all others.
    pub(super) fn nonce(&self) -> &Nonce {
        &self.commit.nonce
    }

    /// The commit that it was built on.
    pub(super) fn previous(&self) -> &Nonce {
        &self.commit.previous
    }

    /// Whether this file is the one that it is sent from.
    pub(super) fn is_sent_from(&self, temporary: &str) -> bool {
        self.temporary == temporary
    }
}
