//! Status: what I hold and wait for, or all about these files; or at once, from memory alone.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::ipc::message::{FileReport, FileState, Outcome, Reply, Standing, Whose};
use camctl_shared::model::FileName;

use tokio::time::timeout;

use super::common::{Target, glance, locate};
use super::menu::entries;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::board::Board;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::wire;

/// How long a look at a file that somebody has may take.
const LOOK: Duration = Duration::from_secs(1);

/// Serves `Status`.
pub async fn status(agent: &Agent, replies: &mut Replies, files: Vec<String>) -> Result<(), Gone> {
    if files.is_empty() {
        for repository in agent.registry.all() {
            mine(&repository, replies).await?;
        }
    } else {
        for target in locate(agent, replies, files).await? {
            let report = about(&target).await;
            replies.add(&Reply::File(report)).await?;
        }
    }
    replies.send(&Reply::Done).await
}

/// What this desk holds in one repository, what it lost without having asked since, what it has asked others for, and what
/// it waits for.
async fn mine(repository: &Repository, replies: &mut Replies) -> Result<(), Gone> {
    let board = &repository.board;
    if let Err(problem) = repository.ready().await
        && board.table().is_none()
    {
        // What is held there is not known. Where nothing was held when it was last read, that need not trouble anybody.
        if repository.kept().may_hold() {
            replies
                .add(&Reply::File(wire::failed(&board.folder, &problem)))
                .await?;
        }
        return Ok(());
    }
    let (held, lost, asked, awaited) = {
        let state = board.state();
        let held: Vec<FileName> = state.mine.keys().cloned().collect();
        let asked = state.questions.asked_for(&board.me);
        (held, state.lost.clone(), asked, state.courtesy.awaited())
    };
    let report = |file: &FileName, outcome| FileReport {
        asked: board.root.join(file.as_str()).display().to_string(),
        repository: Some(board.folder.clone()),
        file: Some(file.as_str().to_owned()),
        outcome,
    };
    for file in &held {
        let stands = stands(board, file, None, None);
        let Outcome::Stands { lock: Some(_), .. } = stands else {
            continue;
        };
        replies.add(&Reply::File(report(file, stands))).await?;
    }
    for (file, loss) in lost {
        let fault = board.see(|eyes| {
            let lock = eyes.table.locks.get(&file).cloned();
            let problem = Problem::Lost {
                ended: loss.ended.clone(),
                by: loss.by.clone(),
                lock,
            };
            eyes.fault(Some(&file), &problem)
        });
        if let Some(fault) = fault {
            replies
                .add(&Reply::File(report(&file, Outcome::Failed(fault))))
                .await?;
        }
    }
    for file in &asked {
        let requested = board.see(|eyes| {
            let lock = eyes.table.locks.get(file)?;
            eyes.requested(file, lock)
        });
        if let Some(requested) = requested.flatten() {
            replies.add(&Reply::File(report(file, requested))).await?;
        }
    }
    for file in &awaited {
        let outcome = super::common::awaited(board, file);
        replies.add(&Reply::File(report(file, outcome))).await?;
    }
    Ok(())
}

/// How `file` stands, and who wants it.
fn stands(board: &Board, file: &FileName, size: Option<u64>, exists: Option<bool>) -> Outcome {
    let notify = board.state().courtesy.wishes.contains_key(file);
    let seen = board.see(|eyes| {
        let lock = eyes.table.locks.get(file)?;
        Some((eyes.lock(file, lock), eyes.line(lock), eyes.notes(lock)))
    });
    let (lock, line, requests) = match seen.flatten() {
        Some((lock, line, requests)) => (Some(lock), line, requests),
        None => (None, Vec::new(), Vec::new()),
    };
    Outcome::Stands {
        lock,
        size,
        exists,
        line,
        requests,
        notify,
    }
}

/// All about one file. Free is only said of a table that could be read.
async fn about(target: &Target) -> FileReport {
    let repository = &target.repository;
    if let Err(problem) = repository.ready().await
        && repository.board.table().is_none()
    {
        return target.failed(problem);
    }
    let fresh = repository.freshen().await;
    let board = &repository.board;
    let known = || fresh.clone().and_then(|()| board.readable());
    let stands = |file: &FileName, size, exists| {
        let outcome = stands(board, file, size, exists);
        if matches!(outcome, Outcome::Stands { lock: None, .. })
            && let Err(problem) = known()
        {
            return target.failed(problem);
        }
        FileReport {
            asked: target.asked.clone(),
            repository: Some(board.folder.clone()),
            file: Some(file.as_str().to_owned()),
            outcome,
        }
    };
    if target.lock().is_some()
        && let Ok(name) = target.name()
    {
        // Who has it counts, and is not waited for: whether the file is there is said when the share says so at once.
        let looked = match known() {
            Ok(()) => timeout(LOOK, glance(target)).await.ok().and_then(Result::ok),
            Err(_) => None,
        };
        let missing = looked.filter(|glance| glance.exists == Some(false));
        return stands(&name, None, missing.and_then(|glance| glance.exists));
    }
    if let Err(problem) = known() {
        return target.failed(problem);
    }
    match glance(target).await {
        Ok(glance) => stands(&glance.file, glance.size, glance.exists),
        Err(problem) => target.failed(problem),
    }
}

/// Serves `StatusAtOnce`.
pub async fn at_once(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    menus: bool,
) -> Result<(), Gone> {
    for file in files {
        let mut standing = standing(agent, file);
        if menus {
            standing.menu = entries(std::slice::from_ref(&standing));
        }
        replies.add(&Reply::Standing(standing)).await?;
    }
    replies.send(&Reply::Done).await
}

/// How one file stands, as far as is known without asking anybody: what is not known to be free is not called so.
pub fn standing(agent: &Agent, asked: String) -> Standing {
    let unknown = |asked| Standing {
        asked,
        repository: None,
        file: None,
        state: FileState::Unknown,
        lock: None,
        menu: Vec::new(),
    };
    let Ok(Some((repository, path))) = agent.registry.find_known(&asked) else {
        return unknown(asked);
    };
    let board = &repository.board;
    let target = Target {
        asked: asked.clone(),
        repository: Arc::clone(&repository),
        path: path.clone(),
    };
    let here = Standing {
        repository: Some(board.folder.clone()),
        file: Some(path),
        ..unknown(asked)
    };
    let Ok(name) = target.name() else {
        return here;
    };
    let lock = board.see(|eyes| eyes.standing(&name)).flatten();
    let here = Standing {
        file: Some(name.as_str().to_owned()),
        ..here
    };
    match lock {
        Some(lock) => Standing {
            state: match (lock.whose, lock.place) {
                (Whose::Mine, _) => FileState::Mine,
                (_, Some(_)) => FileState::Waiting,
                (_, None) => FileState::Theirs,
            },
            lock: Some(lock),
            ..here
        },
        None if may_be_free(board, &name) => Standing {
            state: FileState::Free,
            ..here
        },
        None => here,
    }
}

/// Whether a file without a lock may be called free: nobody can check the table for people out.
fn may_be_free(board: &Board, name: &FileName) -> bool {
    let Some(table) = board.table() else { return false };
    let case = table.read().case;
    let policy = Arc::clone(&board.state().policy);
    let for_people = FileName::parse(&policy.locks_file, case);
    for_people.as_ref() != Ok(name) && board.readable().is_ok()
}
