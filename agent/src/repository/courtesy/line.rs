//! Places in line, as this agent knows them. The table says who stands where; here stands for whom this desk waits: for
//! programs that wait along, for the person, or for nobody any more.
//!
//! Whatever happens to a program, an agent or a share, what is wanted is compared with the table again and again
//! ([`Courtesy::chores`]), and what differs is asked for: to leave, to join anew, to take what stands free.

use std::collections::BTreeMap;

use camctl_shared::model::Kind;
use camctl_shared::rules::{Checkout, Intent, Judge, Queue, is_untouched, someone_is_before};

use super::{Courtesy, Ended, FileName, Lock, Owner, Seen, Table, What};
use crate::repository::board::{Held, held};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InLine {
    /// The commit that gave the place last; `None` when nobody knows which.
    pub joined: Option<u64>,
    /// The person waits, whether or not a program waits along.
    pub stays: bool,
    /// How many programs wait along.
    pub programs: usize,
    /// Tells this waiting from an earlier one for the same file.
    pub id: u64,
    /// What for.
    pub message: Box<str>,
    /// The lock whose end is waited for.
    pub was: Seen,
    /// The agent has asked for the file itself, because its lock is over or the line is gone.
    trying: bool,
    /// How often in a row that was refused for good.
    refusals: u8,
}

/// An editor that replaces a file when it saves lets it be missing for a moment.
const REFUSALS: u8 = 2;

impl InLine {
    /// What an earlier run of the agent knew; its programs are gone.
    pub fn kept(joined: Option<u64>, stays: bool, message: Box<str>, was: Seen) -> Self {
        Self {
            joined,
            stays,
            programs: 0,
            id: 0,
            message,
            was,
            trying: false,
            refusals: 0,
        }
    }

    /// What the next run of the agent has to know.
    #[must_use]
    pub fn kept_of(&self) -> Self {
        Self::kept(self.joined, self.stays, self.message.clone(), self.was.clone())
    }

    fn is_given_up(&self) -> bool {
        self.programs == 0 && !self.stays
    }
}

/// For whom a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// A program that waits along.
    Program,
    /// The person; kept over restarts.
    Person,
}

/// What is to be done about lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chores {
    /// To be asked of the table.
    pub wanted: Vec<(FileName, Intent)>,
    /// To be told.
    pub told: Vec<What>,
}

impl Courtesy {
    /// The desk has a place in the line of `lock`, by commit `joined`. `whom`: somebody who waits from now on; nobody, when
    /// the agent asked for those who wait already, or have given it up meanwhile.
    pub fn joined(&mut self, file: &FileName, lock: &Lock, me: &Owner, joined: u64, whom: Option<For>) {
        let mine = lock.queue.iter().find(|waiter| waiter.owner.same_desk(me));
        let message = mine.map(|waiter| waiter.message.clone()).unwrap_or_default();
        self.ids += 1;
        let new = InLine {
            id: self.ids,
            ..InLine::kept(Some(joined), false, message.clone(), Seen::of(lock))
        };
        let place = self.places.entry(file.clone()).or_insert(new);
        (place.joined, place.message, place.was, place.trying) =
            (Some(joined), message, Seen::of(lock), false);
        place.refusals = 0;
        match whom {
            Some(For::Program) => place.programs += 1,
            Some(For::Person) => place.stays = true,
            None => {}
        }
    }

    /// A program has left, or does not wait any more. `id`: only of that waiting.
    pub fn left(&mut self, file: &FileName, id: Option<u64>) {
        if let Some(place) = self.places.get_mut(file)
            && id.is_none_or(|id| id == place.id)
        {
            place.programs = place.programs.saturating_sub(1);
        }
    }

    /// A program has the file that it waited for.
    pub fn taken(&mut self, file: &FileName) {
        self.places.remove(file);
    }

    /// The person does not want to wait any more, and no program is to wait along. Whether there was a place.
    pub fn give_up(&mut self, file: &FileName) -> bool {
        self.given_up.insert(file.clone(), self.ids);
        self.ids += 1;
        let place = self.places.get_mut(file);
        let had = place.is_some();
        if let Some(place) = place {
            (place.stays, place.programs, place.id) = (false, 0, self.ids);
        }
        had
    }

    /// Whether the person has given up the waiting that began as `id`.
    pub fn is_given_up(&self, file: &FileName, id: u64) -> bool {
        self.given_up.get(file).is_some_and(|given_up| id <= *given_up)
    }

    /// Whether the person has given up waiting for `file` since somebody waits for something.
    pub fn has_been_given_up(&self, file: &FileName) -> bool {
        self.given_up.contains_key(file)
    }

    /// Whether nobody else at this desk waits for it.
    pub fn waits_alone(&self, file: &FileName) -> bool {
        let place = self.places.get(file);
        place.is_some_and(|place| place.programs <= 1 && !place.stays)
    }

    /// No program waits, so none has to be told any more that it was given up.
    pub fn nobody_waits_along(&mut self) {
        self.given_up.clear();
    }

    /// The agent asked for `file` in vain, and would always do so: there is no such file, say. Returns whether the person
    /// waited for it, and does so no longer.
    pub fn cannot_have(&mut self, file: &FileName) -> bool {
        let Some(place) = self.places.get_mut(file) else {
            return false;
        };
        place.refusals += 1;
        place.refusals >= REFUSALS && std::mem::take(&mut place.stays)
    }

    /// What was handed over is not there any more to be taken up.
    pub fn cannot_take_up(&mut self, file: &FileName) {
        self.take_up.remove(file);
    }

