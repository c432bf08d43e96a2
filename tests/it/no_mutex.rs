//! The mutex is a courtesy, the log is the law: without it everything is still correct, only slower.
//!
//! *Given* one repository, and several stores on it that are opened without the mutex, as on a share whose file locks
//! grant everybody everything (`nobrl`, `nolock`) or that has none.
//!
//! *When* each, on a thread of its own, takes and gives back the same few files by the real rules, thousands of times in
//! all, racing for every commit,
//!
//! *then* nobody who was granted a file finds another's mark on it, every acknowledged step is in the log exactly once, the
//! log adds up ([`testkit::ledger`]), and a store that reads it afresh has the same table as those that wrote it. The same
//! is done with the mutex, and both speeds are printed.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "nextest shows the seed with a failure, and the figures to whoever asks for them"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::model::{FileName, Owner, Policy, RequestId, SessionId, StoreError, Token};
use camctl_shared::rules::{Answer, Ask, Checkin, Checkout, Done, Intent, Lively, Scene, decide};
use camctl_shared::share::DiskShare;
use camctl_shared::store::folder::{FolderStore, Options};
use camctl_shared::store::{Committed, LockStore};
use testkit::ledger::{Desk, Ledger, LockKey};
use testkit::{Chance, Repository, Sandbox};

const WRITERS: u64 = 6;
const FILES: usize = 4;
/// Grants that each writer wants; with the mutex, which is shown elsewhere, only enough to compare the speed.
// On Windows fewer: under Wine every call goes through one process, and takes ten times as long.
const EACH: usize = if cfg!(windows) { 40 } else { 200 };
const EACH_WITH: usize = if cfg!(windows) { 12 } else { 60 };

/// One machine's store.
struct Writer {
    store: FolderStore,
    me: Arc<Owner>,
    chance: Chance,
    granted: BTreeSet<LockKey>,
    /// Commits that others were faster with.
    lost_races: u64,
}

/// What became of one request.
enum Became {
    Done(Token),
    Refused,
}

impl Writer {
    fn open(repository: &Repository, n: u64, mutex: bool, seed: u64) -> Self {
        let me = Arc::new(Owner::new(
            &format!("user{n}"),
            &format!("CAM-{n}"),
            SessionId::random(),
        ));
        let share = Arc::new(DiskShare::open(repository.folder()).unwrap());
        let options = Options {
            mutex,
            ..Options::default()
        };
        let mut store = FolderStore::new(share, Arc::clone(&me), Arc::new(SystemClock), options);
        store.load().unwrap();
        Self {
            store,
            me,
            chance: Chance::new(seed, n),
            granted: BTreeSet::new(),
            lost_races: 0,
        }
    }

    /// One request, one commit. Whoever is told that the race was lost too often comes back, as the agent's clients do.
    fn ask(&mut self, file: usize, intent: &Intent) -> Became {
        let ask = Ask {
            id: RequestId::random(),
            by: Arc::clone(&self.me),
            // By the repository's own rule: what names are the same is different on Windows.
            file: FileName::parse(&name(file), self.store.table().read().case).unwrap(),
            intent: intent.clone(),
        };
        let policy = Policy::default();
        loop {
            let (mut answer, mut decisions) = (None, 0);
            let committed = self.store.commit(&mut |table| {
                decisions += 1;
                let scene = Scene {
                    table,
                    policy: &policy,
                    judge: &Lively,
                    now: SystemClock.wall(),
                };
                let mut decision = decide(&scene, std::slice::from_ref(&ask));
                answer = decision.answers.pop();
                decision.draft
            });
            self.lost_races += u64::saturating_sub(decisions, 1);
            match (committed, answer) {
                (Ok(Committed::At(n)), Some(Answer::Done(done))) => return Became::Done(token(&done, n)),
                (Ok(Committed::Nothing), Some(Answer::Refused(_))) => return Became::Refused,
                (Err(StoreError::Contended { .. }), _) => {}
                (committed, answer) => panic!("{committed:?} with {answer:?}"),
            }
        }
    }

