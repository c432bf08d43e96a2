//! Doctor: look for what is wrong, and mend what can be mended safely.

mod files;

use std::sync::Arc;

use camctl_shared::ipc::message::{Finding, Reply};
use camctl_shared::model::{OWN_FOLDER, RequestId};
use camctl_shared::share::{DiskShare, probe};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::common::{find, patiently};
use super::fail;
use crate::repository::Repository;
use crate::repository::inspect::{Found, Grade};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// Serves `Doctor`.
pub async fn doctor(
    agent: &Agent,
    replies: &mut Replies,
    folder: Option<String>,
    fix: bool,
) -> Result<(), Gone> {
    let repositories = match folder {
        None => {
            of_agent(agent, replies).await?;
            agent.registry.all()
        }
        Some(folder) => match find(agent, replies, &folder).await? {
            Ok((repository, _)) => vec![repository],
            Err(problem) => return fail(replies, &problem).await,
        },
    };
    for repository in repositories {
        let place = repository.board.folder.clone();
        let work = async {
            // What cannot be read is looked at all the same: that is what a doctor is for.
            let _ = repository.ready().await;
            repository.inspect(fix).await
        };
        match patiently(agent, replies, "looking", work).await? {
            Ok(found) => {
                for one in found {
                    replies.add(&finding(&place, one)).await?;
                }
                let probed = patiently(
                    agent,
                    replies,
                    "trying out what the file system does",
                    try_out(&repository),
                );
                for one in probed.await? {
                    replies.add(&finding(&place, one)).await?;
                }
                let files = files::look(&repository, fix);
                for one in patiently(agent, replies, "looking through the folder", files).await? {
                    replies.add(&finding(&place, one)).await?;
                }
            }
            Err(problem) => {
                let found = Found::new("share", Grade::Error, problem.to_string());
                replies
                    .add(&finding(&place, found.hint("check the network and the mount")))
                    .await?;
            }
        }
    }
    replies.send(&Reply::Done).await
}

async fn of_agent(agent: &Agent, replies: &mut Replies) -> Result<(), Gone> {
    let me = &agent.registry.house().me;
    let known = agent.registry.all().len();
    let text = format!(
        "runs for {me}, version {}, and knows {known} repositories",
        env!("CARGO_PKG_VERSION")
    );
    replies
        .add(&finding("agent", Found::new("agent", Grade::Ok, text)))
        .await?;
    let log = format!("writes its log to {}", agent.log);
    replies
        .add(&finding("agent", Found::new("log", Grade::Ok, log)))
        .await
}

/// Tries out the file system; on a thread of its own, since it may hang.
async fn try_out(repository: &Arc<Repository>) -> Vec<Found> {
    let board = &repository.board;
    if board.readable().is_err() {
        return Vec::new();
    }
    let root = board.root.clone();
    let limit = board.patience.saturating_mul(4);
    let work = spawn_blocking(move || {
        let share = DiskShare::open(&root)?;
        probe(
            &share,
            &format!("{OWN_FOLDER}/probe-{}", RequestId::random().as_str()),
        )
    });
    let what = "exclusive creation";
    let probe = match timeout(limit, work).await {
        Ok(Ok(Ok(probe))) => probe,
        Ok(Ok(Err(error))) => return vec![Found::new(what, Grade::Error, error.to_string())],
        Ok(Err(error)) => return vec![Found::new(what, Grade::Error, error.to_string())],
        Err(_) => return vec![Found::new(what, Grade::Error, board.no_answer(limit).to_string())],
    };
    let mut found = vec![Found::new(
        what,
        Grade::Ok,
        format!("a name can be created by one alone, by {}", probe.exclusive),
    )];
    let agreed = board.see(|eyes| eyes.table.case);
    let same = agreed == Some(probe.case);
    found.push(if same {
        Found::new(
            "case",
            Grade::Ok,
            format!("names are case-{}, as the table says", probe.case.as_str()),
        )
    } else {
        let text = format!(
            "names are case-{} here, and the table says otherwise",
            probe.case.as_str()
        );
        Found::new("case", Grade::Error, text).hint("mount the share as it was mounted at init")
    });
    found.push(if probe.locks {
        Found::new("file locks", Grade::Ok, "file locks exclude")
    } else {
        Found::new(
            "file locks",
            Grade::Warning,
            "file locks exclude nobody; commits are only slower for it",
        )
    });
    found.extend(
        probe
            .warnings
            .into_iter()
            .map(|text| Found::new("share", Grade::Warning, text)),
    );
    found
}

fn finding(place: &str, found: Found) -> Reply {
    Reply::Finding(Finding {
        place: place.to_owned(),
        what: found.what.to_owned(),
        grade: found.grade.as_str().to_owned(),
        text: found.text,
        hint: found.hint,
    })
}
