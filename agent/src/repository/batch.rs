//! Everything that waits becomes one commit.
//!
//! A [`Batch`] holds the requests that a worker took up together. Each round puts all that are still open before the
//! rules, commits what they grant, and answers; what has to wait for the next commit stays for the next round. When the
//! answer of a commit was lost, the batch keeps until it is settled: what turns out to be in the log is found there by
//! the ids of its requests.

mod find;
mod note;
mod settled;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use camctl_shared::model::{Case, Draft, FileName, How, Lock, Refusal, RequestId, SessionId, StoreError};
use camctl_shared::rules::{self, Answer, Ask, Checkin, Decision, Done, Intent};
use camctl_shared::share::Meta;
use camctl_shared::store::{Committed, LockStore};

use super::board::Board;
use super::job::{Asks, Delivery, Item, Job, Success, Unread, Verdict};
use super::place::Place;
use super::worker::guards;
use crate::desktop::What;
use crate::problem::Problem;

pub use self::note::{explained, joined};

/// Requests that were taken up together.
#[derive(Default)]
pub struct Batch {
    open: Vec<Open>,
    pending: Vec<Pending>,
    refused: Vec<(FileName, Arc<Lock>)>,
    told: Vec<What>,
}

/// One request, with as many verdicts as are in.
struct Open {
    unread: Unread,
    reply: Option<tokio::sync::oneshot::Sender<Delivery>>,
    verdicts: Vec<Option<Verdict>>,
    /// What each is about, for the lines.
    purposes: Vec<note::Purpose>,
    left: usize,
}

/// One file of a request that is not decided yet.
struct Pending {
    job: usize,
    at: usize,
    ask: Ask,
    /// The file as it is now; for checkins.
    meta: Option<Meta>,
    /// What the last draft said, which counts if that draft is in the log.
    last: Option<Done>,
}

/// What a round came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Round {
    /// Everything is answered.
    Finished,
    /// There is more to decide.
    More,
    /// A commit's answer was lost: settle it, then go on.
    InDoubt,
}

impl Batch {
    /// Takes a request up: finds its files on the share. Returns `false` when it was withdrawn or nobody waits for it.
    pub fn take(&mut self, asks: Asks, board: &Board, place: &dyn Place, case: Case) -> bool {
        if asks.is_abandoned() || !asks.ticket.start() {
            return false;
        }
        let job = self.open.len();
        self.open.push(Open {
            unread: asks.unread,
            reply: asks.reply,
            verdicts: vec![None; asks.items.len()],
            purposes: asks
                .items
                .iter()
                .map(|item| note::Purpose::of(&item.intent))
                .collect(),
            left: asks.items.len(),
        });
        for (at, item) in asks.items.into_iter().enumerate() {
            match find::find(item, board, place, case) {
                Ok((ask, meta)) => self.pending.push(Pending {
                    job,
                    at,
                    ask,
                    meta,
                    last: None,
                }),
                Err(verdict) => self.answer(job, at, *verdict),
            }
        }
        true
    }

    /// Whether everything is answered.
    pub fn is_finished(&self) -> bool {
        self.pending.is_empty()
    }

