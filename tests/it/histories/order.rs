//! The log as the witness: its order explains everything that was told, for all files at once.
//!
//! What changed the table has its place in the log, and that place must have been written between the question and the
//! answer. What only looked is given the earliest place that fits its answer and is no earlier than the place of anything
//! that had been answered before it was asked: if there is none, somebody was told something older than what had been told
//! before. Giving each the earliest place is no loss: it leaves most room for those who come later.

use std::collections::BTreeMap;

use testkit::ledger::{Desk, Ledger};

use super::act::{Act, Lock, Told};

/// Each file's locks, in the order of the log.
pub struct Order(BTreeMap<String, Vec<Life>>);

/// One lock's time in the log.
#[derive(Debug)]
struct Life {
    lock: Lock,
    /// The commit that ended it, how, and who did it.
    end: Option<(u64, String, Desk)>,
}

impl Life {
    fn ends(&self) -> u64 {
        self.end.as_ref().map_or(u64::MAX, |(commit, ..)| *commit)
    }
}

impl Order {
    /// What the log says.
    pub fn of(ledger: &Ledger) -> Self {
        let mut files: BTreeMap<String, Vec<Life>> = BTreeMap::new();
        // By file, then by token.
        for ((file, token), desk) in ledger.grants() {
            let end = ledger.end(file, *token);
            files.entry(file.clone()).or_default().push(Life {
                lock: Lock {
                    token: *token,
                    desk: desk.clone(),
                },
                end: end.map(|end| (end.commit, end.how.clone(), end.by.clone())),
            });
        }
        Self(files)
    }

    /// The first place from `from` on at which the log says what was told of `file`.
    fn place(&self, file: &str, desk: &Desk, told: &Told, from: u64) -> Option<u64> {
        let lives = self.0.get(file).map_or(&[][..], Vec::as_slice);
        let life = |token: u64| lives.iter().find(|life| life.lock.token == token);
        let starts_at =
            |lock: &Lock, n: u64| lock.token == n && life(n).is_some_and(|life| life.lock == *lock);
        let place = match told {
            Told::Took { lock, after } => {
                let fits = lock.desk == *desk && starts_at(lock, lock.token);
                let broke = after.is_none_or(|after| {
                    life(after)
                        .and_then(|life| life.end.as_ref())
                        .is_some_and(|(at, how, by)| *at == lock.token && how == "broken" && by == desk)
                });
                (fits && broke).then_some(lock.token)?
            }
            Told::Ended { token, how, next } => {
                let (at, how_it_was, by) = life(*token)?.end.as_ref()?;
                let fits = how_it_was == how && by == desk;
                let handed_on = next.as_ref().is_none_or(|next| starts_at(next, *at));
                (fits && handed_on).then_some(*at)?
            }
            Told::Saw(Some(lock)) => {
                let life = life(lock.token).filter(|life| life.lock == *lock)?;
                let place = from.max(lock.token);
                (place < life.ends()).then_some(place)?
            }
            Told::Saw(None) => lives.iter().fold(from, |place, life| {
                let held = (life.lock.token..life.ends()).contains(&place);
                if held { life.ends() } else { place }
            }),
            Told::Unknown(_) => from,
        };
        (from..u64::MAX).contains(&place).then_some(place)
    }

    /// The first place from `from` on that fits everything that was told.
    fn place_of(&self, act: &Act, from: u64) -> Option<u64> {
        let mut place = from;
        loop {
            let step = |place: u64, (file, told): &(String, Told)| self.place(file, &act.desk, told, place);
            let next = act.told.iter().try_fold(place, step)?;
            if next == place {
                return Some(place);
            }
            place = next;
        }
    }

    /// Whether the log explains everything.
    ///
    /// # Errors
    /// What it does not explain.
    pub fn check(&self, acts: &[Act]) -> Result<(), String> {
        let mut edges: Vec<(u64, bool, usize)> = Vec::new();
        for (number, act) in acts.iter().enumerate() {
            if let Some(answered) = act.answered {
                edges.push((act.asked.turn, false, number));
                edges.push((answered.turn, true, number));
            }
        }
        edges.sort_unstable();
        // The latest place of anything that was answered so far, and what that was.
        let mut latest: (u64, Option<usize>) = (0, None);
        let mut since = vec![latest; acts.len()];
        for (_, is_answer, number) in edges {
            if !is_answer {
                since[number] = latest;
                continue;
            }
            let act = &acts[number];
            let (from, told_before) = since[number];
            let problem = |problem: String| {
                let before = told_before.map(|number| &acts[number]);
                Err(format!(
                    "{problem}\n  {act:?}\nafter this had been told:\n  {before:?}"
                ))
            };
            let newest = act.answered.map_or(0, |edge| edge.newest);
            match self.place_of(act, from) {
                None => return problem(format!("nothing in the log from commit {from} on fits")),
                Some(place) if place > newest => {
                    return problem(format!("told of commit {place} when there were only {newest}"));
                }
                Some(place) if changes(act) && place <= act.asked.newest => {
                    return problem(format!("commit {place} was in the log before it was asked for"));
                }
                Some(place) if place > latest.0 => latest = (place, Some(number)),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn changes(act: &Act) -> bool {
    let changed = |told: &Told| matches!(told, Told::Took { .. } | Told::Ended { .. });
    act.told.iter().any(|(_, told)| changed(told))
}
