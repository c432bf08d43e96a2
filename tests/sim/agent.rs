//! One simulated agent: the real worker, store and rules in a process of its own, over the simulated share and clocks.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camctl_agent::simulation::{Board, Desktop, Job, Kept, Notice, Opened, View, What, Worker, kept};
use camctl_shared::clock::Clock as _;
use camctl_shared::model::{FileName, Lock, Owner, SessionId, Table};
use camctl_shared::rules::Judge as _;
use camctl_shared::share::Share;
use camctl_shared::store::folder::{FolderStore, Options};
use testkit::ledger::{Desk, Standing};
use tokio::sync::Notify;

use crate::answers;
use crate::clock::SimClock;
use crate::coroutine::{self, Process, Wait};
use crate::mutations;
use crate::share::{ROOT, SimShare};
use crate::told::Heard;
use crate::world::Handle;

/// How long whoever asks waits for an answer.
pub const PATIENCE: Duration = Duration::from_secs(12);

/// A desktop that remembers what it was told.
#[derive(Default)]
struct Told(Mutex<Vec<What>>);

impl Desktop for Told {
    fn tell(&self, notice: Notice) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(notice.what);
    }

    fn show(&self, _view: &View) {}
}

/// One run of an agent.
struct Run {
    process: Process,
    board: Arc<Board>,
    jobs: Sender<Job>,
    told: Arc<Told>,
    /// The newest commit that its table was seen at.
    seen: u64,
}

/// See the module.
pub struct Agent {
    pub desk: Desk,
    pub machine: usize,
    world: Handle,
    clock: Arc<SimClock>,
    session: SessionId,
    sessions: u32,
    run: Option<Run>,
    kept: Kept,
    /// Which of its wake-ups counts.
    pub generation: u64,
    /// It waits for work.
    pub idle: bool,
    pub frozen_until: Duration,
    /// How often in a row it wanted to go on at once.
    pub restless: u32,
    /// What its person was told of requests.
    heard: Heard,
}

impl Agent {
    pub fn new(world: &Handle, machine: usize, user: &str) -> Self {
        let desk = Desk {
            user: user.to_owned(),
            machine: format!("M{machine}"),
        };
        let clock = Arc::new(SimClock {
            world: world.clone(),
            machine,
        });
        let mut agent = Self {
            desk,
            machine,
            world: world.clone(),
            clock,
            session: SessionId::random(),
            sessions: 0,
            run: None,
            kept: Kept::default(),
            generation: 0,
            idle: false,
            frozen_until: Duration::ZERO,
            restless: 0,
            heard: Heard::default(),
        };
        agent.lose_state();
        agent
    }

    /// The local disk is gone: a new session begins. Its name ends with its machine's number.
    pub fn lose_state(&mut self) {
        self.sessions += 1;
        let name = format!("{}{}-{}", self.desk.user, self.sessions, self.machine);
        if let Some(session) = SessionId::parse(&name) {
            self.session = session;
        }
        self.kept = Kept::default();
        self.heard.forget();
    }

    /// Starts a new run; nothing of it happens before [`Agent::resume`].
    pub fn start(&mut self) {
        {
            let mut world = self.world.get();
            let now = world.now;
            let machine = &mut world.machines[self.machine];
            machine.epoch += 1;
            world.law.forget_series(self.machine);
            world.trace.note(now, self.machine, || "starts".to_owned());
        }
        let me = Arc::new(Owner::new(
            &self.desk.user,
            &self.desk.machine,
            self.session.clone(),
        ));
        let stirred = Arc::new(Notify::new());
        let board = Arc::new(Board::new(
            ROOT.into(),
            Arc::clone(&me),
            self.clock.clone(),
            PATIENCE,
            stirred,
        ));
        let told = Arc::new(Told::default());
        let (jobs, queue) = channel();
        let (world, machine, clock) = (self.world.clone(), self.machine, Arc::clone(&self.clock));
        let open = Box::new(move || {
            let share: Arc<dyn Share> = Arc::new(SimShare::new(&world, machine));
            let clock: Arc<SimClock> = Arc::clone(&clock);
            let store = FolderStore::new(Arc::clone(&share), Arc::clone(&me), clock, Options::default());
            let seam = world.get().seam;
            Ok(Opened {
                store: mutations::wrap(Box::new(store), Arc::clone(&share), seam),
                place: Box::new(Arc::clone(&share)),
                events: None,
                share: Some(share),
            })
        });
        let mut worker = Worker::new(
            Arc::clone(&board),
            told.clone(),
            open,
            jobs.clone(),
            self.kept.clone(),
        );
        let clock = Arc::clone(&self.clock);
        let process = Process::new(move || {
            let mut next = worker.turn(Vec::new());
            while !worker.is_stopped() {
                coroutine::wait(Wait::Idle(clock.time_of(next)));
                next = worker.turn(queue.try_iter().collect());
            }
        });
        self.frozen_until = Duration::ZERO;
        self.run = Some(Run {
            process,
            board,
            jobs,
            told,
            seen: 0,
        });
    }

