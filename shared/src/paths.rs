//! Where this user's local state lives, and who this user is.
//!
//! Everything local comes from here: configuration, the session that survives a restart, logs, the socket's folder.
//! With `CAMCTL_HOME` all of it lies below one folder, so that several agents can live side by side on one machine;
//! else it lies where the system wants it. [`Env`] is what was read from the environment, [`Paths::resolve`]
//! decides from it alone.
//!
//! Never here: the shared folder.

mod disk;
pub mod identity;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use thiserror::Error;
#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

pub use disk::{LocalError, make_private_dir, replace_file};

/// What the environment says about places. [`Env::read`] in the product; written by hand in tests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Env {
    /// `CAMCTL_HOME`.
    pub home: Option<PathBuf>,
    /// `CAMCTL_SOCKET`: a path on Unix, the name of a pipe on Windows.
    pub socket: Option<OsString>,
    /// Where the system keeps the state of programs; `None` for a user without a home.
    pub system: Option<SystemFolders>,
    /// The folder for sockets of this user, where the system has one: `$XDG_RUNTIME_DIR`, or `/run/user/<uid>`.
    pub runtime: Option<PathBuf>,
    /// A folder in which everybody may create files, with a short name.
    pub temporary: PathBuf,
    /// What tells this user from others in names below [`Env::temporary`].
    pub user_mark: String,
}

/// The system's folders for camctl.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemFolders {
    /// Configuration.
    pub config: PathBuf,
    /// State to keep, on this machine.
    pub data: PathBuf,
    /// State that may be lost; logs.
    pub state: PathBuf,
}

impl Env {
    /// What the process's environment says. Empty variables count as unset.
    #[must_use]
    pub fn read() -> Self {
        let home = variable("CAMCTL_HOME").map(PathBuf::from);
        // With a home of its own, nothing else in the environment matters.
        let project = match home {
            Some(_) => None,
            None => directories::ProjectDirs::from("", "", "camctl"),
        };
        let (temporary, user_mark) = platform::temporary();
        Self {
            socket: variable("CAMCTL_SOCKET"),
            system: project.as_ref().map(|project| SystemFolders {
                config: project.config_dir().to_owned(),
                data: project.data_local_dir().to_owned(),
                state: project.state_dir().unwrap_or(project.data_local_dir()).to_owned(),
            }),
            runtime: project
                .as_ref()
                .and_then(|project| project.runtime_dir().map(Path::to_owned))
                .or_else(|| (home.is_none()).then(platform::runtime_dir).flatten()),
            home,
            temporary,
            user_mark,
        }
    }
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Why there is no place for local state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathsError {
    /// The system knows no home folder for this user.
    #[error("this user has no home folder; set HOME, or CAMCTL_HOME to a folder for camctl's own files")]
    NoHome,
    /// `CAMCTL_HOME` is relative: the agent, started from another folder, would take it for another one.
    #[error("CAMCTL_HOME={} cannot be used: give the whole path, from the root", home.display())]
    RelativeHome {
        /// What it says.
        home: PathBuf,
    },
}

/// Where this user's local state lives. All paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// What the user may edit.
    pub config_dir: PathBuf,
    /// What must outlive a restart.
    pub data_dir: PathBuf,
    /// Logs.
    pub log_dir: PathBuf,
    /// The socket and the kernel lock; on this machine alone, and private to this user.
    pub runtime_dir: PathBuf,
    /// A private folder with a short path, for sockets whose own would be too long.
    pub short_dir: PathBuf,
    /// `CAMCTL_SOCKET`.
    pub socket: Option<OsString>,
    /// `CAMCTL_HOME`; tells several agents of one user apart.
    pub home: Option<PathBuf>,
}

impl Paths {
    /// The places of this process's user.
    ///
    /// # Errors
    /// See [`PathsError`].
    pub fn from_env() -> Result<Self, PathsError> {
        Self::resolve(&Env::read())
    }

    /// The places that follow from `env`; looks at nothing else.
    ///
    /// # Errors
    /// See [`PathsError`].
    pub fn resolve(env: &Env) -> Result<Self, PathsError> {
        let short_dir = env.temporary.join(format!("camctl-{}", env.user_mark));
        if let Some(home) = &env.home {
            if !home.is_absolute() {
                return Err(PathsError::RelativeHome { home: home.clone() });
            }
            return Ok(Self {
                config_dir: home.join("config"),
                data_dir: home.join("data"),
                log_dir: home.join("logs"),
                runtime_dir: home.join("runtime"),
                short_dir,
                socket: env.socket.clone(),
                home: Some(home.clone()),
            });
        }
        let system = env.system.as_ref().ok_or(PathsError::NoHome)?;
        Ok(Self {
            config_dir: system.config.clone(),
            data_dir: system.data.clone(),
            log_dir: system.state.join("logs"),
            runtime_dir: env.runtime.clone().unwrap_or_else(|| short_dir.clone()),
            short_dir,
            socket: env.socket.clone(),
            home: None,
        })
    }

