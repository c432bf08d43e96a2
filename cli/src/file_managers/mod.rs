//! camctl in the menus of this person's file managers: put there, taken away, told.
//!
//! [`Menus`] is the facade. On Windows it is Explorer, by the registry of this user: `explorer` says what is written, and
//! is pure. Elsewhere it is what a script beside the program does for the file managers that are there, whose parts
//! have homes of their own.
//!
//! Never here: overwriting or removing what somebody else has put there.

#[cfg(any(windows, all(unix, test)))]
mod explorer;

#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

use std::env;
use std::path::PathBuf;

use crate::errors::Failure;

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// What was written, and where: files, or keys of the registry. Nothing: camctl is in no menu.
    pub places: Vec<String>,
    /// What is worth knowing, for people.
    pub notes: Vec<String>,
    /// What is not as it should be, with what to do.
    pub problem: Option<String>,
}

/// The menus of this person's file managers on this machine.
pub trait Menus {
    /// How it stands.
    fn state(&self) -> State;

    /// Puts camctl there; again and again if need be. `extensions`: only on such files, where that can be said; none
    /// means all files.
    ///
    /// # Errors
    /// When nothing could be written, or somebody else's stands there.
    fn put(&self, extensions: &[String]) -> Result<State, Failure>;

    /// Takes it away; `false` when nothing was there.
    ///
    /// # Errors
    /// When it cannot be taken away.
    fn take_away(&self) -> Result<bool, Failure>;
}

/// The real ones.
#[derive(Debug)]
pub struct Here;

impl Menus for Here {
    fn state(&self) -> State {
        own_program()
            .and_then(|own| platform::state(&own))
            .unwrap_or_else(|problem| State {
                problem: Some(problem),
                ..State::default()
            })
    }

    fn put(&self, extensions: &[String]) -> Result<State, Failure> {
        if cfg!(unix) && !extensions.is_empty() {
            return Err(Failure::Usage {
                problem: "--ext is for Windows: elsewhere the menus are shown in repositories alone".into(),
            });
        }
        own_program()
            .and_then(|own| platform::put(&own, extensions))
            .map_err(local)
    }

    fn take_away(&self) -> Result<bool, Failure> {
        own_program()
            .and_then(|own| platform::take_away(&own))
            .map_err(local)
    }
}

fn local(problem: String) -> Failure {
    Failure::Local { problem }
}

/// This program, by its whole path: what menus start.
fn own_program() -> Result<PathBuf, String> {
    env::current_exe().map_err(|error| format!("where this program lies is not known: {error}"))
}
