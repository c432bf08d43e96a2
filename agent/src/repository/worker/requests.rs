//! What others want of the worker: it is put together, decided, and answered.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::{FileName, Lock, StoreError, Token};
use camctl_shared::rules;
use camctl_shared::store::Committed;

use super::{Stage, Worker};
use crate::desktop::What;
use crate::problem::Problem;
use crate::repository::batch::{self, Batch, Round};
use crate::repository::board::{Health, Loss};
use crate::repository::inspect;
use crate::repository::job::{Asks, Delivery, Job, Unread, Verdict};
use crate::repository::schedule::Chore;

/// Requests that go into one commit at most; more wait for the next.
const TOGETHER: usize = 512;

impl Worker {
    pub(super) fn serve_asks(&mut self) {
        self.hindered = false;
        if self.backlog.is_empty() && self.in_doubt.is_none() {
            return;
        }
        if self.stage == Stage::Stopped {
            return self.refuse_backlog(&Problem::Stopping);
        }
        if self.stage != Stage::Working {
            let problem = self.board.readable().err().unwrap_or(Problem::Stopping);
            return self.refuse_backlog(&problem);
        }
        if self.unsettled {
            return;
        }
        if let Some(problem) = self.still_damaged() {
            self.hindered = true;
            return self.refuse_backlog(&problem);
        }
        if let Err(error) = self.make_sure() {
            self.hindered = true;
            // What is being settled is waited for; everything else is refused.
            if !self.unsettled {
                self.refuse_backlog(&Problem::Store(error));
            }
            return;
        }
        let mut batch = self.in_doubt.take().unwrap_or_default();
        let mut count = 0;
        while count < TOGETHER
            && let Some(asks) = self.backlog.pop_front()
        {
            count += 1;
            let (Some(opened), Some(table)) = (&self.opened, self.board.table()) else {
                continue;
            };
            let case = table.read().case;
            batch.take(asks, &self.board, opened.place.as_ref(), case);
        }
        self.run_batch(batch);
    }

    /// Why nothing may be changed, when somebody has to mend something first; looked at again before it is said.
    fn still_damaged(&mut self) -> Option<Problem> {
        let damaged = |worker: &Self| match &worker.board.state().health {
            Health::Damaged(error) => Some(Problem::Store(error.clone())),
            _ => None,
        };
        damaged(self)?;
        self.poll(Chore::Listing);
        damaged(self)
    }

    pub(super) fn run_batch(&mut self, mut batch: Batch) {
        while !batch.is_finished() {
            let sent = self.now();
            let Some(opened) = &mut self.opened else { break };
            match batch.round(&self.board, &mut *opened.store) {
                Ok((Round::InDoubt, _)) => {
                    self.mark_unsettled();
                    self.deliver(&mut batch);
                    self.in_doubt = Some(batch);
                    return;
                }
                Ok((_, committed)) => {
                    if let Committed::At(_) = committed {
                        self.board.state().life.sign(sent);
                    }
                    self.digest();
                    self.wish(batch.refused());
                    self.deliver(&mut batch);
                    // The log of what happened can wait; those who asked do not have to.
                    if let Committed::At(commit) = committed {
                        tracing::info!(folder = %self.board.folder, commit, "committed");
                    }
                }
                Err(error) => {
                    tracing::warn!(folder = %self.board.folder, %error, "a commit failed");
                    batch.fail(&Problem::Store(error));
                    self.digest();
                    let now = self.now();
                    self.schedule.hurry(now);
                }
            }
        }
        self.deliver(&mut batch);
        let now = self.now();
        // Head and projection follow when nobody waits any more.
        self.schedule.tend(now, Some(Duration::ZERO));
    }

    pub(super) fn deliver(&self, batch: &mut Batch) {
        batch.deliver(&self.board, &self.jobs);
        for what in batch.told() {
            self.tell(what);
        }
    }

    /// Whoever was refused is told when the file is free. Noted here, between two commits: nothing is missed.
    fn wish(&self, refused: Vec<(FileName, Arc<Lock>)>) {
        if refused.is_empty() {
            return;
        }
        let now = self.board.clock.wall();
        let mut state = self.board.state();
        for (file, lock) in refused {
            state.courtesy.wish(file, &lock, false, now);
        }
        drop(state);
        self.board.stirred.notify_one();
    }

