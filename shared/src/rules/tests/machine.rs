//! A repository lives at random: requests in batches and retried, time with and without heartbeats, lines, parkings,
//! revivals, interruptions. After each commit the promises are checked against what *truly* happened, which the
//! observer never sees: when each session last showed life, when it parked, when its lease was renewed.

use proptest::prelude::*;

use super::*;
use crate::clock::{Clock, ManualClock, Moment};

mod promises;

const DESKS: [&str; 6] = [
    "alice@CAM-03",
    "alice@CAM-03/2",
    "alice@CAM-04",
    "bob@CNC-1",
    "carol@CNC-2",
    "boss@CNC-9",
];
const FILES: [&str; 3] = ["a.mcam", "b.mcam", "old.mcam"];
const LEASE: Duration = Duration::from_mins(2);

/// One request, before it has an id and knows the token that stands.
#[derive(Debug, Clone, Copy)]
struct Wish {
    desk: usize,
    file: usize,
    verb: Want,
}

#[derive(Debug, Clone, Copy)]
enum Want {
    Checkout,
    Lease,
    Guard,
    Steal {
        reason: bool,
    },
    Checkin(Which),
    Break {
        reason: bool,
    },
    Join,
    JoinForATime,
    JoinAsGuard,
    /// With or without the newest commit as the one that gave the place.
    Leave {
        back: bool,
    },
    Request {
        why: bool,
    },
    Answer(Said),
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Any,
    Standing,
    Older,
}

#[derive(Debug, Clone)]
enum Step {
    Batch(Vec<Wish>),
    /// The last batch again, as after a lost reply.
    Retry,
    /// So many seconds; then these beat, and the observer looks or does not.
    Time {
        seconds: u64,
        beating: u8,
        look: bool,
    },
    Interrupted,
    Park(usize),
    Revive(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let desk = 0..DESKS.len();
    let file = 0..FILES.len();
    let which = prop_oneof![Just(Which::Any), Just(Which::Standing), Just(Which::Older)];
    let want = prop_oneof![
        4 => Just(Want::Checkout),
        2 => Just(Want::Lease),
        2 => Just(Want::Guard),
        1 => any::<bool>().prop_map(|reason| Want::Steal { reason }),
        3 => which.prop_map(Want::Checkin),
        1 => any::<bool>().prop_map(|reason| Want::Break { reason }),
        6 => Just(Want::Join),
        1 => Just(Want::JoinForATime),
        1 => Just(Want::JoinAsGuard),
        1 => any::<bool>().prop_map(|back| Want::Leave { back }),
        2 => any::<bool>().prop_map(|why| Want::Request { why }),
        4 => prop::sample::select(Said::ALL.to_vec()).prop_map(Want::Answer),
    ];
    let wish = (desk.clone(), file, want).prop_map(|(desk, file, verb)| Wish { desk, file, verb });
    let seconds = prop_oneof![Just(10_u64), Just(30), Just(30), Just(60), Just(61), Just(240)];
    let time = (seconds, any::<u8>(), prop::bool::weighted(0.9)).prop_map(|(seconds, beating, look)| {
        // Most sessions are silent most of the time, or nobody would ever be stale.
        let beating = beating & beating.rotate_left(3);
        Step::Time {
            seconds,
            beating,
            look,
        }
    });
    let step = prop_oneof![
        8 => prop::collection::vec(wish, 1..4).prop_map(Step::Batch),
        1 => Just(Step::Retry),
        10 => time,
        1 => Just(Step::Interrupted),
        2 => desk.clone().prop_map(Step::Park),
        1 => desk.prop_map(Step::Revive),
    ];
    prop::collection::vec(step, 1..80)
}

/// What truly happened, by the one true clock.
#[derive(Default)]
struct Truth {
    life: BTreeMap<SessionId, Moment>,
    parked: BTreeMap<SessionId, Moment>,
    renewed: BTreeMap<FileName, Moment>,
    newest: BTreeMap<FileName, Token>,
    settled: BTreeSet<RequestId>,
}

struct World {
    bench: Bench,
    clock: ManualClock,
    observer: Observer,
    signs: BTreeMap<SessionId, Sign>,
    truth: Truth,
    last: Vec<Ask>,
    /// How often each way of ending was seen; a machine that never breaks anything shows nothing.
    seen: BTreeMap<&'static str, u32>,
}

impl World {
    fn new() -> Self {
        let mut bench = Bench::new().held("old.mcam", "alice", old_record);
        bench.policy.stale_after = Duration::from_secs(90);
        bench.policy.park_limit = Duration::from_mins(3);
        let clock = ManualClock::new(now());
        let mut world = Self {
            observer: Observer::new(&bench.policy, BTreeMap::new()),
            bench,
            signs: BTreeMap::new(),
            truth: Truth::default(),
            last: Vec::new(),
            seen: BTreeMap::new(),
            clock,
        };
        for desk in DESKS {
            world.signs.insert(session(desk), Some(1));
            world.truth.life.insert(session(desk), world.clock.moment());
        }
        world.look();
        world
    }

