//! List: the files of a folder with their locks, in several frames.

use camctl_shared::files::{Found, Selection, Status, Which, status};
use camctl_shared::ipc::message::{Filter, FilterState, ListedFile, Reply};
use camctl_shared::model::FileName;

use super::common::patiently;
use super::fail;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// About so many bytes go into one frame; far below what a frame may have.
const PAGE: usize = 60 << 10;
/// What a file costs in a frame beside its name, about.
const EACH: usize = 24;
/// What a lock costs beside its message, about.
const EACH_LOCK: usize = 256;

/// Serves `List`.
pub async fn list(agent: &Agent, replies: &mut Replies, folder: &str, filter: &Filter) -> Result<(), Gone> {
    let (repository, path) = match agent.registry.find(folder).await {
        Ok(found) => found,
        Err(problem) => return fail(replies, &problem).await,
    };
    let board = &repository.board;
    let ready = async {
        repository.ready().await?;
        repository.freshen().await;
        board.readable()
    };
    if let Err(problem) = patiently(agent, replies, "waiting for the share", ready).await? {
        return fail(replies, &problem).await;
    }
    let extensions = if filter.extensions.is_empty() {
        board.state().policy.extensions.clone()
    } else {
        filter
            .extensions
            .iter()
            .map(|one| one.trim_start_matches('.').to_owned())
            .collect()
    };
    let walk = repository.lists.walk(&path, &extensions);
    let walk = match patiently(agent, replies, "looking through the folder", walk).await? {
        Ok(walk) => walk,
        Err(problem) => return fail(replies, &problem).await,
    };
    send(&repository, replies, &walk.files, &path, filter, &extensions).await
}

async fn send(
    repository: &Repository,
    replies: &mut Replies,
    files: &[Found],
    path: &str,
    filter: &Filter,
    extensions: &[String],
) -> Result<(), Gone> {
    let board = &repository.board;
    // A copy, so that nobody waits for a client that reads slowly.
    let snapshot = board.see(|eyes| (eyes.table.locks.clone(), eyes.table.case));
    let Some((locks, case)) = snapshot else {
        return fail(replies, &Problem::Stopping).await;
    };
    let folder = if path.is_empty() {
        None
    } else {
        match FileName::parse(path, case) {
            Ok(folder) => Some(folder),
            Err(why) => return fail(replies, &why.into()).await,
        }
    };
    let selection = Selection {
        which: match filter.state {
            FilterState::All => Which::All,
            FilterState::Locked => Which::Locked,
            FilterState::Free => Which::Free,
            FilterState::Mine => Which::Mine(&board.me),
        },
        folder: folder.as_ref(),
        // Without a wish of the client no lock is hidden, whatever its file is called.
        extensions: if filter.extensions.is_empty() {
            &[]
        } else {
            extensions
        },
    };
    let mut page = Vec::new();
    let mut bytes = 0;
    for one in status(files, &locks, selection) {
        let listed = listed(repository, one);
        bytes += EACH
            + listed.name.len()
            + listed
                .lock
                .as_ref()
                .map_or(0, |lock| EACH_LOCK + lock.message.len());
        page.push(listed);
        if bytes >= PAGE {
            replies.add(&Reply::Files(std::mem::take(&mut page))).await?;
            bytes = 0;
        }
    }
    if !page.is_empty() {
        replies.add(&Reply::Files(page)).await?;
    }
    replies.send(&Reply::Done).await
}

fn listed(repository: &Repository, status: Status<'_>) -> ListedFile {
    let lock = status
        .lock
        .and_then(|lock| repository.board.see(|eyes| eyes.lock(status.name, lock)));
    ListedFile {
        name: status.name.as_str().to_owned(),
        size: status.found.map(|found| found.size),
        modified_us: status
            .found
            .and_then(|found| found.modified)
            .map(camctl_shared::clock::Timestamp::as_microsecond),
        lock: lock.map(Box::new),
    }
}