    pub(super) fn refuse_backlog(&mut self, problem: &Problem) {
        for asks in std::mem::take(&mut self.backlog) {
            if !asks.ticket.start() {
                continue;
            }
            let verdict = |_| Verdict {
                file: None,
                result: Err(problem.clone()),
            };
            let verdicts = asks.items.iter().map(verdict).collect();
            if let Some(reply) = asks.reply {
                drop(reply.send(Delivery::new(verdicts, asks.unread, self.jobs.clone())));
            }
        }
    }

    pub(super) fn unread(&mut self, verdicts: &[Verdict], unread: Unread) {
        // Whoever was given a place in line does not wait any more.
        if unread == Unread::GiveBack {
            for (file, ..) in verdicts.iter().filter_map(batch::joined) {
                self.board.state().courtesy.left(file, None);
            }
        }
        // Nobody has read of these losses.
        for verdict in verdicts {
            let mut state = self.board.state();
            if let (Some(file), Err(Problem::Lost { ended, by, .. })) = (&verdict.file, &verdict.result)
                && !state.mine.contains_key(file)
            {
                let (ended, by) = (ended.clone(), Arc::clone(by));
                state.lose(file.clone(), Loss { ended, by });
                self.board.stirred.notify_one();
            }
        }
        let items = batch::give_back(verdicts);
        if items.is_empty() || self.stage == Stage::Stopped {
            return;
        }
        if unread == Unread::GiveBack {
            self.backlog.push_back(Asks::unasked(items));
            return;
        }
        for (file, _) in batch::granted(verdicts) {
            self.tell(What::GrantedLate { file: file.clone() });
        }
    }

    pub(super) fn serve(&mut self, job: Job) {
        match job {
            Job::Freshen(reply, _seat) => {
                let fresh = self.freshen();
                // Whoever asked may have left.
                let _ = reply.send(fresh);
            }
            Job::Beat(reply, _seat) => {
                let beat = if self.stage == Stage::Working {
                    self.beat().map(|()| self.counter)
                } else {
                    Err(self.not_loaded())
                };
                let _ = reply.send(beat.map_err(Problem::Store));
            }
            Job::Sign(reply, _seat) => {
                let _ = reply.send(self.own_sign().map_err(Problem::Store));
            }
            Job::MayPut(file, token, reply, _seat) => {
                let _ = reply.send(self.may_put(&file, token));
            }
            Job::Retire => self.stage = Stage::Stopped,
            Job::Inspect(inspection) => inspect::inspect(self, inspection),
            Job::Doze(reply) => {
                let dozes = self.doze();
                let _ = reply.send(dozes.map_err(Problem::Store));
            }
            // Whoever asked has given up: what they knew of the person is old.
            Job::Sit(_, reply) if reply.is_closed() => {}
            Job::Sit(idle, reply) => {
                let sat = self.sit(idle);
                let _ = reply.send(sat);
            }
            Job::WakeUp => {
                let now = self.now();
                self.schedule.wake_up(now);
            }
            Job::Park(reply) => {
                let parked = self.park();
                let _ = reply.send(parked.map_err(Problem::Store));
            }
            Job::Asks(_) | Job::Wake | Job::Unread(..) => {}
        }
    }

    /// Nothing is taken from memory here: what others have committed is read first, and one's own session shown.
    fn may_put(&mut self, file: &FileName, token: Option<Token>) -> Result<Arc<Lock>, Problem> {
        if self.stage != Stage::Working {
            return Err(self.board.readable().err().unwrap_or(Problem::Stopping));
        }
        if self.unsettled {
            // One's own checkin may be under way.
            return Err(self.board.no_answer(self.board.patience));
        }
        if let Some(problem) = self.still_damaged() {
            return Err(problem);
        }
        self.make_sure().map_err(Problem::Store)?;
        self.poll(Chore::Listing);
        self.board.readable()?;
        let Some(table) = self.board.table() else {
            return Err(Problem::Stopping);
        };
        let policy = Arc::clone(&self.board.state().policy);
        let board = &self.board;
        let answer = board.decide(&table.read(), &policy, |scene| {
            rules::may_put(scene, &board.me, file, token)
        });
        answer.map_err(|refusal| batch::explained(board, file, refusal))
    }

    pub(super) fn not_loaded(&self) -> StoreError {
        match &self.board.state().health {
            Health::Away(error) | Health::Damaged(error) => error.clone(),
            Health::Opening | Health::Well | Health::Stopped => StoreError::NoRepository {
                path: self.board.folder.as_str().into(),
            },
        }
    }

    pub(super) fn freshen(&mut self) -> Result<(), Problem> {
        if self.stage == Stage::Working {
            self.poll(Chore::Poll);
        }
        self.board.readable()
    }
}