    fn look(&mut self) {
        let (moment, wall) = (self.clock.moment(), self.clock.wall());
        self.observer.look(moment, wall, &self.bench.table, &self.signs);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Batch(wishes) => {
                self.last = wishes.iter().map(|wish| self.ask(*wish)).collect();
                self.batch();
            }
            Step::Retry => self.batch(),
            Step::Time {
                seconds,
                beating,
                look,
            } => {
                self.clock.advance(Duration::from_secs(*seconds));
                for (at, desk) in DESKS.iter().enumerate() {
                    if beating & (1 << at) != 0 {
                        self.beat(desk);
                    }
                }
                if *look {
                    self.look();
                }
            }
            Step::Interrupted => self.observer.interrupted(),
            Step::Park(desk) => self.park(DESKS[*desk]),
            Step::Revive(desk) => self.revive(DESKS[*desk]),
        }
    }

    /// An agent that was silent for so long that it no longer trusts its locks says so before anything else.
    fn beat(&mut self, desk: &str) {
        let id = session(desk);
        if self.truth.parked.contains_key(&id) {
            return;
        }
        let silent = self.clock.moment().since(self.truth.life[&id]);
        if silent >= self.bench.policy.owner_gives_up() {
            self.revive(desk);
        }
        let sign = self.signs.entry(id.clone()).or_default();
        *sign = Some(sign.unwrap_or(0).wrapping_add(1));
        self.truth.life.insert(id, self.clock.moment());
    }

    fn revive(&mut self, desk: &str) {
        self.commit(desk, revive(&session(desk)));
        self.truth.parked.remove(&session(desk));
    }

    fn park(&mut self, desk: &str) {
        if self.truth.parked.contains_key(&session(desk)) {
            return;
        }
        self.observer.tick(self.clock.moment());
        let scene = Scene {
            judge: &self.observer,
            ..self.bench.scene()
        };
        let draft = park(&scene, &owner(desk));
        assert_eq!(draft, park(&scene, &owner(desk)));
        for change in &draft.changes {
            let to = change.lock.as_ref().map(|lock| &lock.owner);
            assert_ne!(to, Some(&owner(desk)), "whoever stops gets nothing");
        }
        if draft.is_empty() {
            return;
        }
        let parks = !draft.sessions.is_empty();
        self.commit(desk, draft);
        let guards = |lock: &&Arc<Lock>| lock.owner == owner(desk) && lock.kind == Kind::Guard;
        assert_eq!(self.bench.table.locks.values().find(guards), None);
        if parks {
            self.truth.parked.insert(session(desk), self.clock.moment());
        }
    }

    /// Whoever is parked comes back before it does anything.
    fn wake(&mut self, desk: &str) {
        if self.truth.parked.contains_key(&session(desk)) {
            self.revive(desk);
        }
    }

