//! Stories, and any story beside a naive reading of it.

mod naive;
mod stories;

use super::{Conflict, Desk, End, Episode, Held, Listener, Place, Reckoner, Step, Wait};
use crate::model::How;

/// Keeps all it is told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    episodes: Vec<Episode>,
    waits: Vec<Wait>,
    conflicts: Vec<Conflict>,
}

impl Heard {
    fn of(steps: Vec<Step>) -> Self {
        let mut heard = Self::default();
        let mut reckoner = Reckoner::default();
        for step in steps {
            reckoner.step(step, &mut heard);
        }
        reckoner.finish(&mut heard);
        heard.sorted()
    }

    fn sorted(mut self) -> Self {
        self.episodes
            .sort_by_key(|one| (one.taken, one.file, one.token, one.owner));
        self.waits.sort_by_key(|one| (one.until, one.file, one.who));
        self.conflicts.sort_by_key(|one| (one.at, one.file, one.user));
        self
    }
}

impl Listener for Heard {
    fn episode(&mut self, episode: Episode) {
        self.episodes.push(episode);
    }

    fn wait(&mut self, wait: Wait) {
        self.waits.push(wait);
    }

    fn conflict(&mut self, conflict: Conflict) {
        self.conflicts.push(conflict);
    }
}

/// A person at the machine of the same number.
fn desk(user: u32) -> Desk {
    Desk {
        user,
        machine: Some(100 + user),
    }
}

/// One file whose steps are told one after another; a minute lies between two.
struct Tale {
    file: u32,
    n: u64,
    lock: Option<Held>,
    steps: Vec<Step>,
}

const MINUTE: i64 = 60_000_000;

impl Tale {
    fn of(file: u32) -> Self {
        Self {
            file,
            n: 0,
            lock: None,
            steps: Vec::new(),
        }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.n).unwrap() * MINUTE
    }

    fn push(&mut self, by: u32, ended: Option<End>, lock: Option<Held>) {
        self.lock.clone_from(&lock);
        self.steps.push(Step {
            n: self.n,
            at: self.now(),
            file: self.file,
            by: desk(by),
            ended,
            lock,
        });
    }

    fn grant(&self, user: u32, line: Vec<Place>) -> Held {
        Held {
            owner: desk(user),
            token: Some(self.n),
            since: self.now(),
            kind: 0,
            message: format!("by {user}").into(),
            line: line.into_iter().filter(|place| place.who != desk(user)).collect(),
            asked: Vec::new(),
        }
    }

    fn end(&self, how: How, reason: &str) -> Option<End> {
        let lock = self.lock.as_ref()?;
        Some(End {
            owner: lock.owner,
            token: lock.token,
            since: lock.since,
            how,
            reason: reason.into(),
        })
    }

    fn line(&self) -> Vec<Place> {
        self.lock
            .as_ref()
            .map(|lock| lock.line.clone())
            .unwrap_or_default()
    }

    /// Takes the file, whoever has it: they lose it in that way.
    fn take(&mut self, user: u32, how: How) -> &mut Self {
        self.n += 1;
        let (ended, lock) = (self.end(how, ""), self.grant(user, self.line()));
        self.push(user, ended, Some(lock));
        self
    }

    /// Ends the lock that stands; the first in line gets it.
    fn over(&mut self, by: u32, how: How, reason: &str) -> &mut Self {
        self.n += 1;
        let line = self.line();
        let next = line.first().map(|place| place.who.user);
        let next = next.map(|user| self.grant(user, line));
        let ended = self.end(how, reason);
        self.push(by, ended, next);
        self
    }

    fn change(&mut self, by: u32, change: impl FnOnce(&mut Held, Place)) -> &mut Self {
        self.n += 1;
        let (who, since) = (desk(by), self.now());
        let Some(mut lock) = self.lock.clone() else {
            return self;
        };
        change(&mut lock, Place { who, since });
        self.push(by, None, Some(lock));
        self
    }

    fn join(&mut self, user: u32) -> &mut Self {
        self.change(user, |lock, place| {
            if place.who != lock.owner && lock.line.iter().all(|other| other.who != place.who) {
                lock.line.push(place);
            }
        })
    }

    fn leave(&mut self, user: u32) -> &mut Self {
        self.change(user, |lock, place| {
            lock.line.retain(|other| other.who != place.who);
        })
    }

    fn ask(&mut self, user: u32) -> &mut Self {
        self.change(user, |lock, place| lock.asked.push(place))
    }
}