    /// Places that stand in the table and that nobody remembers, after a restart or a gap in the log: nobody waits for
    /// them any more.
    pub fn find_forgotten(&mut self, table: &Table, me: &Owner) {
        for (file, lock) in &table.locks {
            if waits(lock, me) {
                let place = || InLine::kept(Some(table.n), false, Box::default(), Seen::of(lock));
                self.places.entry(file.clone()).or_insert_with(place);
            }
        }
    }

    /// What the line has handed over in commits that nobody saw, and of which no place is remembered: the person has it.
    /// Told are those that are not in `known`.
    pub fn find_handed(&mut self, table: &Table, me: &Owner, known: &BTreeMap<FileName, Held>) -> Vec<What> {
        let mut told = Vec::new();
        for (file, lock) in &table.locks {
            let mine = lock.owner.same_desk(me) && is_untouched(lock);
            if !mine || self.places.contains_key(file) || self.take_up.contains_key(file) {
                continue;
            }
            let yours = self.yours(file, lock, None);
            told.extend((known.get(file) != Some(&held(lock))).then_some(yours));
        }
        told
    }

    /// Takes in that `lock`, which is this desk's, stands on `file` now; `ended` is the lock before it. Returns what is to
    /// be told.
    pub(super) fn has(
        &mut self,
        file: &FileName,
        lock: &Lock,
        me: &Owner,
        ended: Option<&Ended>,
    ) -> Option<What> {
        if waits(lock, me) || lock.kind == Kind::Guard {
            // One's own guard, behind which one waits; or one for a program, which takes it itself or has ended.
            return None;
        }
        let handed = ended.is_some() && is_untouched(lock);
        let was = match self.places.get(file) {
            // The log knows of a place that this agent does not: its person has the file all the same.
            None if handed => ended.cloned()?,
            None => return None,
            // Whoever waits along takes it; what nobody waits for any more is given back.
            Some(place) if place.programs > 0 || !place.stays => return None,
            Some(place) if handed || place.trying => ended.cloned().unwrap_or_else(|| place.was.ended()),
            // The person has taken it by a checkout.
            Some(_) => {
                self.places.remove(file);
                return None;
            }
        };
        self.places.remove(file);
        Some(self.yours(file, lock, Some(was)))
    }

    /// Takes in that somebody else's lock, or none, stands on `file` now: a place that was given up may be gone.
    pub(super) fn has_not(&mut self, file: &FileName, lock: Option<&Lock>, me: &Owner) {
        let waits = lock.is_some_and(|lock| waits(lock, me));
        if !waits && self.places.get(file).is_some_and(InLine::is_given_up) {
            self.places.remove(file);
        }
    }

    /// Whether there may be something to do about lines.
    pub fn has_chores(&self) -> bool {
        !self.places.is_empty() || !self.take_up.is_empty()
    }

    fn yours(&mut self, file: &FileName, lock: &Lock, was: Option<Ended>) -> What {
        let token = lock.token;
        if let Some(token) = token.filter(|_| is_untouched(lock)) {
            self.take_up.insert(file.clone(), token);
        }
        let file = file.clone();
        What::Yours { file, token, was }
    }

    /// What is to be done, so that the table is as it is wanted. Asked again when it was not done.
    pub fn chores(&mut self, table: &Table, judge: &dyn Judge, me: &Owner) -> Chores {
        let mut chores = Chores::default();
        for file in self.places.keys().cloned().collect::<Vec<_>>() {
            self.chore(&file, table, judge, me, &mut chores);
        }
        self.take_up.retain(|file, token| {
            let lock = table.locks.get(file);
            lock.is_some_and(|lock| {
                lock.token == Some(*token) && lock.owner.same_desk(me) && is_untouched(lock)
            })
        });
        for (file, token) in &self.take_up {
            let take_up = Queue::TakeUp {
                token: *token,
                base: None,
            };
            chores.wanted.push((file.clone(), Intent::Queue(take_up)));
        }
        chores
    }

    fn chore(&mut self, file: &FileName, table: &Table, judge: &dyn Judge, me: &Owner, chores: &mut Chores) {
        let Some(place) = self.places.get_mut(file).filter(|place| place.programs == 0) else {
            return;
        };
        let lock = table.locks.get(file);
        let waits = lock.is_some_and(|lock| waits(lock, me));
        // One's own guard is not what the person waits for.
        let mine = lock.filter(|lock| lock.owner.same_desk(me) && !waits && lock.kind != Kind::Guard);
        if place.is_given_up() {
            let since = |lock: &Lock| place.joined.is_some_and(|joined| lock.token > Some(joined));
            if waits || mine.is_some_and(|lock| since(lock) && is_untouched(lock)) {
                let joined = place.joined;
                let leave = Intent::Queue(Queue::Leave { joined });
                chores.wanted.push((file.clone(), leave));
            } else {
                self.places.remove(file);
            }
        } else if let Some(lock) = mine {
            let was = place.was.ended();
            self.places.remove(file);
            let yours = self.yours(file, lock, Some(was));
            chores.told.push(yours);
        } else {
            let turn = lock.is_none_or(|lock| {
                judge.lock(table, file, lock).is_over() && !someone_is_before(table, judge, lock, me)
            });
            if turn || !waits {
                place.trying = true;
                let join = Checkout {
                    message: Some(place.message.clone()),
                    ..Checkout::default()
                };
                let join = Intent::Queue(Queue::Join(join));
                chores.wanted.push((file.clone(), join));
            }
        }
    }
}

fn waits(lock: &Lock, me: &Owner) -> bool {
    lock.queue.iter().any(|waiter| waiter.owner.same_desk(me))
}
