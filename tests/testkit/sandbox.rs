//! A folder for one test, and the end of everything that was started in it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::{Machine, Mounts, RepositoryBuilder, processes};

/// The longest path that leaves room for a socket's name below it: some systems take 104 bytes in all.
const SHORT: usize = 40;

/// Where one test happens. Declare it first: it is dropped last, and ends what is left.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
    /// The homes of its machines, in the order in which they came: on real mounts that says on which computer they are.
    homes: Mutex<Vec<PathBuf>>,
}

impl Sandbox {
    /// An empty one.
    ///
    /// # Panics
    /// When no folder can be made.
    #[expect(
        clippy::new_without_default,
        reason = "a folder on the disk is nothing to have by default"
    )]
    pub fn new() -> Self {
        let usual = std::env::temp_dir();
        let place = if cfg!(unix) && usual.as_os_str().len() > SHORT {
            PathBuf::from("/tmp")
        } else {
            usual
        };
        let folder = tempfile::Builder::new().prefix("camctl-").tempdir_in(place);
        Self {
            folder: folder.expect("a folder for the test"),
            homes: Mutex::default(),
        }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A machine called `name` that `user` sits at. The same two give the same machine, local state and all.
    ///
    /// # Panics
    /// When its folder cannot be made.
    pub fn machine(&self, user: &str, name: &str) -> Machine {
        let home = self.folder().join("home").join(format!("{user}-{name}"));
        crate::make_folders(&home);
        let machine = Machine::new(home, user, name).without_desktop();
        match Mounts::get() {
            Some(mounts) => {
                let seat = self.seat(machine.home());
                machine.under(&mounts.wrapper(seat))
            }
            None => machine,
        }
    }

    fn seat(&self, home: &Path) -> usize {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.iter().position(|known| known == home).unwrap_or_else(|| {
            homes.push(home.to_owned());
            homes.len() - 1
        })
    }

    /// Where its shared folders lie: in itself, or on the share that the tests run on.
    pub(crate) fn shared(&self) -> PathBuf {
        match (Mounts::get(), self.folder().file_name()) {
            (Some(mounts), Some(name)) => mounts.place().join(name),
            _ => self.folder().to_owned(),
        }
    }

    /// A shared folder, to be made a repository.
    pub fn repository(&self) -> RepositoryBuilder<'_> {
        RepositoryBuilder::new(self)
    }

    /// The processes that work in this sandbox: agents that commands have started, say. On Windows the agents alone, of
    /// homes that nobody moved; none on systems without `/proc`.
    pub fn processes(&self) -> Vec<u32> {
        processes::living_in(self.folder())
    }

    /// The agents among [`Sandbox::processes`].
    pub fn agents(&self) -> Vec<u32> {
        let mut agents = self.processes();
        agents.retain(|pid| processes::is_agent(*pid));
        agents
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A process that is just starting a program shows no environment, so one empty look proves nothing.
        let mut empty_looks = 0;
        for _ in 0..400 {
            let left = self.processes();
            empty_looks = if left.is_empty() { empty_looks + 1 } else { 0 };
            if empty_looks == 3 {
                break;
            }
            for pid in left {
                processes::kill(pid);
            }
            std::thread::sleep(std::time::Duration::from_millis(3));
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::{LONG, wait_until};

    #[test]
    fn nothing_outlives_a_sandbox() {
        let sandbox = Sandbox::new();
        let folder = sandbox.folder().to_owned();
        let machine = sandbox.machine("alice", "CAM-03");
        // A program that leaves its starter, as an agent does that a command has started.
        let left = machine
            .script(Path::new("sh"))
            .arguments(["-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"]);
        left.run().succeeds();
        wait_until(LONG, "it runs", || sandbox.processes().len() == 1);
        let [pid] = sandbox.processes()[..] else {
            panic!("one was started")
        };
        drop(sandbox);
        let gone = |pid: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        };
        wait_until(LONG, "it is gone", || gone(pid));
        assert!(!folder.exists());
    }
}
