//! `camctl-agent`: holds the locks, sends heartbeats, watches the tables, tells its person.
//!
//! [`main`] is the whole program. [`simulation`] is for the tests that drive a repository's worker by hand.

mod aside;
#[cfg(feature = "desktop")]
mod clicks;
mod desktop;
mod logging;
mod panics;
mod power;
mod problem;
mod program;
mod programs;
mod registry;
mod repository;
mod server;
mod signals;
mod state;
mod wire;

pub use program::main;

/// One repository's worker without its threads, for `tests/sim`, which brings its own share, clock and desktop.
pub mod simulation {
    pub use crate::desktop::{Awaited, Desktop, Mine, Notice, Question, RepositoryView, View, What};
    pub use crate::problem::Problem;
    pub use crate::programs::{Life, Programs};
    pub use crate::repository::board::{Board, Health};
    pub use crate::repository::digest::kept;
    pub use crate::repository::job::{Asks, Delivery, Item, Job, Success, Ticket, Unread, Verdict};
    pub use crate::repository::worker::{Opened, Opener, Worker};
    pub use crate::state::Kept;
}
