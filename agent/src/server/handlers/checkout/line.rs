//! A program that waits in line along: it has a place in the table, and takes the file when the line hands it over.
//!
//! Its place stands and falls with [`Along`]: whoever drops that has left, and the worker sees to the rest, also when the
//! file was handed over in the same moment.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::model::{FileName, Kind, Lock, Refusal};
use camctl_shared::rules::{Done, Form, Intent, Queue, is_untouched, someone_is_before};
use tokio::sync::watch::Receiver;
use tokio::time::timeout;

use crate::problem::Problem;
use crate::repository::batch;
use crate::repository::job::{Item, Success, Unread, Verdict};
use crate::repository::{Attending, Repository};
use crate::server::handlers::common::Target;

/// While the share is away, somebody who waits for a file asks again so often at most.
const WHILE_AWAY: Duration = Duration::from_secs(5);

/// Whether this is no answer yet: one has a place in line, or the share does not answer as it should.
pub fn has_to_wait(verdict: &Verdict) -> bool {
    match &verdict.result {
        Ok(success) => matches!(success.done, Done::Joined { .. }),
        Err(problem) => problem.is_passing(),
    }
}

/// As long as it lives, a program waits.
struct Along {
    repository: Arc<Repository>,
    file: FileName,
    id: u64,
}

impl Along {
    /// For a verdict that gave a place; to be made before anything is waited for.
    fn new(repository: &Arc<Repository>, verdict: &Verdict) -> Option<Self> {
        let (file, ..) = batch::joined(verdict)?;
        let state = repository.board.state();
        let id = state
            .courtesy
            .places
            .get(file)
            .filter(|place| place.programs > 0)?
            .id;
        Some(Self {
            repository: Arc::clone(repository),
            file: file.clone(),
            id,
        })
    }

    /// Whether the place was given up for the whole desk.
    fn was_given_up(&self) -> bool {
        let state = self.repository.board.state();
        state.courtesy.is_given_up(&self.file, self.id)
    }
}

/// Whether the place that `verdict` gave was given up by the time that it is read.
fn was_left(repository: &Repository, verdict: &Verdict) -> bool {
    batch::joined(verdict).is_some_and(|(file, ..)| {
        let courtesy = &repository.board.state().courtesy;
        let gone = courtesy.places.get(file).is_none_or(|place| place.programs == 0);
        gone && courtesy.has_been_given_up(file)
    })
}

impl Drop for Along {
    fn drop(&mut self) {
        self.repository.leave_line(&self.file, self.id);
    }
}

/// Somebody who waits for one file.
pub struct Place {
    target: Target,
    intent: Intent,
    started: Moment,
    until: Option<Moment>,
    along: Option<Along>,
    /// The place was given up for the whole desk before its verdict was read.
    left: bool,
    _attending: Attending,
}

/// What a look at the table says to somebody in line.
enum Turn {
    /// Go on waiting.
    NotYet,
    /// The line has handed the file over.
    Handed(Arc<Lock>),
    /// The table must be asked.
    Ask,
    /// The person does not want to wait any more.
    GivenUp(Option<Arc<Lock>>),
}

impl Place {
    /// Somebody who was told `verdict`, since when and until when. From before that was asked for on somebody attends, so
    /// that nobody forgets what was given up.
    pub fn new(
        target: Target,
        intent: Intent,
        started: Moment,
        until: Option<Moment>,
        verdict: &Verdict,
    ) -> Self {
        let along = Along::new(&target.repository, verdict);
        Self {
            _attending: target.repository.attend(),
            left: was_left(&target.repository, verdict),
            along,
            target,
            intent,
            started,
            until,
        }
    }

