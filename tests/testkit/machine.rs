//! One "machine": a user at a computer, with local state and an agent of its own.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use camctl_shared::ipc::client::Limits;
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::paths::{Env, Paths};

use crate::command::{Running, Script};
use crate::talk::Talk;
use crate::{agent_program, camctl_program, faketime, wait};

/// The folder of a machine's system bus, below its home.
pub const SYSTEM: &str = "system";

/// A user at a computer. Its agent is started by the test ([`Machine::start`]) or by the first command, as at home.
#[derive(Debug)]
pub struct Machine {
    home: PathBuf,
    user: String,
    name: String,
    wrapper: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    agent: Mutex<Option<Agent>>,
}

impl Machine {
    pub(crate) fn new(home: PathBuf, user: &str, name: &str) -> Self {
        // Where no bus is, unless a test starts one there.
        let bus = format!("unix:path={}", home.join(SYSTEM).join("bus").display());
        let nobody_tells_of_sleep = ("DBUS_SYSTEM_BUS_ADDRESS".into(), bus.into());
        Self {
            home,
            user: user.into(),
            name: name.into(),
            wrapper: Vec::new(),
            environment: vec![nobody_tells_of_sleep],
            agent: Mutex::new(None),
        }
    }

    /// Keeps the agent from whatever desktop the tests are run at.
    pub(crate) fn without_desktop(self) -> Self {
        let config = self.config();
        if !config.exists() {
            std::fs::write(config, "[desktop]\nenabled = false\n").expect("a sandbox can be written to");
        }
        self
    }

    /// A machine with a desktop, whose bus is at this address.
    ///
    /// # Panics
    /// When its settings cannot be removed.
    #[must_use]
    pub fn with_desktop(self, address: &str) -> Self {
        std::fs::remove_file(self.config()).expect("every machine has settings");
        self.env("DBUS_SESSION_BUS_ADDRESS", address)
    }

    fn config(&self) -> PathBuf {
        let folder = self.home.join("config");
        crate::make_folders(&folder);
        folder.join("config.toml")
    }

    /// Everything that is kept on this machine.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The person.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The machine's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sets a variable for every program of this machine.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// A machine whose wall clock is wrong by so much, as `faketime` writes it: `"+30h"`, `"-2d"`. Only the wall clock:
    /// what measures time goes on as ever.
    ///
    /// # Panics
    /// When the package `faketime` is not installed.
    #[must_use]
    pub fn clock_off_by(self, offset: &str) -> Self {
        self.with_faketime().env("FAKETIME", offset)
    }

    /// A machine whose wall clock is wrong by what `file` says at every moment, as [`Machine::clock_off_by`] takes it.
    /// Whoever changes it puts another file in its place.
    ///
    /// # Panics
    /// As [`Machine::clock_off_by`].
    #[must_use]
    pub fn clock_set_by(self, file: &Path) -> Self {
        self.with_faketime()
            .env("FAKETIME_TIMESTAMP_FILE", file)
            .env("FAKETIME_NO_CACHE", "1")
    }

