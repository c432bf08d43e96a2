//! Request: ask the owners for files.

use camctl_shared::ipc::message::Reply;
use camctl_shared::rules::Intent;

use super::common::{ask, check_files, check_note, locate, patiently};
use super::fail;
use crate::repository::job::Unread;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Request`.
pub async fn request(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    message: Option<String>,
) -> Result<(), Gone> {
    if let Err(problem) = check_files(&files).and_then(|()| check_note(message.as_deref())) {
        return fail(replies, &problem).await;
    }
    let targets = locate(agent, replies, files).await?;
    let intent = Intent::Request {
        message: message.as_deref().map(Into::into),
    };
    let work = ask(&targets, |_| intent.clone(), Unread::Keep);
    let verdicts = patiently(agent, replies, "waiting for the share", work).await?;
    for (target, verdict) in targets.iter().zip(&verdicts) {
        replies.add(&Reply::File(target.report(verdict))).await?;
        // The answer is polled for from now on.
        target.repository.wake();
    }
    replies.send(&Reply::Done).await
}
