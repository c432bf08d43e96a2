//! What goes wrong, done to the world.

use std::cmp::Reverse;
use std::time::Duration;

use camctl_agent::simulation::Job;

use super::{Event, Simulation};
use crate::cache::Cache;
use crate::faults::{Fault, Planned};
use crate::server::Request;
use crate::world::{Armed, Doubt};

/// Longer than history is kept.
const AWAY: Duration = Duration::from_hours(32 * 24);

impl Simulation {
    /// How long people work between two holidays: long enough to fill some folders of the log.
    fn work_between(&self) -> Duration {
        (self.served_by.saturating_sub(self.calm_at)) / 2
    }

    /// Everybody switches off, but for one who stands still, and a month passes.
    pub(super) fn go_away(&mut self, still: usize) {
        let now = self.world.get().now;
        for at in 0..self.agents.len() {
            if at != still {
                self.crash(at, true, false, now + Duration::from_secs(1));
            }
        }
        let events = std::mem::take(&mut self.events);
        for Reverse((time, tie, id)) in events {
            let waits = match self.payloads.get(&id) {
                // What is on its way arrives, and what stands still does so until its own time.
                Some(Event::Late(_)) => true,
                Some(Event::Resume { agent, .. }) => *agent == still,
                _ => false,
            };
            let time = if waits { time } else { time + AWAY };
            self.events.push(Reverse((time, tie, id)));
        }
        self.calm_at += AWAY;
        self.served_by += AWAY;
        self.world.get().now += AWAY;
    }

    pub(super) fn plan(&mut self, planned: Planned) {
        let Planned {
            machine,
            fault,
            armed,
            ..
        } = planned;
        match armed {
            Some((steps, from_publication)) => {
                self.world.get().machines[machine].armed = Some(Armed {
                    fault,
                    steps,
                    from_publication,
                });
            }
            None => self.strike(machine, &fault),
        }
    }

    pub(super) fn strike(&mut self, at: usize, fault: &Fault) {
        let now = {
            let mut world = self.world.get();
            let now = world.now;
            world.trace.note(now, at, || format!("----- {fault:?}"));
            now
        };
        if now >= self.calm_at {
            return;
        }
        match *fault {
            Fault::Crash {
                power,
                loses_state,
                down,
            } => self.crash(at, power, loses_state, now + down),
            Fault::Park { down } => {
                if let Some(jobs) = self.agents[at].jobs() {
                    let (reply, _) = tokio::sync::oneshot::channel();
                    // Fails only when it has just stopped.
                    let _ = jobs.send(Job::Park(reply));
                    self.wake(at);
                    self.at(now + down, Event::Start(at));
                }
            }
            Fault::Freeze(time) => {
                self.agents[at].frozen_until = now + time;
                self.may_freeze_again(at, time);
            }
            Fault::Off(time) => self.power_off(now + time),
            Fault::Holiday => {
                let work = self.work_between();
                self.agents[at].frozen_until = now + (AWAY + work) * 2;
                self.at(now + work, Event::Holiday(at));
                self.calm_at += work * 2;
                self.served_by += work * 2;
                self.go_away(at);
            }
            _ => self.trouble(at, fault, now),
        }
    }

    /// A machine that wakes may fall asleep again over the first thing that it does.
    fn may_freeze_again(&mut self, at: usize, time: Duration) {
        let mut world = self.world.get();
        if world.chance.index(3) == 0 {
            let steps = u32::try_from(world.chance.number(2..9)).unwrap_or(0);
            world.machines[at].armed = Some(Armed {
                fault: Fault::Freeze(time),
                steps,
                from_publication: true,
            });
        }
    }

    fn crash(&mut self, at: usize, power: bool, loses_state: bool, back: Duration) {
        if !self.agents[at].runs() {
            return;
        }
        if self.world.get().chance.index(2) == 0 {
            self.agents[at].save();
        }
        self.agents[at].crash(power);
        self.people[at].abandon(&mut self.world.get());
        if loses_state {
            self.agents[at].lose_state();
        }
        self.at(back.min(self.calm_at), Event::Start(at));
    }

    /// The server loses power, and a disk of this machine takes all its agents with it.
    fn power_off(&mut self, back: Duration) {
        let local = {
            let mut world = self.world.get();
            world.off_until = world.off_until.max(back);
            world.profile.local
        };
        if local {
            for at in 0..self.agents.len() {
                self.crash(at, true, false, back);
            }
        }
        let mut guard = self.world.get();
        let world = &mut *guard;
        (world.mutex, world.spoilt) = (None, true);
        for machine in &mut world.machines {
            // What a client remembers of a server that was restarted, it is told, is stale.
            machine.cache = Cache::default();
        }
        world.server.crash(&mut world.chance);
        world.law.power_lost(&world.server, !local);
    }

    fn trouble(&mut self, at: usize, fault: &Fault, now: Duration) {
        let mut guard = self.world.get();
        let world = &mut *guard;
        match *fault {
            Fault::Cut(time) => world.machines[at].cut_until = now + time,
            Fault::Flaky(time) => world.machines[at].flaky_until = now + time,
            Fault::Doubt => world.machines[at].doubt = Some(Doubt::Late),
            Fault::Wall(by) => world.machines[at].clock.wall += by,
            Fault::CutAll(time) => {
                for machine in &mut world.machines {
                    machine.cut_until = now + time;
                }
            }
            Fault::Stall(time) => world.stalls_until = now + time,
            Fault::Full(time) => {
                world.server.full = true;
                drop(guard);
                let healed = (now + time).min(self.calm_at);
                self.at(
                    healed,
                    Event::Fault(Planned {
                        at: healed,
                        machine: at,
                        fault: Fault::Room,
                        armed: None,
                    }),
                );
            }
            Fault::Room => world.server.full = false,
            Fault::Unlock => world.mutex = None,
            Fault::Spoil(path, content) => {
                world.spoilt |= path == "locks.json";
                match content {
                    Some(content) => world.server.put(path, content, now),
                    None => drop(world.server.perform(&Request::Remove(path.into()), now)),
                }
            }
            Fault::Crash { .. } | Fault::Park { .. } | Fault::Freeze(_) | Fault::Off(_) | Fault::Holiday => {}
        }
    }
}
