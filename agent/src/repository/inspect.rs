//! `doctor`, on the worker's thread: what is wrong with a repository, and what can be mended safely.

use camctl_shared::model::{SessionId, ShareErrorKind};
use tokio::sync::oneshot;

use super::Seat;
use super::schedule::Chore;
use super::worker::Worker;

/// Below this the disk is called nearly full, in bytes.
const LITTLE_SPACE: u64 = 64 << 20;

/// A look for what is wrong.
pub struct Inspection {
    /// Mend what can be mended safely.
    pub fix: bool,
    /// Where the findings go.
    pub reply: oneshot::Sender<Vec<Found>>,
    /// The place in the queue.
    pub seat: Seat,
}

/// How good or bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Ok,
    /// Odd, or soon bad.
    Warning,
    /// Wrong.
    Error,
    /// Was wrong, and is mended.
    Mended,
}

impl Grade {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Mended => "mended",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub grade: Grade,
    /// What was found.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Found {
    /// A finding without a hint.
    pub fn new(what: &'static str, grade: Grade, text: impl Into<String>) -> Self {
        Self {
            what,
            grade,
            text: text.into(),
            hint: None,
        }
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Looks, and answers.
pub fn inspect(worker: &mut Worker, inspection: Inspection) {
    let mut found = Vec::new();
    log(worker, &mut found);
    projection(worker, inspection.fix, &mut found);
    policy(worker, &mut found);
    share(worker, &mut found);
    life(worker, &mut found);
    sessions(worker, &mut found);
    // Whoever asked may have left.
    let _ = inspection.reply.send(found);
}

fn log(worker: &mut Worker, found: &mut Vec<Found>) {
    worker.poll(Chore::Listing);
    let board = &worker.board;
    let locks = board.see(|eyes| (eyes.table.n, eyes.table.locks.len()));
    found.push(match (board.readable(), locks) {
        (Ok(()), Some((n, locks))) => Found::new(
            "log",
            Grade::Ok,
            format!("the lock table can be read: commit {n}, {locks} locks"),
        ),
        (Err(problem), _) => Found::new("log", Grade::Error, problem.to_string()),
        (Ok(()), None) => Found::new("log", Grade::Error, "the lock table was not read yet"),
    });
}

/// `head` and `locks.json` are the store's own care; here they are looked at without waiting for their turn.
fn projection(worker: &mut Worker, fix: bool, found: &mut Vec<Found>) {
    if worker.board.readable().is_err() {
        return;
    }
    let Some(opened) = &mut worker.opened else { return };
    let what = "locks.json";
    match opened.store.check(fix) {
        Ok(wrong) if wrong.is_empty() => {
            found.push(Found::new(
                what,
                Grade::Ok,
                "head and locks.json are in step with the log",
            ));
        }
        Ok(wrong) if fix => found.extend(
            wrong
                .into_iter()
                .map(|text| Found::new(what, Grade::Mended, text)),
        ),
        Ok(wrong) => found.extend(wrong.into_iter().map(|text| {
            Found::new(what, Grade::Warning, text)
                .hint("no lock is in danger; the agent mends this by itself, and --fix does it at once")
        })),
        Err(error) => found.push(Found::new(what, Grade::Error, error.to_string())),
    }
}

fn policy(worker: &Worker, found: &mut Vec<Found>) {
    let policy = worker.board.state().policy.clone();
    if policy.warnings.is_empty() {
        found.push(Found::new("repo.toml", Grade::Ok, "every key is understood"));
    }
    for warning in &policy.warnings {
        found.push(Found::new("repo.toml", Grade::Warning, warning.clone()));
    }
    if policy.administrators.is_empty() {
        let text = "nobody is named as administrator: a live lock can be ended by its owner alone";
        found.push(
            Found::new("administrators", Grade::Ok, text)
                .hint("name some in .camctl/repo.toml: administrators = [\"…\"]"),
        );
    }
}

fn share(worker: &Worker, found: &mut Vec<Found>) {
    let Some(share) = worker.opened.as_ref().and_then(|opened| opened.share.as_ref()) else {
        return;
    };
    let system = share.file_system();
    let place = if system.local {
        "a disk of this machine"
    } else {
        "a network or unknown file system"
    };
    found.push(Found::new(
        "file system",
        Grade::Ok,
        format!("{}, {place}", system.name),
    ));
    for option in ["nobrl", "nolock"] {
        if system.options.split(',').any(|one| one == option) {
            let text =
                format!("mounted with {option}: file locks exclude nobody (camctl does not rely on them)");
            found.push(Found::new("file locks", Grade::Warning, text));
        }
    }
    match share.free_space() {
        Ok(Some(bytes)) if bytes < LITTLE_SPACE => found.push(
            Found::new("space", Grade::Warning, format!("only {bytes} bytes are free"))
                .hint("without space nothing can be checked out or in"),
        ),
        Ok(_) => {}
        Err(error) => found.push(Found::new("space", Grade::Warning, error.to_string())),
    }
}

fn life(worker: &Worker, found: &mut Vec<Found>) {
    let state = worker.board.state();
    let now = worker.board.clock.moment();
    match &state.beat_problem {
        Some(error) => {
            let denied = matches!(
                error,
                camctl_shared::model::StoreError::Share(share)
                    if matches!(share.kind, ShareErrorKind::Denied | ShareErrorKind::ReadOnly)
            );
            let hint = if denied {
                "ask for the right to write to this folder"
            } else {
                "it is tried again"
            };
            found.push(Found::new("heartbeat", Grade::Error, error.to_string()).hint(hint));
        }
        None if state.life.is_safe(now) => {
            found.push(Found::new(
                "heartbeat",
                Grade::Ok,
                "this agent's signs of life reach the share",
            ));
        }
        None => found.push(Found::new(
            "heartbeat",
            Grade::Warning,
            "this agent has not shown itself on the share yet",
        )),
    }
}

fn sessions(worker: &mut Worker, found: &mut Vec<Found>) {
    let board = worker.board.clone();
    let Some(stale) = board.see(|eyes| {
        let mut silent: Vec<(String, usize)> = Vec::new();
        let held: std::collections::BTreeSet<&SessionId> = eyes.table.sessions().collect();
        for session in held {
            if eyes.judge.session_is_stale(eyes.table, session) {
                let locks = eyes.table.locks.values();
                let of_session = |lock: &&std::sync::Arc<camctl_shared::model::Lock>| {
                    lock.owner.session.as_ref() == Some(session)
                };
                let mut of_session = locks.filter(of_session).peekable();
                let owner = of_session.peek().map(|lock| lock.owner.to_string());
                silent.push((owner.unwrap_or_else(|| session.to_string()), of_session.count()));
            }
        }
        silent
    }) else {
        return;
    };
    if stale.is_empty() {
        found.push(Found::new(
            "sessions",
            Grade::Ok,
            "no session that holds a lock is stale",
        ));
    }
    for (owner, locks) in stale {
        let text = format!("{owner} has been silent too long and holds {locks} locks");
        found.push(
            Found::new("sessions", Grade::Warning, text)
                .hint("whoever wants one of these files may check it out"),
        );
    }
}
