//! Checkouts that their owner forgot: looked at, warned about, and given back (`idle_release`).

use std::sync::Arc;
use std::time::Duration;

use camctl_shared::model::{FileName, Lock};
use camctl_shared::rules::{self, Checkin, Idle, Intent};
use camctl_shared::text::span;
use tokio::sync::oneshot;

use super::Worker;
use crate::desktop::What;
use crate::repository::job::{Asks, Delivery, Item};
use crate::repository::sitting::next_look;

/// What came of a look.
#[derive(Default)]
pub struct Sat {
    /// After how long the next is worth while; `None` where nothing can be forgotten.
    pub next: Option<Duration>,
    /// What was given back, once that is known.
    pub given_back: Option<oneshot::Receiver<Delivery>>,
}

impl Worker {
    /// Looks at what this desk holds, where the person has touched nothing for `idle`.
    pub(super) fn sit(&mut self, idle: Option<Duration>) -> Sat {
        let board = Arc::clone(&self.board);
        let now = self.now();
        let policy = Arc::clone(&board.state().policy);
        let (Some(limit), Some(table)) = (policy.idle_release, board.table()) else {
            return Sat::default();
        };
        let mine: Vec<(FileName, Arc<Lock>)> = {
            let table = table.read();
            let mine = table
                .locks
                .iter()
                .filter(|(_, lock)| lock.owner.same_desk(&board.me));
            mine.map(|(file, lock)| (file.clone(), Arc::clone(lock)))
                .collect()
        };
        let locks = mine.iter().map(|(file, lock)| (file, lock.as_ref()));
        board.state().sitting.follow(locks, now);
        let mut sat = Sat::default();
        let mut forgotten = Vec::new();
        for (file, lock) in mine {
            let mut seen = board.state().sitting.used(&file, idle, now);
            // The share is asked for what may be forgotten, and for nothing else.
            if seen.untouched.is_some_and(|untouched| untouched >= limit) {
                seen.changed = self.has_changed(&file, &lock);
            }
            match rules::idle(&policy, &lock, seen) {
                Idle::Leave => {}
                Idle::Warn => {
                    board.state().sitting.warned(&file, now);
                    seen.warned = Some(Duration::ZERO);
                    self.tell(What::Forgotten {
                        file: file.clone(),
                        token: lock.token,
                        untouched: limit,
                        left: rules::warning(limit),
                    });
                }
                Idle::GiveBack => forgotten.push(give_back(&file, &lock, limit)),
            }
            let next = next_look(limit, seen);
            sat.next = Some(sat.next.map_or(next, |soonest| soonest.min(next)));
        }
        if !forgotten.is_empty() {
            let (reply, given_back) = oneshot::channel();
            let asks = Asks {
                reply: Some(reply),
                ..Asks::unasked(forgotten)
            };
            self.backlog.push_back(asks);
            self.serve_asks();
            sat.given_back = Some(given_back);
        }
        sat
    }

    fn has_changed(&self, file: &FileName, lock: &Lock) -> Option<bool> {
        let (_, now) = self.opened.as_ref()?.place.find(file.as_str()).ok()??;
        let base = lock.base.as_ref()?;
        Some(base.size != now.size || base.modified != now.modified)
    }
}

/// This lock and no other, as it stands.
fn give_back(file: &FileName, lock: &Lock, limit: Duration) -> Item {
    Item {
        path: file.as_str().to_owned(),
        intent: Intent::Checkin(Checkin {
            token: lock.token,
            renewed: Some(lock.renewed),
            message: Some(format!("unchanged, and left alone for {}", span(limit)).into()),
        }),
    }
}
