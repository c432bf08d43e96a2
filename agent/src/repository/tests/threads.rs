//! The worker on its real thread, with a share that hangs.

use std::sync::Condvar;

use camctl_shared::clock::Moment;
use camctl_shared::clock::SystemClock;
use camctl_shared::model::{Commit, Draft, Table};
use camctl_shared::store::{Committed, Heartbeat, Result, SharedTable};

use super::super::Repository;
use super::*;
use crate::desktop::What as Told;
use crate::problem::Problem;

/// A gate that calls stand at while it is shut.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn set(&self, shut: bool) {
        *self.0.0.lock().unwrap() = shut;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let mut shut = self.0.0.lock().unwrap();
        while *shut {
            shut = self.0.1.wait(shut).unwrap();
        }
    }
}

/// A store whose commits and heartbeats stand at a gate.
struct Hanging<S> {
    store: S,
    gate: Gate,
}

impl<S: LockStore> LockStore for Hanging<S> {
    fn table(&self) -> SharedTable {
        self.store.table()
    }
    fn policy(&self) -> Arc<Policy> {
        self.store.policy()
    }
    fn load(&mut self) -> Result<()> {
        self.store.load()
    }
    fn catch_up(&mut self) -> Result<()> {
        self.store.catch_up()
    }
    fn catch_up_fully(&mut self) -> Result<()> {
        self.store.catch_up_fully()
    }
    fn commit(&mut self, decide: &mut dyn FnMut(&Table) -> Draft) -> Result<Committed> {
        self.gate.pass();
        self.store.commit(decide)
    }
    fn settle(&mut self) -> Result<Committed> {
        self.store.settle()
    }
    fn news(&mut self) -> Vec<Arc<Commit>> {
        self.store.news()
    }
    fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Result<()> {
        self.gate.pass();
        self.store.heartbeat(heartbeat)
    }
    fn session(&mut self, session: &SessionId) -> Result<Option<Heartbeat>> {
        self.store.session(session)
    }
    fn sessions(&mut self) -> Result<Vec<Heartbeat>> {
        self.store.sessions()
    }
    fn tend(&mut self, now: Moment) -> Option<Duration> {
        self.store.tend(now)
    }
    fn check(&mut self, mend: bool) -> Result<Vec<String>> {
        self.store.check(mend)
    }

    fn remarks(&mut self) -> Vec<String> {
        self.store.remarks()
    }
    fn author(&self) -> Arc<Owner> {
        self.store.author()
    }
}

/// Waits until `seen` holds; fails loudly when it never does.
async fn until(what: &str, mut seen: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if seen() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never seen: {what}");
}

struct Bench {
    repository: Repository,
    gate: Gate,
    desktop: Arc<FakeDesktop>,
}

impl Bench {
    async fn new(patience: Duration) -> Self {
        Self::with(patience, Policy::default()).await
    }

    async fn with(patience: Duration, policy: Policy) -> Self {
        let log = MemoryLog::new(policy, Arc::new(SystemClock));
        let me = Arc::new(Owner::new("alice", "DESK", SessionId::random()));
        let gate = Gate::default();
        let store = Hanging {
            store: log.open(Owner::clone(&me)),
            gate: gate.clone(),
        };
        let board = Board::new(
            "/mnt/cam".into(),
            me,
            Arc::new(SystemClock),
            patience,
            Arc::new(Notify::new()),
        );
        let desktop = Arc::new(FakeDesktop::default());
        let opener = opener(store, AnyFile::default());
        let repository = Repository::start(board, desktop.clone(), opener, Kept::default()).unwrap();
        repository.ready().await.unwrap();
        // The first commit of all says that the session is there.
        assert!(
            repository.ask(vec![checkout("first.mcam")], Unread::Keep).await[0]
                .result
                .is_ok()
        );
        Self {
            repository,
            gate,
            desktop,
        }
    }
}

