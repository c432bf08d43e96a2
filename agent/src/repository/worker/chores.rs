//! What the worker does by itself: polls, settling, and passing on what was learnt.

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::{ShareError, StoreError};

use super::Worker;
use crate::desktop::{Notice, What};
use crate::repository::board::{Health, News};
use crate::repository::digest;
use crate::repository::events::Events;
use crate::repository::schedule::Chore;

impl Worker {
    pub(super) fn chore(&mut self) {
        let now = self.now();
        let Some(chore) = self.schedule.due(now) else {
            return;
        };
        match chore {
            Chore::Settle => {
                if let Err(error) = self.settle() {
                    tracing::debug!(folder = %self.board.folder, %error, "not settled yet");
                    let now = self.now();
                    self.schedule.failed(Chore::Settle, now);
                }
            }
            Chore::Heartbeat => {
                let beat = self.beat();
                let now = self.now();
                match beat {
                    Ok(()) => self.schedule.done(chore, now),
                    Err(error) => {
                        tracing::debug!(folder = %self.board.folder, %error, "the heartbeat failed");
                        self.schedule.failed(chore, now);
                    }
                }
            }
            Chore::Poll | Chore::Listing => self.poll(chore),
            Chore::Tend => {
                let wait = self.opened.as_mut().and_then(|opened| opened.store.tend(now));
                let now = self.now();
                self.schedule.tend(now, wait);
                self.digest();
            }
        }
    }

    pub(in crate::repository) fn poll(&mut self, chore: Chore) {
        // What was wrong is only over when everything was read: a short look would miss a wrong `repo.toml`.
        let damaged = matches!(self.board.state().health, Health::Damaged(_));
        let chore = if damaged { Chore::Listing } else { chore };
        let result = match (self.store(), chore) {
            (Ok(store), Chore::Listing) => store.catch_up_fully(),
            (Ok(store), _) => store.catch_up(),
            (Err(error), _) => Err(error),
        };
        self.digest();
        let now = self.now();
        match result {
            Ok(()) => {
                self.note_readable();
                self.schedule.done(chore, now);
                self.schedule.tend(now, Some(Duration::ZERO));
            }
            Err(error) => {
                self.note_unreadable(&error);
                self.schedule.failed(chore, now);
            }
        }
    }

    pub(super) fn mark_unsettled(&mut self) {
        self.unsettled = true;
        let now = self.now();
        self.schedule.settle(now);
    }

    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        let committed = self.store()?.settle()?;
        tracing::info!(folder = %self.board.folder, ?committed, "settled");
        (self.unsettled, self.hindered) = (false, false);
        let now = self.now();
        self.schedule.done(Chore::Settle, now);
        self.digest();
        Ok(())
    }

    /// Passes on what the store has learnt.
    pub(in crate::repository) fn digest(&mut self) {
        let Some(opened) = &mut self.opened else { return };
        let (news, remarks, policy) = (opened.store.news(), opened.store.remarks(), opened.store.policy());
        let now = self.board.clock.moment();
        let changed = !Arc::ptr_eq(&policy, &self.board.state().policy);
        if changed {
            self.schedule.follow(&policy, now);
            self.board.observer().follow(&policy);
            let mut state = self.board.state();
            state.life.follow(policy.owner_gives_up());
            state.policy = policy;
            drop(state);
            self.board.stirred.notify_one();
        }
        digest::digest(&self.board, self.desktop.as_ref(), &news);
        self.board.note_past(&news);
        for text in remarks {
            let at = self.board.clock.wall();
            self.board.announce(News::Remark {
                at,
                text: text.clone(),
            });
            self.tell(What::Remark(text));
        }
    }

    pub(super) fn note_readable(&mut self) {
        let was = std::mem::replace(&mut self.board.state().health, Health::Well);
        if !matches!(was, Health::Well) || self.events.as_ref().is_some_and(Events::is_deaf) {
            self.watch_events();
        }
        if !matches!(was, Health::Well) {
            self.board.bump();
            self.board.stirred.notify_one();
        }
        if matches!(was, Health::Away(_) | Health::Damaged(_)) {
            let at = self.board.clock.wall();
            self.board.announce(News::Back { at });
            self.tell(What::Back);
        }
    }

    pub(super) fn note_unreadable(&mut self, error: &StoreError) {
        self.board.observer().interrupted();
        let vanished = self.vanished(error);
        let error = vanished.as_ref().unwrap_or(error);
        let health = match error {
            // What was mounted is not mounted: that passes.
            StoreError::NoRepository { .. } => Health::Away(error.clone()),
            _ if error.is_passing() => Health::Away(error.clone()),
            _ => Health::Damaged(error.clone()),
        };
        let was = std::mem::replace(&mut self.board.state().health, health);
        if matches!(was, Health::Opening | Health::Well) {
            tracing::warn!(folder = %self.board.folder, %error, "cannot be read");
            let at = self.board.clock.wall();
            let cause = error.to_string();
            self.board.announce(News::Away {
                at,
                cause: cause.clone(),
            });
            self.board.bump();
            self.board.stirred.notify_one();
            self.tell(What::Away { cause });
        }
    }

    /// What was a repository when this agent last looked has not ceased to be one: the share is away. (Once it was
    /// read, the store says so itself.)
    fn vanished(&self, error: &StoreError) -> Option<StoreError> {
        let StoreError::NoRepository { path } = error else {
            return None;
        };
        let known = self.board.table().is_some() || self.board.state().kept.was_read();
        known.then(|| ShareError::vanished(path).into())
    }

    pub(in crate::repository) fn tell(&self, what: What) {
        self.desktop.tell(Notice {
            folder: self.board.folder.clone(),
            what,
        });
    }
}
