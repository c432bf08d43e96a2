//! Checkin: give locks back.

use camctl_shared::ipc::message::Reply;
use camctl_shared::rules::{Checkin, Intent};

use super::common::{Target, ask, check_files, check_message, find, locate, patiently};
use super::fail;
use crate::repository::job::Unread;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Checkin`.
pub async fn checkin(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    all: bool,
    message: Option<String>,
) -> Result<(), Gone> {
    let named = if all { Ok(()) } else { check_files(&files) };
    if let Err(problem) = named.and_then(|()| check_message(message.as_deref())) {
        return fail(replies, &problem).await;
    }
    let targets = if all {
        everything(agent, replies, &files).await?
    } else {
        locate(agent, replies, files).await?
    };
    let intent = |_: &Target| {
        Intent::Checkin(Checkin {
            token: None,
            message: message.as_deref().map(Into::into),
            ..Checkin::default()
        })
    };
    let work = ask(&targets, intent, Unread::Keep);
    let verdicts = patiently(agent, replies, "waiting for the share", work).await?;
    for (target, verdict) in targets.iter().zip(&verdicts) {
        replies.add(&Reply::File(target.report(verdict))).await?;
    }
    replies.send(&Reply::Done).await
}

/// Everything that this desk holds, in all repositories or below `folders`; what it lost without knowing, too.
async fn everything(agent: &Agent, replies: &mut Replies, folders: &[String]) -> Result<Vec<Target>, Gone> {
    let mut scopes = Vec::new();
    for folder in folders {
        match find(agent, replies, folder).await? {
            Ok(scope) => scopes.push(scope),
            Err(problem) => {
                replies
                    .add(&Reply::File(crate::wire::failed(folder, &problem)))
                    .await?;
            }
        }
    }
    if folders.is_empty() {
        scopes.extend(
            agent
                .registry
                .all()
                .into_iter()
                .map(|repository| (repository, String::new())),
        );
    }
    let mut targets = Vec::new();
    for (repository, below) in scopes {
        if let Err(problem) = repository.ready().await {
            // Whether something is held there is not known; that must not look like nothing.
            if !folders.is_empty() || repository.kept().may_hold() {
                let asked = repository.board.folder.clone();
                replies
                    .add(&Reply::File(crate::wire::failed(&asked, &problem)))
                    .await?;
            }
            continue;
        }
        let state = repository.board.state();
        // Programs give their guards back themselves, when they have ended.
        let edits = state.mine.keys().filter(|file| !state.guards.contains(*file));
        for file in edits.chain(state.lost.keys()) {
            let name = file.as_str();
            let inside = below.is_empty()
                || name == below
                || name
                    .strip_prefix(&below)
                    .is_some_and(|rest| rest.starts_with('/'));
            if inside {
                targets.push(Target {
                    asked: repository.board.root.join(name).display().to_string(),
                    repository: std::sync::Arc::clone(&repository),
                    path: name.to_owned(),
                });
            }
        }
    }
    Ok(targets)
}
