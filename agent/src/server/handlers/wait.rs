//! Wait: until files are free, without taking them.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::ipc::message::{FileReport, Outcome, Reply};
use camctl_shared::model::FileName;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::common::{Target, check_files, glance, locate};
use super::fail;
use crate::problem::Problem;
use crate::repository::board::Board;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Wait`.
pub async fn wait(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    timeout_ms: Option<u64>,
) -> Result<(), Gone> {
    if let Err(problem) = check_files(&files) {
        return fail(replies, &problem).await;
    }
    let started = agent.registry.house().clock.moment();
    let until = timeout_ms.map(|ms| started.after(Duration::from_millis(ms)));
    let mut waiting = JoinSet::new();
    for target in locate(agent, replies, files).await? {
        waiting.spawn(until_free(target, started, until));
    }
    replies.flush().await?;
    while let Some(done) = waiting.join_next().await {
        if let Ok(report) = done {
            replies.send(&Reply::File(report)).await?;
        }
    }
    replies.send(&Reply::Done).await
}

async fn until_free(target: Target, started: Moment, until: Option<Moment>) -> FileReport {
    let repository = Arc::clone(&target.repository);
    let board = &repository.board;
    let _attending = repository.attend();
    let mut changes = board.changes();
    if let Err(problem) = repository.ready().await {
        return target.failed(problem);
    }
    // Where that fails, the board says below why nothing is known; whoever waits goes on waiting.
    let _ = repository.freshen_patiently().await;
    let file = if target.lock().is_some() {
        match target.name() {
            Ok(name) => name,
            Err(problem) => return target.failed(problem),
        }
    } else {
        match glance(&target).await {
            Ok(glance) if glance.exists == Some(false) => return target.failed(Problem::NoSuchFile),
            Ok(glance) => glance.file,
            Err(problem) => return target.failed(problem),
        }
    };
    loop {
        if board.readable().is_ok() && may_be_free(board, &file) {
            return FileReport {
                asked: target.asked.clone(),
                repository: Some(board.folder.clone()),
                file: Some(file.as_str().to_owned()),
                outcome: Outcome::Free,
            };
        }
        let unreadable = board.readable().err();
        if let Some(problem) = unreadable.as_ref().filter(|problem| !problem.is_passing()) {
            return target.failed(problem.clone());
        }
        let now = board.clock.moment();
        let left = until.map(|until| until.since(now));
        let changed = match left {
            Some(left) if left.is_zero() => Ok(false),
            Some(left) => timeout(left, changes.changed())
                .await
                .map_or(Ok(true), |changed| changed.map(|()| true)),
            None => changes.changed().await.map(|()| true),
        };
        match changed {
            Ok(true) => {}
            Ok(false) => {
                let timed_out = Problem::TimedOut {
                    lock: target.lock(),
                    waited: now.since(started),
                };
                // Without the share nobody knows how the file stands.
                return target.failed(unreadable.unwrap_or(timed_out));
            }
            Err(_) => return target.failed(Problem::Stopping),
        }
    }
}

/// Whether nobody holds `file`, or its lock is over.
fn may_be_free(board: &Board, file: &FileName) -> bool {
    let look = board.see(|eyes| {
        let lock = eyes.table.locks.get(file);
        lock.is_none_or(|lock| eyes.judge.lock(eyes.table, file, lock).is_over())
    });
    look.unwrap_or(false)
}
