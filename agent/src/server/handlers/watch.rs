//! Watch: events as they happen, until the client leaves.

use std::sync::Arc;

use camctl_shared::ipc::message::{Event, EventKind, Reply};
use camctl_shared::model::Commit;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::common::find;
use super::fail;
use crate::repository::Repository;
use crate::repository::board::News;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::wire;

/// Events on their way to one client; beyond that the repositories' own memory counts, and then some are missed.
const ON_THE_WAY: usize = 64;

/// Serves `Watch`.
pub async fn watch(agent: &Agent, replies: &mut Replies, paths: Vec<String>) -> Result<(), Gone> {
    let mut scopes = Vec::new();
    if paths.is_empty() {
        scopes.extend(
            agent
                .registry
                .all()
                .into_iter()
                .map(|repository| (repository, String::new())),
        );
    }
    for path in paths {
        match find(agent, replies, &path).await? {
            Ok(scope) => scopes.push(scope),
            Err(problem) => return fail(replies, &problem).await,
        }
    }
    let (events, mut arriving) = mpsc::channel(ON_THE_WAY);
    let mut watching = JoinSet::new();
    let mut folders: Vec<String> = Vec::new();
    for (repository, _) in &scopes {
        if folders.contains(&repository.board.folder) {
            continue;
        }
        folders.push(repository.board.folder.clone());
        let same = |(other, _): &&(Arc<Repository>, String)| Arc::ptr_eq(other, repository);
        let below: Vec<String> = scopes.iter().filter(same).map(|(_, path)| path.clone()).collect();
        // Before the client is told that it watches: from then on it misses nothing.
        let news = repository.board.subscribe();
        watching.spawn(follow(Arc::clone(repository), news, below, events.clone()));
    }
    drop(events);
    replies.be_patient();
    replies
        .send(&Reply::Watching {
            repositories: folders,
        })
        .await?;
    while let Some(event) = arriving.recv().await {
        replies.add(&Reply::Event(event)).await?;
        if arriving.is_empty() {
            replies.flush().await?;
        }
    }
    replies.send(&Reply::Done).await
}

async fn follow(
    repository: Arc<Repository>,
    mut news: broadcast::Receiver<News>,
    below: Vec<String>,
    events: mpsc::Sender<Event>,
) {
    repository.wake();
    let event = |at_us, commit, what| Event {
        repository: repository.board.folder.clone(),
        at_us,
        commit,
        what,
    };
    loop {
        let happened = match news.recv().await {
            Ok(News::Commit(commit)) => of_commit(&repository, &commit, &below),
            Ok(News::Away { at, cause }) => vec![event(at.as_microsecond(), None, EventKind::Away { cause })],
            Ok(News::Back { at }) => vec![event(at.as_microsecond(), None, EventKind::Back)],
            Ok(News::Remark { at, text }) => {
                vec![event(at.as_microsecond(), None, EventKind::Remark { text })]
            }
            Err(RecvError::Lagged(count)) => {
                let now = repository.board.clock.wall().as_microsecond();
                vec![event(now, None, EventKind::Missed { count })]
            }
            Err(RecvError::Closed) => return,
        };
        for event in happened {
            if events.send(event).await.is_err() {
                return;
            }
        }
    }
}

fn of_commit(repository: &Repository, commit: &Commit, below: &[String]) -> Vec<Event> {
    let board = &repository.board;
    let event = |what| Event {
        repository: board.folder.clone(),
        at_us: commit.time.as_microsecond(),
        commit: Some(commit.n),
        what,
    };
    let concerned = |name: &str| {
        below.iter().any(|scope| {
            scope.is_empty()
                || name == scope
                || name
                    .strip_prefix(scope.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let changes = commit
        .draft
        .changes
        .iter()
        .filter(|change| concerned(change.file.as_str()));
    let files = changes.map(|change| {
        event(EventKind::File {
            file: change.file.as_str().to_owned(),
            verb: change.verb.as_str().to_owned(),
            by_user: change.by.user.to_string(),
            by_machine: change.by.machine.as_deref().map(str::to_owned),
            ended: change.ended.as_ref().map(wire::ended),
            lock: change
                .lock
                .as_ref()
                .and_then(|lock| board.see(|eyes| eyes.lock(&change.file, lock))),
        })
    });
    let sessions = commit.draft.sessions.iter().map(|change| {
        event(EventKind::Session {
            session: change.session.as_str().to_owned(),
            verb: change.verb.as_str().to_owned(),
            user: commit.author.user.to_string(),
            machine: commit.author.machine.as_deref().map(str::to_owned),
        })
    });
    files.chain(sessions).collect()
}
