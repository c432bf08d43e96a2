//! One file, as a client may think of it: free, or held by one lock, whose token is larger than all before it.
//!
//! Files have nothing to do with each other, so each has a history of its own, and the search stays small.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use testkit::ledger::Desk;
use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};
use todc_utils::specifications::Specification;

use super::act::{Act, Lock, Told, Wish};

/// The state of the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct State {
    lock: Option<Held>,
    /// The largest token that was told.
    last: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Held {
    /// `None` as long as nobody was told: the grant's own answer was lost.
    token: Option<u64>,
    desk: Desk,
    /// The line handed it over, and whoever waited was not told yet.
    handed: bool,
}

impl State {
    fn free(&self) -> Self {
        Self {
            lock: None,
            last: self.last,
        }
    }

    fn held(&self, lock: &Lock) -> Self {
        Self {
            lock: Some(Held {
                token: Some(lock.token),
                desk: lock.desk.clone(),
                handed: false,
            }),
            last: self.last.max(lock.token),
        }
    }

    fn handed(&self, lock: &Lock) -> Self {
        let mut state = self.held(lock);
        if let Some(held) = &mut state.lock {
            held.handed = true;
        }
        state
    }

    /// Whether this lock stands, handed over by the line, and nobody was told so.
    fn was_handed(&self, lock: &Lock) -> bool {
        let stands = |held: &Held| held.handed && held.token == Some(lock.token) && held.desk == lock.desk;
        self.lock.as_ref().is_some_and(stands)
    }

    /// Whether the lock that stands may be this one.
    fn has(&self, token: u64) -> bool {
        let Some(held) = &self.lock else { return false };
        held.token.map_or(token > self.last, |known| known == token)
    }

    fn is_held_by(&self, desk: &Desk) -> bool {
        self.lock.as_ref().is_some_and(|held| held.desk == *desk)
    }
}

/// See the module.
struct OneFile;

impl Specification for OneFile {
    type State = State;
    type Operation = (Desk, Told);

    fn init() -> State {
        State::default()
    }

    fn apply((desk, told): &(Desk, Told), state: &State) -> (bool, State) {
        let next = match told {
            Told::Took { lock, after: None } if state.was_handed(lock) => {
                (lock.desk == *desk).then(|| state.held(lock))
            }
            Told::Took { lock, after } => {
                let was_free = match after {
                    None => state.lock.is_none(),
                    Some(after) => state.has(*after) && lock.token > *after,
                };
                (was_free && lock.token > state.last && lock.desk == *desk).then(|| state.held(lock))
            }
            Told::Ended { token, how, next } => {
                let may = how == "broken" || state.is_held_by(desk);
                let last = state.last.max(*token);
                (may && state.has(*token))
                    .then(|| State {
                        last,
                        ..State::default()
                    })
                    .and_then(|free| match next {
                        None => Some(free),
                        Some(next) => (next.token > last).then(|| free.handed(next)),
                    })
            }
            Told::Saw(None) => state.lock.is_none().then(|| state.clone()),
            Told::Saw(Some(lock)) => {
                let seen = || {
                    if state.was_handed(lock) {
                        state.clone()
                    } else {
                        state.held(lock)
                    }
                };
                (state.has(lock.token) && state.is_held_by(&lock.desk)).then(seen)
            }
            // Always possible: what was not done is as if it were done last, when nobody looks any more.
            Told::Unknown(wish) => Some(unknown(*wish, desk, state)),
        };
        match next {
            Some(next) => (true, next),
            None => (false, state.clone()),
        }
    }
}

fn unknown(wish: Wish, desk: &Desk, state: &State) -> State {
    let mine = state.is_held_by(desk);
    match wish {
        Wish::Take if !mine => State {
            lock: Some(Held {
                token: None,
                desk: desk.clone(),
                handed: false,
            }),
            last: state.last,
        },
        Wish::GiveBack if mine => state.free(),
        // One's own too.
        Wish::Break => state.free(),
        _ => state.clone(),
    }
}

/// Searches an order for each file.
///
/// # Errors
/// The history of the first file that has none.
pub fn check(acts: &[Act]) -> Result<(), String> {
    let mut files: BTreeMap<&str, Vec<(&Act, &Told)>> = BTreeMap::new();
    for act in acts {
        for (file, told) in &act.told {
            files.entry(file).or_default().push((act, told));
        }
    }
    for (file, told) in files {
        if !WGLChecker::<OneFile>::is_linearizable(history(&told)) {
            return Err(format!("{file} has no order that explains this:\n{}", text(told)));
        }
    }
    Ok(())
}

fn history(told: &[(&Act, &Told)]) -> History<(Desk, Told)> {
    let mut actions = Vec::new();
    for (process, (act, told)) in told.iter().enumerate() {
        let operation = (act.desk.clone(), (*told).clone());
        // What was never answered is open to the end.
        let end = act.answered.map_or(u64::MAX, |edge| edge.turn);
        actions.push((act.asked.turn, process, Action::Call(operation.clone())));
        actions.push((end, process, Action::Response(operation)));
    }
    actions.sort_by_key(|(turn, process, _)| (*turn, *process));
    let actions = actions.into_iter().map(|(_, process, action)| (process, action));
    History::from_actions(actions.collect())
}

fn text(mut told: Vec<(&Act, &Told)>) -> String {
    told.sort_by_key(|(act, _)| act.asked.turn);
    let mut text = String::new();
    for (act, told) in told {
        let end = act
            .answered
            .map_or_else(|| "never".into(), |edge| edge.turn.to_string());
        let _ = writeln!(
            text,
            "  {:>6} to {end:>6}: {} {told:?}",
            act.asked.turn, act.desk.user
        );
    }
    text
}
