//! From steps to episodes, waits and conflicts.

use std::collections::HashMap;

use super::{Conflict, Desk, End, Ending, Episode, Held, Listener, Name, Place, Step, Wait, length};
use crate::model::{How, Token};

/// See the module above.
#[derive(Debug, Default)]
pub struct Reckoner {
    open: HashMap<Name, Open>,
}

/// A lock that stands.
#[derive(Debug)]
struct Open {
    lock: Held,
    /// When it was granted, by the first that was heard of it.
    taken: i64,
    waited: Option<u64>,
    /// Who wants the file and was counted.
    wanting: Vec<Name>,
}

impl Reckoner {
    /// Takes over the locks that stand after commit `at` in time: what was before it is not known, or not any more.
    pub fn begin(&mut self, at: i64, locks: Vec<(Name, Held)>, to: &mut dyn Listener) {
        let mut before = std::mem::take(&mut self.open);
        for (file, lock) in locks {
            let known = before.remove(&file);
            self.change(file, at, None, known, Some(lock), to);
        }
        for (file, gone) in before {
            self.change(file, at, None, Some(gone), None, to);
        }
    }

    /// Takes one more step.
    pub fn step(&mut self, step: Step, to: &mut dyn Listener) {
        let before = self.open.remove(&step.file);
        if let Some(ended) = &step.ended {
            against_the_will(&step, ended, before.as_ref(), to);
        }
        let ended = step.ended.map(|ended| (ended, step.by));
        self.change(step.file, step.at, ended, before, step.lock, to);
    }

    /// Tells of the locks that stand.
    pub fn finish(self, to: &mut dyn Listener) {
        for (file, open) in self.open {
            to.episode(open.episode(file, None));
        }
    }

    fn change(
        &mut self,
        file: Name,
        at: i64,
        ended: Option<(End, Desk)>,
        before: Option<Open>,
        lock: Option<Held>,
        to: &mut dyn Listener,
    ) {
        let goes_on = ended.is_none() && is_same(before.as_ref(), lock.as_ref());
        let (line, mut wanting) = before.as_ref().map_or_else(Default::default, |open| {
            (open.lock.line.clone(), open.wanting.clone())
        });
        let (taken, waited) = match (&before, &lock) {
            (Some(open), _) if goes_on => (open.taken, open.waited),
            (_, Some(lock)) => (lock.since, waited_for(&line, lock)),
            _ => (at, None),
        };
        end_waits(file, at, &line, lock.as_ref(), goes_on, to);
        if !goes_on {
            let next = lock.as_ref().map(|lock| lock.owner);
            end_lock(file, at, ended, before, next, to);
        }
        let Some(lock) = lock else { return };
        wanting.retain(|user| *user != lock.owner.user && wants(&lock, *user));
        let owner = lock.owner.user;
        for place in lock.line.iter().chain(&lock.asked) {
            let user = place.who.user;
            if user == owner || wanting.contains(&user) {
                continue;
            }
            wanting.push(user);
            to.conflict(Conflict {
                file,
                at: place.since,
                user,
                holder: owner,
            });
        }
        let open = Open {
            lock,
            taken,
            waited,
            wanting,
        };
        self.open.insert(file, open);
    }
}

impl Open {
    fn episode(self, file: Name, ending: Option<Ending>) -> Episode {
        Episode {
            file,
            owner: self.lock.owner,
            token: self.lock.token,
            kind: Some(self.lock.kind),
            message: self.lock.message,
            taken: self.taken,
            waited: self.waited,
            ending,
        }
    }
}

/// Whether the lock is the one that stood before, renewed or with another line.
fn is_same(before: Option<&Open>, lock: Option<&Held>) -> bool {
    match (before, lock) {
        (Some(open), Some(lock)) => identity(&open.lock) == identity(lock),
        _ => false,
    }
}

/// A lock of an older tool has no token; then it is one person's as long as it is not ended.
fn identity(lock: &Held) -> (Option<Token>, Option<Desk>) {
    (lock.token, lock.token.is_none().then_some(lock.owner))
}

fn wants(lock: &Held, user: Name) -> bool {
    lock.line
        .iter()
        .chain(&lock.asked)
        .any(|place| place.who.user == user)
}

fn waited_for(line: &[Place], lock: &Held) -> Option<u64> {
    let place = line.iter().find(|place| place.who == lock.owner)?;
    Some(length(place.since, lock.since))
}

fn end_waits(file: Name, at: i64, line: &[Place], lock: Option<&Held>, goes_on: bool, to: &mut dyn Listener) {
    for place in line {
        let stays = lock.is_some_and(|lock| lock.line.iter().any(|other| other.who == place.who));
        if stays {
            continue;
        }
        to.wait(Wait {
            file,
            who: place.who,
            from: place.since,
            until: at,
            served: !goes_on && lock.is_some_and(|lock| lock.owner == place.who),
        });
    }
}

fn end_lock(
    file: Name,
    at: i64,
    ended: Option<(End, Desk)>,
    before: Option<Open>,
    next: Option<Desk>,
    to: &mut dyn Listener,
) {
    let known = |open: &Open| {
        let names_another = |(end, _): &(End, Desk)| end.token != open.lock.token;
        !ended.as_ref().is_some_and(names_another)
    };
    let (before, lost) = match before {
        Some(open) if known(&open) => (Some(open), None),
        other => (None, other),
    };
    let gone = |next| Ending {
        at,
        how: None,
        by: None,
        reason: Box::default(),
        next,
    };
    if let Some(lost) = lost {
        to.episode(lost.episode(file, Some(gone(None))));
    }
    match (before, ended) {
        (before, Some((end, by))) => {
            let ending = Ending {
                at,
                how: Some(end.how),
                by: Some(by),
                reason: end.reason,
                next,
            };
            to.episode(match before {
                Some(open) => open.episode(file, Some(ending)),
                None => Episode {
                    file,
                    owner: end.owner,
                    token: end.token,
                    kind: None,
                    message: Box::default(),
                    taken: end.since,
                    waited: None,
                    ending: Some(ending),
                },
            });
        }
        (Some(open), None) => to.episode(open.episode(file, Some(gone(next)))),
        (None, None) => {}
    }
}

/// Whoever ends somebody else's lock wanted the file, unless it was counted before.
fn against_the_will(step: &Step, ended: &End, before: Option<&Open>, to: &mut dyn Listener) {
    let user = step.by.user;
    let counted = before.is_some_and(|open| open.wanting.contains(&user));
    let taken = matches!(ended.how, How::Broken | How::Forced);
    if taken && user != ended.owner.user && !counted {
        to.conflict(Conflict {
            file: step.file,
            at: step.at,
            user,
            holder: ended.owner.user,
        });
    }
}
