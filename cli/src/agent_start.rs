//! Starting the agent when nobody listens.
//!
//! Any number of commands may do this at once: each starts an agent, one of them gets the kernel lock, the others end
//! at once, and every command finds the one that stays.

#[cfg(unix)]
#[path = "agent_start/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "agent_start/windows.rs"]
mod platform;

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use camctl_shared::clock::{Clock as _, SystemClock};
use camctl_shared::ipc::client::{Client, ClientError, Limits};
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::paths::{Paths, make_private_dir};

use crate::agent_log;
use crate::errors::Failure;
use crate::link::failure;
use crate::login::start_by_manager;

/// The agent's program.
pub const PROGRAM: &str = if cfg!(windows) {
    "camctl-agent.exe"
} else {
    "camctl-agent"
};

/// The command line without a console: it starts the agent without one.
#[cfg(windows)]
pub const WINDOWLESS: &str = "camctlw.exe";

/// How long an agent may take until it answers; 300 ms is the aim, a cold disk may need more.
const LIMIT: Duration = Duration::from_secs(5);
/// How long after an agent failed somebody else's may still come up.
const GRACE: Duration = Duration::from_millis(700);
/// File times come from a clock that ticks: what was just written may seem some milliseconds old.
const TICK: Duration = Duration::from_millis(50);
/// How long after an agent found another one, and nobody answers, the next is started: the other was just ending.
const RETRY: Duration = Duration::from_millis(50);
/// The time between two looks, at first; it doubles up to [`LOOK_AT_MOST`].
const LOOK: Duration = Duration::from_millis(1);
/// The longest time between two looks.
const LOOK_AT_MOST: Duration = Duration::from_millis(16);

/// Starts an agent and connects to it.
///
/// # Errors
/// [`Failure::NotStarted`] with the end of its log.
pub fn start(paths: &Paths, endpoint: &Endpoint) -> Result<Client, Failure> {
    let clock = SystemClock;
    let began = clock.wall();
    let begin = clock.moment();
    let program = program();
    // Where the session's manager would start this agent at login, it starts it now, and restarts it if it fails.
    let mut child = if start_by_manager() {
        None
    } else {
        Some(spawn(&program, paths)?)
    };
    let mut ended = None;
    let mut look = LOOK;
    loop {
        match Client::connect(endpoint, Limits::default()) {
            Err(ClientError::NoAgent { .. }) => {}
            other => return other.map_err(|error| failure(&error)),
        }
        let now = clock.moment();
        if ended.is_none()
            && let Some(child) = &mut child
            && let Ok(Some(status)) = child.try_wait()
        {
            ended = Some((now, status));
        }
        let problem = match ended {
            _ if now.since(begin) >= LIMIT => Some(format!(
                "{} does not answer after {} s",
                program.display(),
                LIMIT.as_secs()
            )),
            Some((when, status)) if status.success() && now.since(when) >= RETRY => {
                child = Some(spawn(&program, paths)?);
                ended = None;
                None
            }
            Some((when, status)) if !status.success() && now.since(when) >= GRACE => {
                Some(format!("{} ended at once ({status})", program.display()))
            }
            _ => None,
        };
        if let Some(problem) = problem {
            let log = agent_log::since(&paths.log_dir, SystemTime::from(began) - TICK, 5);
            return Err(Failure::NotStarted { problem, log });
        }
        thread::sleep(look);
        look = (look * 2).min(LOOK_AT_MOST);
    }
}

/// The agent that belongs to this `camctl`: beside it, else wherever the system finds one.
pub fn program() -> PathBuf {
    let beside = env::current_exe()
        .ok()
        .and_then(|own| Some(own.parent()?.join(PROGRAM)));
    match beside {
        Some(path) if path.is_file() => path,
        _ => in_path(env::var_os("PATH")).unwrap_or_else(|| PathBuf::from(PROGRAM)),
    }
}

fn in_path(path: Option<OsString>) -> Option<PathBuf> {
    env::split_paths(&path?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(PROGRAM))
        .find(|program| program.is_file())
}

/// A process of its own: no terminal's end, no Ctrl-C and no closed pipe of this command reaches it.
fn spawn(program: &Path, paths: &Paths) -> Result<Child, Failure> {
    let not_started = |problem: String| Failure::NotStarted {
        problem,
        log: Vec::new(),
    };
    make_private_dir(&paths.log_dir).map_err(|error| not_started(error.to_string()))?;
    let errors = paths.log_dir.join(agent_log::START_FILE);
    let errors = File::create(&errors)
        .map_err(|error| not_started(format!("cannot write {}: {error}", errors.display())))?;
    let mut command = Command::new(program);
    command
        .current_dir(&paths.log_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors);
    platform::detach(&mut command);
    command
        .spawn()
        .map_err(|error| not_started(cannot_run(program, &error)))
}

fn cannot_run(program: &Path, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        format!("{PROGRAM} lies neither beside camctl nor in a folder of PATH")
    } else {
        format!("cannot run {}: {error}", program.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_looked_for_in_absolute_folders_alone() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join(PROGRAM);
        std::fs::write(&program, "").unwrap();
        let path = env::join_paths([Path::new("."), Path::new("/nowhere"), dir.path()]).unwrap();
        assert_eq!(in_path(Some(path)), Some(program));
        assert_eq!(in_path(Some("/nowhere".into())), None);
        assert_eq!(in_path(None), None);
    }
}
