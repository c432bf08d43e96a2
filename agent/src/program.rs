//! The program: one agent at a time, local state, the runtime, the way to a stop.
//!
//! Threads: this one has the runtime and all clients; each repository has one for its share (`repository/`), and one
//! more for each disk that tells of changes. What may hang is never done on this thread.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::config::{Config, DesktopConfig};
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::model::{Owner, SessionId};
use camctl_shared::paths::{self, Paths, identity};
use camctl_shared::share::{DiskShare, Held, Share as _};
use clap::Parser;
use interprocess::local_socket::tokio::Listener;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::aside::Aside;
use crate::desktop::{Desktop, NoDesktop};
use crate::registry::{House, Registry};
use crate::server::{self, Agent};
use crate::state::{LocalState, StateFile};
use crate::{logging, panics, signals};

/// How long a share may owe an answer before whoever waits is told so.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long stopping may take: a share that is away must not keep a computer from shutting down.
const STOPPING: Duration = Duration::from_secs(10);
/// Changes of the local state are gathered for so long before they are written.
const GATHER: Duration = Duration::from_secs(1);
/// How long clients are given to read their last answers.
const FAREWELL: Duration = Duration::from_millis(200);

/// The agent of camctl: keeps this user's checkouts on this machine. Usually started by `camctl`.
#[derive(Debug, Parser)]
#[command(name = "camctl-agent", version)]
struct Arguments {
    /// Log to the terminal too.
    #[arg(long)]
    foreground: bool,
}

/// Why the agent does not run, in words.
type Fatal = String;

/// Runs the agent until it is told to stop.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            logging::say(&problem);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Fatal> {
    let paths = Paths::from_env().map_err(|error| error.to_string())?;
    let config = Config::load(&paths).map_err(|error| error.to_string())?;
    for folder in [&paths.data_dir, &paths.log_dir, &paths.runtime_dir] {
        paths::make_private_dir(folder).map_err(|error| error.to_string())?;
    }
    let log = logging::start(&paths, &config.agent, arguments.foreground)?;
    panics::end_the_agent();
    let Some(_only) = only_one(&paths)? else {
        tracing::info!("an agent runs already");
        return Ok(());
    };
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let user = identity::user().map_err(|error| error.to_string())?;
    let machine = identity::machine().map_err(|error| error.to_string())?;
    let mut state_file = StateFile::new(paths.session_file(&machine), &user, &machine);
    let (state, remark) = state_file.load();
    if let Some(remark) = remark {
        tracing::warn!("{remark}");
    }
    let me = Arc::new(Owner::new(&user, &machine, state.session.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), %me, session = %state.session, "starting");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(Duration::from_secs(5))
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let result = runtime.block_on(work(&paths, config.desktop, me, state, state_file, log));
    // A share that hangs must not keep the agent.
    runtime.shutdown_background();
    match &result {
        Ok(()) => tracing::info!("stopped"),
        Err(problem) => tracing::error!("{problem}"),
    }
    result
}

/// The kernel lock that says that an agent runs, as long as what is returned lives; `None` when another holds it.
fn only_one(paths: &Paths) -> Result<Option<Box<dyn Held>>, Fatal> {
    let path = paths.agent_lock();
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(format!("{} cannot be a lock", path.display()));
    };
    let lock = DiskShare::open(folder).and_then(|folder| folder.try_lock(name));
    lock.map_err(|error| error.to_string())
}

