//! What all simulated processes share: the time, the server, and how each machine is connected to it.
//!
//! A [`World`] is data; `run.rs` moves it on, `share.rs` is how product code reaches it. What is drawn by chance here
//! follows from the seed, and nothing else may.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camctl_shared::model::ShareErrorKind as Kind;
use testkit::Chance;

use crate::cache::Cache;
use crate::faults::Fault;
use crate::law::Law;
use crate::mutations::Seam;
use crate::profile::{Locks, Profile};
use crate::server::{Request, Server};
use crate::trace::Trace;

/// See the module.
pub struct World {
    /// The true time since the simulation began.
    pub now: Duration,
    pub chance: Chance,
    pub profile: Profile,
    pub server: Server,
    pub machines: Vec<Machine>,
    pub law: Law,
    pub trace: Trace,
    /// The mistake that is made in what the product is given.
    pub seam: Option<Seam>,
    /// `locks.json` may be anything just now: somebody or a loss of power has spoilt it.
    pub spoilt: bool,
    /// The server is switched off until then.
    pub off_until: Duration,
    /// The server answers nobody until then.
    pub stalls_until: Duration,
    /// Requests whose clients have given up, which arrive all the same.
    pub late: Vec<(Duration, Request)>,
    /// What is to happen as soon as the process that runs has left its stack.
    pub sprung: Vec<(usize, Fault)>,
    /// Who has the mutex: the machine, its run, and until when it stays although that run is over.
    pub mutex: Option<(usize, u64, Duration)>,
    /// Somebody has a file open now and then.
    pub violations: bool,
    /// Whether single requests go wrong at all; not while a repository is set up.
    pub rough: bool,
}

/// One machine: its clocks, its connection, what it remembers of the share, and which run of its agent counts.
#[derive(Default)]
pub struct Machine {
    /// The run of its agent; calls of earlier ones are without effect.
    pub epoch: u64,
    pub clock: Clocks,
    pub cut_until: Duration,
    pub flaky_until: Duration,
    /// How far its next commit has been led into doubt.
    pub doubt: Option<Doubt>,
    pub cache: Cache,
    /// What has been sent and has not arrived.
    pub in_flight: Option<Request>,
    /// What is to happen in so many steps from now; counted from the next publication if that is wanted.
    pub armed: Option<Armed>,
}

/// A commit whose author is told that it was refused, while an earlier attempt is still on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The next attempt is done long after its author has given it up.
    Late,
    /// The one after that is refused.
    Refused,
    /// What its author then wants to take back stays.
    Stays,
}

/// A fault that waits for its moment.
pub struct Armed {
    pub fault: Fault,
    pub steps: u32,
    pub from_publication: bool,
}

/// A machine's clocks, which no other machine's agree with.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// What the machine's own clock showed when the simulation began.
    pub base: Duration,
    /// How fast it runs, in parts of a million.
    pub rate: u32,
    /// How far the wall clock is off, in seconds.
    pub wall: i64,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(3600),
            rate: MILLION,
            wall: 0,
        }
    }
}

const MILLION: u32 = 1_000_000;

impl Clocks {
    /// How much time this machine counts while `time` passes.
    pub fn counted(&self, time: Duration) -> Duration {
        scaled(time, self.rate, MILLION)
    }

    /// How much time passes while this machine counts `time`.
    pub fn passed(&self, time: Duration) -> Duration {
        scaled(time, MILLION, self.rate)
    }
}

fn scaled(time: Duration, by: u32, of: u32) -> Duration {
    let nanos = time.as_nanos() * u128::from(by) / u128::from(of);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// What becomes of a request when it gets to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is done.
    Now,
    /// It is done, and the client sends it again before it hears so.
    Twice,
    /// It is refused.
    Refused,
    /// It has to wait.
    At(Duration),
    /// It is never done, and the client gives up after this time.
    Never(Duration),
    /// It is done; the client gives up after this time without knowing.
    Unheard(Duration),
    /// The client gives up after the first time, and it is done after the second.
    Later(Duration, Duration),
}

/// The world, as product code holds on to it.
#[derive(Clone)]
pub struct Handle(Arc<Mutex<World>>);

