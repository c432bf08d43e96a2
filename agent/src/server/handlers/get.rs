//! Get: a copy of a file's content.

use std::sync::Arc;

use camctl_shared::files::get::{self, Place};
use camctl_shared::ipc::message::{FileReport, Outcome, Reply};
use camctl_shared::share::{Share, find_root};

use super::common::{Target, find, glance, locate};
use super::copying::{Elsewhere, Repository, follow, last_part, look, not_copied};
use crate::problem::Problem;
use crate::repository::copying::Going;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Get`.
pub async fn get(agent: &Agent, replies: &mut Replies, file: String, to: String) -> Result<(), Gone> {
    let target = locate(agent, replies, vec![file]).await?.pop();
    if let Some(target) = target {
        let report = match fetch(agent, replies, &target, to).await? {
            Ok(report) => report,
            Err(problem) => target.failed(problem),
        };
        replies.add(&Reply::File(report)).await?;
    }
    replies.send(&Reply::Done).await
}

async fn fetch(
    agent: &Agent,
    replies: &mut Replies,
    target: &Target,
    to: String,
) -> Result<Result<FileReport, Problem>, Gone> {
    let found = match look(agent, replies, target).await? {
        Ok(found) if found.exists == Some(true) => found,
        Ok(_) => return Ok(Err(Problem::NoSuchFile)),
        Err(problem) => return Ok(Err(problem)),
    };
    let name = last_part(&found.path).to_owned();
    if let Err(problem) = may_be_written(agent, replies, &to, &name).await? {
        return Ok(Err(problem));
    }
    let board = &target.repository.board;
    let Some(share) = board.share() else {
        return Ok(Err(Problem::NoFiles));
    };
    let path = found.path.clone();
    let work = Going::start(board, move |gauge, done| {
        let copied = Elsewhere::find(&to, &name).and_then(|there| {
            // Where it really lies: links may have led into a repository, and camctl's own files are no less in it.
            let real = there.folder.root().join(&there.name);
            if find_root(&real)?.is_some() {
                let problem = format!(
                    "{} lies in a repository; name another place for the copy",
                    real.display()
                );
                return Err(Problem::Elsewhere(problem));
            }
            let place = Place {
                folder: &there.folder,
                name: &there.name,
            };
            let copied = get::get(share.as_ref(), &path, place, &mut |done, of| {
                gauge.watch(done, of)
            })
            .map_err(|error| not_copied(error, Repository::IsSource, &path))?;
            Ok((copied, there.folder.show(&there.name)))
        });
        // Whoever asked may have left.
        let _ = done.send(copied);
    });
    let mut going = match work.await {
        Ok(going) => going,
        Err(problem) => return Ok(Err(problem)),
    };
    let step = follow(agent, replies, board, &mut going).await?;
    Ok(step.and_then(|copied| copied).map(|(copied, to)| FileReport {
        asked: target.asked.clone(),
        repository: Some(board.folder.clone()),
        outcome: Outcome::Got {
            lock: board.see(|eyes| eyes.standing(&found.file)).flatten(),
            to,
            size: copied.size,
            sha256: copied.sha256,
        },
        file: Some(found.file.as_str().to_owned()),
    }))
}

/// A file of a repository is replaced by `put` alone, under its lock.
async fn may_be_written(
    agent: &Agent,
    replies: &mut Replies,
    to: &str,
    name: &str,
) -> Result<Result<(), Problem>, Gone> {
    let (repository, path) = match find(agent, replies, to).await? {
        Ok(found) => found,
        Err(Problem::NoRepository { .. }) => return Ok(Ok(())),
        Err(problem) => return Ok(Err(problem)),
    };
    let in_folder = if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}/{name}")
    };
    for path in [path, in_folder] {
        let there = Target {
            asked: path.clone(),
            repository: Arc::clone(&repository),
            path,
        };
        // A folder is looked into next; what cannot be a file of the repository is none.
        match glance(&there).await {
            Ok(glance) if glance.exists != Some(false) => {
                let problem = format!(
                    "{} is a file of the repository, which only `camctl put` replaces; name another place for the copy",
                    glance.file
                );
                return Ok(Err(Problem::Elsewhere(problem)));
            }
            _ => {}
        }
    }
    Ok(Ok(()))
}
