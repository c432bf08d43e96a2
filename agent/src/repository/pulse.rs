//! A share that says when it was asked and when it answered, so that whoever waits knows a slow share from a dead one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use camctl_shared::clock::{Clock, Moment};
use camctl_shared::model::ShareErrorKind;
use camctl_shared::share::{
    Entry, FileSystem, Held, Meta, Published, Reading, Result, Share, Visit, Writing,
};

/// When the share answered last, and whether it is being asked right now.
#[derive(Debug, Default)]
pub struct Pulse {
    answered_ms: AtomicU64,
    asked_ms: AtomicU64,
}

impl Pulse {
    /// The share is asked something.
    pub fn asked(&self, now: Moment) {
        self.asked_ms.store(stamp(now), Ordering::Relaxed);
    }

    /// The share answered.
    pub fn answered(&self, now: Moment) {
        self.answered_ms.store(stamp(now), Ordering::Relaxed);
        self.asked_ms.store(0, Ordering::Relaxed);
    }

    /// The system gave up waiting for an answer.
    pub fn gave_up(&self) {
        self.asked_ms.store(0, Ordering::Relaxed);
    }

    /// When it last answered.
    pub fn last(&self) -> Option<Moment> {
        moment(self.answered_ms.load(Ordering::Relaxed))
    }

    /// For how long it owes an answer.
    pub fn owes(&self, now: Moment) -> Option<Duration> {
        moment(self.asked_ms.load(Ordering::Relaxed)).map(|asked| now.since(asked))
    }
}

fn stamp(moment: Moment) -> u64 {
    let since_start = moment.since(Moment::default()).as_millis();
    u64::try_from(since_start).unwrap_or(u64::MAX).max(1)
}

fn moment(stamp: u64) -> Option<Moment> {
    (stamp != 0).then(|| Moment::from_start(Duration::from_millis(stamp)))
}

/// Passes everything on to another share, and keeps a [`Pulse`].
pub struct Attentive {
    share: Arc<dyn Share>,
    pulse: Arc<Pulse>,
    clock: Arc<dyn Clock>,
}

impl Attentive {
    /// Watches over `share`.
    pub fn new(share: Arc<dyn Share>, pulse: Arc<Pulse>, clock: Arc<dyn Clock>) -> Self {
        Self { share, pulse, clock }
    }

    fn ask<T>(&self, call: impl FnOnce(&dyn Share) -> Result<T>) -> Result<T> {
        self.pulse.asked(self.clock.moment());
        let answer = call(self.share.as_ref());
        // A system that gave up on the share is no answer of the share.
        let silent = matches!(&answer, Err(error) if error.kind == ShareErrorKind::Unknown);
        self.note(silent);
        answer
    }

    fn note(&self, silent: bool) {
        if silent {
            self.pulse.gave_up();
        } else {
            self.pulse.answered(self.clock.moment());
        }
    }
}

impl Share for Attentive {
    fn show(&self, path: &str) -> String {
        self.share.show(path)
    }

    fn root(&self) -> &Path {
        self.share.root()
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>> {
        self.ask(|share| share.read(path, limit))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        self.ask(|share| share.list(folder))
    }

    fn stat(&self, path: &str) -> Result<Meta> {
        self.ask(|share| share.stat(path))
    }

    fn scan(&self, folder: &str, visit: &mut dyn Visit) -> Result<()> {
        self.ask(|share| share.scan(folder, visit))
    }

    fn write_new(&self, path: &str, content: &[u8]) -> Result<()> {
        self.ask(|share| share.write_new(path, content))
    }

    fn publish(&self, temporary: &str, path: &str) -> Published {
        self.pulse.asked(self.clock.moment());
        let published = self.share.publish(temporary, path);
        self.note(matches!(published, Published::Unknown(_)));
        published
    }

    fn sync_folder(&self, folder: &str) -> Result<()> {
        self.ask(|share| share.sync_folder(folder))
    }

    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()> {
        self.ask(|share| share.overwrite(path, content))
    }

    fn replace(&self, path: &str, content: &[u8]) -> Result<()> {
        self.ask(|share| share.replace(path, content))
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        self.ask(|share| share.make_folder(path))
    }

    fn remove(&self, path: &str) -> Result<()> {
        self.ask(|share| share.remove(path))
    }

    fn remove_folder(&self, path: &str) -> Result<()> {
        self.ask(|share| share.remove_folder(path))
    }

    fn set_aside(&self, from: &str, to: &str) -> Result<()> {
        self.ask(|share| share.set_aside(from, to))
    }

    // What goes through in pieces has a watch of its own.
    fn open(&self, path: &str) -> Result<Box<dyn Reading>> {
        self.ask(|share| share.open(path))
    }

    fn create(&self, path: &str, like: Option<&str>) -> Result<Box<dyn Writing>> {
        self.ask(|share| share.create(path, like))
    }

    fn link(&self, from: &str, to: &str) -> Result<()> {
        self.ask(|share| share.link(from, to))
    }

    fn puts_over(&self) -> bool {
        self.share.puts_over()
    }

    fn put_over(&self, from: &str, to: &str) -> Result<()> {
        self.ask(|share| share.put_over(from, to))
    }

    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>> {
        self.ask(|share| share.try_lock(path))
    }

    fn is_local(&self) -> bool {
        self.share.is_local()
    }

    fn file_system(&self) -> &FileSystem {
        self.share.file_system()
    }

    fn free_space(&self) -> Result<Option<u64>> {
        self.ask(|share| share.free_space())
    }

    fn resolve(&self, path: &str) -> Result<Option<String>> {
        self.ask(|share| share.resolve(path))
    }
}
