//! Nobody compares two machines' clocks: agents whose wall clocks are days apart, and wall clocks that jump.
//!
//! The agents are real processes under libfaketime (package `faketime`), which moves their wall clock and leaves alone what
//! measures time. That it does so is checked in each test: the times that an agent writes are as wrong as they should be.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "nextest shows the times with a failure, and to whoever asks for them"
)]

use std::io::Write as _;
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::ipc::client::Limits;
use camctl_shared::ipc::message::{Fault, LockInfo, Outcome};
use testkit::talk::{Checkout, Talk};
use testkit::{Machine, Repository, RepositoryBuilder, Sandbox, holds_for, wait_until};

const HEARTBEAT: Duration = Duration::from_millis(500);
const STALE_AFTER: Duration = Duration::from_secs(2);
/// For a machine that has other things to do; the clocks here differ by hours.
const SLACK: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3600);

fn repository(sandbox: &Sandbox) -> Repository {
    let files = ["a.mcam", "b.mcam", "c.mcam", "d.mcam"];
    let builder = files
        .into_iter()
        .fold(sandbox.repository(), RepositoryBuilder::file);
    builder
        .policy("heartbeat", &format!("\"{}ms\"", HEARTBEAT.as_millis()))
        .policy("stale_after", &format!("\"{}ms\"", STALE_AFTER.as_millis()))
        .init()
}

/// Somebody whose agent runs, and who asks for files of the repository.
struct Person {
    machine: Machine,
    talk: Talk,
    repository: Repository,
}

impl Person {
    fn new(machine: Machine, repository: &Repository) -> Self {
        machine.start();
        Self {
            talk: machine.talk(Limits::default()),
            machine,
            repository: repository.clone(),
        }
    }

    #[track_caller]
    fn ask(&mut self, name: &str, lease: Option<Duration>) -> Outcome {
        let path = self.repository.path(name).display().to_string();
        let more = Checkout {
            lease_ms: lease.map(|lease| u64::try_from(lease.as_millis()).unwrap()),
            ..Checkout::default()
        };
        self.talk.checkout(&path, more).unwrap()
    }

    #[track_caller]
    fn takes(&mut self, name: &str, lease: Option<Duration>) -> LockInfo {
        match self.ask(name, lease) {
            Outcome::Granted { lock, .. } => lock,
            outcome => panic!("{name} should have been granted: {outcome:?}"),
        }
    }

    #[track_caller]
    fn gives_back(&mut self, name: &str) {
        let path = self.repository.path(name).display().to_string();
        let outcome = self.talk.checkin(&path).unwrap();
        assert!(matches!(outcome, Outcome::Released { .. }), "{name}: {outcome:?}");
    }

    /// Tries to take it. How the other's lock ended, if it was granted.
    #[track_caller]
    fn tries(&mut self, name: &str) -> Option<String> {
        match self.ask(name, None) {
            Outcome::Granted { after, .. } => {
                Some(after.map_or_else(|| "released".into(), |ended| ended.how))
            }
            Outcome::Failed(Fault::Held { .. }) => None,
            outcome => panic!("{name}: {outcome:?}"),
        }
    }

    /// Tries until it is granted; how long that took, and how the other's lock ended.
    #[track_caller]
    fn gets(&mut self, name: &str, within: Duration) -> (Duration, String) {
        let mut how = None;
        let took = wait_until(within, &format!("{name} can be had"), || {
            how = self.tries(name);
            how.is_some()
        });
        (took, how.unwrap())
    }

    /// What this agent takes for now, as its newest lock says, in hours from the truth.
    #[track_caller]
    fn hours_off(&mut self, name: &str) -> i64 {
        let since = self.takes(name, None).since_us;
        self.gives_back(name);
        let off = since - SystemClock.wall().as_microsecond();
        // To the nearest hour: the test itself takes a while.
        (off + 1_800_000_000).div_euclid(3_600_000_000)
    }
}

/// *Given* three agents, one 30 hours ahead, one ten days behind, one right, each with a lock and a lease of an hour;
/// *when* each tries to take the others' for three times `stale_after`, *then* all are refused; *when* the one ahead and
/// then the one behind are killed, *then* theirs can be had after `stale_after`, not before, by whoever wants them.
#[test]
fn faketime_a_live_lock_is_never_broken_and_a_dead_one_is_in_time() {
    let sandbox = Sandbox::new();
    let repository = repository(&sandbox);
    let machine = |user, name| sandbox.machine(user, name);
    let mut ahead = Person::new(machine("alice", "AHEAD").clock_off_by("+30h"), &repository);
    let mut behind = Person::new(machine("bob", "BEHIND").clock_off_by("-10d"), &repository);
    let mut right = Person::new(machine("carol", "RIGHT"), &repository);
    assert_eq!(ahead.hours_off("a.mcam"), 30);
    assert_eq!(behind.hours_off("b.mcam"), -240);
    assert_eq!(right.hours_off("c.mcam"), 0);

    ahead.takes("a.mcam", None);
    ahead.takes("c.mcam", Some(HOUR));
    behind.takes("b.mcam", None);
    behind.takes("d.mcam", Some(HOUR));
    let (of_ahead, of_behind) = (["a.mcam", "c.mcam"], ["b.mcam", "d.mcam"]);
    holds_for(STALE_AFTER * 3, "nobody gets what another holds", || {
        let refused =
            |person: &mut Person, names: [&str; 2]| names.iter().all(|name| person.tries(name).is_none());
        refused(&mut behind, of_ahead)
            && refused(&mut ahead, of_behind)
            && refused(&mut right, of_ahead)
            && refused(&mut right, of_behind)
    });

    ahead.machine.kill();
    gets_from_the_dead(&mut behind, of_ahead);
    behind.gives_back("a.mcam");
    behind.machine.kill();
    gets_from_the_dead(&mut right, of_behind);
}

