//! Run: a guard on a file, for as long as a program runs.
//!
//! The client stays while its program runs, and is told what becomes of the guard. When it goes without a word, the
//! repository's worker looks whether the program still runs, and gives the guard back when it does not.

use std::sync::Arc;

use camctl_shared::ipc::message::{FileReport, Outcome, Patience, Reply};
use camctl_shared::model::{FileName, Refusal, Token};
use camctl_shared::rules::{self, Checkin, Form, Intent, Queue};
use tokio::time::timeout;

use super::checkout::{Untold, line};
use super::common::{Target, ask, awaited, check_message, locate, patiently};
use super::fail;
use crate::problem::Problem;
use crate::programs;
use crate::repository::board::Board;
use crate::repository::job::{Success, Unread, Verdict};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// The particulars of a guard, as they came.
pub struct Wish {
    /// What the program does.
    pub message: Option<String>,
    /// Wait while somebody else has the file.
    pub wait: Option<Patience>,
    /// The program.
    pub pid: u32,
}

/// Serves `Run`.
pub async fn run(
    agent: &Agent,
    replies: &mut Replies,
    file: String,
    wish: Wish,
    token: Option<Token>,
) -> Result<(), Gone> {
    if let Err(problem) = check_message(wish.message.as_deref()) {
        return fail(replies, &problem).await;
    }
    let Some(target) = locate(agent, replies, vec![file]).await?.pop() else {
        return replies.send(&Reply::Done).await;
    };
    let guard = match token {
        Some(token) => go_on(agent, replies, &target, token).await?,
        None => take(agent, replies, target.clone(), wish).await?,
    };
    if let Some((file, token)) = guard {
        hold(replies, &target, &file, token).await?;
    }
    replies.send(&Reply::Done).await
}

