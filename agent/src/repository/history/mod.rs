//! The past of a repository: read from its log once, and kept as a digest on this machine.
//!
//! - [`keep`]: keeping the digest up with the log; `file`: its file; [`form`]: its bytes.
//!
//! [`History`] is asked from the agent's asynchronous side. One thread at a time goes through log and digest; the worker
//! and its commits go on meanwhile. What is pruned on the share stays in the digest.

pub mod file;
pub mod form;
pub mod keep;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use camctl_shared::history::{Desk, Held, Listener, Name, Names, Place, Reckoner, Step};
use camctl_shared::store::SharedTable;
use tokio::sync::{Semaphore, oneshot};

use self::file::Frames;
use self::form::{Frame, Told};
use super::board::Board;
use crate::problem::Problem;

/// How far the reading of the log is; and whether anybody waits for it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    abandoned: AtomicBool,
}

impl Progress {
    /// How much is read, of how much that was missing.
    pub fn seen(&self) -> (u64, u64) {
        (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }

    /// Whether anybody waits for it still.
    fn tell(&self, done: u64, total: u64) -> bool {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        !self.abandoned.load(Ordering::Relaxed)
    }
}

/// Which files are looked back at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Files, and folders for all below them; an empty one stands for the repository.
    pub paths: Vec<String>,
}

impl Scope {
    fn has(&self, file: &str) -> bool {
        self.paths.iter().any(|path| {
            let rest = file.strip_prefix(path.as_str());
            path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// What somebody wants to know of the past: told all of it, in the scope, and then asked for the answer.
pub trait Question: Send + 'static {
    /// Its answer.
    type Answer: Send + 'static;
    /// Who is told.
    type Listener: Listener;

    /// Before the past is told: `names` may be given those that matter.
    fn listener(&self, names: &mut Names) -> Self::Listener;
    /// After it. `begins` is when what is known begins.
    fn answer(self, listener: Self::Listener, names: &Names, begins: i64) -> Self::Answer;
}

/// See the module.
pub struct History {
    board: Arc<Board>,
    /// One at a time: a second one would only make the share slower.
    turn: Arc<Semaphore>,
}

/// An answer that is on its way. Dropped, nobody waits for it.
pub struct Looking<T> {
    /// It.
    pub answer: oneshot::Receiver<Result<T, Problem>>,
    /// How far it is.
    pub progress: Arc<Progress>,
}

impl<T> Drop for Looking<T> {
    fn drop(&mut self) {
        self.progress.abandoned.store(true, Ordering::Relaxed);
    }
}

impl History {
    /// Of the repository on that board.
    pub fn new(board: Arc<Board>) -> Self {
        Self {
            board,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Looks back; to be called within the runtime. The table has to have been read.
    pub fn look<Q: Question>(&self, scope: Scope, question: Q) -> Looking<Q::Answer> {
        let (reply, answer) = oneshot::channel();
        let progress = Arc::new(Progress::default());
        let (board, turn) = (Arc::clone(&self.board), Arc::clone(&self.turn));
        let told = Arc::clone(&progress);
        tokio::spawn(async move {
            // Closed by nobody.
            let Ok(turn) = turn.acquire_owned().await else {
                return;
            };
            let work = move || {
                // Fails only when nobody waits any more.
                let _ = reply.send(work(&board, &scope, question, &told));
                drop(turn);
            };
            if let Err(error) = std::thread::Builder::new().name("history".into()).spawn(work) {
                tracing::warn!(%error, "no thread to look back");
            }
        });
        Looking { answer, progress }
    }
}

fn work<Q: Question>(
    board: &Board,
    scope: &Scope,
    question: Q,
    progress: &Progress,
) -> Result<Q::Answer, Problem> {
    let (Some(share), Some(table)) = (board.share(), board.table()) else {
        return Err(Problem::NoFiles);
    };
    let repository = table.read().repository.0.clone();
    let newest = || newest(table);
    let frames = board.past.catch_up(&share, &repository, &newest, progress)?;
    let mut names = Names::default();
    let mut listener = question.listener(&mut names);
    match tell(frames, scope, &mut names, &mut listener, progress) {
        Ok(begins) => Ok(question.answer(listener, &names, begins)),
        Err(error) => {
            board.past.forget();
            Err(Problem::Internal(format!(
                "the digest of the log could not be read, and is made anew when you ask again: {error}"
            )))
        }
    }
}

fn newest(table: &SharedTable) -> (u64, String) {
    let table = table.read();
    (table.n, table.nonce.as_str().to_owned())
}

/// Goes through a digest, a frame at a time. Returns when it begins.
fn tell(
    mut frames: Frames,
    scope: &Scope,
    names: &mut Names,
    to: &mut dyn Listener,
    progress: &Progress,
) -> std::io::Result<i64> {
    let mut reckoner = Reckoner::default();
    let mut begins = None;
    let mut wanted = Vec::new();
    while let Some(frame) = frames.next_frame()? {
        if progress.abandoned.load(Ordering::Relaxed) {
            break;
        }
        let Frame {
            names: theirs, told, ..
        } = frame;
        let ours: Vec<Name> = theirs.texts().iter().map(|text| names.number(text)).collect();
        let same = |name: Name| usize::try_from(name).ok().and_then(|at| ours.get(at).copied());
        let rename = Rename(&same);
        for name in names.texts().iter().skip(wanted.len()) {
            wanted.push(scope.has(name));
        }
        let is_wanted = |name: Name| usize::try_from(name).is_ok_and(|at| wanted.get(at) == Some(&true));
        match told {
            Told::Begin { at, locks } => {
                begins = begins.or(Some(at));
                let locks = locks.into_iter().filter_map(|(file, lock)| {
                    let file = same(file).filter(|file| is_wanted(*file))?;
                    Some((file, rename.held(lock)))
                });
                reckoner.begin(at, locks.collect(), to);
            }
            Told::Steps(steps) => {
                for step in steps {
                    let Some(file) = same(step.file).filter(|file| is_wanted(*file)) else {
                        continue;
                    };
                    reckoner.step(rename.step(file, step), to);
                }
            }
        }
    }
    reckoner.finish(to);
    Ok(begins.unwrap_or_default())
}

/// From the names of a frame to those of everything.
struct Rename<'a>(&'a dyn Fn(Name) -> Option<Name>);

impl Rename<'_> {
    fn name(&self, name: Name) -> Name {
        (self.0)(name).unwrap_or(Name::MAX)
    }

    fn desk(&self, desk: Desk) -> Desk {
        Desk {
            user: self.name(desk.user),
            machine: desk.machine.map(|machine| self.name(machine)),
        }
    }

    fn places(&self, places: &mut [Place]) {
        for place in places {
            place.who = self.desk(place.who);
        }
    }

    fn held(&self, mut lock: Held) -> Held {
        lock.owner = self.desk(lock.owner);
        lock.kind = self.name(lock.kind);
        self.places(&mut lock.line);
        self.places(&mut lock.asked);
        lock
    }

    fn step(&self, file: Name, mut step: Step) -> Step {
        step.file = file;
        step.by = self.desk(step.by);
        if let Some(ended) = &mut step.ended {
            ended.owner = self.desk(ended.owner);
        }
        step.lock = step.lock.map(|lock| self.held(lock));
        step
    }
}
