//! Queue: see a line, stand in it without a program that waits along, leave it.

use camctl_shared::ipc::message::{FileReport, InLine, Reply};
use camctl_shared::model::Refusal;
use camctl_shared::rules::{Checkout, Done, Intent, Queue};

use super::common::{Target, ask, awaited, check_files, check_message, existing, locate, patiently};
use super::fail;
use crate::problem::Problem;
use crate::repository::job::{Success, Unread};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Queue`.
pub async fn queue(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    wish: InLine,
) -> Result<(), Gone> {
    let message = match &wish {
        InLine::Join { message } => message.as_deref(),
        InLine::Show | InLine::Leave => None,
    };
    if let Err(problem) = check_files(&files).and_then(|()| check_message(message)) {
        return fail(replies, &problem).await;
    }
    let targets = locate(agent, replies, files).await?;
    let mut had_a_place = Vec::new();
    let intent = match &wish {
        InLine::Show => {
            for target in &targets {
                let report = patiently(agent, replies, "waiting for the share", show(target)).await?;
                replies.add(&Reply::File(report)).await?;
            }
            return replies.send(&Reply::Done).await;
        }
        InLine::Join { message } => Queue::Join(Checkout {
            message: message.as_deref().map(Into::into),
            ..Checkout::default()
        }),
        InLine::Leave => {
            // First here, so that nobody joins anew.
            for target in &targets {
                let give_up = |file| target.repository.board.state().courtesy.give_up(&file);
                had_a_place.push(target.name().is_ok_and(give_up));
            }
            Queue::Leave { joined: None }
        }
    };
    let work = ask(&targets, |_| Intent::Queue(intent.clone()), Unread::Keep);
    let mut verdicts = patiently(agent, replies, "waiting for the share", work).await?;
    for (verdict, had) in verdicts.iter_mut().zip(had_a_place) {
        if had {
            has_left(&mut verdict.result);
        }
    }
    for (target, verdict) in targets.iter().zip(&verdicts) {
        replies.add(&Reply::File(target.report(verdict))).await?;
        // Those who waited along look again, and whoever waits now is polled for.
        target.repository.board.bump();
        target.repository.wake();
    }
    replies.send(&Reply::Done).await
}

/// Whoever had a place and gave it up, and has none now, has left: the worker sees to that too, and was faster.
pub fn has_left(result: &mut Result<Success, Problem>) {
    if let Err(Problem::Refused(Refusal::NotWaiting { lock, .. })) = result {
        let done = Done::Left { lock: lock.take() };
        *result = Ok(Success { done, changed: None });
    }
}

async fn show(target: &Target) -> FileReport {
    let board = &target.repository.board;
    let look = async {
        target.repository.ready().await?;
        let fresh = target.repository.freshen_patiently().await;
        fresh.and_then(|()| board.readable())?;
        existing(target).await
    };
    match look.await {
        Ok(file) => FileReport {
            asked: target.asked.clone(),
            repository: Some(board.folder.clone()),
            file: Some(file.as_str().to_owned()),
            outcome: awaited(board, &file),
        },
        Err(problem) => target.failed(problem),
    }
}
