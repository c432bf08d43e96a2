//! Put: a new content for a file that this desk has.
//!
//! The lock is looked for before the copy, and again right before the new content takes the old one's name. Whoever was
//! answered "you have it" then has [`IN_TIME`] for that; later, it is asked again. Nobody else can have the file by then: its
//! owner was silent for less than a quarter of what it takes to be judged, and only an administrator is faster.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use camctl_shared::clock::{Clock, Moment};
use camctl_shared::files::copy::Copied;
use camctl_shared::files::put::{Keep, PutError, Switched, prepare};
use camctl_shared::ipc::message::{FileReport, Outcome, Reply};
use camctl_shared::model::{FileName, SessionId};
use camctl_shared::share::Share;
use tokio::sync::mpsc::UnboundedSender;

use super::common::{Target, locate, patiently};
use super::copying::{Elsewhere, Repository, follow, look, not_copied};
use crate::problem::Problem;
use crate::repository::board::Board;
use crate::repository::copying::{Gauge, Going};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// How long an answer about the lock is good for, at most.
const IN_TIME: Duration = Duration::from_secs(10);
/// How often it is asked for again.
const ASKED: u32 = 5;

/// Serves `Put`.
pub async fn put(agent: &Agent, replies: &mut Replies, file: String, from: String) -> Result<(), Gone> {
    let target = locate(agent, replies, vec![file]).await?.pop();
    if let Some(target) = target {
        let report = match replace(agent, replies, &target, from).await? {
            Ok(report) => report,
            Err(problem) => target.failed(problem),
        };
        replies.add(&Reply::File(report)).await?;
    }
    replies.send(&Reply::Done).await
}

/// What the copy's thread says.
enum Step {
    /// The new content is there: may it have the name?
    Ready,
    /// It is over.
    Over(Result<(Copied, Switched), Problem>),
}

/// The copy's answer: until then it may.
type Leave = Moment;

