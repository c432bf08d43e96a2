//! Notify: be told when files are free, or do not. Nothing of that is in the table: it is this agent's own memory.

use camctl_shared::ipc::message::{FileReport, Outcome, Reply};
use camctl_shared::model::FileName;

use super::common::{Target, check_files, existing, locate, patiently};
use super::fail;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Notify`.
pub async fn notify(agent: &Agent, replies: &mut Replies, files: Vec<String>, on: bool) -> Result<(), Gone> {
    if let Err(problem) = check_files(&files) {
        return fail(replies, &problem).await;
    }
    for target in locate(agent, replies, files).await? {
        let report = patiently(agent, replies, "waiting for the share", one(&target, on)).await?;
        replies.add(&Reply::File(report)).await?;
    }
    replies.send(&Reply::Done).await
}

async fn one(target: &Target, on: bool) -> FileReport {
    let repository = &target.repository;
    let name = async {
        repository.ready().await?;
        // Whoever asks to be told may be told at once; and a file that is said to be held is held.
        let fresh = repository.freshen_patiently().await;
        fresh.and_then(|()| repository.board.readable())?;
        existing(target).await
    };
    let file = match name.await {
        Ok(file) => file,
        Err(problem) => return target.failed(problem),
    };
    let outcome = if on {
        begin(repository, &file)
    } else {
        Ok(end(repository, &file))
    };
    match outcome {
        Ok(outcome) => FileReport {
            asked: target.asked.clone(),
            repository: Some(repository.board.folder.clone()),
            file: Some(file.as_str().to_owned()),
            outcome,
        },
        Err(problem) => target.failed(problem),
    }
}

fn begin(repository: &Repository, file: &FileName) -> Result<Outcome, Problem> {
    let board = &repository.board;
    let stands = || board.see(|eyes| eyes.table.locks.get(file).cloned()).flatten();
    let Some(lock) = stands() else {
        return Ok(Outcome::Free);
    };
    if lock.owner.same_desk(&board.me) {
        return Err(Problem::Refused(camctl_shared::model::Refusal::Yours {
            file: file.clone(),
            lock,
        }));
    }
    board
        .state()
        .courtesy
        .wish(file.clone(), &lock, true, board.clock.wall());
    // First wished for, then looked again: what became free in between is told here, or by the worker.
    if stands().is_none() {
        board.state().courtesy.wishes.remove(file);
        return Ok(Outcome::Free);
    }
    board.stirred.notify_one();
    // It is polled for from now on.
    repository.wake();
    Ok(noted(repository, file, true))
}

fn end(repository: &Repository, file: &FileName) -> Outcome {
    let board = &repository.board;
    if board.state().courtesy.wishes.remove(file).is_some() {
        board.stirred.notify_one();
    }
    noted(repository, file, false)
}

fn noted(repository: &Repository, file: &FileName, on: bool) -> Outcome {
    let lock = repository.board.see(|eyes| eyes.standing(file)).flatten();
    Outcome::Noted { lock, on }
}
