//! The scratch folder and the two people with their agents.
//!
//! Everything here is the demonstration's own: the "shared" folder lies on this machine's disk and goes away with it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};

use crate::agent_start::program;
use crate::errors::Failure;
use crate::output::json::agent::StepShape;

/// How long an agent may take to come up or to end.
const LIMIT: Duration = Duration::from_secs(30);
/// The time between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// Appended to the repository's policy.
const TIMES: &str = "\n# The demonstration's times.\nheartbeat = \"500ms\"\nstale_after = \"2s\"\n\
                     poll_busy = \"20ms\"\npoll_calm = \"50ms\"\npoll_idle = \"100ms\"\n";

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// On CAM-03.
    Alice,
    /// On CNC-1.
    Bob,
}

impl Person {
    /// The account's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
        }
    }

    /// The machine's name.
    pub fn machine(self) -> &'static str {
        match self {
            Self::Alice => "CAM-03",
            Self::Bob => "CNC-1",
        }
    }
}

/// A failure of the demonstration.
pub fn failed(problem: impl Into<String>) -> Failure {
    Failure::Demo {
        problem: problem.into(),
    }
}

/// The scratch folder and who works on it.
pub struct Stage {
    folder: PathBuf,
    keep: bool,
    /// The program itself.
    pub camctl: PathBuf,
    agents: [Option<Child>; 2],
    /// What was run so far.
    pub steps: Vec<StepShape>,
}

impl Stage {
    /// Makes the scratch folder.
    ///
    /// # Errors
    /// When that, or this program, cannot be found.
    pub fn build(keep: bool) -> Result<Self, Failure> {
        let camctl =
            env::current_exe().map_err(|error| failed(format!("cannot find camctl itself: {error}")))?;
        let folder = scratch().map_err(|error| failed(format!("cannot make a scratch folder: {error}")))?;
        let stage = Self {
            folder,
            keep,
            camctl,
            agents: [None, None],
            steps: Vec::new(),
        };
        for name in ["share", "share/fixtures", "alice", "bob"] {
            fs::create_dir(stage.folder.join(name))
                .map_err(|error| failed(format!("cannot make {name}: {error}")))?;
        }
        for person in [Person::Alice, Person::Bob] {
            stage.leave_desktop_alone(person)?;
        }
        Ok(stage)
    }

    /// Nobody's tray and notifications are for people who do not exist.
    fn leave_desktop_alone(&self, person: Person) -> Result<(), Failure> {
        let config = self.folder.join(person.name()).join("config");
        fs::create_dir(&config)
            .and_then(|()| fs::write(config.join("config.toml"), "[desktop]\nenabled = false\n"))
            .map_err(|error| failed(format!("cannot write {}'s settings: {error}", person.name())))
    }

