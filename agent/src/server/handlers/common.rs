//! What several verbs do alike: find the files of a request, ask their repositories, report on each.

use std::future::Future;
use std::sync::Arc;

use camctl_shared::ipc::message::{FileReport, Outcome, Reply};
use camctl_shared::model::{FileName, Lock};
use camctl_shared::rules::{Intent, LONGEST_NOTE};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::problem::Problem;
use crate::repository::Repository;
use crate::repository::board::Board;
use crate::repository::job::{Item, Unread, Verdict};
use crate::repository::place::Place as _;
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::wire::{self, LONGEST_MESSAGE};

/// One file of a request.
#[derive(Clone)]
pub struct Target {
    /// As it was asked for.
    pub asked: String,
    /// The repository it lies in.
    pub repository: Arc<Repository>,
    /// The rest of its path.
    pub path: String,
}

impl Target {
    /// A report on this file.
    pub fn report(&self, verdict: &Verdict) -> FileReport {
        let Verdict { file, result } = verdict;
        let board = &self.repository.board;
        let outcome = board.see(|eyes| match (file, result) {
            (Some(file), Ok(success)) => eyes.done(file, &success.done, success.changed),
            (file, Err(problem)) => Outcome::Failed(eyes.fault(file.as_ref(), problem)),
            (None, Ok(_)) => Outcome::Failed(wire::plain_fault(&Problem::Internal(
                "a file without a name".into(),
            ))),
        });
        let plain = || match result {
            Err(problem) => Outcome::Failed(wire::plain_fault(problem)),
            Ok(_) => Outcome::Failed(wire::plain_fault(&Problem::Stopping)),
        };
        FileReport {
            asked: self.asked.clone(),
            repository: Some(board.folder.clone()),
            file: file.as_ref().map(|file| file.as_str().to_owned()),
            outcome: outcome.unwrap_or_else(plain),
        }
    }

    /// A report that it failed.
    pub fn failed(&self, problem: Problem) -> FileReport {
        let file = self.name().ok();
        self.report(&Verdict {
            file,
            result: Err(problem),
        })
    }

    /// The name that the path spells; what links on the way make of it, only the share knows.
    ///
    /// # Errors
    /// When it cannot be a name.
    pub fn name(&self) -> Result<FileName, Problem> {
        let table = self.repository.board.table();
        let case = table.map_or_else(Default::default, |table| table.read().case);
        Ok(FileName::parse(&self.path, case)?)
    }

    /// The lock that stands on it, by the spelling of its path.
    pub fn lock(&self) -> Option<Arc<Lock>> {
        let name = self.name().ok()?;
        let table = self.repository.board.table()?;
        table.read().locks.get(&name).cloned()
    }
}

/// Finds the repository of `path`, and the rest of the path; tells the client now and then that it is waited for.
///
/// # Errors
/// [`Gone`].
pub async fn find(
    agent: &Agent,
    replies: &mut Replies,
    path: &str,
) -> Result<Result<(Arc<Repository>, String), Problem>, Gone> {
    patiently(
        agent,
        replies,
        "looking for the repository",
        agent.registry.find(path),
    )
    .await
}

/// Finds the repositories of `files`; those that are in none are reported at once.
///
/// # Errors
/// [`Gone`].
pub async fn locate(agent: &Agent, replies: &mut Replies, files: Vec<String>) -> Result<Vec<Target>, Gone> {
    let mut targets = Vec::with_capacity(files.len());
    for asked in files {
        let (repository, path) = match find(agent, replies, &asked).await? {
            Ok(found) => found,
            Err(problem) => {
                replies.add(&Reply::File(wire::failed(&asked, &problem))).await?;
                continue;
            }
        };
        let target = Target {
            asked,
            repository,
            path,
        };
        if target.path.is_empty() {
            let report = target.failed(Problem::NotAFile);
            replies.add(&Reply::File(report)).await?;
        } else {
            targets.push(target);
        }
    }
    Ok(targets)
}

/// The files of a request that lie in one repository.
struct Group {
    repository: Arc<Repository>,
    /// Where they stand among the targets.
    places: Vec<usize>,
    items: Vec<Item>,
}

impl Group {
    fn new(repository: &Arc<Repository>) -> Self {
        Self {
            repository: Arc::clone(repository),
            places: Vec::new(),
            items: Vec::new(),
        }
    }
}

/// Asks every repository for its files, all at once; one verdict for each target, in their order.
pub async fn ask(targets: &[Target], intent: impl Fn(&Target) -> Intent, unread: Unread) -> Vec<Verdict> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        let same = |group: &&mut Group| Arc::ptr_eq(&group.repository, &target.repository);
        if groups.iter_mut().find(same).is_none() {
            groups.push(Group::new(&target.repository));
        }
        let Some(group) = groups.iter_mut().find(same) else {
            continue;
        };
        group.places.push(at);
        group.items.push(Item {
            path: target.path.clone(),
            intent: intent(target),
        });
    }
    let mut verdicts: Vec<Option<Verdict>> = vec![None; targets.len()];
    if let [group] = groups.as_mut_slice() {
        let items = std::mem::take(&mut group.items);
        let answers = group.repository.ask(items, unread).await;
        put(&mut verdicts, &group.places, answers);
    } else {
        let mut asking = JoinSet::new();
        for group in groups {
            asking.spawn(async move { (group.places, group.repository.order(group.items, unread).await) });
        }
        // Opened together, when nothing is waited for any more: what nobody opens goes back.
        let mut came = Vec::new();
        while let Some(answer) = asking.join_next().await {
            came.extend(answer);
        }
        for (places, answers) in came {
            put(&mut verdicts, &places, answers.open());
        }
    }
    let lost = || Verdict {
        file: None,
        result: Err(Problem::Internal("no verdict came".into())),
    };
    verdicts
        .into_iter()
        .map(|verdict| verdict.unwrap_or_else(lost))
        .collect()
}

