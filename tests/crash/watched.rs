//! A share on a real disk that writes down what reaches the disk, and whose process may die at any call.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camctl_shared::model::{ShareError, ShareErrorKind};
use camctl_shared::share::{
    DiskShare, Entry, FileSystem, Held, Meta, Published, Reading, Result, Share, Writing,
};

use crate::disk::Op;

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The call never goes out.
    Before,
    /// It is done, and nobody hears of it.
    After,
}

/// See the module.
#[derive(Clone)]
pub struct Watched {
    disk: Arc<DiskShare>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Every system call that changes something, so far.
    log: Vec<Op>,
    /// The calls since it was armed.
    calls: usize,
    deadly: Option<(usize, When)>,
    dead: bool,
    /// So many publishings are done, and their answers lost.
    lose: usize,
}

impl Watched {
    pub fn new(folder: &Path, network: bool) -> Arc<Self> {
        let disk = DiskShare::open_as(folder, !network).expect("the folder is there");
        Arc::new(Self {
            disk: Arc::new(disk),
            state: Arc::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process dies at call number `call` from now on, counted from 0.
    pub fn arm(&self, call: usize, when: When) {
        let mut state = self.state();
        (state.calls, state.deadly) = (0, Some((call, when)));
    }

    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    pub fn lose_replies(&self, count: usize) {
        self.state().lose = count;
    }

    /// How many system calls there were so far.
    pub fn reached(&self) -> usize {
        self.state().log.len()
    }

    pub fn log(&self) -> Vec<Op> {
        self.state().log.clone()
    }

    /// Somebody else writes a file, in one go.
    pub fn foreign(&self, path: &str, content: &[u8]) {
        std::fs::write(self.disk.root().join(path), content).expect("it can be written");
        let mut state = self.state();
        let foreign = format!("{path}.foreign");
        state.log.extend(written(&foreign, content));
        state.log.push(Op::Sync(foreign.clone()));
        state.log.push(Op::Rename(foreign, path.into()));
    }

    fn error(&self, path: &str) -> ShareError {
        ShareError {
            action: "reach",
            path: self.disk.show(path).into(),
            kind: ShareErrorKind::Unknown,
            cause: "the process is dead".into(),
        }
    }

    /// Whether this call goes out, and whether its answer arrives.
    fn enter(&self) -> (bool, bool) {
        let mut state = self.state();
        let call = state.calls;
        state.calls += 1;
        match state.deadly {
            _ if state.dead => (false, false),
            Some((deadly, when)) if deadly == call => {
                state.dead = true;
                (when == When::After, false)
            }
            _ => (true, true),
        }
    }

    fn call<T>(
        &self,
        path: &str,
        act: impl FnOnce() -> Result<T>,
        ops: impl FnOnce() -> Vec<Op>,
    ) -> Result<T> {
        let (goes_out, comes_back) = self.enter();
        if !goes_out {
            return Err(self.error(path));
        }
        let answer = act();
        if answer.is_ok() {
            self.state().log.extend(ops());
        }
        if comes_back { answer } else { Err(self.error(path)) }
    }

    fn look<T>(&self, path: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
        self.call(path, act, Vec::new)
    }

    fn is_there(&self, path: &str) -> bool {
        self.disk.stat(path).is_ok()
    }
}

fn written(path: &str, content: &[u8]) -> [Op; 2] {
    [Op::Create(path.into()), Op::Write(path.into(), content.into())]
}

/// What the system calls are is what `DiskShare` does.
impl Share for Watched {
    fn write_new(&self, path: &str, content: &[u8]) -> Result<()> {
        let ops = || [&written(path, content)[..], &[Op::Sync(path.into())]].concat();
        self.call(path, || self.disk.write_new(path, content), ops)
    }

    fn publish(&self, temporary: &str, path: &str) -> Published {
        let mut answer = None;
        let act = || match self.disk.publish(temporary, path) {
            Published::Won => {
                answer = Some(Published::Won);
                Ok(())
            }
            other => {
                answer = Some(other);
                Err(self.error(path))
            }
        };
        let done = self.call(path, act, || vec![Op::Link(temporary.into(), path.into())]);
        let mut state = self.state();
        if state.dead || (state.lose > 0 && answer.is_some()) {
            state.lose = state.lose.saturating_sub(1);
            drop(state);
            return Published::Unknown(done.err().unwrap_or_else(|| self.error(path)));
        }
        answer.unwrap_or_else(|| Published::Unknown(self.error(path)))
    }

    fn sync_folder(&self, folder: &str) -> Result<()> {
        let ops = || vec![Op::SyncFolder(folder.into())];
        self.call(folder, || self.disk.sync_folder(folder), ops)
    }

    fn overwrite(&self, path: &str, content: &[u8]) -> Result<()> {
        let there = self.is_there(path);
        let ops = || written(path, content)[usize::from(there)..].to_vec();
        self.call(path, || self.disk.overwrite(path, content), ops)
    }

    fn replace(&self, path: &str, content: &[u8]) -> Result<()> {
        let beside = format!("{path}.beside");
        let ops = || {
            let renamed = Op::Rename(beside.clone(), path.into());
            [&written(&beside, content)[..], &[renamed]].concat()
        };
        self.call(path, || self.disk.replace(path, content), ops)
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        let ops = || vec![Op::MakeFolder(path.into())];
        self.call(path, || self.disk.make_folder(path), ops)
    }

    fn remove(&self, path: &str) -> Result<()> {
        let ops = || vec![Op::Remove(path.into())];
        self.call(path, || self.disk.remove(path), ops)
    }

    fn remove_folder(&self, path: &str) -> Result<()> {
        let ops = || vec![Op::Remove(path.into())];
        self.call(path, || self.disk.remove_folder(path), ops)
    }

    fn set_aside(&self, from: &str, to: &str) -> Result<()> {
        let ops = || vec![Op::Rename(from.into(), to.into())];
        self.call(from, || self.disk.set_aside(from, to), ops)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Reading>> {
        self.look(path, || self.disk.open(path))
    }

    fn create(&self, path: &str, like: Option<&str>) -> Result<Box<dyn Writing>> {
        let file = self.call(
            path,
            || self.disk.create(path, like),
            || vec![Op::Create(path.into())],
        )?;
        Ok(Box::new(Fresh {
            share: self.clone(),
            path: path.into(),
            content: Vec::new(),
            file,
        }))
    }

    fn link(&self, from: &str, to: &str) -> Result<()> {
        let ops = || vec![Op::Link(from.into(), to.into())];
        self.call(to, || self.disk.link(from, to), ops)
    }

    fn puts_over(&self) -> bool {
        self.disk.puts_over()
    }

    fn put_over(&self, from: &str, to: &str) -> Result<()> {
        let ops = || vec![Op::Rename(from.into(), to.into())];
        self.call(to, || self.disk.put_over(from, to), ops)
    }

    fn try_lock(&self, path: &str) -> Result<Option<Box<dyn Held>>> {
        let there = self.is_there(path);
        let ops = || {
            if there {
                Vec::new()
            } else {
                vec![Op::Create(path.into())]
            }
        };
        self.call(path, || self.disk.try_lock(path), ops)
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>> {
        self.look(path, || self.disk.read(path, limit))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        self.look(folder, || self.disk.list(folder))
    }

    fn stat(&self, path: &str) -> Result<Meta> {
        self.look(path, || self.disk.stat(path))
    }

    fn resolve(&self, path: &str) -> Result<Option<String>> {
        self.look(path, || self.disk.resolve(path))
    }

    fn show(&self, path: &str) -> String {
        self.disk.show(path)
    }

    fn root(&self) -> &Path {
        self.disk.root()
    }

    fn is_local(&self) -> bool {
        self.disk.is_local()
    }

    fn file_system(&self) -> &FileSystem {
        self.disk.file_system()
    }

    fn free_space(&self) -> Result<Option<u64>> {
        self.disk.free_space()
    }
}

/// A file that is being written, of a process that may die at each piece.
struct Fresh {
    share: Watched,
    path: String,
    content: Vec<u8>,
    file: Box<dyn Writing>,
}

impl Writing for Fresh {
    fn write(&mut self, piece: &[u8]) -> Result<()> {
        let Self {
            share,
            path,
            content,
            file,
        } = self;
        content.extend_from_slice(piece);
        let ops = || vec![Op::Write(path.clone(), content.clone())];
        share.call(path, || file.write(piece), ops)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self {
            share, path, file, ..
        } = *self;
        share.call(&path, || file.finish(), || vec![Op::Sync(path.clone())])
    }
}
