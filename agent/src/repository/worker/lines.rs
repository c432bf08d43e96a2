//! The worker sees to it that this desk stands in those lines in which somebody waits, and in no other.

use std::sync::Arc;

use camctl_shared::model::{FileName, RequestId, StoreError};
use camctl_shared::rules::{self, Ask, Intent, Queue};

use super::{Stage, Worker};
use crate::repository::board::Health;
use crate::repository::courtesy::line::InLine;
use crate::repository::job::{Asks, Item};

impl Worker {
    /// Asks for what differs, when nobody else is served. Not again and again: what failed is tried with the next poll.
    pub(super) fn see_to_lines(&mut self) {
        let now = self.now();
        let free = self.backlog.is_empty() && self.in_doubt.is_none() && !self.unsettled;
        if self.stage != Stage::Working || !free || now < self.lines_at {
            return;
        }
        let board = Arc::clone(&self.board);
        {
            let state = board.state();
            if !state.courtesy.has_chores() || !matches!(state.health, Health::Well) {
                return;
            }
        }
        let Some(table) = board.table() else { return };
        let chores = {
            // In the order in which everybody takes them: the table, its judge, the state.
            let table = table.read();
            let mut observer = board.observer();
            observer.tick(now);
            let mut state = board.state();
            state.courtesy.chores(&table, &*observer, &board.me)
        };
        if !chores.told.is_empty() {
            board.stirred.notify_one();
        }
        for what in chores.told {
            self.tell(what);
        }
        if chores.wanted.is_empty() {
            return;
        }
        self.lines_at = now.after(board.state().policy.poll_busy);
        let item = |(file, intent): (FileName, Intent)| Item {
            path: file.as_str().to_owned(),
            intent,
        };
        let items = chores.wanted.into_iter().map(item).collect();
        self.backlog.push_back(Asks::unasked(items));
    }

    /// Before this agent stops: it leaves the lines in which only its programs wait.
    pub(super) fn leave_lines(&mut self) -> Result<(), StoreError> {
        let board = Arc::clone(&self.board);
        let leave = |(file, place): (&FileName, &InLine)| Ask {
            id: RequestId::random(),
            by: Arc::clone(&board.me),
            file: file.clone(),
            intent: Intent::Queue(Queue::Leave { joined: place.joined }),
        };
        let asks: Vec<Ask> = {
            let state = board.state();
            let places = state.courtesy.places.iter();
            places.filter(|(_, place)| !place.stays).map(leave).collect()
        };
        if asks.is_empty() {
            return Ok(());
        }
        let store = self.store()?;
        let policy = store.policy();
        store.commit(&mut |table| {
            board
                .decide(table, &policy, |scene| rules::decide(scene, &asks))
                .draft
        })?;
        self.digest();
        board.state().courtesy.places.retain(|_, place| place.stays);
        Ok(())
    }
}