async fn replace(
    agent: &Agent,
    replies: &mut Replies,
    target: &Target,
    from: String,
) -> Result<Result<FileReport, Problem>, Gone> {
    let found = match look(agent, replies, target).await? {
        Ok(found) => found,
        Err(problem) => return Ok(Err(problem)),
    };
    let board = &target.repository.board;
    let hold = |token| {
        let repository = &target.repository;
        let file = &found.file;
        async move { repository.may_put(file, token).await }
    };
    let lock = match patiently(agent, replies, "waiting for the share", hold(None)).await? {
        Ok(lock) => lock,
        Err(problem) => return Ok(Err(problem)),
    };
    if is_itself(agent, target, &found.file, &from) {
        let problem = "a file cannot be replaced by itself; name the file that has the new content";
        return Ok(Err(Problem::BadRequest(problem.into())));
    }
    let (leave, left) = channel();
    let work = Work::new(board, found.path, from, left);
    let started = match work {
        Ok(work) => Going::start(board, move |gauge, steps| work.run(gauge, steps)).await,
        Err(problem) => Err(problem),
    };
    let mut going = match started {
        Ok(going) => going,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut asked = 0;
    let (copied, switched) = loop {
        match follow(agent, replies, board, &mut going).await? {
            Ok(Step::Over(Ok(done))) => break done,
            Ok(Step::Over(Err(problem))) => return Ok(Err(problem)),
            // Once it has leave, it may have been done.
            Err(problem) => return Ok(Err(unsettled(problem, asked > 0))),
            Ok(Step::Ready) => {}
        }
        asked += 1;
        if asked > ASKED {
            let problem = format!(
                "{} is so slow that no answer about the lock is in time",
                board.folder
            );
            return Ok(Err(Problem::Elsewhere(problem)));
        }
        let before = board.clock.moment();
        match patiently(agent, replies, "waiting for the share", hold(lock.token)).await? {
            // Fails only when the thread is gone, and then there is no next step.
            Ok(_) => drop(leave.send(before.after(in_time(board)))),
            Err(problem) => {
                // Without leave it removes what it has copied; nobody is told before that is done.
                drop(leave);
                let _ = follow(agent, replies, board, &mut going).await?;
                return Ok(Err(problem));
            }
        }
    };
    let info = board.see(|eyes| eyes.lock(&found.file, &lock));
    Ok(info.ok_or(Problem::Stopping).map(|lock| FileReport {
        asked: target.asked.clone(),
        repository: Some(board.folder.clone()),
        file: Some(found.file.as_str().to_owned()),
        outcome: Outcome::Replaced {
            lock,
            size: copied.size,
            sha256: copied.sha256,
            kept: switched.kept,
        },
    }))
}

/// Well before anybody may judge this session.
fn in_time(board: &Board) -> Duration {
    IN_TIME.min(board.state().policy.stale_after / 4)
}

fn is_itself(agent: &Agent, target: &Target, file: &FileName, from: &str) -> bool {
    let Ok(Some((repository, path))) = agent.registry.find_known(from) else {
        return false;
    };
    let there = Target {
        asked: from.to_owned(),
        repository,
        path,
    };
    Arc::ptr_eq(&there.repository, &target.repository) && there.name().is_ok_and(|name| name == *file)
}

fn unsettled(problem: Problem, may_be_done: bool) -> Problem {
    match problem {
        Problem::NoAnswer { folder, waited, .. } => Problem::NoAnswer {
            folder,
            waited,
            unsettled: may_be_done,
        },
        other => other,
    }
}

/// What the thread does.
struct Work {
    share: Arc<dyn Share>,
    clock: Arc<dyn Clock>,
    path: String,
    from: String,
    session: SessionId,
    versions: u32,
    leave: Receiver<Leave>,
}

impl Work {
    fn new(board: &Board, path: String, from: String, leave: Receiver<Leave>) -> Result<Self, Problem> {
        let session = board.me.session.clone().ok_or(Problem::Stopping)?;
        Ok(Self {
            share: board.share().ok_or(Problem::NoFiles)?,
            clock: Arc::clone(&board.clock),
            path,
            from,
            session,
            versions: board.state().policy.keep_versions,
            leave,
        })
    }

    fn run(self, gauge: &Gauge, steps: &UnboundedSender<Step>) {
        let done = self.put(gauge, steps);
        // Whoever asked may have left.
        let _ = steps.send(Step::Over(done));
    }

    fn put(&self, gauge: &Gauge, steps: &UnboundedSender<Step>) -> Result<(Copied, Switched), Problem> {
        let from = Elsewhere::file(&self.from)?;
        let share = self.share.as_ref();
        let source = (&from.folder as &dyn Share, from.name.as_str());
        let prepared = prepare(share, &self.path, &self.session, source, &mut |done, of| {
            gauge.watch(done, of)
        })
        .map_err(|error| not_copied(error, Repository::IsTarget, &self.from))?;
        if !self.may_switch(gauge, steps) {
            prepared.discard(share);
            return Err(Problem::Cancelled);
        }
        let keep = Keep {
            versions: self.versions,
            now: self.clock.wall(),
        };
        match prepared.switch(share, keep) {
            Ok(switched) => Ok((prepared.copied, switched)),
            Err(PutError::Torn { old, error }) => Err(Problem::Torn {
                problem: error.to_string(),
                old,
            }),
            Err(error) => {
                prepared.discard(share);
                Err(match error {
                    PutError::InUse(error) => Problem::InUse(error.to_string()),
                    PutError::Share(error) => Problem::Share(error),
                    PutError::NotAFile => Problem::NotAFile,
                    PutError::Copy(error) => not_copied(error, Repository::IsSource, &self.path),
                    PutError::Torn { .. } => Problem::Internal(error.to_string()),
                })
            }
        }
    }

    /// Asks whether the lock still stands, until there is an answer that is not old yet.
    fn may_switch(&self, gauge: &Gauge, steps: &UnboundedSender<Step>) -> bool {
        loop {
            gauge.moves();
            if steps.send(Step::Ready).is_err() {
                return false;
            }
            match self.leave.recv() {
                Ok(until) if self.clock.moment() < until => {
                    gauge.moves();
                    return true;
                }
                Ok(_) => {}
                // The lock is gone, or whoever asked is.
                Err(_) => return false,
            }
        }
    }
}
