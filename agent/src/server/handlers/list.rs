//! List: the files of a folder with their locks, in several frames.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use camctl_shared::clock::Timestamp;
use camctl_shared::files::{Found, Selection, Skipped, Which, status};
use camctl_shared::ipc::codec;
use camctl_shared::ipc::message::{Filter, FilterState, LeftOut, ListedFile, LockInfo, Page, Reply};
use camctl_shared::model::{Case, FileName, Lock};

use super::common::{find, patiently};
use super::fail;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::listing::{Listing, PAGE};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// What a lock costs beside its message, about.
const EACH_LOCK: usize = 256;
/// So many of what is left out are named; the rest is counted.
const TOLD: usize = 100;

/// Serves `List`.
pub async fn list(agent: &Agent, replies: &mut Replies, folder: &str, filter: &Filter) -> Result<(), Gone> {
    let (repository, path) = match find(agent, replies, folder).await? {
        Ok(found) => found,
        Err(problem) => return fail(replies, &problem).await,
    };
    let board = &repository.board;
    let ready = async {
        repository.ready().await?;
        // What a list does not say is held is taken for free.
        repository.freshen_patiently().await?;
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
    let listing = match patiently(agent, replies, "looking through the folder", walk).await? {
        Ok(listing) => listing,
        Err(problem) => return fail(replies, &problem).await,
    };
    // A copy, so that nobody waits for a client that reads slowly.
    let snapshot = board.see(|eyes| (eyes.table.locks.clone(), eyes.table.case));
    let Some((locks, case)) = snapshot else {
        return fail(replies, &Problem::Stopping).await;
    };
    let folder = match folder_name(&path, case) {
        Ok(folder) => folder,
        Err(problem) => return fail(replies, &problem).await,
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
            &extensions
        },
    };
    let list = List {
        repository: &repository,
        listing: &listing,
        locks: &locks,
        selection,
    };
    list.send(replies).await?;
    // Locks come from the table: nothing is missing among them.
    if matches!(selection.which, Which::All | Which::Free)
        && let Some(reply) = left_out(listing.skipped())
    {
        replies.add(&reply).await?;
    }
    replies.send(&Reply::Done).await
}

/// What a list does not have; `None` when it has everything.
fn left_out(skipped: &[Skipped]) -> Option<Reply> {
    if skipped.is_empty() {
        return None;
    }
    let mut room = PAGE;
    let what: Vec<LeftOut> = skipped
        .iter()
        .take(TOLD)
        .map_while(|one| {
            room = room.checked_sub(Page::EACH + one.path.len() + one.why.len())?;
            Some(LeftOut {
                path: one.path.clone(),
                folder: one.folder,
                why: one.why.clone(),
            })
        })
        .collect();
    let more = (skipped.len() - what.len()) as u64;
    Some(Reply::LeftOut { what, more })
}

fn folder_name(path: &str, case: Case) -> Result<Option<FileName>, Problem> {
    if path.is_empty() {
        return Ok(None);
    }
    Ok(Some(FileName::parse(path, case)?))
}

/// One list that is sent.
struct List<'a> {
    repository: &'a Repository,
    listing: &'a Listing,
    locks: &'a BTreeMap<FileName, Arc<Lock>>,
    selection: Selection<'a>,
}

impl List<'_> {
    async fn send(&self, replies: &mut Replies) -> Result<(), Gone> {
        if self.listing.pages() == 0 {
            return self.put_together(replies, &[], self.locks).await;
        }
        let whole = matches!(self.selection.which, Which::All | Which::Free);
        for page in 0..self.listing.pages() {
            let (from, to) = self.listing.span(page);
            let from = from.map_or(Bound::Unbounded, Bound::Included);
            let to = to.map_or(Bound::Unbounded, Bound::Excluded);
            let mut held = self.locks.range::<FileName, _>((from, to)).peekable();
            let as_it_is = whole && held.peek().is_none();
            let frame = if as_it_is {
                self.listing.frame(page, frame)
            } else {
                &[]
            };
            if frame.is_empty() {
                let held = held
                    .map(|(name, lock)| (name.clone(), Arc::clone(lock)))
                    .collect();
                self.put_together(replies, self.listing.page(page), &held).await?;
            } else {
                replies.add_frame(frame).await?;
            }
        }
        Ok(())
    }

    /// Files and their locks, as many to a frame as fit.
    async fn put_together(
        &self,
        replies: &mut Replies,
        files: &[Found],
        locks: &BTreeMap<FileName, Arc<Lock>>,
    ) -> Result<(), Gone> {
        let mut page = Page::default();
        let mut bytes = 0;
        for one in status(files, locks, self.selection) {
            let lock = one
                .lock
                .and_then(|lock| self.repository.board.see(|eyes| eyes.lock(one.name, lock)));
            bytes += Page::EACH + one.name.as_str().len();
            bytes += lock.as_ref().map_or(0, |lock| EACH_LOCK + lock.message.len());
            page.push(listed(one.name, one.found, lock.as_ref()));
            if bytes >= PAGE {
                replies.add(&Reply::Files(std::mem::take(&mut page))).await?;
                bytes = 0;
            }
        }
        if page.is_empty() {
            return Ok(());
        }
        replies.add(&Reply::Files(page)).await
    }
}

/// A page of files that nobody holds, as it is sent; empty when it cannot be made.
fn frame(files: &[Found]) -> Vec<u8> {
    let page = files
        .iter()
        .map(|found| listed(&found.name, Some(found), None))
        .collect();
    match codec::encode(&Reply::Files(page)) {
        Ok(frame) => frame,
        Err(error) => {
            tracing::error!(%error, "a page of a list could not be made");
            Vec::new()
        }
    }
}

fn listed<'a>(name: &'a FileName, found: Option<&Found>, lock: Option<&'a LockInfo>) -> ListedFile<'a> {
    ListedFile {
        name: name.as_str(),
        size: found.map(|found| found.size),
        modified_us: found
            .and_then(|found| found.modified)
            .map(Timestamp::as_microsecond),
        lock,
    }
}
