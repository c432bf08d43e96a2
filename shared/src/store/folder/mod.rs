//! The lock table on a shared folder: the mutex is a courtesy, the log is the law.
//!
//! - `log/<k>/<n>.json` is the truth: commit `n`, created once under that name by exclusive creation, never changed,
//!   renamed or reused. That creation is the compare-and-swap.
//! - `head`, `locks.json` and `mutex` are a hint, a projection and a courtesy: losing any of them loses nothing.
//!
//! The protocol was model-checked before it was written; its rules stand in `shared/README.md`, and each file here
//! says which it keeps. Never here: a decision about who gets a lock; a name that is looked up before it is known to
//! exist (clients cache "no such file"); a folder of the log that is created for any commit but its first.

mod chores;
mod commit;
mod format;
mod gap;
mod head;
mod init;
mod layout;
mod log;
mod mutex;
mod pace;
mod past;
mod projection;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod properties;
mod record;
mod set_back;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use super::{Committed, Heartbeat, LockStore, Result, SharedTable};
use crate::clock::{Clock, Moment};
use crate::model::{
    Case, Commit, Draft, Owner, Policy, RepositoryId, SessionId, ShareError, ShareErrorKind, StoreError,
    Table,
};
use crate::share::{Held, Meta, Share};

pub use init::{FOLDER_SIZE, InitOptions, Made, init, is_repository};
pub use past::Past;

/// How long things may take; settings, so that tests shrink them.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long a writer queues at the mutex before it goes on without; longer where a commit takes long.
    pub mutex_wait: Duration,
    /// How old what was read may be when a commit is published; older, and it starts over.
    pub fresh: Duration,
    /// How long an answer that was lost is settled before the caller is told "unknown, being settled".
    pub settle: Duration,
    /// How long a file that must exist may seem not to: clients cache "no such file" for up to 21 s (NFS 4.2), but not
    /// for names that nobody asked for before; so this is a safety net.
    pub stale_cache: Duration,
    /// How long others may be faster again and again before the caller is told; longer where a commit takes long.
    pub contend: Duration,
    /// How long a burst of commits must have been over before `locks.json` is written.
    pub project_after: Duration,
    /// How long a burst may keep it from being written.
    pub project_at_most: Duration,
    /// How often `locks.json` is looked at, in case somebody else changed it.
    pub check_projection: Duration,
    /// How long the log must end before what was read from it, until that is believed. Longer than clients remember
    /// listings: 60 s on NFS.
    pub set_back: Duration,
    /// How long a `locks.json` that is not ours must stay the same before it is set aside.
    pub suspect: Duration,
    /// How often old folders and leftovers are looked for.
    pub tidy: Duration,
    /// How long somebody else's temporary file must have been watched unchanged before it is removed.
    pub leftover: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            mutex_wait: Duration::from_secs(2),
            fresh: Duration::from_secs(10),
            settle: Duration::from_secs(10),
            stale_cache: Duration::from_secs(5),
            contend: Duration::from_secs(10),
            project_after: Duration::from_millis(20),
            project_at_most: Duration::from_millis(250),
            check_projection: Duration::from_secs(5),
            set_back: Duration::from_secs(120),
            suspect: Duration::from_secs(1),
            tidy: Duration::from_secs(3600),
            leftover: Duration::from_secs(24 * 3600),
        }
    }
}

/// What a [`FolderStore`] is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long things may take.
    pub timings: Timings,
    /// Whether writers queue at the mutex. Correct without, only slower; tests show that.
    pub mutex: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timings: Timings::default(),
            mutex: true,
        }
    }
}

/// The lock table of one repository, on its shared folder.
pub struct FolderStore {
    share: Arc<dyn Share>,
    clock: Arc<dyn Clock>,
    author: Arc<Owner>,
    timings: Timings,
    table: SharedTable,
    /// How many commits a folder of the log holds; known once the log was loaded.
    folder_size: Option<u64>,
    policy: Arc<Policy>,
    policy_meta: Option<Meta>,
    owners: record::Owners,
    news: Vec<Arc<Commit>>,
    remarks: Vec<String>,
    pending: Option<commit::Pending>,
    /// The last commit that was read, as long as it is the table's.
    last: Option<Arc<Commit>>,
    /// When the last commit was last seen to stand.
    firm: Option<Moment>,
    mutex: mutex::Mutex,
    pace: pace::Pace,
    projection: projection::State,
    chores: chores::State,
    /// `head` is behind what we know, and nobody else may mend it.
    head_behind: bool,
    /// Since when the log ends before what was read from it, and how often that was seen.
    shorter: Option<(Moment, u32)>,
    /// A newer version wrote to the log: what is understood is read, and nothing is written any more.
    newer: Option<StoreError>,
}

