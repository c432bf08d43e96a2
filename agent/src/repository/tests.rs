//! A worker over a table in memory, on a clock that moves when told. No thread, no waiting: every turn is called.

mod courtesy;
mod endings;
mod guards;
mod life;
mod lines;
mod questions;
mod requests;
mod sleep;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camctl_shared::clock::{Clock, ManualClock, Timestamp};
use camctl_shared::model::{
    FileName, Lock, Owner, Policy, SessionId, ShareError, ShareErrorKind, StoreError,
};
use camctl_shared::rules::{self, Checkin, Intent};
use camctl_shared::share::{Meta, What};
use camctl_shared::store::LockStore;
use camctl_shared::store::memory::{Call, Faults, Lost, MemoryLog};
use tokio::sync::{Notify, oneshot};

use super::board::Board;
use super::job::{Asks, Delivery, Item, Job, Ticket, Unread, Verdict};
use super::place::Place;
use super::worker::{Opened, Opener, Worker};
use crate::desktop::fake::FakeDesktop;
use crate::programs::{Life, Programs};
use crate::state::Kept;

const STALE: Duration = Duration::from_secs(361);

/// A folder that holds every file one asks for, but for those below `missing/`. What is below `silent/` it cannot find out.
#[derive(Clone, Default)]
struct AnyFile {
    sizes: Arc<Mutex<BTreeMap<String, u64>>>,
    links: Arc<Mutex<BTreeMap<String, String>>>,
    deleted: Arc<Mutex<BTreeSet<String>>>,
}

impl AnyFile {
    /// From now on `link` leads to `file`.
    fn link(&self, link: &str, file: &str) {
        self.links.lock().unwrap().insert(link.into(), file.into());
    }

    fn delete(&self, file: &str) {
        self.deleted.lock().unwrap().insert(file.into());
    }

    fn make(&self, file: &str) {
        self.deleted.lock().unwrap().remove(file);
    }
}

impl Place for AnyFile {
    fn find(&self, path: &str) -> Result<Option<(String, Meta)>, ShareError> {
        let real = self.links.lock().unwrap().get(path).cloned();
        let path = real.as_deref().unwrap_or(path);
        if path.starts_with("missing/") || self.deleted.lock().unwrap().contains(path) {
            return Err(share_error(ShareErrorKind::NotFound));
        }
        if path.starts_with("silent/") {
            return Err(share_error(ShareErrorKind::Unknown));
        }
        if path.starts_with("outside/") {
            return Ok(None);
        }
        let what = if path.ends_with("folder") {
            What::Folder
        } else {
            What::File
        };
        let size = self.sizes.lock().unwrap().get(path).copied().unwrap_or(100);
        let meta = Meta {
            what,
            size,
            modified: None,
        };
        Ok(Some((path.to_owned(), meta)))
    }
}

fn share_error(kind: ShareErrorKind) -> ShareError {
    ShareError {
        action: "read",
        path: "/mnt/cam".into(),
        kind,
        cause: "for the test".into(),
    }
}

fn away() -> StoreError {
    StoreError::Share(share_error(ShareErrorKind::Unknown))
}

fn name(file: &str) -> FileName {
    FileName::parse(file, camctl_shared::model::Case::Sensitive).unwrap()
}

/// Several desks around one table.
struct Office {
    clock: Arc<ManualClock>,
    log: MemoryLog,
    policy: Policy,
    programs: Arc<Running>,
}

/// The programs that run, at all desks, by their numbers; each started at ten times its number.
#[derive(Default)]
struct Running(Mutex<BTreeSet<u32>>);

impl Programs for Running {
    fn boot(&self) -> Option<&str> {
        Some("b/1")
    }

    fn look(&self, pid: u32) -> Life {
        if self.0.lock().unwrap().contains(&pid) {
            Life::Lives {
                started: u64::from(pid) * 10,
            }
        } else {
            Life::Dead
        }
    }

    fn own_pid(&self) -> u32 {
        1
    }
}

impl Office {
    fn new() -> Self {
        Self::with(Policy::default())
    }

