//! How long a list of 100,000 files takes, beside a bare walk that only looks at each file.
//!
//! `cargo bench -p camctl-shared --bench walk`; compare only numbers of one run.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use camctl_shared::files::{self, Scope, Selection};
use camctl_shared::model::Case;
use camctl_shared::share::DiskShare;
use divan::{Bencher, black_box};
use tempfile::TempDir;

const FILES: usize = 100_000;

/// Two shapes: everything in one folder, and 100 folders of 1,000.
static FLAT: LazyLock<PathBuf> = LazyLock::new(|| folder(1));
static NESTED: LazyLock<PathBuf> = LazyLock::new(|| folder(100));

/// To be deleted at the end: what is static is never dropped.
static MADE: Mutex<Vec<TempDir>> = Mutex::new(Vec::new());

fn folder(parts: usize) -> PathBuf {
    let root = TempDir::new().expect("a folder for 100,000 files");
    for part in 0..parts {
        let folder = root.path().join(format!("fixture-{part:03}"));
        fs::create_dir(&folder).expect("a folder");
        for n in 0..FILES / parts {
            fs::write(folder.join(format!("part-{n:07}.mcam")), b"").expect("a file");
        }
    }
    let path = root.path().to_owned();
    MADE.lock().unwrap_or_else(PoisonError::into_inner).push(root);
    path
}

fn main() {
    divan::main();
    MADE.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// The yardstick: read every folder, look at every file, keep nothing.
fn bare(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            bytes += bare(&entry.path());
        } else if let Ok(found) = entry.metadata() {
            bytes += found.len() + 1;
        }
    }
    bytes
}

fn walked(root: &Path, case: Case) -> files::Walk {
    let share = DiskShare::open(root).expect("a share");
    let extensions = ["mcam".to_owned(), "vnc".to_owned()];
    let scope = Scope {
        folder: "",
        extensions: &extensions,
        case,
        locks_file: "locks.json",
    };
    let walk = files::walk(&share, scope, &mut |_| ControlFlow::Continue(())).expect("a walk");
    assert_eq!(walk.files.len(), FILES);
    walk
}

#[divan::bench(args = [true, false], sample_count = 10, sample_size = 1)]
fn a_bare_walk_with_stat(bencher: Bencher<'_, '_>, flat: bool) {
    let root = if flat { &*FLAT } else { &*NESTED };
    bencher.bench_local(|| black_box(bare(root)));
}

#[divan::bench(args = [true, false], sample_count = 10, sample_size = 1)]
fn b_walk_case_sensitive(bencher: Bencher<'_, '_>, flat: bool) {
    let root = if flat { &*FLAT } else { &*NESTED };
    bencher.bench_local(|| walked(root, Case::Sensitive));
}

#[divan::bench(args = [true, false], sample_count = 10, sample_size = 1)]
fn c_walk_case_insensitive(bencher: Bencher<'_, '_>, flat: bool) {
    let root = if flat { &*FLAT } else { &*NESTED };
    bencher.bench_local(|| walked(root, Case::Insensitive));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn d_status_of_a_kept_walk(bencher: Bencher<'_, '_>) {
    let walk = walked(&NESTED, Case::Sensitive);
    let locks = BTreeMap::new();
    bencher.bench_local(|| files::status(&walk.files, &locks, Selection::default()).fold(0, |n, _| n + 1));
}
