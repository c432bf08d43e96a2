//! When notices are shown, and which of them as one. Pure: the time is an argument.
//!
//! - What comes at the same time is one notification for each kind: a batch of seven files that are free.
//! - Who is told something every other second reads nothing any more: after [`BURST`] notifications within [`WINDOW`] the
//!   next wait, and what comes meanwhile is folded into them.
//! - What is over before it was shown is not shown: a share that was away for a tenth of a second.
//! - While the person wants no notifications, they are kept, and afterwards told as one.

use std::collections::VecDeque;
use std::time::Duration;

use camctl_shared::clock::Moment;

use super::{Notice, What};

/// What comes within so long after the first is shown with it.
pub const GATHER: Duration = Duration::from_millis(200);
/// So many notifications are shown without delay.
pub const BURST: usize = 4;
/// Within so long.
pub const WINDOW: Duration = Duration::from_secs(10);
/// "For an hour".
pub const PAUSE: Duration = Duration::from_secs(3600);
/// So many questions, and so many answers, are shown one by one.
const ONE_BY_ONE: usize = 2;
/// So many notices are kept while notifications are paused; older ones are only counted.
const KEPT: usize = 200;

/// What is shown as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// These are all of one kind.
    Same(Vec<Notice>),
    /// What came while notifications were paused, oldest first, and how many more came before them.
    Missed(Vec<Notice>, usize),
}

/// Notices on their way to the person.
#[derive(Debug, Default)]
pub struct Outbox {
    pending: Vec<Notice>,
    /// When the first of `pending` came.
    since: Option<Moment>,
    /// When the last notifications were shown.
    shown: VecDeque<Moment>,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Pause {
    until: Moment,
    kept: VecDeque<Notice>,
    more: usize,
}

impl Outbox {
    /// Takes a notice.
    pub fn put(&mut self, notice: Notice, now: Moment) {
        if let Some(pause) = &mut self.pause {
            if pause.kept.len() == KEPT {
                pause.kept.pop_front();
                pause.more += 1;
            }
            pause.kept.push_back(notice);
            return;
        }
        let before = self.pending.len();
        self.pending.retain(|earlier| !is_over(earlier, &notice));
        if self.pending.len() < before && is_relief(&notice.what) {
            return;
        }
        self.since.get_or_insert(now);
        self.pending.push(notice);
    }

    /// Whether the person wants no notifications now.
    pub fn is_paused(&self) -> bool {
        self.pause.is_some()
    }

    /// No notifications for so long from now on.
    pub fn pause(&mut self, time: Duration, now: Moment) {
        let (kept, more) = match self.pause.take() {
            Some(pause) => (pause.kept, pause.more),
            None => (self.pending.drain(..).collect(), 0),
        };
        self.since = None;
        self.pause = Some(Pause {
            until: now.after(time),
            kept,
            more,
        });
    }

    /// The pause is over, whenever it would have been.
    pub fn resume(&mut self, now: Moment) {
        if let Some(pause) = &mut self.pause {
            pause.until = now;
        }
    }

    /// When there will be something to [`Outbox::take`].
    pub fn due(&self) -> Option<Moment> {
        if let Some(pause) = &self.pause {
            return Some(pause.until);
        }
        let ready = self.since.filter(|_| !self.pending.is_empty())?.after(GATHER);
        let crowded = self.shown.len() >= BURST;
        let oldest = self.shown.front().filter(|_| crowded);
        Some(oldest.map_or(ready, |oldest| ready.max(oldest.after(WINDOW))))
    }

    /// What is to be shown now.
    pub fn take(&mut self, now: Moment) -> Vec<Batch> {
        if self.due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        if let Some(pause) = self.pause.take() {
            let missed = Batch::Missed(pause.kept.into(), pause.more);
            let nothing = matches!(&missed, Batch::Missed(kept, 0) if kept.is_empty());
            return if nothing {
                Vec::new()
            } else {
                self.count(vec![missed], now)
            };
        }
        self.since = None;
        let batches = folded(std::mem::take(&mut self.pending));
        self.count(batches, now)
    }

    fn count(&mut self, batches: Vec<Batch>, now: Moment) -> Vec<Batch> {
        for _ in &batches {
            if self.shown.len() == BURST {
                self.shown.pop_front();
            }
            self.shown.push_back(now);
        }
        batches
    }
}

/// By kind, in the order in which the first of each came. What has to be answered, and the answers, are shown one by one while
/// they are few: a number says nothing of them.
fn folded(notices: Vec<Notice>) -> Vec<Batch> {
    let few = |said: fn(&What) -> bool| notices.iter().filter(|one| said(&one.what)).count() <= ONE_BY_ONE;
    let (few_asked, few_answered) = (few(is_asked), few(is_answered));
    let mut batches: Vec<Vec<Notice>> = Vec::new();
    for notice in notices {
        let alone = (few_asked && is_asked(&notice.what)) || (few_answered && is_answered(&notice.what));
        let same = |batch: &&mut Vec<Notice>| {
            batch
                .first()
                .is_some_and(|first| kind(&first.what) == kind(&notice.what))
        };
        match batches.iter_mut().find(same).filter(|_| !alone) {
            Some(batch) => batch.push(notice),
            None => batches.push(vec![notice]),
        }
    }
    batches.into_iter().map(Batch::Same).collect()
}

fn is_asked(what: &What) -> bool {
    matches!(what, What::Asked { .. })
}

fn is_answered(what: &What) -> bool {
    matches!(what, What::Answered { .. })
}

/// Whether `later` says that `earlier` is over.
fn is_over(earlier: &Notice, later: &Notice) -> bool {
    let over = matches!(
        (&earlier.what, &later.what),
        (What::Away { .. }, What::Back) | (What::Unsafe { .. }, What::SafeAgain { .. })
    );
    over && earlier.folder == later.folder
}

fn is_relief(what: &What) -> bool {
    matches!(what, What::Back | What::SafeAgain { .. })
}

/// What is folded with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One's locks are gone.
    Gone,
    /// One got them.
    Got,
    /// They are free.
    Free,
    /// They cannot be had.
    OutOfLine,
    /// Others ask.
    Asked,
    /// Others answered.
    Answered,
    /// They end soon.
    Ending,
    /// One seems to have forgotten them.
    Forgotten,
    /// What one has forgotten was given back.
    GivenBack,
    /// One has them at the end of the day.
    StillHeld,
    /// About a share as a whole: each kind for itself.
    Share(u8),
}

/// What kind a notice is of.
pub fn kind(what: &What) -> Kind {
    match what {
        What::LockEnded { .. } | What::LockGone { .. } => Kind::Gone,
        What::GrantedLate { .. } | What::Yours { .. } => Kind::Got,
        What::Free { .. } => Kind::Free,
        What::OutOfLine { .. } => Kind::OutOfLine,
        What::Asked { .. } => Kind::Asked,
        What::Answered { .. } => Kind::Answered,
        What::Ending { .. } => Kind::Ending,
        What::Unsafe { .. } => Kind::Share(0),
        What::SafeAgain { .. } => Kind::Share(1),
        What::Away { .. } => Kind::Share(2),
        What::Back => Kind::Share(3),
        What::Remark(_) => Kind::Share(4),
        What::Forgotten { .. } => Kind::Forgotten,
        What::GivenBack { .. } => Kind::GivenBack,
        What::StillHeld { .. } => Kind::StillHeld,
    }
}

#[cfg(test)]
mod tests;
