//! Status: what I hold and wait for, or all about these files. Answered from memory.

use camctl_shared::ipc::message::{FileReport, Outcome, Reply};
use camctl_shared::model::FileName;

use super::common::{Target, glance, locate};
use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::board::Board;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::wire;

/// Serves `Status`.
pub async fn status(agent: &Agent, replies: &mut Replies, files: Vec<String>) -> Result<(), Gone> {
    if files.is_empty() {
        for repository in agent.registry.all() {
            mine(&repository, replies).await?;
        }
    } else {
        for target in locate(agent, replies, files).await? {
            let report = about(&target).await;
            replies.add(&Reply::File(report)).await?;
        }
    }
    replies.send(&Reply::Done).await
}

/// What this desk holds in one repository, what it lost without having asked since, and what it waits for.
async fn mine(repository: &Repository, replies: &mut Replies) -> Result<(), Gone> {
    let board = &repository.board;
    if let Err(problem) = repository.ready().await
        && board.table().is_none()
    {
        // What is held there is not known. Where nothing was held when it was last read, that need not trouble anybody.
        if repository.kept().may_hold() {
            replies
                .add(&Reply::File(wire::failed(&board.folder, &problem)))
                .await?;
        }
        return Ok(());
    }
    let (held, lost, awaited) = {
        let state = board.state();
        let held: Vec<FileName> = state.mine.keys().cloned().collect();
        (held, state.lost.clone(), state.courtesy.awaited())
    };
    let report = |file: &FileName, outcome| FileReport {
        asked: board.root.join(file.as_str()).display().to_string(),
        repository: Some(board.folder.clone()),
        file: Some(file.as_str().to_owned()),
        outcome,
    };
    for file in &held {
        let stands = stands(board, file, None, None);
        let Outcome::Stands { lock: Some(_), .. } = stands else {
            continue;
        };
        replies.add(&Reply::File(report(file, stands))).await?;
    }
    for (file, loss) in lost {
        let fault = board.see(|eyes| {
            let lock = eyes.table.locks.get(&file).cloned();
            let problem = Problem::Lost {
                ended: loss.ended.clone(),
                by: loss.by.clone(),
                lock,
            };
            eyes.fault(Some(&file), &problem)
        });
        if let Some(fault) = fault {
            replies
                .add(&Reply::File(report(&file, Outcome::Failed(fault))))
                .await?;
        }
    }
    for file in &awaited {
        let outcome = super::common::awaited(board, file);
        replies.add(&Reply::File(report(file, outcome))).await?;
    }
    Ok(())
}

/// How `file` stands, and who wants it.
fn stands(board: &Board, file: &FileName, size: Option<u64>, exists: Option<bool>) -> Outcome {
    let notify = board.state().courtesy.wishes.contains_key(file);
    let seen = board.see(|eyes| (eyes.standing(file), eyes.line(file), eyes.notes(file)));
    let (lock, line, requests) = seen.unwrap_or_default();
    Outcome::Stands {
        lock,
        size,
        exists,
        line,
        requests,
        notify,
    }
}

/// All about one file. Free is only said of a table that could be read.
async fn about(target: &Target) -> FileReport {
    let repository = &target.repository;
    if let Err(problem) = repository.ready().await
        && repository.board.table().is_none()
    {
        return target.failed(problem);
    }
    let fresh = repository.freshen().await;
    let board = &repository.board;
    let known = || fresh.clone().and_then(|()| board.readable());
    let stands = |file: &FileName, size, exists| {
        let outcome = stands(board, file, size, exists);
        if matches!(outcome, Outcome::Stands { lock: None, .. })
            && let Err(problem) = known()
        {
            return target.failed(problem);
        }
        FileReport {
            asked: target.asked.clone(),
            repository: Some(board.folder.clone()),
            file: Some(file.as_str().to_owned()),
            outcome,
        }
    };
    if target.lock().is_some()
        && let Ok(name) = target.name()
    {
        return stands(&name, None, None);
    }
    if let Err(problem) = known() {
        return target.failed(problem);
    }
    match glance(target).await {
        Ok(glance) => stands(&glance.file, glance.size, glance.exists),
        Err(problem) => target.failed(problem),
    }
}
