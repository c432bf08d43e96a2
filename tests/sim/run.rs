//! One seed: a world is drawn from it, run until everybody is served, and judged after every step.

mod closing;
mod settings;
mod trouble;

use std::any::Any;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use testkit::Chance;

use self::settings::{Settings, found, machine};
use crate::agent::Agent;
use crate::coroutine::Wait;
use crate::faults::{self, Planned};
use crate::law::{Law, Times};
use crate::mutations::{Mistake, Seam};
use crate::person::{self, Person};
use crate::server::{Request, Server};
use crate::trace::Trace;
use crate::world::{Handle, World};

/// More steps than any seed takes; beyond, somebody runs in circles.
const MOST_STEPS: u64 = 1_000_000;
/// So often in a row a worker may want to go on at once.
const MOST_RESTLESS: u32 = 1000;
/// After the last fault, everybody is served within so many times `stale_after`, and [`GRACE`].
const SERVED_WITHIN: u32 = 4;
const GRACE: Duration = Duration::from_secs(240);

/// What is to happen at some time.
enum Event {
    Resume {
        agent: usize,
        generation: u64,
    },
    Start(usize),
    Person(usize),
    Fault(Planned),
    Late(Request),
    /// Everybody goes away again, but for one who stands still.
    Holiday(usize),
    /// An older tool reads `locks.json`.
    Peek,
    Look,
}

/// What came of a seed.
pub struct Report {
    /// How often what happened, so that it can be seen that something did.
    pub counts: BTreeMap<String, u64>,
    pub commits: u64,
    pub requests: u64,
    pub time: Duration,
    pub fingerprint: u64,
}

/// Why a seed failed, and what happened before.
pub struct Failure {
    pub problem: String,
    pub lines: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        write!(f, "{}", self.problem)
    }
}

/// What a panic said.
pub fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
        .to_owned()
}

/// Runs one seed; `trace` keeps lines for people.
pub fn run(seed: u64, mistake: Option<Mistake>, trace: bool) -> Result<Report, Box<Failure>> {
    let mut simulation = Simulation::new(seed, mistake, trace);
    let panicked = catch_unwind(AssertUnwindSafe(|| simulation.run())).err();
    let world = simulation.world.get();
    let problem = world
        .law
        .broken
        .clone()
        .or_else(|| panicked.map(|panic| said(panic.as_ref())));
    match problem {
        Some(problem) => Err(Box::new(Failure {
            problem,
            lines: world.trace.lines().map(str::to_owned).collect(),
        })),
        None => Ok(Report {
            counts: world.counts(),
            commits: world.law.len(),
            requests: world.trace.requests,
            time: world.now,
            fingerprint: world.trace.fingerprint(),
        }),
    }
}

struct Simulation {
    world: Handle,
    agents: Vec<Agent>,
    people: Vec<Person>,
    events: BinaryHeap<Reverse<(Duration, u64, u64)>>,
    payloads: BTreeMap<u64, Event>,
    count: u64,
    calm_at: Duration,
    served_by: Duration,
}

impl Simulation {
    fn new(seed: u64, mistake: Option<Mistake>, trace: bool) -> Self {
        camctl_shared::random::seed(seed);
        let (seam, mutation) = match mistake {
            Some(Mistake::Seam(seam)) => (Some(seam), None),
            Some(Mistake::Inside(mutation)) => (None, Some(mutation)),
            None => (None, None),
        };
        camctl_shared::mutation::make(mutation);
        let mut chance = Chance::new(seed, 0);
        let settings = Settings::draw(&mut chance);
        let times = Times {
            stale_after: settings.stale_after,
            gap: Duration::from_secs(settings.heartbeat * 2).mul_f64(1.02) + Duration::from_millis(500),
        };
        let machines = (0..=settings.agents).map(|_| machine(&mut chance)).collect();
        let mut server = Server::new(settings.profile.names_durable);
        server.forgets_to_sync = seam == Some(Seam::FilesNotSynced);
        let world = Handle::new(World {
            now: Duration::from_secs(1),
            profile: settings.profile.clone(),
            server,
            machines,
            law: Law::new(times, settings.folder_size),
            trace: Trace::new(trace),
            seam,
            spoilt: false,
            off_until: Duration::ZERO,
            stalls_until: Duration::ZERO,
            late: Vec::new(),
            sprung: Vec::new(),
            mutex: None,
            violations: false,
            rough: false,
            chance: chance.clone(),
        });
        found(&world, &settings);
        // Somebody may sit at two machines.
        let fourth = *chance.one(&["dave", "alice"]);
        let names = ["alice", "bob", "carol", fourth, "boss"];
        let agents: Vec<Agent> = (0..settings.agents)
            .map(|at| Agent::new(&world, at, names[at]))
            .collect();
        let start = world.get().now;
        let mut simulation = Self {
            people: agents.iter().map(|_| Person::default()).collect(),
            agents,
            events: BinaryHeap::new(),
            payloads: BTreeMap::new(),
            count: 0,
            calm_at: start + settings.chaos,
            served_by: start + settings.chaos + settings.stale_after * SERVED_WITHIN + GRACE,
            world,
        };
        for at in 0..settings.agents {
            simulation.at(start + chance.time(0..5_000), Event::Start(at));
            simulation.at(start + chance.time(0..10_000), Event::Person(at));
        }
        for planned in faults::plan(
            &mut chance,
            &settings.profile,
            settings.agents,
            settings.stale_after,
            settings.chaos,
        ) {
            simulation.at(start + planned.at, Event::Fault(planned));
        }
        simulation.at(simulation.calm_at, Event::Look);
        simulation.at(start, Event::Peek);
        {
            let mut world = simulation.world.get();
            (world.rough, world.violations) = (true, true);
        }
        simulation
    }