    /// This user's settings; see [`crate::config`].
    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    /// What a restarted agent goes on with: its session and what it holds.
    ///
    /// The home folder may lie on a network and be shared by machines, and two agents must never go on with one
    /// session: the file is named after the machine.
    pub fn session_file(&self, machine: &str) -> PathBuf {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let mark = if machine.len() <= 64 && machine.bytes().all(plain) {
            machine.to_owned()
        } else {
            short_hash(machine.as_bytes())
        };
        self.data_dir.join(format!("session-{mark}.json"))
    }

    /// The digest of the history of the repository at `root`: what was read from its log once. May be lost at any time.
    ///
    /// Named after the machine, as [`Paths::session_file`] is and for the same reason.
    pub fn history_file(&self, machine: &str, root: &Path) -> PathBuf {
        let mark = [machine.as_bytes(), b"\0", root.as_os_str().as_encoded_bytes()].concat();
        self.data_dir.join("history").join(short_hash(&mark))
    }

    /// The repositories that this user's agent knows.
    pub fn repositories_file(&self) -> PathBuf {
        self.data_dir.join("repositories.json")
    }

    /// The file whose kernel lock says that an agent runs. Not in a folder that machines may share: there the agent
    /// of one machine would keep the other's from starting.
    pub fn agent_lock(&self) -> PathBuf {
        self.runtime_dir.join("agent.lock")
    }
}

/// Sixteen hex digits that stand for a longer name among the names of one user.
pub(crate) fn short_hash(name: &[u8]) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        Env {
            system: Some(SystemFolders {
                config: "/home/alice/.config/camctl".into(),
                data: "/home/alice/.local/share/camctl".into(),
                state: "/home/alice/.local/state/camctl".into(),
            }),
            runtime: Some("/run/user/1000/camctl".into()),
            temporary: "/tmp".into(),
            user_mark: "1000".into(),
            ..Env::default()
        }
    }

    #[test]
    fn the_systems_folders_are_used() {
        let paths = Paths::resolve(&env()).unwrap();
        let places = [
            (paths.config_file(), "/home/alice/.config/camctl/config.toml"),
            (
                paths.session_file("CAM-03"),
                "/home/alice/.local/share/camctl/session-CAM-03.json",
            ),
            (
                paths.repositories_file(),
                "/home/alice/.local/share/camctl/repositories.json",
            ),
            (paths.log_dir.clone(), "/home/alice/.local/state/camctl/logs"),
            (paths.agent_lock(), "/run/user/1000/camctl/agent.lock"),
        ];
        for (path, expected) in places {
            assert_eq!(path, Path::new(expected));
        }
    }

    #[test]
    fn without_a_runtime_folder_a_private_one_serves() {
        let env = Env {
            runtime: None,
            ..env()
        };
        let paths = Paths::resolve(&env).unwrap();
        assert_eq!(paths.runtime_dir, Path::new("/tmp/camctl-1000"));
    }

    #[test]
    fn a_home_of_its_own_keeps_everything_together() {
        let folder = if cfg!(windows) { "C:/tests/a" } else { "/tests/a" };
        let home = Env {
            home: Some(folder.into()),
            ..env()
        };
        let nowhere_else = Env {
            system: None,
            runtime: None,
            ..home.clone()
        };
        let paths = Paths::resolve(&home).unwrap();
        assert_eq!(paths, Paths::resolve(&nowhere_else).unwrap());
        let all = [
            paths.config_file(),
            paths.session_file("x"),
            paths.repositories_file(),
            paths.agent_lock(),
            paths.log_dir.clone(),
        ];
        for path in all {
            assert!(path.starts_with(folder), "{}", path.display());
        }
    }

    #[test]
    fn a_relative_home_is_an_error() {
        for home in ["a", "./a", "../a", "~/a"] {
            let env = Env {
                home: Some(home.into()),
                ..env()
            };
            let error = Paths::resolve(&env).unwrap_err().to_string();
            assert!(
                error.contains(home) && error.contains("the whole path"),
                "{error}"
            );
        }
    }

    #[test]
    fn nobodys_home_is_an_error_that_says_what_to_set() {
        let env = Env {
            system: None,
            ..env()
        };
        let error = Paths::resolve(&env).unwrap_err();
        assert!(error.to_string().contains("CAMCTL_HOME"), "{error}");
    }

    #[test]
    fn each_machine_has_a_session_file_of_its_own() {
        let paths = Paths::resolve(&env()).unwrap();
        let names: std::collections::BTreeSet<PathBuf> = ["a", "A-1", "../a", "a/b", "ä", &"x".repeat(65)]
            .into_iter()
            .map(|machine| paths.session_file(machine))
            .collect();
        assert_eq!(names.len(), 6);
        for name in names {
            assert_eq!(name.parent(), Some(paths.data_dir.as_path()));
        }
    }
}