async fn work(
    paths: &Paths,
    desktop: DesktopConfig,
    me: Arc<Owner>,
    state: LocalState,
    state_file: StateFile,
    log: String,
) -> Result<(), Fatal> {
    let endpoint = Endpoint::resolve(paths).map_err(|error| error.to_string())?;
    endpoint.prepare().map_err(|error| error.to_string())?;
    let listener: Listener = endpoint
        .listener_options()
        .and_then(interprocess::local_socket::ListenerOptions::create_tokio)
        .map_err(|error| format!("cannot listen at {endpoint}: {error}"))?;
    let signals = signals::stop().map_err(|error| format!("cannot hear signals: {error}"))?;
    let (remember, requests) = mpsc::unbounded_channel();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let seat = Seat::take(desktop, &clock);
    let registry = Registry::new(House {
        me,
        clock,
        desktop: Arc::clone(&seat.desktop),
        patience: PATIENCE,
        paths: Some(Arc::new(paths.clone())),
        stirred: Arc::new(Notify::new()),
        remember,
    });
    let agent = Arc::new(Agent::new(registry, server::Limits::default(), log));
    *agent.reminded.lock().unwrap_or_else(PoisonError::into_inner) = state.reminded;
    seat.serve(&agent);
    agent.registry.resume(state.repositories);
    tracing::info!(%endpoint, "listening");
    let session = state.session;
    let mut keeper = Keeper {
        agent: Arc::clone(&agent),
        session,
        file: Arc::new(Mutex::new(state_file)),
        requests,
    };
    keeper.save(false).await;
    let ending = Aside::start(Arc::clone(&agent), desktop.remind_at);
    let listening = tokio::spawn(server::listen(listener, Arc::clone(&agent)));
    // While it lives, the system waits with the end of the session.
    let mut session_ends = None;
    tokio::select! {
        name = signals => tracing::info!(signal = name, "asked to stop"),
        () = agent.stop.notified() => tracing::info!("asked to stop by a client"),
        Ok(delay) = ending => {
            tracing::info!("the session ends");
            session_ends = Some(delay);
        }
        () = keeper.keep() => {}
    }
    // No new clients; those who are here get their answers.
    listening.abort();
    agent.registry.park(STOPPING).await;
    keeper.save(true).await;
    drop(session_ends);
    agent.parked.send_replace(true);
    // Those who waited have been told, and leave.
    let _ = timeout(FAREWELL, agent.all_have_left()).await;
    Ok(())
}

/// Where the person sits: at a desktop, or nowhere.
struct Seat {
    desktop: Arc<dyn Desktop>,
    #[cfg(feature = "desktop")]
    clicks: Option<crate::clicks::Clicks>,
}

#[cfg(feature = "desktop")]
impl Seat {
    fn take(config: DesktopConfig, clock: &Arc<dyn Clock>) -> Self {
        if !config.tray && !config.notifications {
            return Self {
                desktop: Arc::new(NoDesktop),
                clicks: None,
            };
        }
        let (desk, acts) = crate::desktop::desk::Desk::start(config, Arc::clone(clock));
        Self {
            desktop: Arc::new(desk.clone()),
            clicks: Some(crate::clicks::Clicks { desk, acts }),
        }
    }

    /// From here on what the person clicks is done.
    fn serve(self, agent: &Arc<Agent>) {
        if let Some(clicks) = self.clicks {
            tokio::spawn(clicks.serve(Arc::clone(agent)));
        }
    }
}

#[cfg(not(feature = "desktop"))]
impl Seat {
    fn take(_config: DesktopConfig, _clock: &Arc<dyn Clock>) -> Self {
        Self {
            desktop: Arc::new(NoDesktop),
        }
    }

    #[expect(clippy::unused_self, reason = "built with the desktop, it does something")]
    fn serve(self, _agent: &Arc<Agent>) {}
}

/// Saves and shows how things stand, whenever that changes.
struct Keeper {
    agent: Arc<Agent>,
    session: SessionId,
    file: Arc<Mutex<StateFile>>,
    /// Those who want to know that their repository is remembered.
    requests: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
}

impl Keeper {
    async fn keep(&mut self) {
        let house = self.agent.registry.house().clone();
        loop {
            let mut asked = tokio::select! {
                () = house.stirred.notified() => None,
                request = self.requests.recv() => request,
            };
            self.agent.changed.notify_one();
            // What comes while the file is written rings again.
            house.desktop.show(&self.agent.registry.view());
            if asked.is_none() {
                // More is to come, usually; but nobody is kept waiting for that.
                asked = timeout(GATHER, self.requests.recv()).await.ok().flatten();
            }
            self.save(false).await;
            if let Some(asked) = asked {
                // Whoever asked may have left.
                let _ = asked.send(());
            }
        }
    }

    async fn save(&mut self, stopped: bool) {
        let state = LocalState {
            session: self.session.clone(),
            stopped,
            reminded: *self.agent.reminded.lock().unwrap_or_else(PoisonError::into_inner),
            repositories: self.agent.registry.kept(),
        };
        let file = Arc::clone(&self.file);
        let saved = spawn_blocking(move || file.lock().unwrap_or_else(PoisonError::into_inner).save(&state));
        match saved.await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => tracing::error!(%problem, "the local state could not be saved"),
            Err(error) => tracing::error!(%error, "the local state could not be saved"),
        }
    }
}