    /// Waits until the file is had, the patience ends, or there is no hope.
    pub async fn wait(mut self, mut verdict: Verdict) -> (Target, Verdict) {
        let repository = Arc::clone(&self.target.repository);
        let mut changes = repository.board.changes();
        loop {
            let board = &repository.board;
            if let Err(problem @ Problem::Stopping) = board.readable() {
                return self.end(&verdict, Err(problem));
            }
            let left = self.until.map(|until| until.since(board.clock.moment()));
            let turn = self.turn(&verdict);
            if left.is_some_and(|left| left.is_zero()) && !matches!(turn, Turn::Handed(_)) {
                return self.give_up(verdict).await;
            }
            match turn {
                Turn::GivenUp(lock) => {
                    let file = batch::joined(&verdict).map(|(file, ..)| file.clone());
                    let refusal = file.map(|file| Problem::Refused(Refusal::NotWaiting { file, lock }));
                    return self.end(&verdict, Err(refusal.unwrap_or(Problem::Cancelled)));
                }
                Turn::NotYet => {
                    wait_for_change(&mut changes, left).await;
                    continue;
                }
                Turn::Ask if self.along.is_none() => {
                    // The share is away: there may be no change to hear of.
                    let wait = left.map_or(WHILE_AWAY, |left| left.min(WHILE_AWAY));
                    wait_for_change(&mut changes, Some(wait)).await;
                }
                Turn::Ask | Turn::Handed(_) => {}
            }
            let token = match &turn {
                Turn::Handed(lock) => lock.token,
                _ => None,
            };
            let Some(next) = self.ask(token).await else {
                continue;
            };
            match &next.result {
                Ok(Success {
                    done: Done::Joined { .. },
                    ..
                }) => {
                    // The new place first, so that the desk never has none.
                    self.left = was_left(&repository, &next);
                    let along = Along::new(&repository, &next);
                    self.along = along.or(self.along.take());
                    verdict = next;
                }
                Ok(_) => return self.had(next),
                // It was handed over, and is gone again: from the beginning.
                Err(Problem::Refused(Refusal::OldToken { .. }) | Problem::Lost { .. }) if token.is_some() => {
                }
                // Handed over, but it cannot be taken up in the time that was given: it is given back.
                Err(problem) if problem.is_passing() && left.is_some_and(|left| left.is_zero()) => {
                    return self.give_up(verdict).await;
                }
                Err(problem) if problem.is_passing() => {
                    if self.along.is_none() {
                        verdict = next;
                    } else {
                        let wait = left.map_or(WHILE_AWAY, |left| left.min(WHILE_AWAY));
                        wait_for_change(&mut changes, Some(wait)).await;
                    }
                }
                Err(_) => return (self.target, next),
            }
        }
    }

    fn turn(&self, verdict: &Verdict) -> Turn {
        let joined = batch::joined(verdict).map(|(file, ..)| file);
        let Some(file) = self.along.as_ref().map(|along| &along.file).or(joined) else {
            return Turn::Ask;
        };
        let board = &self.target.repository.board;
        // Without the share nobody knows; the next change tells.
        let look = board.see(|eyes| {
            let Some(lock) = eyes.table.locks.get(file) else {
                return (Turn::Ask, None);
            };
            let since_then = batch::joined(verdict).is_some_and(|(_, _, joined)| lock.token > Some(joined));
            let waits = || lock.queue.iter().any(|waiter| waiter.owner.same_desk(&board.me));
            let is_over = || {
                eyes.judge.lock(eyes.table, file, lock).is_over()
                    && !someone_is_before(eyes.table, eyes.judge, lock, &board.me)
            };
            // A guard is for its program, whoever else of this desk stands in line behind it.
            let here = lock.owner.same_desk(&board.me) && since_then && self.suits(lock);
            let turn = if here && (lock.kind == Kind::Guard || !waits()) {
                if is_untouched(lock) {
                    Turn::Handed(Arc::clone(lock))
                } else {
                    Turn::Ask
                }
            } else if !waits() || is_over() {
                Turn::Ask
            } else {
                Turn::NotYet
            };
            (turn, Some(Arc::clone(lock)))
        });
        match look {
            Some((Turn::Ask, lock)) if self.was_given_up(lock.as_deref()) => Turn::GivenUp(lock),
            Some((turn, _)) => turn,
            None => Turn::NotYet,
        }
    }