/// Serves `RunOver`.
pub async fn over(agent: &Agent, replies: &mut Replies, file: String, token: Token) -> Result<(), Gone> {
    let targets = locate(agent, replies, vec![file]).await?;
    let intent = |_: &Target| {
        Intent::Checkin(Checkin {
            token: Some(token),
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

/// Takes the guard, or waits in line for it; what becomes of that is told. `None`: it is not to be had.
async fn take(
    agent: &Agent,
    replies: &mut Replies,
    target: Target,
    wish: Wish,
) -> Result<Option<(FileName, Token)>, Gone> {
    let repository = Arc::clone(&target.repository);
    let board = &repository.board;
    let started = board.clock.moment();
    let Some(program) = programs::describe(board.programs.as_ref(), wish.pid) else {
        let problem = Problem::BadRequest(format!("no program with the number {} runs here", wish.pid));
        replies.add(&Reply::File(target.failed(problem))).await?;
        return Ok(None);
    };
    let checkout = rules::Checkout {
        message: wish.message.as_deref().map(Into::into),
        form: Form::Guard(program),
        ..rules::Checkout::default()
    };
    let intent = if wish.wait.is_some() {
        Intent::Queue(Queue::Join(checkout))
    } else {
        Intent::Checkout(checkout)
    };
    // From here on nobody forgets that waiting was given up.
    let _attending = repository.attend();
    let work = ask(
        std::slice::from_ref(&target),
        |_| intent.clone(),
        Unread::GiveBack,
    );
    let Some(verdict) = patiently(agent, replies, "waiting for the share", work)
        .await?
        .pop()
    else {
        return Ok(None);
    };
    let untold = match wish.wait {
        Some(patience) if line::has_to_wait(&verdict) => {
            let until = patience
                .at_most_ms
                .map(|ms| started.after(std::time::Duration::from_millis(ms)));
            let (file, asked) = (verdict.file.clone(), target.asked.clone());
            let place = line::Place::new(target, intent, started, until, &verdict);
            let waiting = async {
                let (target, verdict) = place.wait(verdict).await;
                Untold::new(target, verdict, Unread::GiveBack)
            };
            tell_place(replies, board, file.as_ref().map(|file| (file, &*asked)), waiting).await?
        }
        _ => Untold::new(target, verdict, Unread::GiveBack),
    };
    let guard = guard(&untold.verdict);
    replies.send(&untold.report()).await?;
    untold.told();
    Ok(guard)
}

fn guard(verdict: &Verdict) -> Option<(FileName, Token)> {
    use rules::Done::{Granted, Renewed};
    let Ok(Success {
        done: Granted { lock, .. } | Renewed { lock },
        ..
    }) = &verdict.result
    else {
        return None;
    };
    Some((verdict.file.clone()?, lock.token?))
}

/// Waits, and tells the client whenever the line has changed.
async fn tell_place(
    replies: &mut Replies,
    board: &Board,
    file: Option<(&FileName, &str)>,
    waiting: impl Future<Output = Untold>,
) -> Result<Untold, Gone> {
    let mut waiting = std::pin::pin!(waiting);
    let mut changes = board.changes();
    let mut last = None;
    loop {
        if let Some((file, asked)) = file {
            let now = awaited(board, file);
            if last.as_ref() != Some(&now) {
                replies
                    .send(&Reply::File(report(board, asked, file, now.clone())))
                    .await?;
                last = Some(now);
            }
        }
        tokio::select! {
            biased;
            untold = &mut waiting => return Ok(untold),
            changed = changes.changed() => if changed.is_err() {
                return Ok(waiting.await);
            },
        }
    }
}

fn report(board: &Board, asked: &str, file: &FileName, outcome: Outcome) -> FileReport {
    FileReport {
        asked: asked.to_owned(),
        repository: Some(board.folder.clone()),
        file: Some(file.as_str().to_owned()),
        outcome,
    }
}

/// Finds the guard again that the client has had before this agent was started, say; `None`: told why not.
async fn go_on(
    agent: &Agent,
    replies: &mut Replies,
    target: &Target,
    token: Token,
) -> Result<Option<(FileName, Token)>, Gone> {
    let repository = &target.repository;
    let look = async {
        repository.ready().await?;
        repository.freshen_patiently().await?;
        target.name()
    };
    match patiently(agent, replies, "waiting for the share", look).await? {
        Ok(file) => Ok(Some((file, token))),
        Err(problem) => {
            replies.add(&Reply::File(target.failed(problem))).await?;
            Ok(None)
        }
    }
}

/// Tells the client what becomes of its guard, until that is over or the client leaves.
async fn hold(replies: &mut Replies, target: &Target, file: &FileName, token: Token) -> Result<(), Gone> {
    let repository = &target.repository;
    let board = &repository.board;
    let _attended = repository.attend_to(file, token);
    let mut changes = board.changes();
    let mut safe = true;
    loop {
        if let Some(problem) = ended(board, file, token) {
            let verdict = Verdict {
                file: Some(file.clone()),
                result: Err(problem),
            };
            return replies.send(&Reply::File(target.report(&verdict))).await;
        }
        let now = board.clock.moment();
        let (left, is_safe) = {
            let state = board.state();
            (state.life.left(now), state.life.is_safe(now))
        };
        let doubt = left.is_some_and(|left| left.is_zero());
        if safe && doubt || !safe && is_safe {
            safe = !safe;
            replies
                .send(&Reply::File(report(
                    board,
                    &target.asked,
                    file,
                    stands(board, file),
                )))
                .await?;
        }
        // Whatever ends the wait, everything is looked at again.
        match left.filter(|_| safe) {
            Some(left) => drop(timeout(left, changes.changed()).await),
            None => drop(changes.changed().await),
        }
    }
}

fn stands(board: &Board, file: &FileName) -> Outcome {
    Outcome::Stands {
        lock: board.see(|eyes| eyes.standing(file)).flatten(),
        size: None,
        exists: None,
        line: Vec::new(),
        requests: Vec::new(),
        notify: false,
    }
}

/// Why the guard is over, when it is.
fn ended(board: &Board, file: &FileName, token: Token) -> Option<Problem> {
    if let Err(problem @ Problem::Stopping) = board.readable() {
        return Some(problem);
    }
    let lock = board.table()?.read().locks.get(file).cloned();
    if lock.as_ref().is_some_and(|lock| lock.token == Some(token)) {
        return None;
    }
    let loss = {
        let mut state = board.state();
        match state.lost.get(file) {
            Some(loss) if loss.ended.token == Some(token) => state.lost.remove(file),
            _ => None,
        }
    };
    Some(match loss {
        Some(loss) => {
            board.stirred.notify_one();
            Problem::Lost {
                ended: loss.ended,
                by: loss.by,
                lock,
            }
        }
        None => Problem::Refused(Refusal::OldToken {
            file: file.clone(),
            token,
            lock,
        }),
    })
}
