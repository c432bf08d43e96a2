use super::*;
use crate::clock::ManualClock;
use crate::model::{ShareError, ShareErrorKind};
use crate::rules::revive;
use crate::store::conformance::Bed;

struct MemoryBed(MemoryLog);

impl Bed for MemoryBed {
    fn open(&mut self, author: Owner) -> Box<dyn LockStore> {
        Box::new(self.0.open(author))
    }
}

fn log() -> MemoryLog {
    let start = jiff::Timestamp::from_second(1_795_000_000).unwrap();
    MemoryLog::new(Policy::default(), Arc::new(ManualClock::new(start)))
}

mod conformance {
    use super::{MemoryBed, log};

    crate::conformance_suite!(tests: MemoryBed(log()));
}

fn machine(log: &MemoryLog, user: &str) -> MemoryStore {
    let mut store = log.open(Owner::new(user, "CAM-03", SessionId::random()));
    store.load().unwrap();
    store
}

fn some_draft() -> Draft {
    revive(&SessionId::random())
}

fn away() -> StoreError {
    StoreError::Share(ShareError {
        action: "read",
        path: "memory/head".into(),
        kind: ShareErrorKind::Unknown,
        cause: "connection lost".into(),
    })
}

#[test]
fn a_commit_whose_reply_is_lost_stands_and_is_found() {
    let log = log();
    let mut store = machine(&log, "alice");
    store.faults().unsettle_next(Lost::Reply);
    let error = store.commit(&mut |_| some_draft()).unwrap_err();
    assert!(matches!(error, StoreError::Unsettled { n: 1, .. }));
    assert_eq!(log.commits().len(), 2, "others see it already");
    assert_eq!(store.settle().unwrap(), Committed::At(1));
    assert_eq!(store.settle().unwrap(), Committed::Nothing, "once is enough");
    assert_eq!(store.news().len(), 1);
    assert_eq!(store.commit(&mut |_| some_draft()).unwrap(), Committed::At(2));
}

#[test]
fn a_commit_settles_the_one_before_it_first() {
    let log = log();
    for (lost, n) in [(Lost::Reply, 1), (Lost::Request, 3)] {
        let mut store = machine(&log, "alice");
        store.faults().unsettle_next(lost);
        store.commit(&mut |_| some_draft()).unwrap_err();
        let still = StoreError::Unsettled { n, path: "".into() };
        store.faults().fail_next_call(Call::Settle, still.clone());
        let error = store.commit(&mut |_| panic!("nothing is decided before it is settled"));
        assert_eq!(error, Err(still));
        let mut seen = 0;
        let committed = store.commit(&mut |table| {
            seen = table.n;
            some_draft()
        });
        assert_eq!((committed.unwrap(), seen), (Committed::At(n + 1), n));
        assert_eq!(store.settle().unwrap(), Committed::Nothing);
        assert_eq!(store.news().len(), 2);
    }
}

#[test]
fn a_lost_request_is_written_when_it_is_settled() {
    let log = log();
    let mut store = machine(&log, "alice");
    store.faults().unsettle_next(Lost::Request);
    store.commit(&mut |_| some_draft()).unwrap_err();
    assert_eq!(log.commits().len(), 1);
    store.catch_up().unwrap();
    assert_eq!(store.settle().unwrap(), Committed::At(1));
    assert_eq!(log.commits().len(), 2);
}

#[test]
fn a_lost_request_whose_number_another_took_never_was() {
    for lost in [Lost::Request, Lost::Reply] {
        let log = log();
        let (mut store, mut other) = (machine(&log, "alice"), machine(&log, "bob"));
        let faults = store.faults();
        faults.unsettle_next(lost);
        faults.before_publish(move || {
            other.commit(&mut |_| some_draft()).unwrap();
        });
        store.commit(&mut |_| some_draft()).unwrap_err();
        assert_eq!(store.settle().unwrap(), Committed::Nothing);
        let news = store.news();
        assert_eq!(news.len(), 1);
        assert_eq!(&*news[0].author.user, "bob");
        assert_eq!(store.commit(&mut |_| some_draft()).unwrap(), Committed::At(2));
    }
}

#[test]
fn another_machine_can_be_let_in_between_decision_and_publishing() {
    let log = log();
    let (mut store, mut other) = (machine(&log, "alice"), machine(&log, "bob"));
    store.faults().before_publish(move || {
        other.commit(&mut |_| some_draft()).unwrap();
    });
    let mut seen = Vec::new();
    let committed = store.commit(&mut |table| {
        seen.push(table.n);
        some_draft()
    });
    assert_eq!(committed.unwrap(), Committed::At(2));
    assert_eq!(seen, [0, 1]);
}

#[test]
fn calls_fail_as_they_are_told() {
    let log = log();
    let mut store = machine(&log, "alice");
    let faults = store.faults();
    faults.fail_next_call(Call::Commit, away());
    store.catch_up().unwrap();
    let error = store.commit(&mut |_| panic!("it fails before anything is decided"));
    assert_eq!(error, Err(away()));
    faults.fail_next(away());
    assert_eq!(store.catch_up(), Err(away()));
    store.catch_up().unwrap();

    faults.away(Some(away()));
    let session = SessionId::random();
    assert_eq!(store.load(), Err(away()));
    assert_eq!(store.session(&session), Err(away()));
    assert_eq!(store.sessions(), Err(away()));
    assert_eq!(store.settle(), Err(away()));
    faults.away(None);
    assert_eq!(store.session(&session), Ok(None));
}

#[test]
fn a_new_policy_arrives_with_the_next_look() {
    let log = log();
    let mut store = machine(&log, "alice");
    log.set_policy(Policy {
        administrators: vec!["boss".into()],
        ..Policy::default()
    });
    assert!(!store.policy().is_administrator("boss"));
    store.catch_up().unwrap();
    assert!(store.policy().is_administrator("boss"));
}

#[test]
fn remarks_are_said_once() {
    let log = log();
    let mut store = machine(&log, "alice");
    store.faults().remark("locks.json was edited by hand");
    assert_eq!(store.remarks(), ["locks.json was edited by hand"]);
    assert_eq!(store.remarks(), Vec::<String>::new());
}
