//! Starting the agent at login, in the way that this person's session has: one of them, never two.
//!
//! [`AtLogin`] is the facade. On Linux a unit of systemd's user manager where there is one, which serves sessions over
//! SSH too, else an XDG autostart file; on Windows the Run key; on macOS a LaunchAgent. What is written starts the agent
//! that belongs to this `camctl`, with the `CAMCTL_…` variables that are set. It takes effect at the next login, and
//! neither starts nor stops an agent that runs.
//!
//! Never here: overwriting or removing what somebody else has put under the same name.

#[cfg(unix)]
mod files;
#[cfg(any(target_os = "macos", all(unix, test)))]
mod plist;
#[cfg(all(unix, not(target_os = "macos")))]
mod systemd;
#[cfg(all(unix, not(target_os = "macos")))]
mod xdg;

#[cfg(all(unix, not(target_os = "macos")))]
#[path = "linux.rs"]
mod platform;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

#[cfg(unix)]
use std::env;

use crate::agent_start::program;
use crate::errors::Failure;

/// What an agent's environment may say, and what it must say again when it is started at login.
#[cfg(unix)]
const VARIABLES: [&str; 4] = ["CAMCTL_HOME", "CAMCTL_SOCKET", "CAMCTL_USER", "CAMCTL_MACHINE"];

/// A way to start something at login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The word for scripts.
    pub word: &'static str,
    /// The words for people: "by …".
    pub text: &'static str,
}

/// How it stands with the start at login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The way that is active.
    pub way: Option<Way>,
    /// Where it is written.
    pub place: Option<String>,
    /// What is not as it should be, with what to do.
    pub problem: Option<String>,
}

/// The start at login of this person on this machine.
pub trait AtLogin {
    /// How it stands. Looks at files alone.
    fn state(&self) -> State;

    /// Has the agent started at the next login; again and again if need be. Another way is taken back.
    ///
    /// # Errors
    /// When nothing could be written, or somebody else's stands there; then nothing has changed.
    fn enable(&self) -> Result<State, Failure>;

    /// Takes back what [`AtLogin::enable`] wrote; `false` when there was nothing.
    ///
    /// # Errors
    /// When it cannot be taken back.
    fn disable(&self) -> Result<bool, Failure>;
}

/// The real one.
#[derive(Debug)]
pub struct Here;

impl AtLogin for Here {
    fn state(&self) -> State {
        match whom().and_then(|whom| platform::state(&whom)) {
            Ok(state) => state,
            Err(problem) => State {
                problem: Some(problem),
                ..State::default()
            },
        }
    }

    fn enable(&self) -> Result<State, Failure> {
        whom().and_then(|whom| platform::enable(&whom)).map_err(local)
    }

    fn disable(&self) -> Result<bool, Failure> {
        platform::disable().map_err(local)
    }
}

fn local(problem: String) -> Failure {
    Failure::Local { problem }
}

/// Has the system's own manager start the agent, where that would start this agent; `false` where it does not. So an agent
/// that a command starts is watched over like one that the login has started.
pub fn start_by_manager() -> bool {
    whom().is_ok_and(|whom| platform::start(&whom))
}

/// What is started: a program and what it finds in its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Whom {
    program: String,
    #[cfg(unix)]
    variables: Vec<(&'static str, String)>,
}

fn whom() -> Result<Whom, String> {
    let program = program();
    if !program.is_absolute() {
        return Err(format!(
            "{} lies neither beside camctl nor in a folder of PATH: nothing to start at login",
            program.display()
        ));
    }
    let program = program.into_os_string().into_string();
    let program = program.map_err(|path| format!("the path of {} is not valid Unicode", path.display()))?;
    #[cfg(unix)]
    let variables = variables()?;
    let whom = Whom {
        program,
        #[cfg(unix)]
        variables,
    };
    Ok(whom)
}

#[cfg(unix)]
fn variables() -> Result<Vec<(&'static str, String)>, String> {
    let mut set = Vec::new();
    for name in VARIABLES {
        match env::var(name) {
            Ok(value) if value.is_empty() => {}
            Ok(value) => set.push((name, value)),
            Err(env::VarError::NotPresent) => {}
            Err(env::VarError::NotUnicode(_)) => return Err(format!("{name} is not valid Unicode")),
        }
    }
    Ok(set)
}
