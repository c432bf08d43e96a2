//! Two people on two computers, and what they are told while the share fails under them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock, Moment, SystemClock};
use camctl_shared::ipc::client::Limits;
use camctl_shared::ipc::message::{Fault, LockInfo, Outcome, Patience, Request};
use testkit::ledger::{Desk, Ledger};
use testkit::talk::{Checkout, Talk, only};
use testkit::{Machine, Repository, RepositoryBuilder, Sandbox};

/// For what an emulated machine does in its own time.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Longer than anything here may take: a test that fails ends what it started.
const ENOUGH: Duration = Duration::from_mins(6);

/// Alice on the first computer, bob on the second, each with an agent, and a repository on the share.
pub struct Stage {
    // In this order: machines end before the folder that they live in.
    pub alice: Machine,
    pub bob: Machine,
    pub repository: Repository,
    _sandbox: Sandbox,
}

impl Stage {
    /// With the timings that people have, but for what `build` changes.
    pub fn with(build: impl FnOnce(RepositoryBuilder<'_>) -> RepositoryBuilder<'_>) -> Self {
        let sandbox = Sandbox::new();
        // In this order they sit at the first and the second computer.
        let alice = sandbox.machine("alice", "CAM-03");
        let bob = sandbox.machine("bob", "CNC-1");
        let builder = ["a.mcam", "b.mcam", "alice.mcam", "bob.mcam"]
            .into_iter()
            .fold(sandbox.repository(), RepositoryBuilder::file);
        let repository = build(builder.default_timings()).init();
        alice.start();
        bob.start();
        Self {
            alice,
            bob,
            repository,
            _sandbox: sandbox,
        }
    }

    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn path(&self, name: &str) -> String {
        self.repository.path(name).display().to_string()
    }

    /// Takes a file that is free.
    #[track_caller]
    pub fn take(&self, machine: &Machine, name: &str) -> LockInfo {
        match talk(machine).checkout(&self.path(name), Checkout::default()) {
            Ok(Outcome::Granted { lock, .. }) => lock,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// Waits in line for a file, on a thread of its own; the lock, and when it came.
    pub fn wait_in_line<'scope>(
        &self,
        scope: &'scope thread::Scope<'scope, '_>,
        machine: &Machine,
        name: &str,
    ) -> thread::ScopedJoinHandle<'scope, (LockInfo, Moment)> {
        let (mut asking, path) = (talk(machine), self.path(name));
        asking.send(&Request::Checkout {
            files: vec![path.clone()],
            message: None,
            wait: Some(Patience {
                at_most_ms: Some(ENOUGH.as_millis().try_into().unwrap()),
            }),
            lease_ms: None,
            steal: None,
        });
        // Requests are judged in their order: once this one is refused, the other waits.
        let refused = talk(machine).checkout(&path, Checkout::default());
        assert!(
            matches!(refused, Ok(Outcome::Failed(Fault::Held { .. }))),
            "{refused:?}"
        );
        scope.spawn(move || match only(asking.replies().unwrap()) {
            Outcome::Granted { lock, .. } => (lock, SystemClock.moment()),
            other => panic!("{path}: {other:?}"),
        })
    }

    pub fn ledger(&self) -> Ledger {
        Ledger::read(&self.repository)
    }
}

/// A conversation in which the agent may be silent for as long as the share is.
pub fn talk(machine: &Machine) -> Talk {
    machine.talk(Limits {
        connect: PATIENCE,
        hello: PATIENCE,
        send: PATIENCE,
        reply: Some(ENOUGH),
    })
}

/// What somebody was told who took a file and gave it back, again and again.
#[derive(Debug, Default)]
pub struct Account {
    pub granted: Vec<u64>,
    pub released: Vec<u64>,
    /// When it was told that something was done.
    pub done: Vec<Moment>,
    /// How often it was told that the share does not answer.
    pub refused: u32,
}

/// Takes `name`, which nobody else wants, and gives it back, until `stop`; then it has nothing any more. Counts in `served`
/// how often it was told that it has it.
pub fn work(stage: &Stage, machine: &Machine, name: &str, served: &AtomicU64, stop: &AtomicBool) -> Account {
    let (mut talk, path) = (talk(machine), stage.path(name));
    let mut account = Account::default();
    let mut doubt = false;
    while !stop.load(Ordering::SeqCst) {
        match talk.checkout(&path, Checkout::default()) {
            Ok(Outcome::Granted { lock, .. } | Outcome::Renewed { lock }) => {
                account.granted.push(lock.token.unwrap());
                account.done.push(SystemClock.moment());
                served.fetch_add(1, Ordering::SeqCst);
                give_back(&mut talk, &path, &mut account);
                doubt = false;
            }
            Ok(Outcome::Failed(fault)) => {
                account.passes(&fault);
                doubt = true;
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    if doubt {
        // What it was told to be unknown may have been granted since.
        give_back(&mut talk, &path, &mut account);
    }
    account
}

fn give_back(talk: &mut Talk, path: &str, account: &mut Account) {
    loop {
        match talk.checkin(path) {
            Ok(Outcome::Released { was, .. }) => {
                account.released.push(was.token.unwrap());
                return account.done.push(SystemClock.moment());
            }
            // An earlier try was done all the same.
            Ok(Outcome::Failed(Fault::NotHeld)) => return account.done.push(SystemClock.moment()),
            Ok(Outcome::Failed(fault)) => account.passes(&fault),
            other => panic!("{path}: {other:?}"),
        }
    }
}

impl Account {
    /// The share may not answer; everything else would be wrong.
    #[track_caller]
    fn passes(&mut self, fault: &Fault) {
        let passing = matches!(fault, Fault::Share { passing: true, .. } | Fault::NoAnswer { .. });
        assert!(passing, "nobody expects {fault:?}");
        self.refused += 1;
        thread::sleep(Duration::from_millis(100));
    }

    /// How long after `event` it was first told again that something was done.
    pub fn first_after(&self, event: Moment) -> Option<Duration> {
        let after = |done: &&Moment| **done > event;
        self.done.iter().find(after).map(|done| done.since(event))
    }

    /// The longest time without.
    pub fn longest_gap(&self) -> Duration {
        let gaps = self.done.windows(2).map(|pair| pair[1].since(pair[0]));
        gaps.max().unwrap_or_default()
    }

    /// Everything that was acknowledged is in the log, as it was acknowledged.
    #[track_caller]
    pub fn check(&self, ledger: &Ledger, machine: &Machine, name: &str) {
        let desk = Desk {
            user: machine.user().into(),
            machine: machine.name().into(),
        };
        assert!(!self.granted.is_empty(), "nothing happened: {self:?}");
        for token in &self.granted {
            assert_eq!(
                ledger.grant(name, *token),
                Some(&desk),
                "the grant {token} of {name}"
            );
        }
        for token in &self.released {
            let end = ledger.end(name, *token);
            assert!(
                end.is_some_and(|end| end.how == "released"),
                "{token} of {name}: {end:?}"
            );
        }
        assert_eq!(ledger.table().get(name), None, "{name} was given back");
    }
}
