//! Checkout: take locks, or wait for them.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::ipc::message::{Patience, Reply};
use camctl_shared::model::Refusal;
use camctl_shared::rules::{self, Form, Intent};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::common::{Target, ask, check_files, check_message, locate, patiently};
use super::fail;
use crate::problem::Problem;
use crate::repository::job::{Item, Unread, Verdict};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::server::handlers::wait::may_be_free;

/// The longest lease.
const LONGEST_LEASE: Duration = Duration::from_secs(365 * 86_400);
/// The shortest one: shorter, and it is over before anybody can renew it.
const SHORTEST_LEASE: Duration = Duration::from_millis(100);
/// While the share is away, somebody who waits for a file asks again so often at most.
const WHILE_AWAY: Duration = Duration::from_secs(5);

/// The particulars of a checkout, as they came.
pub struct Wish {
    /// Why.
    pub message: Option<String>,
    /// Wait while somebody else has it.
    pub wait: Option<Patience>,
    /// As a lease of this length.
    pub lease_ms: Option<u64>,
    /// Break or force, with this reason.
    pub steal: Option<String>,
}

impl Wish {
    fn intent(&self) -> Result<Intent, Problem> {
        check_message(self.message.as_deref())?;
        check_message(self.steal.as_deref())?;
        let form = match self.lease_ms.map(Duration::from_millis) {
            None => Form::Checkout,
            Some(lease) if (SHORTEST_LEASE..=LONGEST_LEASE).contains(&lease) => Form::Lease(lease),
            Some(_) => return Err(Problem::BadRequest("a lease lasts from 100 ms to a year".into())),
        };
        Ok(Intent::Checkout(rules::Checkout {
            message: self.message.as_deref().map(Into::into),
            form,
            base: None,
            steal: self.steal.as_deref().map(Into::into),
        }))
    }
}

/// Serves `Checkout`.
pub async fn checkout(
    agent: &Agent,
    replies: &mut Replies,
    files: Vec<String>,
    wish: Wish,
) -> Result<(), Gone> {
    let intent = match check_files(&files).and_then(|()| wish.intent()) {
        Ok(intent) => intent,
        Err(problem) => return fail(replies, &problem).await,
    };
    let started = agent.registry.house().clock.moment();
    let targets = locate(agent, replies, files).await?;
    let unread = if wish.wait.is_some() {
        Unread::GiveBack
    } else {
        Unread::Keep
    };
    let work = ask(&targets, |_| intent.clone(), unread);
    let verdicts = patiently(agent, replies, "waiting for the share", work).await?;
    let (mut waiting, mut untold) = (JoinSet::new(), Vec::new());
    for (target, verdict) in targets.into_iter().zip(verdicts) {
        match (&wish.wait, &verdict.result) {
            (Some(patience), Err(problem)) if problem.is_passing() => {
                let until = patience
                    .at_most_ms
                    .map(|ms| started.after(Duration::from_millis(ms)));
                let place = Place {
                    target,
                    intent: intent.clone(),
                    started,
                    until,
                };
                waiting.spawn(async move {
                    let (target, verdict) = place.wait(verdict).await;
                    Untold::new(target, verdict, unread)
                });
            }
            _ => untold.push(Untold::new(target, verdict, unread)),
        }
    }
    for one in &untold {
        replies.add(&one.report()).await?;
    }
    if waiting.is_empty() {
        replies.send(&Reply::Done).await?;
        untold.into_iter().for_each(Untold::told);
        return Ok(());
    }
    replies.flush().await?;
    untold.into_iter().for_each(Untold::told);
    while let Some(done) = waiting.join_next().await {
        let Ok(one) = done else { continue };
        replies.send(&one.report()).await?;
        one.told();
    }
    replies.send(&Reply::Done).await
}

/// What became of a file, until its asker has been told: a handler may end before that, and then the worker hears of it.
struct Untold {
    target: Target,
    verdict: Verdict,
    unread: Unread,
    told: bool,
}

impl Untold {
    fn new(target: Target, verdict: Verdict, unread: Unread) -> Self {
        Self {
            target,
            verdict,
            unread,
            told: false,
        }
    }

    fn report(&self) -> Reply {
        Reply::File(self.target.report(&self.verdict))
    }

    fn told(mut self) {
        self.told = true;
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        if !self.told {
            let verdict = self.verdict.clone();
            self.target.repository.unread(vec![verdict], self.unread);
        }
    }
}

/// Somebody who waits for one file.
struct Place {
    target: Target,
    intent: Intent,
    started: Moment,
    until: Option<Moment>,
}

impl Place {
    /// Tries again whenever it may help, until the file is had, the patience ends, or there is no hope.
    async fn wait(self, mut verdict: Verdict) -> (Target, Verdict) {
        let repository = Arc::clone(&self.target.repository);
        let _attending = repository.attend();
        let board = &repository.board;
        let mut changes = repository.board.changes();
        loop {
            if let Err(problem @ Problem::Stopping) = board.readable() {
                let file = verdict.file;
                return (
                    self.target,
                    Verdict {
                        file,
                        result: Err(problem),
                    },
                );
            }
            let now = board.clock.moment();
            let left = self.until.map(|until| until.since(now));
            if left.is_some_and(|left| left.is_zero()) {
                return self.give_up(verdict, now);
            }
            let held = matches!(verdict.result, Err(Problem::Refused(_)));
            // Somebody else's lock: the next change tells. A share that is away: there may be no change to hear of.
            let wait = if held {
                left
            } else {
                Some(left.map_or(WHILE_AWAY, |left| left.min(WHILE_AWAY)))
            };
            let refused = |verdict: &Verdict| match &verdict.result {
                Err(Problem::Refused(Refusal::Held { lock, .. } | Refusal::Guarded { lock, .. })) => {
                    Some(Arc::clone(lock))
                }
                _ => None,
            };
            let known = refused(&verdict);
            let name = verdict.file.clone();
            let look = async {
                loop {
                    let stopping = matches!(board.readable(), Err(Problem::Stopping));
                    if stopping || may_be_free(board, name.as_ref(), known.as_deref()) {
                        return;
                    }
                    if changes.changed().await.is_err() {
                        return;
                    }
                }
            };
            let moved = if let Some(wait) = wait {
                timeout(wait, look).await.is_ok()
            } else {
                look.await;
                true
            };
            if !moved && held {
                continue;
            }
            let item = Item {
                path: self.target.path.clone(),
                intent: self.intent.clone(),
            };
            let Some(next) = repository.ask(vec![item], Unread::GiveBack).await.pop() else {
                continue;
            };
            match &next.result {
                Err(problem) if problem.is_passing() => verdict = next,
                _ => return (self.target, next),
            }
        }
    }

    fn give_up(self, verdict: Verdict, now: Moment) -> (Target, Verdict) {
        let Err(Problem::Refused(Refusal::Held { lock, .. } | Refusal::Guarded { lock, .. })) =
            verdict.result
        else {
            // Without the share nobody knows how the file stands.
            return (self.target, verdict);
        };
        let lock = Some(lock);
        let result = Err(Problem::TimedOut {
            lock,
            waited: now.since(self.started),
        });
        let file = verdict.file;
        (self.target, Verdict { file, result })
    }
}
