//! The machine sleeps, and wakes.
//!
//! Before it sleeps, its session is parked, so that nobody takes its checkouts for stale. After that, the first thing of any
//! kind brings it back: a request, or the heartbeat that is due at once when the machine wakes. So a nap costs two
//! commits, in repositories where something is held or waited for in line; how long it will be nobody can know before.

use std::sync::Arc;

use camctl_shared::model::StoreError;
use camctl_shared::rules;

use super::{Stage, Worker};

impl Worker {
    /// Says in the log that this desk sleeps. It goes on when it is asked for something, or with its next heartbeat.
    pub(super) fn doze(&mut self) -> Result<(), StoreError> {
        if self.stage != Stage::Working {
            return Ok(());
        }
        if self.unsettled {
            self.settle()?;
        }
        let board = Arc::clone(&self.board);
        let store = self.store()?;
        let policy = store.policy();
        let outcome =
            store.commit(&mut |table| board.decide(table, &policy, |scene| rules::doze(scene, &board.me)));
        match outcome {
            Ok(_) => self.digest(),
            Err(StoreError::Unsettled { .. }) => {
                self.mark_unsettled();
                self.settle()?;
            }
            Err(error) => return Err(error),
        }
        let now = self.now();
        if self.is_parked() {
            {
                let mut state = board.state();
                let protected = state.guards.is_empty();
                state.life.rest(protected);
            }
            self.schedule.rest(now);
            // The guardian has nothing to watch over.
            board.bump();
            tracing::info!(folder = %board.folder, "parked before the machine sleeps");
        }
        // People who look at `locks.json` see it too.
        self.store()?.tend(now);
        Ok(())
    }

    /// Whether the log says that this desk's session is away.
    pub(super) fn is_parked(&self) -> bool {
        let (Some(session), Some(table)) = (&self.board.me.session, self.board.table()) else {
            return false;
        };
        table.read().parked.contains_key(session)
    }
}
