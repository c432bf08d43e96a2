//! What only real network mounts can show. Runs in the virtual machine of `./tests/run.sh shares`, once for each kind of
//! mount; what it prints goes into the table in `tests/README.md`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "in a test a panic is how it fails, and this one is run for its figures"
)]

mod conformance;
mod handover;
mod outages;
mod probe;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;

use camctl_shared::share::DiskShare;
use testkit::Mounts;

fn mounts() -> &'static Mounts {
    Mounts::get().unwrap_or_else(|| panic!("there are no mounts here; run  ./tests/run.sh shares"))
}

/// A folder of its own on the share, as each of the two computers sees it.
fn scene() -> [PathBuf; 2] {
    let [a, b] = mounts().views();
    // Left there: the whole share is thrown away.
    let folder = tempfile::tempdir_in(a).unwrap().keep();
    let other = b.join(folder.file_name().unwrap());
    [folder, other]
}

fn open(folder: &std::path::Path) -> Arc<DiskShare> {
    Arc::new(DiskShare::open(folder).unwrap())
}
