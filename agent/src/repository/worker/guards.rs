//! Guards whose programs would run on this machine: looked after with every heartbeat, before anybody is refused because
//! of one, and before this agent stops.
//!
//! A guard ends when its program says so. One whose program went without a word, or whose `camctl run` did, is given back
//! by this agent once the program is dead; a neighbour's, whose agent is dead too, is known to be over.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::{FileName, Kind, Token};
use camctl_shared::rules::{Checkin, Intent};

use super::{Stage, Worker};
use crate::programs;
use crate::repository::board::{Board, Health};
use crate::repository::job::{Asks, Item, Ticket, Unread};

/// A program that nobody asks about any more is looked at so often: it may have been killed together with its
/// `camctl run`, a moment later.
const FORSAKEN: Duration = Duration::from_secs(1);

impl Worker {
    /// Looks at the programs of all guards.
    pub(super) fn see_programs(&self) {
        let board = &self.board;
        let Some(table) = board.table() else { return };
        let table = table.read();
        let guards = table.locks.iter().filter(|(_, lock)| lock.kind == Kind::Guard);
        let seen = guards.filter_map(|(file, lock)| {
            let runs = programs::runs(board.programs.as_ref(), lock, &board.me)?;
            Some((file.clone(), (lock.token, runs)))
        });
        let seen = seen.collect();
        board.observer().see_programs(seen);
    }

    /// Gives back what this desk's programs have left behind. Not again and again: what failed is tried with the next look.
    /// Those that a `camctl run` asks about are its own business, for it says first how the program has ended.
    pub(super) fn see_to_guards(&mut self) {
        let now = self.now();
        let free = self.backlog.is_empty() && self.in_doubt.is_none() && !self.unsettled;
        if self.stage != Stage::Working || !free || now < self.guards_at {
            return;
        }
        let forsaken = forsaken(&self.board);
        if forsaken.is_empty() || !matches!(self.board.state().health, Health::Well) {
            return;
        }
        self.guards_at = now.after(FORSAKEN);
        let mut items = Vec::new();
        for (file, token) in forsaken {
            see_program(&self.board, &file);
            if self.board.is_orphaned(&file) {
                tracing::info!(folder = %self.board.folder, %file, "its program has ended: given back");
                items.push(Item {
                    path: file.as_str().to_owned(),
                    intent: Intent::Checkin(Checkin {
                        token,
                        message: Some("its program has ended".into()),
                        ..Checkin::default()
                    }),
                });
            }
        }
        if !items.is_empty() {
            self.backlog.push_back(Asks {
                items,
                ticket: Arc::new(Ticket::default()),
                unread: Unread::Keep,
                reply: None,
                seat: None,
            });
        }
    }

    /// When the guards are to be looked at again, if there are any that nobody asks about.
    pub(super) fn guards_due(&self) -> Option<camctl_shared::clock::Moment> {
        let waits = self.stage == Stage::Working && !forsaken(&self.board).is_empty();
        let well = matches!(self.board.state().health, Health::Well);
        (waits && well).then_some(self.guards_at)
    }
}

fn forsaken(board: &Board) -> Vec<(FileName, Option<Token>)> {
    let state = board.state();
    let guards = state.guards.iter().filter_map(|file| {
        let token = state.mine.get(file)?.token;
        let attended = token.is_some_and(|token| state.attended.contains_key(&(file.clone(), token)));
        (!attended).then(|| (file.clone(), token))
    });
    guards.collect()
}

/// Looks at the program of the guard on one file, if there is one.
pub(in crate::repository) fn see_program(board: &Board, file: &FileName) {
    let Some(table) = board.table() else { return };
    let lock = table.read().locks.get(file).cloned();
    let Some(lock) = lock.filter(|lock| lock.kind == Kind::Guard) else {
        return;
    };
    let runs = programs::runs(board.programs.as_ref(), &lock, &board.me);
    board
        .observer()
        .see_program(file, runs.map(|runs| (lock.token, runs)));
}