    pub fn runs(&self) -> bool {
        self.run.is_some()
    }

    /// What the agent shows, while it runs.
    pub fn board(&self) -> Option<&Arc<Board>> {
        self.run.as_ref().map(|run| &run.board)
    }

    /// Whether the lock on `file` is over, as far as its agent knows.
    pub fn is_over(&self, table: &Table, file: &FileName, lock: &Lock) -> bool {
        let Some(run) = &self.run else { return false };
        run.board.observer().lock(table, file, lock).is_over()
    }

    /// Where it takes its work.
    pub fn jobs(&self) -> Option<&Sender<Job>> {
        self.run.as_ref().map(|run| &run.jobs)
    }

    /// Runs it until it waits again, and judges what it shows then. `None`: it has stopped.
    pub fn resume(&mut self) -> Option<Wait> {
        let run = self.run.as_mut()?;
        let wait = run.process.resume();
        self.judge();
        match wait {
            Some(Wait::Idle(_)) => self.idle = true,
            Some(Wait::Until(_)) => self.idle = false,
            None => {
                self.save();
                self.kept.doubtful = false;
                self.end();
            }
        }
        wait
    }

    /// Writes down what a restarted agent goes on with.
    pub fn save(&mut self) {
        if let Some(run) = &self.run {
            self.kept = kept(&run.board);
            // As long as it runs, it has not stopped.
            self.kept.doubtful = true;
            self.heard.saved();
        }
    }

    /// The process is gone, wherever it was; calls that were on their way may arrive.
    pub fn crash(&mut self, power: bool) {
        {
            let mut guard = self.world.get();
            let world = &mut *guard;
            let now = world.now;
            let machine = &mut world.machines[self.machine];
            machine.epoch += 1;
            machine.armed = None;
            if power {
                machine.cache = crate::cache::Cache::default();
            }
            let arrives = world.chance.index(2) == 0;
            if let Some(request) = world.machines[self.machine].in_flight.take().filter(|_| arrives) {
                let after = world.latency();
                world.late.push((now + after, request));
            }
            let holds = world.mutex.is_some_and(|(holder, _, _)| holder == self.machine);
            if holds && power && world.profile.locks == crate::profile::Locks::Sticky {
                let until = now + world.chance.time(60_000..600_000);
                world.mutex = world.mutex.map(|(holder, run, _)| (holder, run, until));
            }
            world.trace.note(now, self.machine, || {
                format!("crashes ({})", if power { "power" } else { "killed" })
            });
        }
        self.end();
    }

    fn end(&mut self) {
        self.generation += 1;
        self.idle = false;
        self.heard.ended();
        // Unwinds its stack; the run that its calls belong to is over.
        self.run = None;
    }

    /// Holds what this agent shows and says against the law.
    pub fn judge(&mut self) {
        let Some(run) = &mut self.run else { return };
        let told = std::mem::take(&mut *run.told.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut world = self.world.get();
        let now = world.now;
        let Some(table) = run.board.table() else { return };
        let table = table.read();
        if table.n != run.seen {
            let shown: BTreeMap<String, Standing> = table
                .locks
                .iter()
                .map(|(file, lock)| (file.to_string(), standing(lock)))
                .collect();
            world
                .law
                .saw(&self.desk.user, run.seen, table.n, table.nonce.as_str(), &shown);
            run.seen = table.n;
        }
        let n = table.n;
        drop(table);
        for what in &told {
            world
                .trace
                .note(now, self.machine, || format!("is told {what:?}"));
            answers::notice(&mut world.law, &self.desk, n, what);
            self.heard.hear(&mut world.law, what);
        }
        self.heard.look(&mut world.law, &run.board);
        drop(world);
        // The clock looks at the world.
        let moment = self.clock.moment();
        let state = run.board.state();
        if state.life.is_safe(moment) && self.frozen_until <= now {
            let mut world = self.world.get();
            for (file, held) in &state.mine {
                if let Some(token) = held.token {
                    world.law.believes(&self.desk, file.as_str(), token);
                }
            }
        }
    }
}

fn standing(lock: &Lock) -> Standing {
    Standing {
        token: lock.token.unwrap_or_default(),
        desk: Desk {
            user: lock.owner.user.to_string(),
            machine: lock.owner.machine.as_deref().unwrap_or_default().to_owned(),
        },
    }
}