    fn at(&mut self, time: Duration, event: Event) {
        self.count += 1;
        let tie = self.world.get().chance.number(0..1 << 32);
        self.events.push(Reverse((time, tie, self.count)));
        self.payloads.insert(self.count, event);
    }

    fn run(&mut self) {
        let mut steps = 0;
        while let Some(Reverse((time, _, id))) = self.events.pop() {
            let Some(event) = self.payloads.remove(&id) else {
                continue;
            };
            {
                let mut world = self.world.get();
                world.now = world.now.max(time);
            }
            if self.happen(event) {
                return;
            }
            let (late, sprung, broken) = {
                let mut world = self.world.get();
                (
                    std::mem::take(&mut world.late),
                    std::mem::take(&mut world.sprung),
                    world.law.broken.is_some(),
                )
            };
            for (time, request) in late {
                self.at(time, Event::Late(request));
            }
            for (machine, fault) in sprung {
                self.strike(machine, &fault);
            }
            steps += 1;
            if broken {
                return;
            }
            assert!(steps < MOST_STEPS, "somebody runs in circles");
        }
    }

    /// Returns whether all is done.
    fn happen(&mut self, event: Event) -> bool {
        match event {
            Event::Start(at) => {
                if !self.agents[at].runs() {
                    self.agents[at].start();
                    self.resume(at);
                }
            }
            Event::Resume { agent, generation } => {
                let now = self.world.get().now;
                let one = &self.agents[agent];
                if one.generation != generation || !one.runs() {
                } else if one.frozen_until > now {
                    let thaw = one.frozen_until;
                    self.at(thaw, Event::Resume { agent, generation });
                } else {
                    self.resume(agent);
                }
            }
            Event::Person(at) => self.act(at),
            Event::Fault(planned) => self.plan(planned),
            Event::Late(request) => {
                // What it did nobody hears.
                let _ = self.world.get().change(None, &request);
            }
            Event::Holiday(at) => self.go_away(at),
            Event::Peek => self.peek(),
            Event::Look => return self.look(),
        }
        false
    }

    fn resume(&mut self, at: usize) {
        let wait = self.agents[at].resume();
        let now = {
            let mut world = self.world.get();
            self.people[at].listen(&mut world);
            world.now
        };
        let agent = &mut self.agents[at];
        agent.generation += 1;
        let generation = agent.generation;
        match wait {
            Some(Wait::Until(time)) => self.at(
                time,
                Event::Resume {
                    agent: at,
                    generation,
                },
            ),
            Some(Wait::Idle(time)) => {
                if self.world.get().chance.index(3) == 0 {
                    agent.save();
                }
                // A worker that wants to go on at once goes on, but time passes.
                let soonest = now + Duration::from_micros(50);
                agent.restless = if time < soonest { agent.restless + 1 } else { 0 };
                if agent.restless > MOST_RESTLESS {
                    let user = &agent.desk.user;
                    self.world
                        .get()
                        .law
                        .breaks(format!("{user}'s worker never comes to rest"));
                }
                let time = time.max(soonest);
                self.at(
                    time,
                    Event::Resume {
                        agent: at,
                        generation,
                    },
                );
            }
            None => {}
        }
    }

    /// Somebody wants something of an agent: it need not wait any longer.
    fn wake(&mut self, at: usize) {
        let agent = &mut self.agents[at];
        if agent.idle && agent.runs() {
            agent.idle = false;
            agent.generation += 1;
            let generation = agent.generation;
            let now = self.world.get().now;
            self.at(
                now,
                Event::Resume {
                    agent: at,
                    generation,
                },
            );
        }
    }

    fn act(&mut self, at: usize) {
        let (now, pause) = {
            let mut world = self.world.get();
            let now = world.now;
            let closing = now >= self.calm_at;
            if self.agents[at].runs() {
                if closing {
                    self.people[at].close(&self.agents[at], &mut world);
                } else {
                    self.people[at].act(&self.agents[at], &mut world);
                }
            }
            let pause = if closing {
                world.chance.time(300..1_500)
            } else {
                person::pause(&mut world.chance)
            };
            (now, pause)
        };
        self.wake(at);
        self.at(now + pause, Event::Person(at));
    }
}
