//! The repository's files, for lists: walked on a thread of their own, and kept for a moment.
//!
//! One walk of one folder serves everybody who asks for it while it runs, and whoever asks within the next seconds;
//! the locks are merged in when a list is sent, so that they are always those of the moment. A walk ends when nobody
//! waits for it any more.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::files::{Found, Scope, Skipped, Walk, WalkError, walk};
use camctl_shared::ipc::message::Page;
use camctl_shared::model::{Case, FileName, OWN_FOLDER, ShareError, ShareErrorKind};
use camctl_shared::share::Share;
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use super::board::Board;
use crate::problem::Problem;

/// How long a finished walk answers further lists.
const FRESH: Duration = Duration::from_secs(5);
/// How long a walk is kept in memory after it was last used.
const KEEP: Duration = Duration::from_secs(60);
/// A page has about so many bytes when it is sent; far below what a frame may have.
pub const PAGE: usize = 60 << 10;
/// Walks that are kept; of different folders, or for different extensions.
const WALKS: usize = 8;

/// What a list is made of: a folder in the repository, and the extensions that count.
type Key = (String, Vec<String>);
type Outcome = Result<Arc<Listing>, Problem>;
type Running = Arc<watch::Sender<Option<Outcome>>>;

#[derive(Default)]
struct Cache {
    kept: BTreeMap<Key, (Moment, Moment, Arc<Listing>)>,
    running: BTreeMap<Key, Running>,
}

/// The files of a walk, in pages that can be sent as they are as long as nobody holds a file in them.
#[derive(Debug)]
pub struct Listing {
    files: Vec<Found>,
    /// Where each page begins.
    starts: Vec<usize>,
    /// What was made of each page to be sent; made once.
    frames: Vec<OnceLock<Vec<u8>>>,
    skipped: Vec<Skipped>,
    hidden: Vec<String>,
}

impl Listing {
    /// Divides the files of a walk.
    pub fn new(walk: Walk) -> Self {
        let Walk {
            files,
            skipped,
            hidden,
        } = walk;
        let mut starts = Vec::new();
        let mut bytes = PAGE;
        for (at, file) in files.iter().enumerate() {
            bytes += Page::EACH + file.name.as_str().len();
            if bytes >= PAGE {
                starts.push(at);
                bytes = 0;
            }
        }
        let frames = starts.iter().map(|_| OnceLock::new()).collect();
        Self {
            files,
            starts,
            frames,
            skipped,
            hidden,
        }
    }

    /// All files, sorted by name.
    pub fn files(&self) -> &[Found] {
        &self.files
    }

    /// The file of that name.
    pub fn find(&self, name: &FileName) -> Option<&Found> {
        let at = self.files.binary_search_by(|file| file.name.cmp(name)).ok()?;
        self.files.get(at)
    }

    /// Hidden files of camctl's own beside the people's.
    pub fn hidden(&self) -> &[String] {
        &self.hidden
    }

    /// What the walk left out although somebody may look for it.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many pages there are.
    pub fn pages(&self) -> usize {
        self.starts.len()
    }

    /// The files of one page.
    pub fn page(&self, page: usize) -> &[Found] {
        let start = self.starts.get(page).copied().unwrap_or(self.files.len());
        let end = self.starts.get(page + 1).copied().unwrap_or(self.files.len());
        self.files.get(start..end).unwrap_or_default()
    }

    /// The names that a page answers for, files that are gone included: from the first on, up to the next page's.
    /// `None` means without end.
    pub fn span(&self, page: usize) -> (Option<&FileName>, Option<&FileName>) {
        let first = |page: usize| self.starts.get(page).and_then(|start| self.files.get(*start));
        let from = if page == 0 { None } else { first(page) };
        (
            from.map(|file| &file.name),
            first(page + 1).map(|file| &file.name),
        )
    }

    /// What `make` made of a page when it was first asked.
    pub fn frame(&self, page: usize, make: impl FnOnce(&[Found]) -> Vec<u8>) -> &[u8] {
        match self.frames.get(page) {
            Some(frame) => frame.get_or_init(|| make(self.page(page))),
            None => &[],
        }
    }
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

    fn kept(&self, key: &Key) -> Option<Arc<Listing>> {
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
            Ok(walk) => Ok(Arc::new(Listing::new(walk))),
            Err(WalkError::Share(error)) => Err(self.not_listed(error)),
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

impl WalkJob {
    /// A folder that is not there is no fault of the share, as long as the repository is.
    fn not_listed(&self, error: ShareError) -> Problem {
        let (folder, _) = &self.key;
        if error.kind != ShareErrorKind::NotFound {
            Problem::Share(error)
        } else if self.share.stat(OWN_FOLDER).is_err() {
            Problem::Share(ShareError::vanished(&self.board.folder))
        } else if folder.is_empty() {
            Problem::Share(error)
        } else {
            Problem::NoSuchFile
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Found {
        Found {
            name: FileName::parse(name, Case::Sensitive).unwrap(),
            size: 1,
            modified: None,
        }
    }

    fn listing(files: Vec<Found>) -> Listing {
        Listing::new(Walk {
            files,
            ..Walk::default()
        })
    }

    #[test]
    fn every_file_is_on_one_page_and_every_name_belongs_to_one() {
        for count in [0_usize, 1, 5000] {
            let files: Vec<Found> = (0..count).map(|n| found(&format!("{n:06}.mcam"))).collect();
            let listing = listing(files.clone());
            let paged: Vec<Found> = (0..listing.pages())
                .flat_map(|page| listing.page(page).to_vec())
                .collect();
            assert_eq!(paged, files);
            for page in 0..listing.pages() {
                assert!(!listing.page(page).is_empty());
                let (from, to) = listing.span(page);
                assert_eq!(from.is_none(), page == 0);
                assert_eq!(to.is_none(), page + 1 == listing.pages());
                assert_eq!(to, listing.span(page + 1).0.filter(|_| to.is_some()));
            }
        }
    }

    #[test]
    fn long_names_make_short_pages() {
        let name = |n| format!("{n:04}{}.mcam", "/long".repeat(800));
        let listing = listing((0..100).map(|n| found(&name(n))).collect());
        assert!(listing.pages() > 5, "{} pages", listing.pages());
    }
}
