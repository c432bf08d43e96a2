//! The repository's files, for lists: walked on a thread of their own, and kept for a moment.
//!
//! One walk of one folder serves everybody who asks for it while it runs, and whoever asks within the next seconds;
//! the locks are merged in when a list is sent, so that they are always those of the moment. A walk ends when nobody
//! waits for it any more.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::files::{Scope, Walk, WalkError, walk};
use camctl_shared::model::Case;
use camctl_shared::share::Share;
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use super::board::Board;
use crate::problem::Problem;

/// How long a finished walk answers further lists.
const FRESH: Duration = Duration::from_secs(5);
/// How long a walk is kept in memory after it was last used.
const KEEP: Duration = Duration::from_secs(60);
/// Walks that are kept; of different folders, or for different extensions.
const WALKS: usize = 8;

/// What a list is made of: a folder in the repository, and the extensions that count.
type Key = (String, Vec<String>);
type Outcome = Result<Arc<Walk>, Problem>;
type Running = Arc<watch::Sender<Option<Outcome>>>;

#[derive(Default)]
struct Cache {
    kept: BTreeMap<Key, (Moment, Moment, Arc<Walk>)>,
    running: BTreeMap<Key, Running>,
}

/// See the module.
pub struct Lists {
    board: Arc<Board>,
    cache: Arc<Mutex<Cache>>,
    /// One walk at a time: a second one would only make the share slower.
    turn: Arc<Semaphore>,
}

impl Lists {
    /// No list yet.
    pub fn new(board: Arc<Board>) -> Self {
        Self {
            board,
            cache: Arc::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The files below `folder` (empty: the whole repository) with these extensions, sorted by name; seconds old at most.
    ///
    /// # Errors
    /// When the folder cannot be read to its end.
    pub async fn walk(&self, folder: &str, extensions: &[String]) -> Outcome {
        let key: Key = (folder.to_owned(), extensions.to_vec());
        loop {
            if let Some(walk) = self.kept(&key) {
                return Ok(walk);
            }
            let mut result = self.join(&key)?;
            let outcome = match result.wait_for(Option::is_some).await {
                Ok(outcome) => outcome.clone(),
                // The thread ended without a word; begin anew.
                Err(_) => None,
            };
            match outcome {
                Some(Err(Problem::Cancelled)) | None => {}
                Some(outcome) => return outcome,
            }
        }
    }

    fn kept(&self, key: &Key) -> Option<Arc<Walk>> {
        let now = self.board.clock.moment();
        let mut cache = lock(&self.cache);
        let (walked, used, walk) = cache.kept.get_mut(key)?;
        if now.since(*walked) >= FRESH {
            return None;
        }
        *used = now;
        Some(Arc::clone(walk))
    }

    /// Joins the walk that runs, or starts one.
    fn join(&self, key: &Key) -> Result<watch::Receiver<Option<Outcome>>, Problem> {
        let mut cache = lock(&self.cache);
        if let Some(running) = cache.running.get(key) {
            return Ok(running.subscribe());
        }
        let share = self.board.share().ok_or(Problem::NoFiles)?;
        let case = self
            .board
            .table()
            .map_or_else(Case::default, |table| table.read().case);
        let locks_file = self.board.state().policy.locks_file.clone();
        let sender = Arc::new(watch::Sender::new(None));
        let receiver = sender.subscribe();
        cache.running.insert(key.clone(), Arc::clone(&sender));
        let job = WalkJob {
            share,
            key: key.clone(),
            case,
            locks_file,
            sender,
            cache: Arc::clone(&self.cache),
            board: Arc::clone(&self.board),
        };
        tokio::spawn(job.start(Arc::clone(&self.turn)));
        Ok(receiver)
    }
}

struct WalkJob {
    share: Arc<dyn Share>,
    key: Key,
    case: Case,
    locks_file: String,
    sender: Running,
    cache: Arc<Mutex<Cache>>,
    board: Arc<Board>,
}

impl WalkJob {
    async fn start(self, turn: Arc<Semaphore>) {
        let Ok(turn) = turn.acquire_owned().await else {
            return;
        };
        let (cache, key) = (Arc::clone(&self.cache), self.key.clone());
        let sender = Arc::clone(&self.sender);
        let board = Arc::clone(&self.board);
        let spawned = std::thread::Builder::new().name("walk".into()).spawn(move || {
            self.run();
            drop(turn);
        });
        if let Err(error) = spawned {
            lock(&cache).running.remove(&key);
            sender.send_replace(Some(Err(Problem::Internal(format!(
                "no thread for a walk: {error}"
            )))));
            return;
        }
        // What nobody uses is forgotten; one timer for each walk, none when there is nothing to forget.
        let mut done = sender.subscribe();
        drop(sender);
        if done.wait_for(Option::is_some).await.is_err() {
            return;
        }
        drop(done);
        loop {
            sleep(KEEP).await;
            let now = board.clock.moment();
            let mut cache = lock(&cache);
            match cache.kept.get(&key) {
                Some((_, used, _)) if now.since(*used) < KEEP => {}
                _ => {
                    cache.kept.remove(&key);
                    return;
                }
            }
        }
    }

    fn run(self) {
        let (folder, extensions) = &self.key;
        let scope = Scope {
            folder,
            extensions,
            case: self.case,
            locks_file: &self.locks_file,
        };
        // One receiver is the timer's own.
        let wanted = || self.sender.receiver_count() > 1;
        let found = walk(self.share.as_ref(), scope, &mut |_| {
            if wanted() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        let outcome = match found {
            Ok(walk) => {
                for (path, why) in &walk.skipped {
                    tracing::debug!(folder = %self.board.folder, %path, %why, "left out of lists");
                }
                Ok(Arc::new(walk))
            }
            Err(WalkError::Share(error)) => Err(Problem::Share(error)),
            Err(WalkError::Name { why, .. }) => Err(Problem::Name(why)),
            Err(WalkError::Cancelled) => Err(Problem::Cancelled),
        };
        {
            let mut cache = lock(&self.cache);
            cache.running.remove(&self.key);
            if let Ok(walk) = &outcome {
                let now = self.board.clock.moment();
                cache.kept.insert(self.key.clone(), (now, now, Arc::clone(walk)));
                forget_the_oldest(&mut cache);
            }
        }
        self.sender.send_replace(Some(outcome));
    }
}

fn forget_the_oldest(cache: &mut Cache) {
    while cache.kept.len() > WALKS {
        let oldest = cache
            .kept
            .iter()
            .min_by_key(|(_, (_, used, _))| *used)
            .map(|(key, _)| key.clone());
        match oldest {
            Some(key) => drop(cache.kept.remove(&key)),
            None => return,
        }
    }
}

fn lock(cache: &Mutex<Cache>) -> MutexGuard<'_, Cache> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}
