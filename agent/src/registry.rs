//! Which repositories there are, and which one a path belongs to.
//!
//! A path is taken as it is spelled: known folders are compared first, without touching the share. Only for a path
//! below none of them is the file system asked, upwards for `.camctl/` as git does, on a thread of its own and with a
//! limit. A folder that is reached by two paths is one repository.

mod leaving;
mod looking;
mod spelling;
#[cfg(test)]
mod tests;
mod view;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camctl_shared::clock::Clock;
use camctl_shared::model::{OWN_FOLDER, Owner, StoreError};
use camctl_shared::paths::Paths;
use camctl_shared::share::{DiskShare, Root, Share, find_root};
use camctl_shared::store::folder::{FolderStore, Options};
use tokio::sync::{Notify, OnceCell, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::looking::{Looking, Looks};
use self::spelling::{plain, relative};
use crate::desktop::Desktop;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::board::Board;
use crate::repository::pulse::Attentive;
use crate::repository::worker::{Opened, Opener};
use crate::state::Kept;

/// How long saving the local state is waited for.
const SAVING: Duration = Duration::from_secs(2);

/// What every repository of this agent is opened with.
#[derive(Clone)]
pub struct House {
    /// Whose agent this is.
    pub me: Arc<Owner>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The person's desktop.
    pub desktop: Arc<dyn Desktop>,
    /// How long a share may owe an answer.
    pub patience: Duration,
    /// Where local state lives; `None`: nothing of the past is kept.
    pub paths: Option<Arc<Paths>>,
    /// Rung when something changed that is saved or shown.
    pub stirred: Arc<Notify>,
    /// Has the local state saved at once, and says when that is done.
    pub remember: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

struct Entry {
    /// Every path by which it was reached; the first is the one that is shown.
    roots: Vec<PathBuf>,
    repository: Arc<Repository>,
    /// Set once the local state has it. Whoever asks first sees to that; whoever asks meanwhile waits too.
    remembered: Arc<OnceCell<()>>,
}

/// A repository that has an entry.
struct Known {
    repository: Arc<Repository>,
    remembered: Arc<OnceCell<()>>,
}

impl Entry {
    fn known(&self) -> Known {
        Known {
            repository: Arc::clone(&self.repository),
            remembered: Arc::clone(&self.remembered),
        }
    }

    /// Remembers more paths.
    fn know(&mut self, roots: impl IntoIterator<Item = PathBuf>) {
        for root in roots {
            if !self.roots.contains(&root) {
                self.roots.push(root);
            }
        }
    }
}

/// See the module.
pub struct Registry {
    house: House,
    entries: Mutex<Vec<Entry>>,
    /// The folders above which repositories are looked for right now, by how many, and since when.
    looking: Arc<Looks>,
}

impl Registry {
    /// One that knows no repository.
    pub fn new(house: House) -> Self {
        Self {
            house,
            entries: Mutex::default(),
            looking: Arc::default(),
        }
    }

    /// What every repository is opened with.
    pub fn house(&self) -> &House {
        &self.house
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every repository, in the order in which they became known.
    pub fn all(&self) -> Vec<Arc<Repository>> {
        self.entries()
            .iter()
            .map(|entry| Arc::clone(&entry.repository))
            .collect()
    }

    /// Takes up what an earlier run of the agent knew. Returns at once; the shares are asked in the background.
    pub fn resume(&self, known: Vec<Kept>) {
        for kept in known {
            let root = kept.root.clone();
            match self.start(&root, kept) {
                Ok(repository) => self.entries().push(Entry {
                    roots: vec![root],
                    repository,
                    remembered: Arc::new(OnceCell::new_with(Some(()))),
                }),
                Err(problem) => tracing::warn!(root = %root.display(), %problem, "not taken up again"),
            }
        }
    }

    /// The repository that `path` lies in, and the rest of the path, with `/` between its parts; the rest is empty for
    /// the repository's folder itself.
    ///
    /// # Errors
    /// [`Problem::NoRepository`], [`Problem::NoAnswer`] when the share hangs, [`Problem::Name`] when the path cannot
    /// be in a repository.
    pub async fn find(&self, path: &str) -> Result<(Arc<Repository>, String), Problem> {
        let path = plain(Path::new(path))?;
        if let Some(found) = self.known(&path) {
            let (entry, rest) = found?;
            return Ok((self.remembered(entry).await, rest));
        }
        let place = self.look_upwards(&path).await?;
        let Some(place) = place else {
            return Err(Problem::NoRepository {
                path: path.display().to_string(),
            });
        };
        let repository = self.open(&place.folder, &place.real).await?;
        Ok((repository, relative(&place.folder, &place.path)?))
    }

    /// The same for whoever must not wait: `None` below no folder that is known already.
    ///
    /// # Errors
    /// [`Problem::Name`] when the path cannot be in a repository.
    pub fn find_known(&self, path: &str) -> Result<Option<(Arc<Repository>, String)>, Problem> {
        let found = self.known(&plain(Path::new(path))?).transpose()?;
        Ok(found.map(|(known, rest)| (known.repository, rest)))
    }

    /// Asks the file system. Where an earlier look has not come back for too long, nobody waits again.
    async fn look_upwards(&self, path: &Path) -> Result<Option<Root>, Problem> {
        let limit = self.house.patience;
        let no_answer = |waited| Problem::NoAnswer {
            folder: path.display().to_string(),
            waited,
            unsettled: false,
        };
        let now = self.house.clock.moment();
        let folder = path.parent().unwrap_or(path).to_owned();
        let looking = Looking::begin(&self.looking, folder, now);
        if let Some(waited) = looking.waited(now).filter(|waited| *waited >= limit) {
            return Err(no_answer(waited));
        }
        let looked_at = path.to_owned();
        let look = spawn_blocking(move || {
            let found = find_root(&looked_at);
            drop(looking);
            found
        });
        match timeout(limit, look).await {
            Ok(Ok(place)) => Ok(place?),
            Ok(Err(error)) => Err(Problem::Internal(error.to_string())),
            Err(_) => Err(no_answer(limit)),
        }
    }

    fn known(&self, path: &Path) -> Option<Result<(Known, String), Problem>> {
        let entries = self.entries();
        let (root, entry) = entries
            .iter()
            .flat_map(|entry| entry.roots.iter().map(move |root| (root, entry)))
            .filter(|(root, _)| path.starts_with(root))
            .max_by_key(|(root, _)| root.components().count())?;
        Some(relative(root, path).map(|rest| (entry.known(), rest)))
    }

    /// Opens the repository at `root`, unless it is known: by that name, by `real`, or as a folder that was reached by
    /// another path before.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the system gives no thread for it.
    pub async fn open(&self, root: &Path, real: &Path) -> Result<Arc<Repository>, Problem> {
        let roots = [root.to_owned(), real.to_owned()];
        if let Some(known) = self.same_root(&roots) {
            return Ok(self.remembered(known).await);
        }
        let new = self.start(root, Kept::default())?;
        let twin = if self.all().is_empty() {
            None
        } else {
            self.twin(&new).await
        };
        let known = self.know(&new, roots, twin.as_ref());
        Ok(self.remembered(known).await)
    }

    /// Enters `new`, unless it is known by now.
    fn know(&self, new: &Arc<Repository>, roots: [PathBuf; 2], twin: Option<&Arc<Repository>>) -> Known {
        // Somebody may have been faster while the share was asked.
        let mut entries = self.entries();
        let known = entries.iter_mut().find(|entry| {
            let is_twin = twin.is_some_and(|twin| Arc::ptr_eq(twin, &entry.repository));
            is_twin || roots.iter().any(|root| entry.roots.contains(root))
        });
        if let Some(entry) = known {
            entry.know(roots);
            new.retire();
            return entry.known();
        }
        let mut entry = Entry {
            roots: Vec::new(),
            repository: Arc::clone(new),
            remembered: Arc::default(),
        };
        entry.know(roots);
        let known = entry.known();
        entries.push(entry);
        known
    }

    /// Has a new repository remembered on the local disk before anything is granted in it: an agent that is killed must
    /// know at its return where to look for what became of its locks. All who ask for it meanwhile wait for that; when
    /// the one who sees to it leaves, another takes over.
    async fn remembered(&self, known: Known) -> Arc<Repository> {
        let Known {
            repository,
            remembered,
        } = known;
        let remember = async {
            // A repository that cannot be read grants nothing; whoever asks next sees to it.
            repository.ready().await.map_err(drop)?;
            let (done, saved) = oneshot::channel();
            if self.house.remember.send(done).is_ok() {
                // What cannot be saved is logged there; it must not keep anybody from working.
                let _ = timeout(SAVING, saved).await;
            }
            Ok::<(), ()>(())
        };
        let _ = remembered.get_or_try_init(|| remember).await;
        repository
    }

    fn same_root(&self, roots: &[PathBuf]) -> Option<Known> {
        let mut entries = self.entries();
        let same = |entry: &&mut Entry| roots.iter().any(|root| entry.roots.contains(root));
        let entry = entries.iter_mut().find(same)?;
        entry.know(roots.iter().cloned());
        Some(entry.known())
    }

    /// The repository that lies in the same folder as `new`, reached by another path: another mount, a drive letter. The
    /// id alone would not tell, since whole folders get copied; but a sign of life that one writes, only the same
    /// folder shows to the other.
    async fn twin(&self, new: &Repository) -> Option<Arc<Repository>> {
        new.ready().await.ok()?;
        let id = new.board.id()?;
        for other in self.all() {
            if other.board.id().as_ref() != Some(&id) {
                continue;
            }
            // The new one's own sign first, so that it does not write over the other's.
            if new.beat().await.is_err() {
                return None;
            }
            let Ok(sign) = other.beat().await else { continue };
            if matches!(new.sign().await, Ok(Some(seen)) if seen == sign) {
                return Some(other);
            }
        }
        None
    }

    fn start(&self, root: &Path, kept: Kept) -> Result<Arc<Repository>, Problem> {
        let house = &self.house;
        let board = Board::new(
            root.to_owned(),
            Arc::clone(&house.me),
            Arc::clone(&house.clock),
            house.patience,
            Arc::clone(&house.stirred),
        );
        if let (Some(paths), Some(machine)) = (&house.paths, &house.me.machine) {
            board.past.keep_at(paths.history_file(machine, root));
        }
        let open = opener(root, house, &board);
        let kept = Kept {
            root: root.to_owned(),
            ..kept
        };
        Repository::start(board, Arc::clone(&house.desktop), open, kept)
            .map(Arc::new)
            .map_err(|error| Problem::Internal(format!("no thread for {}: {error}", root.display())))
    }

    /// What is to be kept over a restart. A repository that was never read and where nothing was held is forgotten.
    pub fn kept(&self) -> Vec<Kept> {
        let worth_it = |repository: &Arc<Repository>| {
            let kept = repository.kept();
            let opened = repository.board.table().is_some();
            let told = !kept.lost.is_empty() || kept.waits();
            (opened || kept.may_hold() || told).then_some(kept)
        };
        self.all().iter().filter_map(worth_it).collect()
    }
}

/// How the worker opens a repository on a share, on its own thread.
fn opener(root: &Path, house: &House, board: &Board) -> Opener {
    let (root, house, pulse) = (root.to_owned(), house.clone(), Arc::clone(&board.pulse));
    Box::new(move || {
        let clock = Arc::clone(&house.clock);
        pulse.asked(clock.moment());
        let disk: Arc<dyn Share> = Arc::new(DiskShare::open(&root).map_err(StoreError::Share)?);
        pulse.answered(clock.moment());
        let share: Arc<dyn Share> = Arc::new(Attentive::new(
            Arc::clone(&disk),
            Arc::clone(&pulse),
            Arc::clone(&clock),
        ));
        let store = FolderStore::new(
            Arc::clone(&share),
            Arc::clone(&house.me),
            clock,
            Options::default(),
        );
        let events = share.is_local().then(|| share.root().join(OWN_FOLDER));
        Ok(Opened {
            store: Box::new(store),
            place: Box::new(Arc::clone(&share)),
            events,
            share: Some(disk),
        })
    })
}
