//! A share that fails when it is told to, as SQLite's tests make the system's calls fail.
//!
//! [`Faulty`] wraps any [`Share`]. A table of [`Rule`]s says which call of which operation, on which path, goes wrong
//! and how: not done, done with the reply lost, done late, or answered with something that is not so.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use camctl_shared::model::ShareErrorKind;
//! # use testkit::faulty::{Fault, Faulty, Operation, Rule};
//! # fn store_on(share: Arc<dyn camctl_shared::share::Share>) {}
//! # let disk: Arc<dyn camctl_shared::share::Share> = todo!();
//! let share = Faulty::new(disk);
//! // The second commit is published, but the answer is lost.
//! share.add(Rule::on(Operation::Publish).call(2).fault(Fault::LoseReply(ShareErrorKind::Unknown)));
//! store_on(share.clone());
//! assert_eq!(share.struck(), 1);
//! ```

mod content;
mod rule;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camctl_shared::model::{ShareError, ShareErrorKind};
use camctl_shared::share::{Entry, FileSystem, Held, Meta, Published, Reading, Result, Share, Writing};

pub use rule::{Fault, Gate, Lie, Operation, Rule};

/// A share that fails when it is told to. Clones are the same share and have the same table.
#[derive(Clone)]
pub struct Faulty {
    inner: Arc<dyn Share>,
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    rules: Vec<Rule>,
    struck: usize,
    calls: Vec<(Operation, String)>,
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty")
            .field("root", &self.inner.root())
            .field("table", &self.table)
            .finish()
    }
}

impl Faulty {
    /// Wraps `inner`, with an empty table.
    pub fn new(inner: Arc<dyn Share>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            table: Arc::default(),
        })
    }

    /// Adds a line to the table. Where several match a call, the one that was added first strikes; all count.
    pub fn add(&self, rule: Rule) {
        lock(&self.table).rules.push(rule);
    }

    /// Forgets the table: the share is well again.
    pub fn heal(&self) {
        lock(&self.table).rules.clear();
    }

    /// How many calls went wrong so far: a test whose fault never struck has tested nothing.
    pub fn struck(&self) -> usize {
        lock(&self.table).struck
    }

    /// Every call so far, with its path (the new name, where there are two), oldest first.
    pub fn calls(&self) -> Vec<(Operation, String)> {
        lock(&self.table).calls.clone()
    }

    fn strikes(&self, operation: Operation, path: &str) -> Option<Fault> {
        let mut table = lock(&self.table);
        table.calls.push((operation, path.into()));
        let mut fault = None;
        for rule in &mut table.rules {
            if rule.strikes(operation, path) {
                fault = fault.or_else(|| Some(rule.fault.clone()));
            }
        }
        table.struck += usize::from(fault.is_some());
        fault
    }

    fn error(&self, operation: Operation, path: &str, kind: ShareErrorKind) -> ShareError {
        let action = match operation {
            Operation::Open => "open",
            Operation::Link => "link",
            Operation::PutOver => "replace",
            Operation::Read => "read",
            Operation::List => "list",
            Operation::Stat | Operation::Resolve => "look at",
            Operation::WriteNew | Operation::MakeFolder | Operation::Create => "create",
            Operation::Publish => "publish",
            Operation::SyncFolder => "sync",
            Operation::Overwrite | Operation::Replace | Operation::Write | Operation::Finish => "write",
            Operation::Remove | Operation::RemoveFolder => "remove",
            Operation::SetAside => "move",
            Operation::TryLock => "lock",
        };
        ShareError {
            action,
            path: self.inner.show(path).into(),
            kind,
            cause: "a test wants it so".into(),
        }
    }

    /// Does `act` unless the table says otherwise; lies are the caller's.
    fn run<T>(
        &self,
        operation: Operation,
        path: &str,
        act: impl FnOnce() -> Result<T>,
    ) -> Result<(T, Option<Lie>)> {
        let fault = self.strikes(operation, path);
        self.suffer(fault, operation, path, act)
    }

    fn suffer<T>(
        &self,
        fault: Option<Fault>,
        operation: Operation,
        path: &str,
        act: impl FnOnce() -> Result<T>,
    ) -> Result<(T, Option<Lie>)> {
        match fault {
            None => act().map(|done| (done, None)),
            Some(Fault::Lie(lie)) => act().map(|done| (done, Some(lie))),
            Some(Fault::Fail(kind) | Fault::Half(kind)) => Err(self.error(operation, path, kind)),
            Some(Fault::LoseReply(kind)) => act().and_then(|_| Err(self.error(operation, path, kind))),
            Some(Fault::Before(gate)) => {
                gate.pass();
                act().map(|done| (done, None))
            }
            Some(Fault::After(gate)) => {
                let done = act();
                gate.pass();
                done.map(|done| (done, None))
            }
        }
    }

    /// As [`Faulty::run`], for what tells no lies.
    fn plain<T>(&self, operation: Operation, path: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
        self.run(operation, path, act).map(|(done, _)| done)
    }

    /// As [`Faulty::run`], for what writes `content` with `write`.
    fn write(
        &self,
        operation: Operation,
        path: &str,
        content: &[u8],
        write: impl Fn(&[u8]) -> Result<()>,
    ) -> Result<()> {
        match self.strikes(operation, path) {
            Some(Fault::Half(kind)) => {
                write(&content[..content.len() / 2])?;
                Err(self.error(operation, path, kind))
            }
            fault => self
                .suffer(fault, operation, path, || write(content))
                .map(|(done, _)| done),
        }
    }
}