    fn with(policy: Policy) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_800_000_000).unwrap()));
        Self {
            log: MemoryLog::new(policy.clone(), clock.clone()),
            clock,
            policy,
            programs: Arc::default(),
        }
    }

    fn desk(&self, user: &str) -> Desk {
        self.desk_with(user, &format!("session-{user}"), Kept::default())
    }

    fn desk_with(&self, user: &str, session: &str, kept: Kept) -> Desk {
        self.desk_on(user, session, kept, AnyFile::default())
    }

    fn desk_on(&self, user: &str, session: &str, kept: Kept, files: AnyFile) -> Desk {
        self.desk_of(user, &format!("DESK-{user}"), session, kept, files)
    }

    fn desk_of(&self, user: &str, machine: &str, session: &str, kept: Kept, files: AnyFile) -> Desk {
        let me = Arc::new(Owner::new(user, machine, SessionId::parse(session).unwrap()));
        let store = self.log.open(Owner::clone(&me));
        let faults = store.faults();
        let mut board = Board::new(
            "/mnt/cam".into(),
            me,
            self.clock.clone(),
            Duration::from_secs(12),
            Arc::new(Notify::new()),
        );
        board.programs = self.programs.clone();
        let board = Arc::new(board);
        let desktop = Arc::new(FakeDesktop::default());
        let (jobs, queue) = channel();
        let worker = Worker::new(
            Arc::clone(&board),
            desktop.clone(),
            opener(store, files.clone()),
            jobs.clone(),
            kept,
        );
        let mut desk = Desk {
            worker,
            board,
            desktop,
            faults,
            files,
            jobs,
            queue,
        };
        desk.settle_down();
        desk
    }

    /// Lets time pass in steps that no watcher takes for a gap; every desk has its turns on the way.
    fn pass(&self, time: Duration, desks: &mut [&mut Desk]) {
        let step = self.policy.heartbeat / 4;
        let mut left = time;
        while !left.is_zero() {
            let now = left.min(step);
            self.clock.advance(now);
            left -= now;
            for desk in &mut *desks {
                desk.settle_down();
            }
        }
    }
}

fn opener(store: impl LockStore + 'static, files: AnyFile) -> Opener {
    let mut store: Option<Box<dyn LockStore>> = Some(Box::new(store));
    Box::new(move || {
        Ok(Opened {
            store: store.take().expect("opened once"),
            place: Box::new(files.clone()),
            events: None,
            share: None,
        })
    })
}

/// One agent's worker.
struct Desk {
    worker: Worker,
    board: Arc<Board>,
    desktop: Arc<FakeDesktop>,
    faults: Faults,
    files: AnyFile,
    jobs: Sender<Job>,
    queue: Receiver<Job>,
}

/// An answer that is on its way.
struct Waiting(oneshot::Receiver<Delivery>);

impl Waiting {
    fn verdicts(mut self) -> Vec<Verdict> {
        self.0.try_recv().expect("there is an answer by now").open()
    }

    fn verdict(self) -> Verdict {
        self.verdicts().remove(0)
    }

    fn is_open(&mut self) -> bool {
        matches!(self.0.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }
}

impl Desk {
    /// Turns until nothing more is due.
    fn settle_down(&mut self) {
        for _ in 0..100 {
            let jobs = self.queue.try_iter().collect();
            let next = self.worker.turn(jobs);
            if next > self.board.clock.moment() {
                return;
            }
        }
        panic!("the worker never comes to rest");
    }

    fn send(&self, items: Vec<Item>, unread: Unread) -> Waiting {
        let (reply, answer) = oneshot::channel();
        let asks = Asks {
            items,
            ticket: Arc::new(Ticket::default()),
            unread,
            reply: Some(reply),
            seat: None,
        };
        self.jobs.send(Job::Asks(asks)).unwrap();
        Waiting(answer)
    }

    fn ask(&mut self, item: Item) -> Verdict {
        let waiting = self.send(vec![item], Unread::Keep);
        self.settle_down();
        waiting.verdict()
    }

    /// The answer to the next commit gets lost, and the first attempt to find out fails too.
    fn lose_for_a_while(&self, lost: Lost) {
        let faults = self.faults.clone();
        self.faults
            .before_publish(move || faults.fail_next_call(Call::Settle, away()));
        self.faults.unsettle_next(lost);
    }

    fn lock(&self, file: &str) -> Option<Arc<Lock>> {
        self.board.table().unwrap().read().locks.get(&name(file)).cloned()
    }

    fn holder(&self, file: &str) -> Option<String> {
        self.lock(file).map(|lock| lock.owner.user.to_string())
    }

    fn is_safe(&self) -> bool {
        self.board.state().life.is_safe(self.board.clock.moment())
    }
}

fn checkout(file: &str) -> Item {
    Item {
        path: file.into(),
        intent: Intent::Checkout(rules::Checkout::default()),
    }
}

fn checkin(file: &str) -> Item {
    Item {
        path: file.into(),
        intent: Intent::Checkin(Checkin::default()),
    }
}
