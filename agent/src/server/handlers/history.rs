//! History: locks of the past, the newest first.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::history::{Episode, Name, Names, Newest};
use camctl_shared::ipc::message::{HistoryPage, Reply};
use tokio::time::timeout;

use super::common::{find, patiently};
use super::fail;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::history::{Question, Scope};
use crate::repository::listing::PAGE;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::wire;

/// More locks than this are not answered with at once: they are held in memory until they are sent.
const MOST: u64 = 1_000_000;
/// What a lock of the past costs beside its texts, about.
const EACH: usize = 128;
/// How often whoever waits for the log to be read is told how far that is.
const TELL: Duration = Duration::from_millis(300);

/// What is wanted of the past.
pub struct Wish {
    /// Which files, folders, or repositories.
    pub paths: Vec<String>,
    /// Only what stands, or ended at or after this.
    pub since: Option<i64>,
    /// Only locks of this person, or ended by them.
    pub user: Option<String>,
    /// At most so many.
    pub limit: u64,
}

/// Serves `History`.
pub async fn history(agent: &Agent, replies: &mut Replies, wish: Wish) -> Result<(), Gone> {
    let mut wanted: Vec<(Arc<Repository>, Scope)> = Vec::new();
    for path in &wish.paths {
        let (repository, path) = match find(agent, replies, path).await? {
            Ok(found) => found,
            Err(problem) => return fail(replies, &problem).await,
        };
        match wanted
            .iter_mut()
            .find(|(other, _)| Arc::ptr_eq(other, &repository))
        {
            Some((_, scope)) => scope.paths.push(path),
            None => wanted.push((repository, Scope { paths: vec![path] })),
        }
    }
    for (repository, scope) in wanted {
        let question = Rows {
            since: wish.since,
            user: wish.user.clone(),
            limit: usize::try_from(wish.limit.min(MOST)).unwrap_or(usize::MAX),
        };
        match look_back(agent, replies, &repository, scope, question).await? {
            Ok(rows) => send(replies, &repository.board.folder, rows).await?,
            Err(problem) => return fail(replies, &problem).await,
        }
    }
    replies.send(&Reply::Done).await
}

/// Looks back at `repository`, as far as the log goes at this moment, and tells the client how far that is.
///
/// # Errors
/// [`Gone`].
pub async fn look_back<Q: Question>(
    agent: &Agent,
    replies: &mut Replies,
    repository: &Arc<Repository>,
    scope: Scope,
    question: Q,
) -> Result<Result<Q::Answer, Problem>, Gone> {
    let ready = async {
        repository.ready().await?;
        repository.freshen_patiently().await?;
        repository.board.readable()
    };
    if let Err(problem) = patiently(agent, replies, "waiting for the share", ready).await? {
        return Ok(Err(problem));
    }
    let scope = match named(repository, scope) {
        Ok(scope) => scope,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut looking = repository.history.look(scope, question);
    loop {
        match timeout(TELL.min(agent.limits.progress), &mut looking.answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(_)) => return Ok(Err(Problem::Internal("no thread looked back".into()))),
            Err(_) => {}
        }
        let (done, total) = looking.progress.seen();
        let progress = Reply::Progress {
            what: "reading the log".to_owned(),
            done,
            total: (total > 0).then_some(total),
        };
        replies.send(&progress).await?;
    }
}

/// Names as the table has them: the past knows a file by nothing else, and it may be gone.
fn named(repository: &Repository, scope: Scope) -> Result<Scope, Problem> {
    let case = repository
        .board
        .table()
        .map_or_else(Default::default, |table| table.read().case);
    let name = |path: String| {
        if path.is_empty() {
            return Ok(path);
        }
        let name = camctl_shared::model::FileName::parse(&path, case)?;
        Ok(name.as_str().to_owned())
    };
    let paths = scope.paths.into_iter().map(name);
    Ok(Scope {
        paths: paths.collect::<Result<_, Problem>>()?,
    })
}

/// The newest locks.
struct Rows {
    since: Option<i64>,
    user: Option<String>,
    limit: usize,
}

struct Answer {
    episodes: Vec<camctl_shared::ipc::message::EpisodeInfo>,
    more: u64,
    begins: i64,
}

impl Question for Rows {
    type Answer = Answer;
    type Listener = Newest;

    fn listener(&self, names: &mut Names) -> Newest {
        let user: Option<Name> = self.user.as_ref().map(|user| names.number(user));
        Newest::new(self.limit, self.since, user)
    }

    fn answer(self, listener: Newest, names: &Names, begins: i64) -> Answer {
        let (episodes, more) = listener.into_episodes();
        let info = |episode: Episode| wire::episode(&episode, names);
        Answer {
            episodes: episodes.into_iter().map(info).collect(),
            more,
            begins,
        }
    }
}

async fn send(replies: &mut Replies, folder: &str, answer: Answer) -> Result<(), Gone> {
    let Answer {
        episodes,
        more,
        begins,
    } = answer;
    let page = |episodes| {
        Reply::History(HistoryPage {
            repository: folder.to_owned(),
            begins_us: begins,
            episodes,
            more,
        })
    };
    let mut rows = Vec::new();
    let mut bytes = 0;
    for row in episodes {
        bytes += EACH + row.file.len() + row.message.len();
        bytes += row.end.as_ref().map_or(0, |end| end.reason.len());
        rows.push(row);
        if bytes >= PAGE {
            replies.add(&page(std::mem::take(&mut rows))).await?;
            bytes = 0;
        }
    }
    replies.add(&page(rows)).await
}