    /// One commit's worth of decisions.
    ///
    /// # Errors
    /// As [`LockStore::commit`], but for [`StoreError::Unsettled`], which is [`Round::InDoubt`].
    pub fn round(
        &mut self,
        board: &Board,
        store: &mut dyn LockStore,
    ) -> Result<(Round, Committed), StoreError> {
        self.drop_abandoned(board, store);
        let asks: Vec<Ask> = self.pending.iter().map(|pending| pending.ask.clone()).collect();
        for ask in &asks {
            guards::see_program(board, &ask.file);
        }
        let policy = store.policy();
        let mut checked = BTreeSet::new();
        loop {
            let mut decision = Decision::default();
            let mut unchecked = BTreeSet::new();
            let outcome = store.commit(&mut |table| {
                decision = board.decide(table, &policy, |scene| rules::decide(scene, &asks));
                // It may turn out to be in the log only when the next is decided.
                self.note(&decision.answers);
                unchecked = to_be_broken(&decision.draft);
                unchecked.retain(|session| !checked.contains(session));
                if unchecked.is_empty() {
                    std::mem::take(&mut decision.draft)
                } else {
                    Draft::default()
                }
            });
            match outcome {
                Ok(_) if !unchecked.is_empty() => {
                    // Somebody is to lose a lock for being silent: look again, right now, before that is done.
                    look_again(board, store, &unchecked)?;
                    checked.append(&mut unchecked);
                }
                Ok(committed) => {
                    self.apply(decision.answers, store);
                    let round = if self.is_finished() {
                        Round::Finished
                    } else {
                        Round::More
                    };
                    return Ok((round, committed));
                }
                Err(StoreError::Unsettled { .. }) => return Ok((Round::InDoubt, Committed::Nothing)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Forgets what nobody waits for any more; but not what turned out to be in the log.
    fn drop_abandoned(&mut self, board: &Board, store: &mut dyn LockStore) {
        let gone = |open: &Open| {
            open.reply
                .as_ref()
                .is_some_and(tokio::sync::oneshot::Sender::is_closed)
        };
        if !self.open.iter().any(gone) {
            return;
        }
        let table = store.table();
        let in_log = |id: &RequestId| table.read().recent.find(id).is_some();
        let pending = std::mem::take(&mut self.pending);
        for one in pending {
            let gone = self.open.get(one.job).is_some_and(gone);
            if gone && !in_log(&one.ask.id) {
                let problem = board.no_answer(board.patience);
                self.answer(one.job, one.at, failed(Some(one.ask.file), problem));
            } else {
                self.pending.push(one);
            }
        }
    }

    /// Remembers what the draft says, for as long as its fate is not known.
    fn note(&mut self, answers: &[Answer]) {
        for (pending, answer) in self.pending.iter_mut().zip(answers) {
            if let Answer::Done(done) = answer {
                pending.last = Some(done.clone());
            }
        }
    }

    fn apply(&mut self, answers: Vec<Answer>, store: &mut dyn LockStore) {
        let pending = std::mem::take(&mut self.pending);
        for (pending, answer) in pending.into_iter().zip(answers) {
            let Pending {
                job,
                at,
                ask,
                meta,
                last,
            } = pending;
            let result = match answer {
                Answer::Done(done) => Ok(success(done, meta)),
                Answer::Refused(refusal) => {
                    if let Refusal::Held { file, lock, .. } = &refusal {
                        self.refused.push((file.clone(), Arc::clone(lock)));
                    }
                    Err(Problem::Refused(refusal))
                }
                Answer::Settled(commit) => {
                    match last.or_else(|| settled::from_table(&store.table().read(), &ask, commit)) {
                        Some(done) => Ok(success(done, meta)),
                        None => Err(Problem::Internal(format!(
                            "commit {commit} settled this, and changed again since"
                        ))),
                    }
                }
                Answer::Later => {
                    self.pending.push(Pending {
                        job,
                        at,
                        ask,
                        meta,
                        last,
                    });
                    continue;
                }
            };
            let file = Some(ask.file);
            self.answer(job, at, Verdict { file, result });
        }
    }

    /// Answers everything that is still open with `problem`.
    pub fn fail(&mut self, problem: &Problem) {
        for pending in std::mem::take(&mut self.pending) {
            let verdict = failed(Some(pending.ask.file), problem.clone());
            self.answer(pending.job, pending.at, verdict);
        }
    }

    fn answer(&mut self, job: usize, at: usize, verdict: Verdict) {
        if let Some(open) = self.open.get_mut(job)
            && let Some(place) = open.verdicts.get_mut(at)
        {
            *place = Some(verdict);
            open.left -= 1;
        }
    }

    /// Files that were refused because somebody else has them, and by which lock. Each is told once.
    pub fn refused(&mut self) -> Vec<(FileName, Arc<Lock>)> {
        std::mem::take(&mut self.refused)
    }

    /// What the person has to be told of what was delivered. Each is told once.
    pub fn told(&mut self) -> Vec<What> {
        std::mem::take(&mut self.told)
    }

    /// Sends what is complete. Refusals whose cause is a lock that was lost say so, and the loss is told with that.
    pub fn deliver(&mut self, board: &Board, back: &Sender<Job>) {
        for open in &mut self.open {
            if open.left > 0 || open.verdicts.is_empty() {
                continue;
            }
            let mut verdicts: Vec<Verdict> =
                std::mem::take(&mut open.verdicts).into_iter().flatten().collect();
            let whose = note::Whose::of(open.unread, open.reply.is_some());
            for (verdict, purpose) in verdicts.iter_mut().zip(&open.purposes) {
                if whose != note::Whose::Agent {
                    note::explain_loss(board, verdict);
                }
                self.told.extend(note::places(board, verdict, *purpose, whose));
            }
            if let Some(reply) = open.reply.take() {
                // One that nobody takes comes back by its drop.
                drop(reply.send(Delivery::new(verdicts, open.unread, back.clone())));
            }
        }
    }
}

fn failed(file: Option<FileName>, problem: Problem) -> Verdict {
    Verdict {
        file,
        result: Err(problem),
    }
}

/// The sessions whose locks the draft ends for their silence.
fn to_be_broken(draft: &Draft) -> BTreeSet<SessionId> {
    let ends = draft.changes.iter().filter_map(|change| change.ended.as_ref());
    ends.filter(|ended| ended.how == How::Broken)
        .filter_map(|ended| ended.owner.session.clone())
        .collect()
}

fn look_again(
    board: &Board,
    store: &mut dyn LockStore,
    sessions: &BTreeSet<SessionId>,
) -> Result<(), StoreError> {
    for session in sessions {
        let sign = store.session(session)?.map(|heartbeat| heartbeat.counter);
        board.observer().sign(board.clock.moment(), session, sign);
    }
    Ok(())
}

fn success(done: Done, meta: Option<Meta>) -> Success {
    let changed = match (&done, meta) {
        (Done::Released { was, .. }, Some(meta)) => was
            .base
            .as_ref()
            .map(|base| base.size != meta.size || base.modified != meta.modified),
        _ => None,
    };
    Success { done, changed }
}

/// What was granted.
pub fn granted(verdicts: &[Verdict]) -> impl Iterator<Item = (&FileName, &Arc<Lock>)> {
    verdicts
        .iter()
        .filter_map(|verdict| match (&verdict.file, &verdict.result) {
            (
                Some(file),
                Ok(Success {
                    done: Done::Granted { lock, .. },
                    ..
                }),
            ) => Some((file, lock)),
            _ => None,
        })
}

/// Requests that give back what nobody took.
pub fn give_back(verdicts: &[Verdict]) -> Vec<Item> {
    let back = |(file, lock): (&FileName, &Arc<Lock>)| Item {
        path: file.as_str().to_owned(),
        intent: Intent::Checkin(Checkin {
            token: lock.token,
            message: Some("nobody waited for it any more".into()),
            // Another program of this desk may have asked for it meanwhile, and been told that it has it.
            renewed: Some(lock.renewed),
        }),
    };
    granted(verdicts).map(back).collect()
}
