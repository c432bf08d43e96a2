//! Answer: say something to those who ask for one's files.

use camctl_shared::ipc::message::{Reply, Said};
use camctl_shared::model;
use camctl_shared::rules::{Intent, Response, To};

use super::common::{ask, check_files, check_note, locate, patiently};
use super::fail;
use crate::repository::job::Unread;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// What is to be said.
pub struct Wish {
    pub said: Said,
    pub message: Option<String>,
    pub to: Vec<String>,
}

/// Serves `Answer`.
pub async fn answer(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    wish: Wish,
) -> Result<(), Gone> {
    let Wish { said, message, to } = wish;
    if let Err(problem) = check_files(&files).and_then(|()| check_note(message.as_deref())) {
        return fail(replies, &problem).await;
    }
    let targets = locate(agent, replies, files).await?;
    let response = Response {
        said: match said {
            Said::Yes => model::Said::Yes,
            Said::Later => model::Said::Later,
            Said::No => model::Said::No,
        },
        message: message.as_deref().map(Into::into),
        to: if to.is_empty() {
            To::All
        } else {
            To::Users(to.iter().map(|user| user.as_str().into()).collect())
        },
        token: None,
    };
    let work = ask(&targets, |_| Intent::Answer(response.clone()), Unread::Keep);
    let verdicts = patiently(agent, replies, "waiting for the share", work).await?;
    for (target, verdict) in targets.iter().zip(&verdicts) {
        replies.add(&Reply::File(target.report(verdict))).await?;
        // With "yes" the file may be free now.
        target.repository.board.bump();
    }
    replies.send(&Reply::Done).await
}
