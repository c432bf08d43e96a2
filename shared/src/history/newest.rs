//! The newest episodes, as many as are wanted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Conflict, Episode, Listener, Name, Wait};

/// Keeps the newest locks that match; no more than were asked for are held at one time.
#[derive(Debug)]
pub struct Newest {
    limit: usize,
    since: Option<i64>,
    user: Option<Name>,
    kept: BinaryHeap<Reverse<Aged>>,
    more: u64,
}

/// Ordered by age alone.
#[derive(Debug)]
struct Aged(Episode);

impl Aged {
    fn age(&self) -> (i64, u64, Name) {
        (self.0.taken, self.0.token.unwrap_or(0), self.0.file)
    }
}

impl PartialEq for Aged {
    fn eq(&self, other: &Self) -> bool {
        self.age() == other.age()
    }
}

impl Eq for Aged {}

impl PartialOrd for Aged {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Aged {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.age().cmp(&other.age())
    }
}

impl Newest {
    /// At most `limit` of those that stand or ended at or after `since`, of `user` or ended by them.
    pub fn new(limit: usize, since: Option<i64>, user: Option<Name>) -> Self {
        Self {
            limit,
            since,
            user,
            kept: BinaryHeap::new(),
            more: 0,
        }
    }

    /// The newest first, and how many older ones match too.
    pub fn into_episodes(self) -> (Vec<Episode>, u64) {
        // Sorted by `Reverse`: the newest come first.
        let kept = self.kept.into_sorted_vec();
        (
            kept.into_iter().map(|Reverse(Aged(episode))| episode).collect(),
            self.more,
        )
    }

    fn matches(&self, episode: &Episode) -> bool {
        let ending = episode.ending.as_ref();
        let late = self
            .since
            .is_none_or(|since| ending.is_none_or(|ending| ending.at >= since));
        let by = ending.and_then(|ending| ending.by).map(|by| by.user);
        late && self
            .user
            .is_none_or(|user| episode.owner.user == user || by == Some(user))
    }
}

impl Listener for Newest {
    fn episode(&mut self, episode: Episode) {
        if !self.matches(&episode) {
            return;
        }
        self.kept.push(Reverse(Aged(episode)));
        if self.kept.len() > self.limit {
            self.kept.pop();
            self.more += 1;
        }
    }

    fn wait(&mut self, _: Wait) {}

    fn conflict(&mut self, _: Conflict) {}
}
