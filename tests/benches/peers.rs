//! What camctl is compared with: the floor, and svn on a `file://` repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::{Running, Sandbox, Script, camctl_program, wait_until};

/// A server of the floor; ends with this.
pub struct Floor {
    socket: PathBuf,
    _server: Running,
}

fn program() -> PathBuf {
    camctl_program().with_file_name("floor")
}

impl Floor {
    /// Starts it. `list` is how many bytes its list has.
    pub fn start(sandbox: &Sandbox, name: &str, list: usize) -> Self {
        let folder = sandbox.folder().join(name);
        std::fs::create_dir(&folder).unwrap();
        let socket = folder.join("socket");
        let server = Script::new(program())
            .arguments(["serve"])
            .arguments([&socket, &folder])
            .arguments([list.to_string()]);
        let server = server.start();
        wait_until(testkit::LONG, "the floor listens", || socket.exists());
        Self {
            socket,
            _server: server,
        }
    }

    /// One client's whole life.
    pub fn ask(&self, what: &str) -> Command {
        let mut command = quiet(&program());
        command.arg("ask").arg(&self.socket).arg(what);
        command
    }

    /// Its socket, for clients that stay.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A walk through a folder with the size and time of each file.
    pub fn walk(folder: &Path) -> Command {
        let mut command = quiet(&program());
        command.arg("walk").arg(folder);
        command
    }
}

/// A working copy of a repository on this disk.
pub struct Svn {
    folder: PathBuf,
}

impl Svn {
    /// One with a single file in it; `None` when there is no svn here.
    pub fn new(sandbox: &Sandbox) -> Option<Self> {
        quiet(Path::new("svn")).arg("--version").status().ok()?;
        let (repository, folder) = (sandbox.folder().join("svn"), sandbox.folder().join("copy"));
        let done = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?}");
        done(quiet(Path::new("svnadmin")).arg("create").arg(&repository));
        let url = format!("file://{}", repository.display());
        done(quiet(Path::new("svn")).args(["checkout", &url]).arg(&folder));
        std::fs::write(folder.join("a.mcam"), "the first version\n").unwrap();
        let svn = Self { folder };
        done(&mut svn.command(&["add", "a.mcam"]));
        done(&mut svn.command(&["commit", "-m", "first"]));
        Some(svn)
    }

    pub fn lock(&self) -> Command {
        self.command(&["lock", "-m", "Working on revisions", "a.mcam"])
    }

    pub fn unlock(&self) -> Command {
        self.command(&["unlock", "a.mcam"])
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = quiet(Path::new("svn"));
        command
            .args(["--non-interactive", "--config-dir"])
            .arg(self.folder.with_file_name("svn-config"));
        command.args(arguments).current_dir(&self.folder);
        command
    }
}

fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
