//! What `doctor` sees of the people's files: what a `put` left behind, and locks on files that are not there.

use std::collections::BTreeSet;
use std::sync::Arc;

use camctl_shared::files::Found as File;
use camctl_shared::files::leftovers::{Hidden, Mended};
use camctl_shared::model::{FileName, Lock, Owner, ShareErrorKind as Kind};
use camctl_shared::rules::{Checkin, Intent};
use camctl_shared::share::Share;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::copying::AT_ONCE;
use crate::repository::inspect::{Found, Grade};
use crate::repository::job::{Item, Unread};
use crate::repository::listing::Listing;
use crate::repository::place::Place;

/// Looks through the whole repository, and mends if `fix` what is this desk's own.
pub async fn look(repository: &Repository, fix: bool) -> Vec<Found> {
    let board = &repository.board;
    if board.readable().is_err() {
        return Vec::new();
    }
    let extensions = board.state().policy.extensions.clone();
    let (listing, share) = match (repository.lists.walk("", &extensions).await, board.share()) {
        (Ok(listing), Some(share)) => (listing, share),
        (Err(problem), _) => return vec![Found::new("files", Grade::Error, problem.to_string())],
        (_, None) => return Vec::new(),
    };
    // A put of this agent that is under way has left nothing behind.
    let idle = board.copies.available_permits() == AT_ONCE;
    let (me, in_walk, on_share) = (Arc::clone(&board.me), Arc::clone(&listing), Arc::clone(&share));
    let ours: BTreeSet<String> = board
        .see(|eyes| {
            let ours = eyes
                .table
                .locks
                .iter()
                .filter(|(_, lock)| lock.owner.same_desk(&me));
            ours.map(|(name, _)| name.as_str().to_owned()).collect()
        })
        .unwrap_or_default();
    let mut found = match in_time(repository, move || {
        leftovers(&*on_share, &in_walk, &me, &ours, idle && fix, idle)
    })
    .await
    {
        Ok(found) => found,
        Err(problem) => return vec![Found::new("files", Grade::Error, problem.to_string())],
    };
    let held: Vec<(FileName, Arc<Lock>)> = board
        .see(|eyes| {
            let not_met = |(name, _): &(&FileName, &Arc<Lock>)| listing.find(name).is_none();
            let held = eyes.table.locks.iter().filter(not_met);
            held.map(|(name, lock)| (name.clone(), Arc::clone(lock)))
                .collect()
        })
        .unwrap_or_default();
    let missing = in_time(repository, move || missing(&share, held)).await;
    match missing {
        Ok(missing) => {
            for (name, lock) in missing {
                found.push(gone(repository, &listing, name, &lock, fix && idle).await);
            }
        }
        Err(problem) => found.push(Found::new("files", Grade::Error, problem.to_string())),
    }
    if found.is_empty() {
        let text = "nothing was left behind, and every file that is held is there";
        found.push(Found::new("files", Grade::Ok, text));
    }
    found
}

async fn in_time<T: Send + 'static>(
    repository: &Repository,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let limit = repository.board.patience.saturating_mul(4);
    match timeout(limit, spawn_blocking(work)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Problem::Internal(error.to_string())),
        Err(_) => Err(repository.board.no_answer(limit)),
    }
}

/// What a `put` has left behind that was killed. Whether another desk's is under way, only its own agent can tell.
fn leftovers(
    share: &dyn Share,
    listing: &Listing,
    me: &Owner,
    ours: &BTreeSet<String>,
    fix: bool,
    idle: bool,
) -> Vec<Found> {
    let what = "left behind";
    let mut found = Vec::new();
    for path in listing.hidden() {
        let Some(hidden) = Hidden::parse(path) else {
            continue;
        };
        // The walk may be some seconds old.
        if share.stat(path).is_err_and(|error| error.kind == Kind::NotFound) {
            continue;
        }
        if me.session.as_ref() != Some(&hidden.session) {
            let text = format!("{path} is a new content that another agent is putting, or has left behind");
            let hint = "when it stays: `camctl doctor --fix` of whoever put it removes it";
            found.push(Found::new(what, Grade::Warning, text).hint(hint));
        } else if !idle {
            let text = format!("{path} is a new content that is being put");
            found.push(Found::new(what, Grade::Ok, text));
        } else if fix {
            found.push(match hidden.mend(share, &|file| ours.contains(file)) {
                Ok(Mended::Removed) => Found::new(what, Grade::Mended, format!("{path} was removed")),
                Ok(Mended::PutBack(file)) => {
                    let text = format!("{file} has its old content again, and {path} was removed");
                    Found::new(what, Grade::Mended, text)
                }
                Err(error) => Found::new(what, Grade::Error, error.to_string()),
            });
        } else {
            let text = format!("{path} was left behind by a put of yours that was broken off");
            found.push(Found::new(what, Grade::Warning, text).hint("--fix removes it"));
        }
    }
    found
}

/// Those of `held` that are not there. Not every lock is on a file that lists show.
fn missing(share: &Arc<dyn Share>, held: Vec<(FileName, Arc<Lock>)>) -> Vec<(FileName, Arc<Lock>)> {
    let is_missing = |(name, _): &(FileName, Arc<Lock>)| {
        // In any spelling that the disk may have for it.
        Place::find(share, name.as_str()).is_err_and(|error| error.kind == Kind::NotFound)
    };
    held.into_iter().filter(is_missing).collect()
}

/// A lock on a file that was renamed or deleted.
async fn gone(repository: &Repository, listing: &Listing, name: FileName, lock: &Lock, fix: bool) -> Found {
    let what = "missing file";
    let me = &repository.board.me;
    let mine = lock.owner.same_desk(me);
    let text = match renamed(listing, lock) {
        Some(now) => format!(
            "{name} is held by {}, and is not there; it may be {} now",
            lock.owner, now.name
        ),
        None => format!("{name} is held by {}, and is not there", lock.owner),
    };
    if !mine {
        let hint = "its owner may check it in; an administrator may break the lock";
        return Found::new(what, Grade::Warning, text).hint(hint);
    }
    if !fix {
        let hint = "--fix gives it back; or put a file of that name there again, by `camctl put` for one";
        return Found::new(what, Grade::Warning, text).hint(hint);
    }
    let item = Item {
        path: name.as_str().to_owned(),
        intent: Intent::Checkin(Checkin {
            token: lock.token,
            message: Some("the file is not there any more".into()),
            ..Checkin::default()
        }),
    };
    let verdict = repository.ask(vec![item], Unread::Keep).await.pop();
    match verdict.map(|verdict| verdict.result) {
        Some(Ok(_)) => Found::new(what, Grade::Mended, format!("{text}; it was given back")),
        Some(Err(problem)) => Found::new(what, Grade::Error, format!("{text}; {problem}")),
        None => Found::new(what, Grade::Error, text),
    }
}

/// The one file that is as the held one was at checkout.
fn renamed<'a>(listing: &'a Listing, lock: &Lock) -> Option<&'a File> {
    let base = lock.base.as_ref()?;
    base.modified?;
    let alike = |file: &&File| file.size == base.size && file.modified == base.modified;
    let mut alike = listing.files().iter().filter(alike);
    alike.next().filter(|_| alike.next().is_none())
}