fn put(verdicts: &mut [Option<Verdict>], places: &[usize], answers: Vec<Verdict>) {
    for (place, answer) in places.iter().zip(answers) {
        if let Some(verdict) = verdicts.get_mut(*place) {
            *verdict = Some(answer);
        }
    }
}

/// Waits for `work`, and tells the client now and then that it is waited for.
///
/// # Errors
/// [`Gone`].
pub async fn patiently<T>(
    agent: &Agent,
    replies: &mut Replies,
    what: &str,
    work: impl Future<Output = T>,
) -> Result<T, Gone> {
    let mut work = std::pin::pin!(work);
    loop {
        if let Ok(done) = timeout(agent.limits.progress, &mut work).await {
            return Ok(done);
        }
        let progress = Reply::Progress {
            what: what.to_owned(),
            done: 0,
            total: None,
        };
        replies.send(&progress).await?;
    }
}

/// What the share says of a file that nobody holds.
pub struct Glance {
    /// Its real name in the repository.
    pub file: FileName,
    /// The same, as the share spells it.
    pub path: String,
    /// Its size in bytes; `None` when it is not there, or the share did not say.
    pub size: Option<u64>,
    /// Whether it is there; `None` when the share did not say in time.
    pub exists: Option<bool>,
}

/// Looks a file up on the share, on a thread of its own and with the repository's patience.
///
/// # Errors
/// When the path leads out of the repository, to a folder, or cannot be a name.
pub async fn glance(target: &Target) -> Result<Glance, Problem> {
    let name = target.name()?;
    let unknown = Glance {
        path: name.as_str().to_owned(),
        file: name,
        size: None,
        exists: None,
    };
    let board = &target.repository.board;
    let Some(place) = board.share() else {
        return Ok(unknown);
    };
    let path = target.path.clone();
    let look = async {
        let seat = Arc::clone(&board.glances).acquire_owned().await;
        let look = spawn_blocking(move || {
            let found = place.find(&path);
            drop(seat);
            found
        });
        look.await
    };
    let Ok(Ok(found)) = timeout(board.patience, look).await else {
        return Ok(unknown);
    };
    let case = board
        .table()
        .map_or_else(Default::default, |table| table.read().case);
    match found {
        Ok(Some((real, meta))) => match meta.what {
            camctl_shared::share::What::File => Ok(Glance {
                file: FileName::parse(&real, case)?,
                path: real,
                size: Some(meta.size),
                exists: Some(true),
            }),
            _ => Err(Problem::NotAFile),
        },
        Ok(None) => Err(Problem::Name(camctl_shared::model::NameError::Outside)),
        Err(error) if error.kind == camctl_shared::model::ShareErrorKind::NotFound => Ok(Glance {
            exists: Some(false),
            ..unknown
        }),
        Err(error) => Err(error.into()),
    }
}

/// How `file`, which one does not have, is waited for.
pub fn awaited(board: &Board, file: &FileName) -> Outcome {
    let notify = board.state().courtesy.wishes.contains_key(file);
    let seen = board.see(|eyes| {
        let lock = eyes.table.locks.get(file)?;
        Some((eyes.lock(file, lock), eyes.line(lock)))
    });
    let (lock, line) = seen.flatten().unzip();
    Outcome::Awaited {
        lock,
        line: line.unwrap_or_default(),
        notify,
    }
}

/// The real name of a target, by its lock where it has one; what is free is looked up on the share.
///
/// # Errors
/// Why it cannot be told, or that there is no such file.
pub async fn existing(target: &Target) -> Result<FileName, Problem> {
    if target.lock().is_some() {
        return target.name();
    }
    let glance = glance(target).await?;
    if glance.exists == Some(false) {
        return Err(Problem::NoSuchFile);
    }
    Ok(glance.file)
}

/// Whether a message or reason can stand in the table.
///
/// # Errors
/// When it is too long.
pub fn check_message(message: Option<&str>) -> Result<(), Problem> {
    match message {
        Some(text) if text.len() > LONGEST_MESSAGE => Err(Problem::BadRequest(format!(
            "the message has {} bytes; at most {LONGEST_MESSAGE} are kept",
            text.len()
        ))),
        _ => Ok(()),
    }
}

/// The same of a request or an answer.
///
/// # Errors
/// When it is too long.
pub fn check_note(message: Option<&str>) -> Result<(), Problem> {
    match message {
        Some(text) if text.len() > LONGEST_NOTE => Err(Problem::BadRequest(format!(
            "the message has {} bytes; at most {LONGEST_NOTE} are kept",
            text.len()
        ))),
        _ => Ok(()),
    }
}

/// Whether any file was named.
///
/// # Errors
/// When none was.
pub fn check_files(files: &[String]) -> Result<(), Problem> {
    if files.is_empty() {
        return Err(Problem::BadRequest("no file was named".into()));
    }
    Ok(())
}