impl Handle {
    pub fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub fn get(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// One way between a machine and the server.
    pub fn latency(&mut self) -> Duration {
        let range = self.profile.latency.clone();
        Duration::from_micros(self.chance.number(range))
    }

    fn patience(&mut self) -> Duration {
        self.chance.time(1_000..30_000)
    }

    /// What becomes of a request of `machine` that gets to the server now.
    pub fn arrive(&mut self, machine: usize) -> Arrival {
        if self.stalls_until > self.now {
            return Arrival::At(self.stalls_until);
        }
        let away = self.off_until.max(self.machines[machine].cut_until);
        if away > self.now {
            return if self.profile.hard {
                Arrival::At(away + self.latency())
            } else {
                Arrival::Never(self.patience())
            };
        }
        if !self.rough || self.profile.local {
            return Arrival::Now;
        }
        // Where clients wait for as long as it takes, nothing arrives after it was given up.
        if !self.profile.hard
            && let Some(arrival) = self.lead_into_doubt(machine)
        {
            return arrival;
        }
        let flaky = self.machines[machine].flaky_until > self.now;
        let odds = if flaky { 8 } else { 4_000 };
        if self.chance.index(odds) > 0 {
            return Arrival::Now;
        }
        match (self.profile.hard, self.chance.index(7)) {
            (_, 0) => Arrival::At(self.now + self.chance.time(100..20_000)),
            (_, 6) => Arrival::Refused,
            (true, _) | (_, 1) => Arrival::Twice,
            (_, 2) => Arrival::Never(self.patience()),
            (_, 3 | 4) => Arrival::Unheard(self.patience()),
            _ => Arrival::Later(self.patience(), self.chance.time(10..180_000)),
        }
    }

    /// What becomes of a request of a machine whose next commit is led into doubt.
    fn lead_into_doubt(&mut self, machine: usize) -> Option<Arrival> {
        let doubt = self.machines[machine].doubt?;
        let (publishes, removes) = match self.machines[machine].in_flight.as_ref()? {
            Request::Link(_, to) | Request::Move(_, to) => (to.starts_with(".camctl/log/"), false),
            Request::Remove(path) => (false, path.starts_with(".camctl/")),
            _ => return None,
        };
        let (next, arrival) = match doubt {
            Doubt::Late if publishes => {
                let after = self.chance.time(5_000..60_000);
                (Some(Doubt::Refused), Arrival::Later(self.patience(), after))
            }
            Doubt::Refused if publishes => (Some(Doubt::Stays), Arrival::Refused),
            Doubt::Stays if removes => (None, Arrival::Never(self.patience())),
            _ => return None,
        };
        self.machines[machine].doubt = next;
        Some(arrival)
    }

    /// Whether the answer to `machine` gets lost on its way.
    pub fn loses_reply(&mut self, machine: usize) -> Option<Duration> {
        let away = self.off_until.max(self.machines[machine].cut_until) > self.now;
        (away && !self.profile.hard).then(|| self.patience())
    }

    /// Whether somebody else has the file open that `request` wants for itself.
    pub fn is_open_elsewhere(&mut self, request: &Request) -> bool {
        let wants = matches!(
            request,
            Request::Overwrite(..) | Request::Replace(..) | Request::Remove(_) | Request::RemoveFolder(_)
        );
        let possible = wants && self.profile.sharing_violations && self.violations;
        possible && self.chance.index(30) == 0
    }

    /// Does what `machine` asks for; nobody's requests are those whose client has given up.
    pub fn change(&mut self, machine: Option<usize>, request: &Request) -> Result<(), Kind> {
        let now = self.now;
        if let Some(machine) = machine {
            self.machines[machine].cache.forget(request);
        }
        let done = self.server.perform(request, now);
        self.trace.did(now, machine, request, done);
        if done.is_ok() {
            match request {
                Request::Link(_, to) | Request::Move(_, to) | Request::Replace(to, _) => {
                    self.law.published(to, &self.server, now);
                }
                _ => {}
            }
        }
        done
    }

    /// A step of `machine` is over; whatever was waiting for it happens next.
    pub fn step(&mut self, machine: usize, request: Option<&Request>) {
        let Some(armed) = &mut self.machines[machine].armed else {
            return;
        };
        if armed.from_publication {
            if !matches!(request, Some(Request::Create(_) | Request::MakeFolder(_))) {
                return;
            }
            armed.from_publication = false;
        }
        match armed.steps.checked_sub(1) {
            Some(left) => armed.steps = left,
            None => {
                if let Some(armed) = self.machines[machine].armed.take() {
                    self.sprung.push((machine, armed.fault));
                }
            }
        }
    }

    /// How often what happened.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::from([
            ("requests of the dead".to_owned(), self.trace.late),
            ("pruned folders".to_owned(), self.trace.pruned),
            ("losses of power".to_owned(), self.law.losses),
            ("handed over".to_owned(), self.law.served),
            ("told of requests".to_owned(), self.law.told),
            (
                "vanished under living clients".to_owned(),
                u64::from(self.law.is_lenient()),
            ),
            ("torn".to_owned(), u64::from(self.law.is_torn())),
        ]);
        for end in self.law.ledger().ends().values() {
            *counts.entry(end.how.clone()).or_default() += 1;
        }
        counts
    }

    /// Tries to get the mutex.
    pub fn lock(&mut self, machine: usize) -> bool {
        if self.profile.locks == Locks::ForEverybody {
            return true;
        }
        let (now, epoch) = (self.now, self.machines[machine].epoch);
        let free = self
            .mutex
            .is_none_or(|(holder, run, until)| self.machines[holder].epoch != run && until <= now);
        if free {
            self.mutex = Some((machine, epoch, Duration::ZERO));
        }
        free
    }

    /// Gives the mutex back.
    pub fn unlock(&mut self, machine: usize, epoch: u64) {
        if self
            .mutex
            .is_some_and(|(holder, run, _)| (holder, run) == (machine, epoch))
        {
            self.mutex = None;
        }
    }
}
