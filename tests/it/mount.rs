//! File systems of the tests' own: small, read-only, in two places. They need root, or are skipped, loudly.

use std::path::{Path, PathBuf};
use std::time::Duration;

use testkit::{Run, Script, wait_until};

/// Something that is mounted; unmounted when dropped, also when a test fails.
pub struct Mount {
    at: PathBuf,
}

impl Drop for Mount {
    fn drop(&mut self) {
        // It may be unmounted already; lazily, for whoever still stands in it is about to end.
        let _ = run(&["umount", "--lazy"], &[&self.at]);
    }
}

fn run(command: &[&str], paths: &[&Path]) -> Run {
    Script::new(command[0])
        .arguments(&command[1..])
        .arguments(paths)
        .at_most(Duration::from_secs(20))
        .run()
}

fn mount(options: &[&str], paths: &[&Path]) -> Option<Mount> {
    let done = run(options, paths);
    if done.code == Some(0) {
        let at = paths.last()?.to_path_buf();
        return Some(Mount { at });
    }
    #[expect(clippy::print_stderr, reason = "a test that shows nothing has to say so")]
    {
        eprintln!(
            "SKIPPED: `{}` cannot be had here: {}",
            options.join(" "),
            done.err.trim()
        );
    }
    None
}

/// The folder `from` at the place `to` too.
pub fn bind(from: &Path, to: &Path) -> Option<Mount> {
    mount(&["mount", "--bind"], &[from, to])
}

/// A file system in memory of `size` (`"2m"`).
pub fn small(size: &str, at: &Path) -> Option<Mount> {
    let options = format!("size={size},mode=755");
    mount(&["mount", "-t", "tmpfs", "-o", &options, "camctl-test"], &[at])
}

impl Mount {
    /// Mounts it anew with other options (`"ro"`, `"rw"`).
    pub fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        // Whoever is writing just now keeps it busy.
        wait_until(testkit::LONG, "it can be remounted", || {
            run(&["mount", "-o", &options], &[&self.at]).code == Some(0)
        });
    }

    /// Takes it away under whoever uses it.
    pub fn unplug(&self) {
        run(&["umount", "--lazy"], &[&self.at]).succeeds();
    }
}
