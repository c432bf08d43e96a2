//! Kinds of shares, as they were measured: what their clients remember, and what becomes of calls that fail.

use std::ops::Range;
use std::time::Duration;

/// What file locks are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locks {
    /// They exclude, and end with their holder.
    Honest,
    /// Everybody gets them (`nobrl`, `nolock`).
    ForEverybody,
    /// Those of a machine that lost power stay.
    Sticky,
}

/// One kind of share.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and none excludes another"
)]
pub struct Profile {
    /// For reports.
    pub name: &'static str,
    /// A disk of this machine: everybody sees the same at once, and all crash together.
    pub local: bool,
    /// One way, in microseconds.
    pub latency: Range<u64>,
    /// How long a name leads to the file that it led to before: how late a replaced file is seen.
    pub names: Duration,
    /// How long "no such file" is remembered.
    pub negative: Duration,
    /// How old the answer to `stat` may be.
    pub attributes: Duration,
    /// How old a listing may be.
    pub listings: Duration,
    /// Whoever polls a name keeps it leading to the same file: a replaced file is never seen.
    pub names_renewed: bool,
    /// A name is published by a move: the temporary file is gone afterwards.
    pub moves: bool,
    /// The server answers only when a name is on its disk. Where it does not, it may lose names with its power that living
    /// clients have read.
    pub names_durable: bool,
    /// What another has open cannot be written, moved or removed.
    pub sharing_violations: bool,
    /// A client waits for a server that is away, instead of giving up.
    pub hard: bool,
    /// File locks.
    pub locks: Locks,
}

impl Profile {
    /// Whether what living clients have read may vanish with the server's power.
    pub fn vanishes(&self) -> bool {
        !self.local && !self.names_durable
    }
}

/// Every kind that is simulated.
pub fn all() -> Vec<Profile> {
    let seconds = Duration::from_secs;
    let local = Profile {
        name: "local",
        local: true,
        latency: 1..200,
        names: Duration::ZERO,
        negative: Duration::ZERO,
        attributes: Duration::ZERO,
        listings: Duration::ZERO,
        names_renewed: false,
        moves: false,
        names_durable: false,
        sharing_violations: false,
        hard: true,
        locks: Locks::Honest,
    };
    let smb = Profile {
        name: "smb",
        local: false,
        latency: 200..4_000,
        names: seconds(60),
        negative: seconds(1),
        attributes: seconds(1),
        listings: seconds(1),
        names_renewed: true,
        names_durable: true,
        hard: false,
        locks: Locks::Sticky,
        ..local.clone()
    };
    let nfs = Profile {
        name: "nfs",
        latency: 100..2_000,
        names: seconds(30),
        negative: seconds(21),
        attributes: seconds(4),
        names_renewed: false,
        hard: true,
        ..smb.clone()
    };
    let nfs_soft = Profile {
        name: "nfs-soft",
        hard: false,
        locks: Locks::ForEverybody,
        ..nfs.clone()
    };
    let windows = Profile {
        name: "windows",
        moves: true,
        sharing_violations: true,
        locks: Locks::Honest,
        ..smb.clone()
    };
    let nfs_late = Profile {
        name: "nfs-late",
        names_durable: false,
        // A sign of life may vanish and come back: longer than that, people here are taken for dead.
        negative: seconds(1),
        // Time enough to read what is not on the disk yet.
        latency: 2_000..60_000,
        ..nfs.clone()
    };
    vec![local, smb, nfs, nfs_soft, windows, nfs_late]
}
