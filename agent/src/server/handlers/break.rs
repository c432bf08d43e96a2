//! Break: end somebody else's locks, because they are stale, or as an administrator.

use camctl_shared::ipc::message::Reply;
use camctl_shared::rules::Intent;

use super::common::{ask, check_files, check_message, locate, patiently};
use super::fail;
use crate::repository::job::Unread;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Break`.
pub async fn break_(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    reason: &str,
) -> Result<(), Gone> {
    if let Err(problem) = check_files(&files).and_then(|()| check_message(Some(reason))) {
        return fail(replies, &problem).await;
    }
    let targets = locate(agent, replies, files).await?;
    let intent = |_: &_| Intent::Break {
        reason: reason.into(),
    };
    let work = ask(&targets, intent, Unread::Keep);
    let verdicts = patiently(agent, replies, "waiting for the share", work).await?;
    for (target, verdict) in targets.iter().zip(&verdicts) {
        replies.add(&Reply::File(target.report(verdict))).await?;
    }
    replies.send(&Reply::Done).await
}