    fn run(mut self, marks: &[AtomicU64], each: usize) -> Self {
        let mine = self.me.user.trim_start_matches("user").parse::<u64>().unwrap() + 1;
        while self.granted.len() < each {
            let file = self.chance.index(marks.len());
            let Became::Done(token) = self.ask(file, &Intent::Checkout(Checkout::default())) else {
                thread::sleep(Duration::from_micros(self.chance.number(0..500)));
                continue;
            };
            let before = marks[file].swap(mine, Ordering::SeqCst);
            assert_eq!(
                before,
                0,
                "{} was granted to {mine} while {before} held it",
                name(file)
            );
            let new = self.granted.insert((name(file), token));
            assert!(new, "token {token} of {} was granted twice", name(file));
            thread::yield_now();
            let after = marks[file].swap(0, Ordering::SeqCst);
            assert_eq!(
                after,
                mine,
                "{} was granted to {after} while {mine} held it",
                name(file)
            );
            let back = Checkin {
                token: Some(token),
                message: None,
                ..Checkin::default()
            };
            let back = self.ask(file, &Intent::Checkin(back));
            assert!(matches!(back, Became::Done(was) if was == token));
        }
        self
    }
}

fn token(done: &Done, n: u64) -> Token {
    match done {
        Done::Granted { lock, after: None } => {
            assert_eq!(lock.token, Some(n), "a token is the number of its commit");
            n
        }
        Done::Released { was, next: None } => was.token.unwrap(),
        done => panic!("nobody asked for {done:?}"),
    }
}

fn name(file: usize) -> String {
    format!("{file}.mcam")
}

/// All writers at once. Returns commits per second.
fn contend(mutex: bool, seed: u64) -> f64 {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().init();
    let each = if mutex { EACH_WITH } else { EACH };
    let marks: Vec<AtomicU64> = (0..FILES).map(|_| AtomicU64::new(0)).collect();
    let writers: Vec<Writer> = (0..WRITERS)
        .map(|n| Writer::open(&repository, n, mutex, seed))
        .collect();
    let before = Ledger::read(&repository).newest();
    let started = SystemClock.moment();
    let mut writers: Vec<Writer> = thread::scope(|scope| {
        let marks = &marks;
        let threads: Vec<_> = writers
            .into_iter()
            .map(|writer| scope.spawn(move || writer.run(marks, each)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let lasted = SystemClock.moment().since(started);

    let ledger = Ledger::read(&repository);
    let commits = ledger.newest() - before;
    let granted: usize = writers.iter().map(|writer| writer.granted.len()).sum();
    assert_eq!(
        commits,
        2 * granted as u64,
        "one commit for each step, and none else"
    );
    assert_eq!((ledger.grants().len(), ledger.ends().len()), (granted, granted));
    assert!(ledger.table().is_empty(), "{:?}", ledger.table());
    for writer in &writers {
        let desk = Desk {
            user: writer.me.user.to_string(),
            machine: writer.me.machine.as_deref().unwrap().to_owned(),
        };
        for (file, token) in &writer.granted {
            assert_eq!(ledger.grant(file, *token), Some(&desk));
            let end = ledger.end(file, *token).unwrap();
            assert_eq!((end.how.as_str(), &end.by), ("released", &desk));
        }
    }
    let fresh = Writer::open(&repository, WRITERS, mutex, seed);
    for writer in &mut writers {
        writer.store.catch_up_fully().unwrap();
        assert_eq!(*writer.store.table().read(), *fresh.store.table().read());
    }
    let speed = f64::from(u32::try_from(commits).unwrap()) / lasted.as_secs_f64();
    let lost: u64 = writers.iter().map(|writer| writer.lost_races).sum();
    let how = if mutex {
        "with the mutex   "
    } else {
        "without the mutex"
    };
    println!(
        "{how}: {commits} commits by {WRITERS} writers in {lasted:.1?}, {speed:.0} per second, {lost} races lost"
    );
    speed
}

#[test]
fn without_the_mutex_nobody_holds_what_another_holds() {
    let seed = Chance::seed();
    println!("CAMCTL_TEST_SEED={seed}");
    let without = contend(false, seed);
    let with = contend(true, seed);
    println!("without the mutex {:.2} of the speed", without / with);
}
