//! The real network mounts that tests run on when `tests/shares/` has made some: in its virtual machine, and nowhere else.
//!
//! `CAMCTL_TEST_SHARE` is the kind of mount (`smb`, `nfs4`, `nfs3`); the rest is as `tests/shares/guest/setup` arranges
//! it: a server, two computers on which the agents run, by turns, and a third from which the test looks on. All three
//! see the share at the same place.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::Script;

/// A share, and the computers that have mounted it.
#[derive(Debug)]
pub struct Mounts {
    kind: String,
    clients: [String; 2],
}

impl Mounts {
    /// Those that this test runs on; `None` where it is to use folders of this machine, as nearly always.
    pub fn get() -> Option<&'static Self> {
        static FOUND: OnceLock<Option<Mounts>> = OnceLock::new();
        let find = || {
            let kind = env::var("CAMCTL_TEST_SHARE").ok()?;
            let clients = ["a", "b"].map(|name| format!("{kind}-{name}"));
            Some(Self { kind, clients })
        };
        FOUND.get_or_init(find).as_ref()
    }

    /// `smb`, `nfs4` or `nfs3`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The names of the computers that agents run on.
    pub fn clients(&self) -> &[String; 2] {
        &self.clients
    }

    /// The share, on every computer.
    pub fn place(&self) -> &'static Path {
        Path::new("/mnt/share")
    }

    /// The same folder as two computers see it, for who wants both in one process.
    pub fn views(&self) -> [PathBuf; 2] {
        ["/mnt/a", "/mnt/b"].map(PathBuf::from)
    }

    /// What the server itself sees of `path` on the share: the truth, without anybody's cache.
    pub fn on_the_server(&self, path: &Path) -> Option<PathBuf> {
        let inside = path.strip_prefix(self.place()).ok()?;
        Some(Path::new("/srv").join(&self.kind).join(inside))
    }

    /// What starts a program on the computer of the `seat`th machine of a test.
    pub fn wrapper(&self, seat: usize) -> [&str; 2] {
        ["on", &self.clients[seat % self.clients.len()]]
    }

    /// Loses everything that is sent to and from the computer `client`, or no longer.
    ///
    /// # Panics
    /// When it cannot be done.
    #[track_caller]
    pub fn cable(&self, client: usize, cut: bool) {
        let verb = if cut { "cut" } else { "mend" };
        Script::new("on")
            .arguments(["server", "cable", &self.clients[client], verb])
            .run()
            .succeeds();
    }

    /// Kills the file server as a power cut would, or starts it.
    ///
    /// # Panics
    /// When it cannot be done.
    #[track_caller]
    pub fn server(&self, runs: bool) {
        let verb = if runs { "start" } else { "kill" };
        let server = self.kind.trim_end_matches(char::is_numeric);
        Script::new("on")
            .arguments(["server", "serve", server, verb])
            .run()
            .succeeds();
    }
}