    /// Whether `lock`, which is this desk's, is what was waited for: a guard is for one program, and no edit for any.
    fn suits(&self, lock: &Lock) -> bool {
        let program = match &self.intent {
            Intent::Queue(Queue::Join(checkout)) => match &checkout.form {
                Form::Guard(program) => Some(program),
                Form::Checkout | Form::Lease(_) => None,
            },
            _ => None,
        };
        match (program, &lock.process) {
            (Some(program), Some(held)) => lock.kind == Kind::Guard && held.is(program),
            (Some(_), None) => false,
            (None, _) => lock.kind != Kind::Guard,
        }
    }

    fn was_given_up(&self, lock: Option<&Lock>) -> bool {
        let me = &self.target.repository.board.me;
        let has_it = lock.is_some_and(|lock| lock.owner.same_desk(me) && self.suits(lock));
        (self.left && !has_it) || self.along.as_ref().is_some_and(Along::was_given_up)
    }

    /// Takes up what was handed over by that token, or asks for the file again.
    async fn ask(&self, token: Option<u64>) -> Option<Verdict> {
        self.want(match token {
            Some(token) => Intent::Queue(Queue::TakeUp { token, base: None }),
            None => self.intent.clone(),
        })
        .await
    }

    async fn want(&self, intent: Intent) -> Option<Verdict> {
        let item = Item {
            path: self.target.path.clone(),
            intent,
        };
        let repository = &self.target.repository;
        repository.ask(vec![item], Unread::GiveBack).await.pop()
    }

    /// The file is had.
    fn had(self, verdict: Verdict) -> (Target, Verdict) {
        if let Some(along) = &self.along {
            let mut state = self.target.repository.board.state();
            state.courtesy.taken(&along.file);
        }
        (self.target, verdict)
    }

    fn end(self, verdict: &Verdict, result: Result<Success, Problem>) -> (Target, Verdict) {
        let file = verdict.file.clone();
        (self.target, Verdict { file, result })
    }

    /// The time is up: the place is left, before that is said. What was handed over in the last moment is taken.
    async fn give_up(self, verdict: Verdict) -> (Target, Verdict) {
        let Some(along) = &self.along else {
            // Without the share nobody knows how the file stands.
            return (self.target, verdict);
        };
        let board = &self.target.repository.board;
        let mut lock = board
            .see(|eyes| eyes.table.locks.get(&along.file).cloned())
            .flatten();
        let alone = board.state().courtesy.waits_alone(&along.file);
        if alone && let Some(left) = self.want(Intent::Queue(Queue::Leave { joined: None })).await {
            match left.result {
                Ok(Success {
                    done: Done::Left { lock: stands },
                    ..
                }) => lock = stands,
                Err(Problem::Refused(Refusal::NotWaiting { lock: stands, .. })) => {
                    let mine = |lock: &&Arc<Lock>| lock.owner.same_desk(&board.me) && is_untouched(lock);
                    let token = stands.as_ref().filter(mine).and_then(|lock| lock.token);
                    if token.is_some()
                        && let Some(taken) = self.ask(token).await
                        && taken.result.is_ok()
                    {
                        return self.had(taken);
                    }
                    lock = stands;
                }
                // The worker sees to it when it can.
                _ => {}
            }
        }
        let waited = board.clock.moment().since(self.started);
        self.end(&verdict, Err(Problem::TimedOut { lock, waited }))
    }
}

async fn wait_for_change(changes: &mut Receiver<u64>, at_most: Option<Duration>) {
    // Whatever ends it, the table is looked at again.
    match at_most {
        Some(limit) => drop(timeout(limit, changes.changed()).await),
        None => drop(changes.changed().await),
    }
}

#[cfg(test)]
mod tests;