impl FolderStore {
    /// A store on the repository at `share`; reads nothing until [`LockStore::load`].
    pub fn new(share: Arc<dyn Share>, author: Arc<Owner>, clock: Arc<dyn Clock>, options: Options) -> Self {
        let now = clock.moment();
        Self {
            share,
            clock,
            author,
            mutex: mutex::Mutex::new(options.mutex),
            pace: pace::Pace::default(),
            timings: options.timings,
            table: SharedTable::new(Table::empty(RepositoryId("".into()), Case::Sensitive)),
            folder_size: None,
            policy: Arc::new(Policy::default()),
            policy_meta: None,
            owners: record::Owners::default(),
            news: Vec::new(),
            remarks: Vec::new(),
            pending: None,
            last: None,
            firm: None,
            projection: projection::State::new(now),
            chores: chores::State::new(now),
            head_behind: false,
            shorter: None,
            newer: None,
        }
    }

    /// Where the repository lies.
    pub fn share(&self) -> &Arc<dyn Share> {
        &self.share
    }

    /// Queues for the mutex as long as this share gives reason to; `None` means: go on without.
    fn enter_mutex(&mut self) -> Option<Box<dyn Held>> {
        let leave = self.pace.leave_to_others(self.clock.moment());
        if !leave.is_zero() {
            self.clock.pause(leave);
        }
        let patience = self.pace.queue(&self.timings);
        self.mutex
            .enter(self.share.as_ref(), self.clock.as_ref(), patience)
    }

    fn n(&self) -> u64 {
        self.table.read().n
    }

    fn read_policy(&mut self) -> Result<()> {
        let path = layout::POLICY;
        let meta = match self.share.stat(path) {
            Ok(meta) => Some(meta),
            Err(error) if error.kind == ShareErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        if meta.is_some() && meta == self.policy_meta {
            return Ok(());
        }
        let mut policy = Policy::default();
        if meta.is_some() {
            let wrong = |line, problem: String| StoreError::Policy {
                path: self.share.show(path).into(),
                line,
                problem: problem.into(),
            };
            let text = String::from_utf8(self.share.read(path, 1 << 20)?)
                .map_err(|_| wrong(1, "it is not text in UTF-8".into()))?;
            policy = Policy::parse(&text).map_err(|error| wrong(error.line, error.problem))?;
        }
        self.remarks.extend(policy.warnings.iter().cloned());
        if let Some(case) = policy.case
            && self.folder_size.is_some()
            && case != self.table.read().case
        {
            self.remarks.push(
                "`case` in repo.toml was changed after init; the rule that was probed at init counts".into(),
            );
        }
        self.policy = Arc::new(policy);
        self.policy_meta = meta;
        Ok(())
    }

    fn damaged(&self, path: &str, problem: impl Into<Box<str>>) -> StoreError {
        StoreError::Damaged {
            path: self.share.show(path).into(),
            problem: problem.into(),
        }
    }
}

impl LockStore for FolderStore {
    fn table(&self) -> SharedTable {
        self.table.clone()
    }

    fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy)
    }

    fn load(&mut self) -> Result<()> {
        self.read_policy()?;
        self.load_log()
    }

    fn catch_up(&mut self) -> Result<()> {
        self.follow_head()
    }

    fn catch_up_fully(&mut self) -> Result<()> {
        self.read_policy()?;
        self.follow_listing()
    }

    fn commit(&mut self, decide: &mut dyn FnMut(&Table) -> Draft) -> Result<Committed> {
        let held = self.enter_mutex();
        self.commit_within(held, decide)
    }

    fn settle(&mut self) -> Result<Committed> {
        self.settle_pending()
    }

    fn news(&mut self) -> Vec<Arc<Commit>> {
        std::mem::take(&mut self.news)
    }

    fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Result<()> {
        let bytes = record::encode_heartbeat(heartbeat);
        Ok(self
            .share
            .overwrite(&layout::session(&heartbeat.session), &bytes)?)
    }

    fn session(&mut self, session: &SessionId) -> Result<Option<Heartbeat>> {
        match self
            .share
            .read(&layout::session(session), record::HEARTBEAT_LIMIT)
        {
            Ok(bytes) => Ok(record::decode_heartbeat(&bytes, session)),
            Err(error) if error.kind == ShareErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn sessions(&mut self) -> Result<Vec<Heartbeat>> {
        let mut heartbeats = Vec::new();
        for entry in self.share.list(layout::SESSIONS)? {
            let Some(session) = entry.name.strip_suffix(".json").and_then(SessionId::parse) else {
                continue;
            };
            heartbeats.extend(self.session(&session)?);
        }
        Ok(heartbeats)
    }

    fn tend(&mut self, now: Moment) -> Option<Duration> {
        self.do_chores(now)
    }

    fn check(&mut self, mend: bool) -> Result<Vec<String>> {
        self.check_at_once(mend)
    }

    fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    fn author(&self) -> Arc<Owner> {
        Arc::clone(&self.author)
    }
}

/// An answer that says nothing about the table, only about the share right now.
fn unclear(share: &dyn Share, action: &'static str, path: &str, cause: impl Into<Box<str>>) -> ShareError {
    ShareError {
        action,
        path: share.show(path).into(),
        kind: ShareErrorKind::Unknown,
        cause: cause.into(),
    }
}
