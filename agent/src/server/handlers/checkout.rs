//! Checkout: take locks, or wait in line for them.

pub(super) mod line;

use std::time::Duration;

use camctl_shared::ipc::message::{Patience, Reply};
use camctl_shared::rules::{self, Form, Intent, Queue};
use tokio::task::JoinSet;

use super::common::{Target, ask, check_files, check_message, locate, patiently};
use super::fail;
use crate::problem::Problem;
use crate::repository::job::{Unread, Verdict};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};

/// The longest lease.
const LONGEST_LEASE: Duration = Duration::from_secs(365 * 86_400);
/// The shortest one: shorter, and it is over before anybody can renew it.
const SHORTEST_LEASE: Duration = Duration::from_millis(100);

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
        let checkout = rules::Checkout {
            message: self.message.as_deref().map(Into::into),
            form,
            base: None,
            steal: self.steal.as_deref().map(Into::into),
        };
        Ok(if self.wait.is_some() {
            Intent::Queue(Queue::Join(checkout))
        } else {
            Intent::Checkout(checkout)
        })
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
    // From here on nobody forgets what was given up, until each has its place.
    let attending: Vec<_> = targets.iter().map(|target| target.repository.attend()).collect();
    let work = ask(&targets, |_| intent.clone(), unread);
    let verdicts = patiently(agent, replies, "waiting for the share", work).await?;
    let (mut waiting, mut untold) = (JoinSet::new(), Vec::new());
    for (target, verdict) in targets.into_iter().zip(verdicts) {
        match wish.wait {
            Some(patience) if line::has_to_wait(&verdict) => {
                let until = patience
                    .at_most_ms
                    .map(|ms| started.after(Duration::from_millis(ms)));
                let place = line::Place::new(target, intent.clone(), started, until, &verdict);
                waiting.spawn(async move {
                    let (target, verdict) = place.wait(verdict).await;
                    Untold::new(target, verdict, unread)
                });
            }
            _ => untold.push(Untold::new(target, verdict, unread)),
        }
    }
    drop(attending);
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
pub(super) struct Untold {
    pub(super) target: Target,
    pub(super) verdict: Verdict,
    unread: Unread,
    told: bool,
}

impl Untold {
    pub(super) fn new(target: Target, verdict: Verdict, unread: Unread) -> Self {
        Self {
            target,
            verdict,
            unread,
            told: false,
        }
    }

    pub(super) fn report(&self) -> Reply {
        Reply::File(self.target.report(&self.verdict))
    }

    pub(super) fn told(mut self) {
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