#[tokio::test]
async fn a_share_that_hangs_is_said_to_hang_and_what_was_not_begun_is_withdrawn() {
    let bench = Bench::new(Duration::from_millis(200)).await;
    bench.gate.set(true);
    let first = bench.repository.ask(vec![checkout("a.mcam")], Unread::Keep).await;
    assert!(
        matches!(first[0].result, Err(Problem::NoAnswer { unsettled: true, .. })),
        "{first:?}"
    );
    let second = bench.repository.ask(vec![checkout("b.mcam")], Unread::Keep).await;
    assert!(
        matches!(second[0].result, Err(Problem::NoAnswer { unsettled: false, .. })),
        "{second:?}"
    );
    // Reading asks nobody.
    assert_eq!(bench.repository.board.see(|eyes| eyes.table.locks.len()), Some(1));
    bench.gate.set(false);
    until("the late grant", || !bench.desktop.told().is_empty()).await;
    assert_eq!(bench.desktop.told(), [Told::GrantedLate { file: name("a.mcam") }]);
    let held = bench
        .repository
        .board
        .see(|eyes| eyes.table.locks.keys().cloned().collect::<Vec<_>>());
    assert_eq!(held.unwrap(), [name("a.mcam"), name("first.mcam")]);
}

#[tokio::test]
async fn who_looks_while_the_share_hangs_does_not_take_what_is_known_for_new() {
    let bench = Bench::new(Duration::from_millis(200)).await;
    bench.repository.freshen().await.unwrap();
    bench.gate.set(true);
    let (stuck, fresh, patient) = tokio::join!(
        bench.repository.ask(vec![checkout("a.mcam")], Unread::Keep),
        bench.repository.freshen(),
        bench.repository.freshen_patiently(),
    );
    assert!(
        matches!(stuck[0].result, Err(Problem::NoAnswer { .. })),
        "{stuck:?}"
    );
    for fresh in [fresh, patient] {
        assert!(matches!(fresh, Err(Problem::NoAnswer { .. })), "{fresh:?}");
    }
    bench.gate.set(false);
    until("the late grant", || !bench.desktop.told().is_empty()).await;
    bench.repository.freshen().await.unwrap();
}

#[tokio::test]
async fn only_so_many_requests_wait_for_a_share_that_hangs() {
    // Longer than all of them take to ask, also on a busy machine: whoever gave up would make room for the next.
    let bench = Bench::new(Duration::from_secs(5)).await;
    bench.gate.set(true);
    let mut asking = tokio::task::JoinSet::new();
    let repository = Arc::new(bench.repository);
    // One batch of them, 512 at most, is begun and hangs; those wait no more.
    for n in 0..super::super::QUEUE + 600 {
        let repository = Arc::clone(&repository);
        asking.spawn(async move {
            repository
                .ask(vec![checkout(&format!("{n}.mcam"))], Unread::Keep)
                .await
        });
    }
    let mut busy = 0;
    while let Some(verdicts) = asking.join_next().await {
        busy += usize::from(matches!(
            verdicts.unwrap()[0].result,
            Err(Problem::TooBusy { .. })
        ));
    }
    assert!(busy >= 600 - 512, "{busy} were turned away");
    bench.gate.set(false);
    until("an answer", || {
        repository.seats.load(std::sync::atomic::Ordering::Acquire) == 0
    })
    .await;
    assert!(
        repository.ask(vec![checkin("first.mcam")], Unread::Keep).await[0]
            .result
            .is_ok()
    );
}

#[tokio::test]
async fn parking_answers_and_ends_the_thread() {
    let bench = Bench::new(Duration::from_secs(5)).await;
    bench.repository.park().await.unwrap();
    let verdict = bench.repository.ask(vec![checkout("a.mcam")], Unread::Keep).await;
    assert!(matches!(verdict[0].result, Err(Problem::Stopping)), "{verdict:?}");
}

#[tokio::test]
async fn whoever_holds_locks_is_told_that_they_are_unsafe_while_the_share_hangs() {
    let policy = Policy {
        heartbeat: Duration::from_millis(50),
        stale_after: Duration::from_millis(400),
        ..Policy::default()
    };
    let bench = Bench::with(Duration::from_secs(12), policy).await;
    bench.gate.set(true);
    // The last word counts: on a busy machine a heartbeat may come too late before the share hangs, and pass.
    let last_word = |word: Told| {
        let about_life = |what: &Told| matches!(what, Told::Unsafe { .. } | Told::SafeAgain { .. });
        bench.desktop.told().into_iter().rfind(about_life) == Some(word)
    };
    let safe = || bench.repository.board.see(|eyes| eyes.safe);
    until("the warning", || {
        last_word(Told::Unsafe { locks: 1 }) && safe() == Some(false)
    })
    .await;
    bench.gate.set(false);
    until("the all-clear", || last_word(Told::SafeAgain { locks: 1 })).await;
}
