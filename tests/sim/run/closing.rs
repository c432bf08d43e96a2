//! The end of a run: nothing goes wrong any more, and before long everybody is served and everything is true again.

use std::collections::BTreeMap;
use std::time::Duration;

use camctl_agent::simulation::Health;
use serde_json::Value;
use testkit::ledger::{Desk, Standing};

use super::{Event, Simulation};

impl Simulation {
    /// After the last fault: is everybody served, and does everything say the truth again?
    pub(super) fn look(&mut self) -> bool {
        let now = self.world.get().now;
        {
            let mut world = self.world.get();
            world.rough = false;
            world.violations = false;
            world.server.full = false;
            world.off_until = now.min(world.off_until);
            world.stalls_until = now.min(world.stalls_until);
            for machine in &mut world.machines {
                machine.cut_until = now.min(machine.cut_until);
                machine.flaky_until = now;
                machine.armed = None;
            }
        }
        for at in 0..self.agents.len() {
            self.agents[at].frozen_until = now.min(self.agents[at].frozen_until);
            if !self.agents[at].runs() {
                self.at(now, Event::Start(at));
            }
        }
        let Some(wrong) = self.what_is_wrong() else {
            return true;
        };
        if self.world.get().law.is_torn() {
            // What no agent can mend, and each has to say: nobody was told that it was done.
            return true;
        }
        if now > self.served_by {
            self.world.get().law.breaks(format!(
                "all is well again since {:?}, and yet: {wrong}",
                now.saturating_sub(self.calm_at)
            ));
            return true;
        }
        self.at(now + Duration::from_secs(1), Event::Look);
        false
    }

    /// Whoever reads `locks.json` sees a table that was one, unless somebody has spoilt the file.
    pub(super) fn peek(&mut self) {
        let (now, pause) = {
            let mut guard = self.world.get();
            let world = &mut *guard;
            let shown = world.server.read("locks.json").and_then(|bytes| shown(bytes));
            match &shown {
                Some((n, table)) if world.law.table(*n) == Some(table) => world.spoilt = false,
                Some((n, table)) if !world.spoilt && !world.law.is_lenient() => {
                    let was = world.law.table(*n).cloned();
                    world.law.breaks(format!(
                        "locks.json shows {table:?} for commit {n}, which was {was:?}"
                    ));
                }
                _ => {}
            }
            (world.now, world.chance.time(100..9_000))
        };
        self.at(now + pause, Event::Peek);
    }

    fn what_is_wrong(&mut self) -> Option<String> {
        for (agent, person) in self.agents.iter().zip(&self.people) {
            let user = &agent.desk.user;
            let Some(board) = agent.board() else {
                return Some(format!("{user}'s agent does not run"));
            };
            let state = board.state();
            if !matches!(state.health, Health::Well) {
                return Some(format!("{user}'s agent is not well: {:?}", state.health));
            }
            if !person.served || !state.mine.is_empty() {
                return Some(format!(
                    "{user} is not served ({}), or still has {:?}",
                    person.waits_for(),
                    state.mine
                ));
            }
            if !state.courtesy.places.is_empty() {
                return Some(format!("{user} still waits: {:?}", state.courtesy.places));
            }
        }
        let world = self.world.get();
        if !world.law.ledger().table().is_empty() {
            return Some(format!("there are locks left: {:?}", world.law.ledger().table()));
        }
        let newest = world.law.len() - 1;
        let head = world
            .server
            .read(".camctl/head")
            .map(|head| String::from_utf8_lossy(head).into_owned());
        let told = head
            .as_deref()
            .and_then(|head| head.get(8..28)?.parse::<u64>().ok());
        if told != Some(newest) {
            return Some(format!("the newest commit is {newest}, and head says {head:?}"));
        }
        let table: Option<Value> = world
            .server
            .read("locks.json")
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        let shown = table
            .as_ref()
            .and_then(|table| table["$camctl"]["commit"].as_u64());
        (shown != Some(newest)).then(|| format!("the newest commit is {newest}, and locks.json is {table:?}"))
    }
}

/// What `locks.json` shows: the commit, and the locks; `None` when it is not whole.
fn shown(bytes: &[u8]) -> Option<(u64, BTreeMap<String, Standing>)> {
    let table: Value = serde_json::from_slice(bytes).ok()?;
    let n = table["$camctl"]["commit"].as_u64()?;
    let locks = table.as_object()?.iter().filter(|(file, _)| *file != "$camctl");
    let locks = locks.map(|(file, lock)| {
        let text = |key: &str| lock[key].as_str().unwrap_or_default().to_owned();
        let desk = Desk {
            user: text("user"),
            machine: text("machine"),
        };
        Some((
            file.clone(),
            Standing {
                token: lock["token"].as_u64()?,
                desk,
            },
        ))
    });
    Some((n, locks.collect::<Option<_>>()?))
}