    fn ask(&self, wish: Wish) -> Ask {
        let name = FILES[wish.file];
        let standing = self
            .bench
            .table
            .locks
            .get(&file(name))
            .and_then(|lock| lock.token);
        let reason = |given: bool| if given { "urgent" } else { " " };
        let intent = match wish.verb {
            Want::Checkout => take(),
            Want::Lease => take_as(Form::Lease(LEASE)),
            Want::Guard => take_as(self.program()),
            Want::Steal { reason: given } => steal(reason(given)),
            Want::Checkin(Which::Any) => give_back(None),
            Want::Checkin(Which::Standing) => give_back(standing),
            Want::Checkin(Which::Older) => give_back(Some(standing.unwrap_or(40) - 1)),
            Want::Break { reason: given } => end(reason(given)),
            Want::Join => join(),
            Want::JoinForATime => Intent::Queue(Queue::Join(Checkout {
                form: Form::Lease(LEASE),
                ..Checkout::default()
            })),
            Want::Request { why } => request(if why { "urgent" } else { "" }),
            Want::Answer(said) => answer(said, To::All),
            Want::JoinAsGuard => Intent::Queue(Queue::Join(Checkout {
                form: self.program(),
                ..Checkout::default()
            })),
            Want::Leave { back } => leave(back.then(|| self.bench.table.n.saturating_sub(3))),
        };
        ask(DESKS[wish.desk], name, intent)
    }

    /// Every program is another one.
    fn program(&self) -> Form {
        Form::Guard(Process {
            started: self.bench.table.n,
            ..program()
        })
    }

    /// Decides and commits the last batch, by the agent of the first who asks.
    fn batch(&mut self) {
        let asks = self.last.clone();
        for ask in &asks {
            let desk = DESKS.iter().find(|desk| owner(desk) == ask.by).unwrap();
            self.wake(desk);
        }
        self.observer.tick(self.clock.moment());
        let decision = {
            let scene = Scene {
                judge: &self.observer,
                ..self.bench.scene()
            };
            let decision = decide(&scene, &asks);
            assert_eq!(
                decision,
                decide(&scene, &asks),
                "the same scene, the same decision"
            );
            decision
        };
        self.check_answers(&asks, &decision);
        if !decision.draft.is_empty() {
            let author = DESKS.iter().find(|desk| owner(desk) == asks[0].by).unwrap();
            self.commit(author, decision.draft);
        }
    }

    fn commit(&mut self, desk: &str, draft: Draft) {
        let n = self.bench.table.n + 1;
        let mut files = BTreeSet::new();
        for change in &draft.changes {
            assert!(files.insert(&change.file), "one change for each file");
            self.check_change(n, change);
        }
        for request in &draft.requests {
            assert!(self.truth.settled.insert(request.clone()), "settled twice");
        }
        let moment = self.clock.moment();
        for change in &draft.changes {
            let Some(lock) = &change.lock else { continue };
            if lock.renewed == n {
                self.truth.renewed.insert(change.file.clone(), moment);
            }
            if change.grants(n) {
                self.truth.newest.insert(change.file.clone(), n);
            }
        }
        self.bench.commit(&owner(desk), draft);
        self.truth.life.insert(session(desk), moment);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_repository_that_lives_at_random_keeps_its_promises(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
    }
}

/// The random life is rich enough to show something: every way in which a lock can end occurs.
#[test]
fn the_random_life_sees_every_end() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..200 {
        let mut world = World::new();
        for step in steps().new_tree(&mut runner).unwrap().current() {
            world.step(&step);
        }
        for (what, count) in world.seen {
            *seen.entry(what).or_default() += count;
        }
    }
    for what in [
        "released",
        "forced",
        "expired",
        "broken",
        "parked too long",
        "served",
        "left",
        "asked",
        "answered",
        "said yes",
    ] {
        assert!(
            seen.get(what).is_some_and(|count| *count >= 5),
            "{what}: {seen:?}"
        );
    }
}