    /// By the library alone: the program `faketime` would stand between the test and the process that it kills.
    fn with_faketime(self) -> Self {
        let library = faketime::library();
        assert!(
            library.is_some(),
            "libfaketime is missing: install the package faketime"
        );
        // Two names for the same, in older and newer versions.
        self.env("LD_PRELOAD", library.unwrap_or_default())
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// A way to talk to this machine's agent without starting a program for each word.
    ///
    /// # Panics
    /// When its home has too long a path for a socket.
    pub fn talk(&self, limits: Limits) -> Talk {
        let env = Env {
            home: Some(self.home.clone()),
            ..Env::default()
        };
        let paths = Paths::resolve(&env).expect("a machine has a home");
        Talk::new(
            Endpoint::resolve(&paths).expect("a sandbox has a short path"),
            limits,
        )
    }

    /// Starts every program of this machine with another before it (`setpriv`, say), that starts it in turn.
    #[must_use]
    pub fn under(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(OsString::from).collect();
        self
    }

    /// What the agents of this machine have logged so far; what they say before they have a log too.
    pub fn log(&self) -> String {
        let entries = std::fs::read_dir(self.home.join("logs")).into_iter().flatten();
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        let text =
            |path: &PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        files.iter().map(text).collect()
    }

    /// A `camctl` command on this machine.
    pub fn camctl<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Script {
        self.script(camctl_program()).arguments(arguments)
    }

    /// Any program, as this user on this machine.
    pub fn script(&self, program: &Path) -> Script {
        let mut script = Script::new(program)
            .in_folder(&self.home)
            .env("HOME", &self.home)
            .env("CAMCTL_HOME", &self.home)
            .env("CAMCTL_USER", &self.user)
            .env("CAMCTL_MACHINE", &self.name);
        for (name, value) in &self.environment {
            script = script.env(name, value);
        }
        script.under(&self.wrapper)
    }

    /// Starts the agent and waits until it answers.
    ///
    /// # Panics
    /// When one of this test's runs already, or when it does not answer.
    #[track_caller]
    pub fn start(&self) -> &Self {
        let mut slot = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(slot.is_none(), "the agent on {} runs already", self.name);
        let mut agent = Agent {
            running: self.script(agent_program()).arguments(["--foreground"]).start(),
        };
        let pid = u64::from(agent.pid());
        wait::wait_until(wait::LONG, &format!("the agent on {} answers", self.name), || {
            assert!(
                !agent.running.has_ended(),
                "the agent on {} ended:\n{}",
                self.name,
                agent.said()
            );
            let status = self.camctl(["agent", "status", "--json"]).run();
            status.code == Some(0) && status.json()["pid"] == pid
        });
        *slot = Some(agent);
        self
    }

    /// Stops the agent as `camctl agent stop` does, and waits until it is gone.
    ///
    /// # Panics
    /// When it does not stop.
    #[track_caller]
    pub fn stop(&self) {
        let agent = self.take("stopped");
        self.camctl(["agent", "stop"]).run().succeeds();
        agent.running.finish(wait::LONG).succeeds();
    }

    /// Kills the agent, as a power cut would.
    #[track_caller]
    pub fn kill(&self) {
        self.take("killed").running.kill();
    }

    /// Does something with the agent that runs.
    ///
    /// # Panics
    /// When [`Machine::start`] has started none.
    #[track_caller]
    pub fn agent<T>(&self, act: impl FnOnce(&mut Agent) -> T) -> T {
        let mut slot = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        act(slot.as_mut().expect("the test has started an agent here"))
    }

    #[track_caller]
    fn take(&self, why: &str) -> Agent {
        let agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner).take();
        agent.unwrap_or_else(|| {
            panic!(
                "the agent on {} cannot be {why}: the test has started none",
                self.name
            )
        })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let slot = self.agent.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = slot.take()
            && std::thread::panicking()
        {
            let said = agent.said();
            let tail: Vec<_> = said.lines().rev().take(40).collect();
            let tail: Vec<_> = tail.into_iter().rev().collect();
            #[expect(clippy::print_stderr, reason = "nextest shows it with the test that failed")]
            {
                eprintln!(
                    "--- the agent on {} said at last:\n{}",
                    self.name,
                    tail.join("\n")
                );
            }
        }
    }
}

/// An agent that a test has started; killed when dropped.
#[derive(Debug)]
pub struct Agent {
    running: Running,
}

impl Agent {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Whether it is gone.
    pub fn has_ended(&mut self) -> bool {
        self.running.has_ended()
    }

    /// What it printed so far; its log is elsewhere.
    pub fn said(&self) -> String {
        format!("{}{}", self.running.out(), self.running.err())
    }

    /// Stops it in its tracks, as a suspended virtual machine is. It goes on with [`Agent::thaw`].
    #[cfg(unix)]
    pub fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Lets it go on.
    #[cfg(unix)]
    pub fn thaw(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    /// Asks it to stop, as the system does at logoff.
    #[cfg(unix)]
    pub fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.pid())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        // Not reaped yet, so the number is still its own; it may be dead all the same.
        let _ = rustix::process::kill_process(pid.expect("a process has a number"), signal);
    }
}