    /// The scratch folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn share(&self) -> PathBuf {
        self.folder.join("share")
    }

    /// Puts a file into the shared folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_file(&self, name: &str, text: &str) -> Result<(), Failure> {
        fs::write(self.share().join(name), text)
            .map_err(|error| failed(format!("cannot write {name}: {error}")))
    }

    /// Makes the repository's times so short that a crash can be watched.
    ///
    /// # Errors
    /// When the policy cannot be written.
    pub fn shrink_times(&self) -> Result<(), Failure> {
        let path = self.share().join(".camctl").join("repo.toml");
        let policy =
            fs::read_to_string(&path).map_err(|error| failed(format!("cannot read repo.toml: {error}")))?;
        let ours = ["heartbeat", "stale_after", "poll_"];
        let others: Vec<&str> = policy
            .lines()
            .filter(|line| !ours.iter().any(|key| line.starts_with(key)))
            .collect();
        let policy = others.join("\n") + TIMES;
        fs::write(&path, policy).map_err(|error| failed(format!("cannot write repo.toml: {error}")))
    }

    /// A program, as `person` would run it.
    pub fn command(&self, person: Person, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.share())
            .stdin(Stdio::null())
            .env("CAMCTL_HOME", self.folder.join(person.name()))
            .env("CAMCTL_USER", person.name())
            .env("CAMCTL_MACHINE", person.machine())
            // Every agent is a child of this process, so that none outlives it.
            .env("CAMCTL_NO_AGENT_START", "1")
            .env_remove("CAMCTL_SOCKET");
        command
    }

    /// Starts `person`'s agent and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_agent(&mut self, person: Person) -> Result<(), Failure> {
        let name = person.name();
        let mut agent = self
            .command(person, &program())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                failed(format!(
                    "cannot start {name}'s agent, {}: {error}",
                    program().display()
                ))
            })?;
        let begin = SystemClock.moment();
        loop {
            if self.answers(person)? {
                self.agents[person as usize] = Some(agent);
                return Ok(());
            }
            let ended = agent.try_wait().ok().flatten();
            if ended.is_some() || SystemClock.moment().since(begin) > LIMIT {
                let _ = agent.kill();
                let _ = agent.wait();
                return Err(failed(format!(
                    "{name}'s agent does not come up (ended: {ended:?})"
                )));
            }
            thread::sleep(LOOK);
        }
    }

    fn answers(&self, person: Person) -> Result<bool, Failure> {
        let camctl = &self.camctl;
        self.command(person, camctl)
            .args(["agent", "status", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map(|status| status.success())
            .map_err(|error| failed(format!("cannot run {}: {error}", camctl.display())))
    }

    /// Stops `person`'s agent in good order.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop_agent(&mut self, person: Person) -> Result<(), Failure> {
        let camctl = self.camctl.clone();
        let stopped = self
            .command(person, &camctl)
            .args(["agent", "stop", "--quiet"])
            .status()
            .map_err(|error| failed(format!("cannot run {}: {error}", camctl.display())))?;
        if !stopped.success() {
            return Err(failed(format!(
                "{}'s agent does not stop: {stopped}",
                person.name()
            )));
        }
        self.see_it_end(person)
    }

    /// Kills `person`'s agent: it cannot say goodbye.
    ///
    /// # Errors
    /// When there is none.
    pub fn kill_agent(&mut self, person: Person) -> Result<(), Failure> {
        if let Some(agent) = &mut self.agents[person as usize] {
            agent
                .kill()
                .map_err(|error| failed(format!("cannot kill {}'s agent: {error}", person.name())))?;
        }
        self.see_it_end(person)
    }

    fn see_it_end(&mut self, person: Person) -> Result<(), Failure> {
        let Some(mut agent) = self.agents[person as usize].take() else {
            return Err(failed(format!("{} has no agent", person.name())));
        };
        let begin = SystemClock.moment();
        while SystemClock.moment().since(begin) < LIMIT {
            if let Ok(Some(_)) = agent.try_wait() {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        self.agents[person as usize] = Some(agent);
        Err(failed(format!("{}'s agent does not end", person.name())))
    }

    /// Ends what still runs and takes the folder away.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn clear(mut self) -> Result<(), Failure> {
        self.end_agents();
        if self.keep {
            return Ok(());
        }
        self.keep = true;
        fs::remove_dir_all(&self.folder)
            .map_err(|error| failed(format!("cannot remove {}: {error}", self.folder.display())))
    }

    fn end_agents(&mut self) {
        for agent in self.agents.iter_mut().filter_map(Option::take) {
            end(agent);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end_agents();
        if !self.keep {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// An agent that was told to stop gets the time to; one that was not is killed.
fn end(mut agent: Child) {
    let begin = SystemClock.moment();
    while SystemClock.moment().since(begin) < Duration::from_secs(1) {
        if let Ok(Some(_)) = agent.try_wait() {
            return;
        }
        thread::sleep(LOOK);
    }
    let _ = agent.kill();
    let _ = agent.wait();
}

/// A new folder of our own for temporary files.
fn scratch() -> std::io::Result<PathBuf> {
    let base = env::temp_dir();
    let mut number = 0;
    loop {
        let folder = base.join(format!("camctl-demo-{}-{number}", process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
            Err(error) => return Err(error),
        }
    }
}
