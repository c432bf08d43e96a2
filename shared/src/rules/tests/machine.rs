//! A repository lives at random: requests in batches and retried, time with and without heartbeats, lines, parkings,
//! revivals, interruptions. After each commit the promises are checked against what *truly* happened, which the
//! observer never sees: when each session last showed life, when it parked, when its lease was renewed.

use proptest::prelude::*;

use super::*;
use crate::clock::{Clock, ManualClock, Moment};
use crate::model::{How, Verb};

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
    Steal { reason: bool },
    Checkin(Which),
    Break { reason: bool },
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
    Join {
        desk: usize,
        file: usize,
    },
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
    ];
    let wish = (desk.clone(), file.clone(), want).prop_map(|(desk, file, verb)| Wish { desk, file, verb });
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
        3 => (desk.clone(), file).prop_map(|(desk, file)| Step::Join { desk, file }),
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
            Step::Join { desk, file } => self.join(*desk, FILES[*file]),
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

    /// No verb joins a line yet; the record is there.
    fn join(&mut self, desk: usize, name: &str) {
        let by = owner(DESKS[desk]);
        let Some(lock) = self.bench.table.locks.get(&file(name)) else {
            return;
        };
        if lock.owner.same_desk(&by) || lock.queue.iter().any(|waiter| waiter.owner.same_desk(&by)) {
            return;
        }
        let mut longer = Lock::clone(lock);
        longer.queue.extend(queue(&[DESKS[desk]]));
        let change = Change {
            file: file(name),
            verb: Verb::word("wait"),
            by,
            ended: None,
            lock: Some(Arc::new(longer)),
            extra: Extra::new(),
        };
        self.wake(DESKS[desk]);
        let draft = Draft {
            changes: vec![change],
            ..Draft::default()
        };
        self.commit(DESKS[desk], draft);
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
            Want::Guard => take_as(Form::Guard(program())),
            Want::Steal { reason: given } => steal(reason(given)),
            Want::Checkin(Which::Any) => give_back(None),
            Want::Checkin(Which::Standing) => give_back(standing),
            Want::Checkin(Which::Older) => give_back(Some(standing.unwrap_or(40) - 1)),
            Want::Break { reason: given } => end(reason(given)),
        };
        ask(DESKS[wish.desk], name, intent)
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

    fn check_answers(&self, asks: &[Ask], decision: &Decision) {
        assert_eq!(asks.len(), decision.answers.len());
        let mut done = Vec::new();
        let mut touched = BTreeSet::new();
        for (ask, answer) in asks.iter().zip(&decision.answers) {
            let settled = self.truth.settled.contains(&ask.id);
            assert_eq!(
                matches!(answer, Answer::Settled(_)),
                settled,
                "{ask:?}: {answer:?}"
            );
            if settled {
                continue;
            }
            assert_eq!(
                *answer == Answer::Later,
                touched.contains(&ask.file),
                "{ask:?}: {answer:?}"
            );
            if let Answer::Done(_) = answer {
                done.push(ask.id.clone());
                touched.insert(&ask.file);
                continue;
            }
            if *answer == Answer::Later {
                continue;
            }
            // What nobody may be refused: a free file, and to give back what is one's own.
            let standing = self.bench.table.locks.get(&ask.file);
            match (&ask.intent, standing) {
                (Intent::Checkout(_), None) => panic!("a free file was refused: {answer:?}"),
                (Intent::Checkin(wish), Some(lock)) => {
                    let right = wish.token.is_none() || wish.token == lock.token;
                    assert!(!right || lock.owner.user != ask.by.user, "{ask:?}: {answer:?}");
                }
                _ => {}
            }
        }
        assert_eq!(decision.draft.requests, done);
        assert_eq!(decision.draft.changes.len(), done.len());
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

    fn check_change(&mut self, n: u64, change: &Change) {
        let before = self.bench.table.locks.get(&change.file).cloned();
        match (&before, &change.ended) {
            (None, None) => assert!(change.grants(n), "nothing comes of nothing"),
            (None, Some(ended)) => panic!("an end of nothing: {ended:?}"),
            (Some(before), None) => {
                let after = change.lock.as_ref().expect("a lock vanished without a record");
                assert_eq!(after.token, before.token, "a lock changed hands without a record");
                assert!(
                    after.owner == before.owner || after.owner.same_desk(&before.owner),
                    "{before:?} became {after:?}"
                );
                return;
            }
            (Some(before), Some(ended)) => {
                assert_eq!(
                    (&ended.owner, ended.token, ended.since),
                    (&before.owner, before.token, before.since)
                );
                self.check_right(change, before, ended);
            }
        }
        let Some(after) = &change.lock else {
            if let Some(before) = &before {
                assert!(
                    before
                        .queue
                        .iter()
                        .all(|waiter| !self.lives(waiter) || self.parks(change, waiter))
                );
            }
            return;
        };
        assert!(change.grants(n), "a new lock has a new token");
        let newest = self.truth.newest.get(&change.file);
        assert!(newest.is_none_or(|newest| *newest < n), "tokens only grow");
        if let Some(before) = &before {
            self.check_line(change, before, after);
        }
    }

    /// Whether whoever made this change was allowed to end the lock that stood.
    fn check_right(&mut self, change: &Change, before: &Lock, ended: &Ended) {
        *self.seen.entry(ended.how.as_str()).or_default() += 1;
        let admin = self.bench.policy.is_administrator(&change.by.user);
        let mine = ended.owner.user == change.by.user;
        let moment = self.clock.moment();
        match ended.how {
            How::Released => assert!(mine || (admin && ended.token.is_none()), "{change:?}"),
            How::Forced => assert!(admin && !mine),
            How::Expired => {
                assert_eq!(before.kind, Kind::Lease);
                let lasted = moment.since(self.truth.renewed[&change.file]);
                assert!(lasted >= LEASE, "a lease ended after {lasted:?}");
            }
            How::Broken => {
                let id = before
                    .owner
                    .session
                    .as_ref()
                    .expect("an older tool's record is never stale");
                if let Some(since) = self.truth.parked.get(id) {
                    let away = moment.since(*since);
                    assert!(away >= self.bench.policy.park_limit, "broken after {away:?} away");
                    *self.seen.entry("parked too long").or_default() += 1;
                } else {
                    let silent = moment.since(self.truth.life[id]);
                    assert!(silent >= self.bench.policy.stale_after, "broken after {silent:?}");
                }
            }
        }
    }

    /// Whoever got the file was the first in line who lives, or had a right to pass; the others stay in order.
    fn check_line(&mut self, change: &Change, before: &Lock, after: &Lock) {
        let served = |waiter: &&Waiter| waiter.owner.same_desk(&after.owner);
        let taken = after.owner == change.by && change.verb != Verb::CHECKIN && change.verb != Verb::BREAK;
        let admin = self.bench.policy.is_administrator(&change.by.user) && change.verb == Verb::STEAL;
        let moved = before.owner.user == after.owner.user && before.kind != Kind::Guard;
        if !(taken && (admin || moved)) {
            for waiter in before.queue.iter().take_while(|waiter| !served(waiter)) {
                assert!(
                    !self.lives(waiter) || self.parks(change, waiter),
                    "{} passed {}",
                    name(&after.owner),
                    name(&waiter.owner)
                );
            }
        }
        if !before.queue.is_empty() && before.queue.iter().any(|waiter| served(&waiter)) {
            *self.seen.entry("served").or_default() += 1;
        }
        let mut rest = before.queue.iter();
        for waiter in &after.queue {
            assert!(rest.any(|known| known == waiter), "the line is out of order");
        }
        for waiter in before.queue.iter().filter(|waiter| !served(waiter)) {
            let keeps = self.lives(waiter) || self.bench.table.parked.contains_key(&of(waiter));
            assert!(
                !keeps || after.queue.contains(waiter),
                "{} lost the place",
                name(&waiter.owner)
            );
        }
    }

    /// As the decision knew it.
    fn lives(&self, waiter: &Waiter) -> bool {
        let id = of(waiter);
        !self.bench.table.parked.contains_key(&id) && !self.observer.session_is_stale(&self.bench.table, &id)
    }

    fn parks(&self, change: &Change, waiter: &Waiter) -> bool {
        change.verb == Verb::PARK && change.by.session == waiter.owner.session
    }
}

fn of(waiter: &Waiter) -> SessionId {
    waiter.owner.session.clone().unwrap()
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
    ] {
        assert!(
            seen.get(what).is_some_and(|count| *count >= 5),
            "{what}: {seen:?}"
        );
    }
}