/// The agent that held `names` has just been killed.
#[track_caller]
fn gets_from_the_dead(person: &mut Person, names: [&str; 2]) {
    let (took, how) = person.gets(names[0], STALE_AFTER + HEARTBEAT + SLACK);
    println!("{} was broken {took:.2?} after its owner was killed", names[0]);
    assert_eq!(how, "broken");
    // The last sign of life was given up to a heartbeat before.
    assert!(took + HEARTBEAT * 3 / 2 >= STALE_AFTER, "too early: {took:?}");
    let (_, how) = person.gets(names[1], SLACK);
    assert_eq!(how, "broken");
}

/// *Given* agents 30 hours ahead and ten days behind; *when* each takes a lease of two seconds, *then* it ends for the other
/// two seconds after that one saw it, whatever its written end is; *when* the one behind parks a checkout, which so looks
/// as if it had been parked for longer than `park_limit`, *then* the other does not get it.
#[test]
fn faketime_leases_and_parked_locks_are_judged_by_ones_own_clock() {
    const LEASE: Duration = Duration::from_secs(2);
    let sandbox = Sandbox::new();
    let repository = repository(&sandbox);
    let mut ahead = Person::new(
        sandbox.machine("alice", "AHEAD").clock_off_by("+30h"),
        &repository,
    );
    let mut behind = Person::new(sandbox.machine("bob", "BEHIND").clock_off_by("-10d"), &repository);
    assert_eq!(
        (ahead.hours_off("a.mcam"), behind.hours_off("b.mcam")),
        (30, -240)
    );

    let before = SystemClock.moment();
    ahead.takes("a.mcam", Some(LEASE));
    behind.takes("b.mcam", Some(LEASE));
    for (person, name) in [(&mut behind, "a.mcam"), (&mut ahead, "b.mcam")] {
        let (_, how) = person.gets(name, LEASE + SLACK);
        let took = SystemClock.moment().since(before);
        println!("the lease on {name} was over after {took:.2?}");
        assert_eq!(how, "expired");
        assert!(took >= LEASE, "{name} too early: {took:?}");
    }

    let lock = behind.takes("c.mcam", None);
    behind.machine.stop();
    holds_for(STALE_AFTER * 2, "a parked lock is kept", || {
        ahead.tries("c.mcam").is_none()
    });
    behind.machine.start();
    behind.talk = behind.machine.talk(Limits::default());
    assert!(matches!(behind.ask("c.mcam", None), Outcome::Renewed { lock: now } if now.token == lock.token));
    behind.gives_back("c.mcam");
}

/// *Given* two agents whose wall clocks are set anew while they run; *when* they jump by hours and days, forth and back, now
/// the owner's, now the other's, *then* the owner's lock stands, and a lease of an hour too; *when* the owner is killed,
/// and the other's clock jumps once more, *then* both are broken in time.
#[test]
fn faketime_a_wall_clock_that_jumps_ends_nobodys_lock() {
    let sandbox = Sandbox::new();
    let repository = repository(&sandbox);
    let place = sandbox.folder().to_owned();
    let set = |who: &str, offset: &str| {
        // Replaced as a whole: the library may read it at any moment.
        let mut file = tempfile::NamedTempFile::new_in(&place).unwrap();
        writeln!(file, "{offset}").unwrap();
        file.persist(place.join(who)).unwrap();
    };
    let person = |who: &str, name: &str| {
        set(who, "+0h");
        let machine = sandbox.machine(who, name).clock_set_by(&place.join(who));
        Person::new(machine, &repository)
    };
    let (mut alice, mut bob) = (person("alice", "CAM-03"), person("bob", "CNC-1"));
    alice.takes("a.mcam", None);
    alice.takes("b.mcam", Some(HOUR));
    for (who, offset, hours) in [
        ("alice", "+30h", 30),
        ("bob", "+9d", 216),
        ("alice", "-3d", -72),
        ("bob", "-40h", -40),
    ] {
        set(who, offset);
        let off = if who == "alice" {
            alice.hours_off("c.mcam")
        } else {
            bob.hours_off("c.mcam")
        };
        assert_eq!(off, hours, "the clock of {who}");
        holds_for(STALE_AFTER * 3 / 4, "bob gets neither file", || {
            bob.tries("a.mcam").is_none() && bob.tries("b.mcam").is_none()
        });
    }
    alice.machine.kill();
    set("bob", "+30d");
    gets_from_the_dead(&mut bob, ["a.mcam", "b.mcam"]);
}