impl Share for Faulty {
    fn show(&self, path: &str) -> String {
        self.inner.show(path)
    }

    fn root(&self) -> &Path {
        self.inner.root()
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>> {
        let (content, lie) = self.run(Operation::Read, path, || self.inner.read(path, limit))?;
        if let Some(Lie::Content(other)) = lie {
            return Ok(other);
        }
        Ok(content)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let (mut entries, lie) = self.run(Operation::List, folder, || self.inner.list(folder))?;
        if let Some(Lie::Without(part)) = lie {
            entries.retain(|entry| !entry.name.contains(&part));
        }
        Ok(entries)
    }

    fn stat(&self, path: &str) -> Result<Meta> {
        self.plain(Operation::Stat, path, || self.inner.stat(path))
    }

    fn write_new(&self, path: &str, content: &[u8]) -> Result<()> {
        self.write(Operation::WriteNew, path, content, |part| {
            self.inner.write_new(path, part)
        })
    }

    fn publish(&self, temporary: &str, path: &str) -> Published {
        let fault = self.strikes(Operation::Publish, path);
        if let Some(Fault::Fail(kind)) = fault {
            return Published::Refused(self.error(Operation::Publish, path, kind));
        }
        let act = || Ok(self.inner.publish(temporary, path));
        self.suffer(fault, Operation::Publish, path, act)
            .map_or_else(Published::Unknown, |(answer, _)| answer)
    }

    fn sync_folder(&self, folder: &str) -> Result<()> {
        self.plain(Operation::SyncFolder, folder, || self.inner.sync_folder(folder))
    }

    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()> {
        self.write(Operation::Overwrite, path, content, |part| {
            self.inner.overwrite(path, part)
        })
    }

    fn replace(&self, path: &str, content: &[u8]) -> Result<()> {
        self.plain(Operation::Replace, path, || self.inner.replace(path, content))
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        self.plain(Operation::MakeFolder, path, || self.inner.make_folder(path))
    }

    fn remove(&self, path: &str) -> Result<()> {
        self.plain(Operation::Remove, path, || self.inner.remove(path))
    }

    fn remove_folder(&self, path: &str) -> Result<()> {
        self.plain(Operation::RemoveFolder, path, || self.inner.remove_folder(path))
    }

    fn set_aside(&self, from: &str, to: &str) -> Result<()> {
        self.plain(Operation::SetAside, to, || self.inner.set_aside(from, to))
    }

    fn open(&self, path: &str) -> Result<Box<dyn Reading>> {
        let (file, lie) = self.run(Operation::Open, path, || self.inner.open(path))?;
        Ok(match lie {
            Some(Lie::Content(other)) => content::lying(file, other),
            _ => file,
        })
    }

    fn create(&self, path: &str, like: Option<&str>) -> Result<Box<dyn Writing>> {
        let file = self.plain(Operation::Create, path, || self.inner.create(path, like))?;
        Ok(content::writing(self.clone(), path, file))
    }

    fn link(&self, from: &str, to: &str) -> Result<()> {
        self.plain(Operation::Link, to, || self.inner.link(from, to))
    }

    fn puts_over(&self) -> bool {
        self.inner.puts_over()
    }

    fn put_over(&self, from: &str, to: &str) -> Result<()> {
        self.plain(Operation::PutOver, to, || self.inner.put_over(from, to))
    }

    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>> {
        let (held, lie) = self.run(Operation::TryLock, path, || self.inner.try_lock(path))?;
        if let Some(Lie::NoLock) = lie {
            return Ok(Some(Box::new(NotHeld)));
        }
        Ok(held)
    }

    fn is_local(&self) -> bool {
        self.inner.is_local()
    }

    fn file_system(&self) -> &FileSystem {
        self.inner.file_system()
    }

    fn free_space(&self) -> Result<Option<u64>> {
        self.inner.free_space()
    }

    fn resolve(&self, path: &str) -> Result<Option<String>> {
        self.plain(Operation::Resolve, path, || self.inner.resolve(path))
    }
}

struct NotHeld;

impl Held for NotHeld {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
