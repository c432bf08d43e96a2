//! The worker's own session: it shows itself, watches the others, comes back after a gap, and parks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use camctl_shared::model::{SessionId, ShareError, ShareErrorKind, StoreError};
use camctl_shared::mutation::{Mutation, mutated};
use camctl_shared::rules;
use camctl_shared::store::{Committed, Heartbeat};

use super::{Stage, Worker};
use crate::desktop::What;
use crate::problem::Problem;
use crate::repository::board::Health;
use crate::repository::revival;

impl Worker {
    /// Makes sure that one's own session was not silent for too long; after a gap it comes back first.
    pub(super) fn make_sure(&mut self) -> Result<(), StoreError> {
        if self.is_safe() {
            return Ok(());
        }
        if mutated(Mutation::SkipRevive) && self.board.state().life.left(self.now()).is_some() {
            let now = self.now();
            self.board.state().life.came_back(now);
            return self.write_heartbeat();
        }
        self.come_back()?;
        if !self.is_safe() {
            // The share took so long over it, or this process stood still, that others may have judged it meanwhile.
            self.come_back()?;
        }
        if self.is_safe() {
            Ok(())
        } else {
            Err(self.too_slow())
        }
    }

    fn is_safe(&self) -> bool {
        let now = self.now();
        // Also where nobody knew: a parking whose answer was lost, and that turned out to be in the log.
        let parked = self.is_parked();
        let mut state = self.board.state();
        state.life.look(now);
        state.life.is_safe(now) && !parked
    }

    fn too_slow(&self) -> StoreError {
        let error = ShareError {
            action: "show a sign of life on",
            path: self.board.folder.as_str().into(),
            kind: ShareErrorKind::Unknown,
            cause: "it takes longer than others wait for one".into(),
        };
        error.into()
    }

    pub(super) fn come_back(&mut self) -> Result<(), StoreError> {
        let sent = self.now();
        let board = Arc::clone(&self.board);
        let store = self.store()?;
        let policy = store.policy();
        let outcome = store.commit(&mut |table| {
            board.decide(table, &policy, |scene| revival::draft(table, scene, &board.me))
        });
        if let Err(StoreError::Unsettled { .. }) = outcome {
            self.mark_unsettled();
        }
        let committed = outcome?;
        self.digest();
        if committed == Committed::Nothing {
            self.write_heartbeat()?;
        } else if let Err(error) = self.write_heartbeat() {
            // The commit was a sign of life already.
            tracing::debug!(folder = %self.board.folder, %error, "no heartbeat yet");
        }
        let now = self.now();
        let (count, told_unsafe) = {
            let mut state = self.board.state();
            state.life.came_back(sent);
            let stands = state.life.is_safe(now);
            (state.mine.len(), stands && std::mem::take(&mut state.told_unsafe))
        };
        tracing::info!(folder = %self.board.folder, locks = count, "our session is in the log");
        if told_unsafe {
            self.tell(What::SafeAgain { locks: count });
        }
        self.board.stirred.notify_one();
        // Whoever waited for that is served at once.
        self.hindered = false;
        Ok(())
    }

    pub(super) fn write_heartbeat(&mut self) -> Result<(), StoreError> {
        let sent = self.now();
        let Some(session) = self.board.me.session.clone() else {
            return Ok(());
        };
        self.counter = self.counter.wrapping_add(1);
        let heartbeat = Heartbeat {
            session,
            user: self.board.me.user.clone(),
            machine: self.board.me.machine.clone().unwrap_or_default(),
            counter: self.counter,
            version: env!("CARGO_PKG_VERSION").into(),
        };
        let result = self.store()?.heartbeat(&heartbeat);
        let mut state = self.board.state();
        match result {
            Ok(()) => {
                state.life.sign(sent);
                state.beat_problem = None;
                Ok(())
            }
            Err(error) => {
                state.beat_problem = Some(error.clone());
                Err(error)
            }
        }
    }

    /// One round of the heartbeat: one's own sign of life, then a look at the others'.
    pub(super) fn beat(&mut self) -> Result<(), StoreError> {
        let beat = self.make_sure().and_then(|()| self.write_heartbeat());
        if let Err(error) = beat {
            self.board.observer().interrupted();
            return Err(error);
        }
        self.look_round()
    }

    pub(super) fn look_round(&mut self) -> Result<(), StoreError> {
        let board = Arc::clone(&self.board);
        board.observer().begin(board.clock.moment());
        let store = self.store()?;
        let table = store.table();
        let sessions: BTreeSet<SessionId> = revival::watched(&table.read(), &board.me);
        let mut signs = BTreeMap::new();
        for session in sessions {
            match store.session(&session) {
                Ok(heartbeat) => {
                    signs.insert(session, heartbeat.map(|heartbeat| heartbeat.counter));
                }
                // Unknown: it is left out, and its silence starts again.
                Err(error) => tracing::debug!(%session, %error, "a heartbeat cannot be read"),
            }
        }
        let (now, wall) = (board.clock.moment(), board.clock.wall());
        {
            // In the order in which everybody takes them: the table, then its judge.
            let table = table.read();
            board.observer().look(now, wall, &table, &signs);
        }
        self.see_programs();
        if board.state().courtesy.forget_old(wall) {
            board.stirred.notify_one();
        }
        // Somebody's time may be up. Whoever begins to wait after this looks for himself.
        if board.waiters.load(Ordering::Relaxed) > 0 {
            board.bump();
        } else {
            board.state().courtesy.nobody_waits_along();
        }
        Ok(())
    }

    /// One's own sign of life, as this folder shows it.
    pub(super) fn own_sign(&mut self) -> Result<Option<u64>, StoreError> {
        let Some(session) = self.board.me.session.clone() else {
            return Ok(None);
        };
        let heartbeat = self.store()?.session(&session)?;
        Ok(heartbeat.map(|heartbeat| heartbeat.counter))
    }

    pub(super) fn park(&mut self) -> Result<(), StoreError> {
        let parked = self.try_park();
        self.stage = Stage::Stopped;
        self.board.state().health = Health::Stopped;
        // Those who wait learn that there is nothing to wait for.
        self.board.bump();
        self.refuse_backlog(&Problem::Stopping);
        if let Some(mut batch) = self.in_doubt.take() {
            // What was sent may be in the log: it would be untrue that nothing was done.
            batch.fail(&Problem::NoAnswer {
                folder: self.board.folder.clone(),
                waited: self.board.patience,
                unsettled: true,
            });
            self.deliver(&mut batch);
        }
        parked
    }

    pub(super) fn try_park(&mut self) -> Result<(), StoreError> {
        if self.stage != Stage::Working {
            return Ok(());
        }
        if self.unsettled {
            self.settle()?;
        }
        self.leave_lines()?;
        self.see_programs();
        let board = Arc::clone(&self.board);
        let store = self.store()?;
        let policy = store.policy();
        let committed =
            store.commit(&mut |table| board.decide(table, &policy, |scene| rules::park(scene, &board.me)))?;
        tracing::info!(folder = %board.folder, ?committed, "parked");
        self.digest();
        let now = self.now();
        self.store()?.tend(now);
        Ok(())
    }
}
