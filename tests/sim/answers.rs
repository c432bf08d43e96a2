//! What people are told, held against the log at the moment when they are told.

use camctl_agent::simulation::{Problem, Verdict, What};
use camctl_shared::model::{Ended, Refusal, StoreError};
use camctl_shared::rules::Done;
use testkit::ledger::Desk;

use crate::law::Law;
use crate::requests::{Key, Kind, Outcome};

/// One file of a request, as it was put.
#[derive(Debug, Clone)]
pub struct Asked {
    pub key: Key,
    /// For a checkin: only this lock.
    pub token: Option<u64>,
}

/// What a verdict means to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The file is theirs, with this token.
    Mine(Option<u64>),
    /// They wait in line for it.
    InLine,
    /// It is not theirs any more, or never was.
    NotMine,
    /// Try again.
    Again,
    /// It will never be.
    No,
}

/// Judges one verdict, and says what it means.
pub fn judge(law: &mut Law, asked: &Asked, verdict: &Verdict) -> Told {
    let outcome = match &verdict.result {
        Ok(_) => Outcome::Done,
        Err(problem) if is_unknown(problem) => Outcome::Unknown,
        Err(_) => Outcome::Failed,
    };
    let balanced = law.requests.told(&asked.key, outcome);
    law.check(
        balanced.map_err(|problem| format!("told {:?}: {problem}", verdict.result.as_ref().map(|_| "done"))),
    );
    match &verdict.result {
        Ok(success) => done(law, asked, &success.done),
        Err(problem) => failed(law, asked, problem),
    }
}

fn is_unknown(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::NoAnswer { unsettled: true, .. } | Problem::Store(StoreError::Unsettled { .. })
    )
}

fn done(law: &mut Law, asked: &Asked, done: &Done) -> Told {
    let (desk, file, kind) = &asked.key;
    let user = &desk.user;
    let (n, told, sound) = match done {
        Done::Granted { lock, .. } => {
            let token = lock.token.unwrap_or_default();
            let sound = *kind == Kind::Take && law.ledger().grant(file, token) == Some(desk);
            (token, Told::Mine(lock.token), sound)
        }
        Done::Renewed { lock } => {
            let n = lock.renewed;
            let table = law.table(n).and_then(|table| table.get(file));
            let stands =
                table.is_some_and(|lock_then| Some(lock_then.token) == lock.token && lock_then.desk == *desk);
            let by_us = law.deed(file, n).is_some_and(|deed| deed.by == *desk);
            (n, Told::Mine(lock.token), *kind == Kind::Take && stands && by_us)
        }
        Done::Released { was, .. } => {
            let token = was.token.unwrap_or_default();
            let end = law
                .ledger()
                .end(file, token)
                .filter(|end| end.by == *desk && end.how == "released");
            let meant = asked.token.is_none_or(|asked| asked == token);
            (
                end.map_or(0, |end| end.commit),
                Told::NotMine,
                matches!(kind, Kind::Give | Kind::Answer) && meant && end.is_some(),
            )
        }
        // What the line says is judged with the commit itself.
        Done::Joined { joined, .. } => {
            let by_us = law.deed(file, *joined).is_some_and(|deed| deed.by == *desk);
            (*joined, Told::InLine, *kind == Kind::Take && by_us)
        }
        Done::Left { .. } => (0, Told::NotMine, *kind == Kind::Leave),
        // What becomes of requests is judged with the commits too.
        Done::Requested { .. } => (0, Told::No, *kind == Kind::Ask),
        Done::Answered { .. } => (0, Told::No, *kind == Kind::Answer),
        Done::Broken { was, ended, .. } => {
            let token = was.token.unwrap_or_default();
            let end = law
                .ledger()
                .end(file, token)
                .filter(|end| end.by == *desk && end.how == ended.how.as_str());
            (
                end.map_or(0, |end| end.commit),
                Told::NotMine,
                *kind == Kind::Break && end.is_some(),
            )
        }
    };
    if !sound {
        law.breaks(format!(
            "{user}'s {asked:?} was acknowledged as {done:?}, which is not in the log"
        ));
    }
    law.acknowledge(n);
    told
}

fn failed(law: &mut Law, asked: &Asked, problem: &Problem) -> Told {
    let (desk, file, _) = &asked.key;
    match problem {
        Problem::Internal(text) => {
            law.breaks(format!("{} asked {asked:?} and got no answer: {text}", desk.user));
            Told::No
        }
        Problem::Lost { ended, .. } => {
            ended_truly(law, desk, file, ended);
            Told::NotMine
        }
        Problem::Refused(
            Refusal::Held { lock, .. } | Refusal::Alive { lock, .. } | Refusal::NotYours { lock, .. },
        ) => {
            let owner = Desk {
                user: lock.owner.user.to_string(),
                machine: lock.owner.machine.as_deref().unwrap_or_default().to_owned(),
            };
            if law.ledger().grant(file, lock.token.unwrap_or_default()) != Some(&owner) {
                law.doubts(format!(
                    "{} was told of a lock on {file} that never was: {lock:?}",
                    desk.user
                ));
            }
            if matches!(problem, Problem::Refused(Refusal::Held { .. })) {
                Told::Again
            } else {
                Told::NotMine
            }
        }
        Problem::Refused(Refusal::NotHeld { .. } | Refusal::OldToken { .. } | Refusal::NotWaiting { .. }) => {
            Told::NotMine
        }
        problem if problem.is_passing() => Told::Again,
        Problem::Store(StoreError::Damaged { .. } | StoreError::Lost { .. }) => Told::Again,
        _ => Told::No,
    }
}

/// Judges what a person was told without having asked; `n` is the commit that their agent had read then.
pub fn notice(law: &mut Law, desk: &Desk, n: u64, what: &What) {
    match what {
        What::LockEnded { file, ended, .. } => ended_truly(law, desk, file.as_str(), ended),
        What::LockGone { file, .. } => {
            let stands = law
                .table(n)
                .and_then(|table| table.get(file.as_str()))
                .is_some_and(|lock| lock.desk == *desk);
            if stands {
                law.doubts(format!(
                    "{} was told that their lock on {file} is gone, and at commit {n} it stands",
                    desk.user
                ));
            }
        }
        What::Yours { file, token, .. }
            if law.ledger().grant(file.as_str(), token.unwrap_or_default()) != Some(desk) =>
        {
            law.doubts(format!(
                "{} was told that {file} is theirs by {token:?}, which never was",
                desk.user
            ));
        }
        _ => {}
    }
}

/// That a lock ended is said only when it did.
fn ended_truly(law: &mut Law, desk: &Desk, file: &str, ended: &Ended) {
    let token = ended.token.unwrap_or_default();
    if law.ledger().end(file, token).is_none_or(|end| end.desk != *desk) {
        law.doubts(format!(
            "{} was told that their lock {token} on {file} ended, which it did not",
            desk.user
        ));
    }
}
