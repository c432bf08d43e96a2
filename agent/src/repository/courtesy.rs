//! What this desk's person waits for, and what has to be told about it: pure, from commits as they become known.
//!
//! [`mod@line`] has the places in line. Here are wishes.
//!
//! A *wish* is to be told when a file is free. It comes of a refusal, and then lasts a day, or of `notify`, and then has no
//! end. It ends when it was fulfilled: the file is free and that was told, or the person has it. A lock that passes from
//! hand to hand leaves a wish as it is, and so does an owner who fell silent: the file was not given up, and whoever wants
//! it then only has to ask for it.

pub mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{Change, Ended, FileName, How, Lock, Owner, Table, Token};

use self::line::InLine;
use crate::desktop::What;

/// How long whoever was refused is told without having asked.
const REFUSED_TODAY: Duration = Duration::from_hours(24);
/// More wishes than anybody has; the oldest names go first.
const WISHES: usize = 10_000;

/// A lock as it stood when somebody began to wait for its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whose.
    pub owner: Arc<Owner>,
    /// Which.
    pub token: Option<Token>,
    /// Since when.
    pub since: Timestamp,
}

impl Seen {
    /// What is remembered of `lock`.
    pub fn of(lock: &Lock) -> Self {
        Self {
            owner: Arc::clone(&lock.owner),
            token: lock.token,
            since: lock.since,
        }
    }

    /// The end of the lock, of which nothing more is known.
    fn ended(&self) -> Ended {
        Ended {
            owner: Arc::clone(&self.owner),
            token: self.token,
            since: self.since,
            how: How::Released,
            reason: None,
        }
    }
}

/// Somebody wants to be told when a file is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Until when, by this machine's own wall clock; `None`: without end.
    pub until: Option<Timestamp>,
    /// Who had it then.
    pub was: Seen,
}

impl Wish {
    fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Courtesy {
    /// What is to be told when it is free.
    pub wishes: BTreeMap<FileName, Wish>,
    /// The places in line.
    pub places: BTreeMap<FileName, InLine>,
    /// What the line has handed over, and has to be taken up.
    take_up: BTreeMap<FileName, Token>,
    /// The newest [`InLine::id`].
    ids: u64,
    /// Up to which of them the waiting for a file was given up by the person.
    given_up: BTreeMap<FileName, u64>,
}

/// Files that became free in the commits at hand, with the end of their locks and who ended them.
pub type Freed = BTreeMap<FileName, (Ended, Arc<Owner>)>;

impl Courtesy {
    /// Whether somebody waits for something.
    pub fn waits(&self) -> bool {
        !self.wishes.is_empty() || self.has_chores()
    }

    /// The files that are waited for, in whatever way.
    pub fn awaited(&self) -> Vec<FileName> {
        let all: BTreeSet<&FileName> = self.wishes.keys().chain(self.places.keys()).collect();
        all.into_iter().cloned().collect()
    }

    /// Remembers that `file`, which `lock` holds, is wished for: for a day, or without end with `asked`.
    pub fn wish(&mut self, file: FileName, lock: &Lock, asked: bool, now: Timestamp) {
        let endless = asked || self.wishes.get(&file).is_some_and(|wish| wish.until.is_none());
        let day = now.saturating_add(REFUSED_TODAY).ok();
        let wish = Wish {
            until: day.filter(|_| !endless),
            was: Seen::of(lock),
        };
        self.wishes.insert(file, wish);
        if self.wishes.len() > WISHES {
            self.wishes.pop_first();
        }
    }

    /// Forgets the wishes whose day is over. Returns whether there were any.
    pub fn forget_old(&mut self, now: Timestamp) -> bool {
        let before = self.wishes.len();
        self.wishes.retain(|_, wish| !wish.is_over(now));
        self.wishes.len() != before
    }

    /// Takes one change in. What is to be told at once goes to `told`; what became free is gathered in `freed`, for the file
    /// may be taken again by the next. Returns whether something is different now.
    pub fn take(&mut self, change: &Change, me: &Owner, told: &mut Vec<What>, freed: &mut Freed) -> bool {
        let file = &change.file;
        let waited = self.places.contains_key(file);
        if let Some(lock) = change.lock.as_ref().filter(|lock| lock.owner.same_desk(me)) {
            told.extend(self.has(file, lock, me, change.ended.as_ref()));
        } else {
            self.has_not(file, change.lock.as_deref(), me);
        }
        self.take_wish(change, me, freed) || waited
    }

    fn take_wish(&mut self, change: &Change, me: &Owner, freed: &mut Freed) -> bool {
        let file = &change.file;
        freed.remove(file);
        if !self.wishes.contains_key(file) {
            return false;
        }
        match (&change.lock, &change.ended) {
            // One's own, by whatever way; or one ended it oneself.
            (Some(lock), _) if lock.owner.same_desk(me) => self.wishes.remove(file).is_some(),
            (None, _) if change.by.same_desk(me) => self.wishes.remove(file).is_some(),
            (None, Some(ended)) => {
                freed.insert(file.clone(), (ended.clone(), Arc::clone(&change.by)));
                true
            }
            _ => false,
        }
    }

    /// Everything that is free after all: told once, and then no longer wished for.
    pub fn fulfil(&mut self, freed: Freed, now: Timestamp) -> Vec<What> {
        let fulfilled = |(file, (was, by))| {
            let wish = self.wishes.remove(&file)?;
            (!wish.is_over(now)).then_some(What::Free { file, was, by })
        };
        freed.into_iter().filter_map(fulfilled).collect()
    }

    /// Compares what is wished for with the whole table, after commits that nobody saw.
    pub fn compare(&mut self, table: &Table, me: &Owner, now: Timestamp) -> Vec<What> {
        let mut freed = Freed::new();
        self.wishes.retain(|file, wish| {
            let Some(lock) = table.locks.get(file) else {
                freed.insert(file.clone(), (wish.was.ended(), Arc::clone(&wish.was.owner)));
                return true;
            };
            !lock.owner.same_desk(me)
        });
        self.fulfil(freed, now)
    }
}

#[cfg(test)]
mod tests;
