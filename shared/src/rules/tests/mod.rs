//! The rules, as tables of cases: what stands, who wants what, what becomes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::model::{Case, Commit, Extra, Kind, Nonce, Waiter};

mod answer;
mod away;
mod batch;
mod r#break;
mod checkin;
mod checkout;
mod idle;
mod machine;
mod park;
mod put;
mod queue;
mod request;
mod stale;

/// The wall clock of every decision here.
pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

pub(super) fn file(name: &str) -> FileName {
    FileName::parse(name, Case::Sensitive).unwrap()
}

/// `alice@CAM-03`: the session is named after both; `alice@CAM-03/2` is another session at the same desk; `alice` alone
/// is how older tools know her.
pub(super) fn owner(text: &str) -> Arc<Owner> {
    Arc::new(match text.split_once('@') {
        None => Owner {
            user: text.into(),
            machine: None,
            session: None,
        },
        Some((user, place)) => {
            let machine = place.split('/').next().unwrap();
            Owner::new(user, machine, session(text))
        }
    })
}

pub(super) fn session(owner: &str) -> SessionId {
    SessionId::parse(&owner.replace(['@', '/'], "-")).unwrap()
}

/// A judge who knows what it is told, and takes everybody else to be alive.
#[derive(Default)]
pub(super) struct Fake {
    pub standings: BTreeMap<FileName, Standing>,
    pub stale: BTreeSet<SessionId>,
    pub running: BTreeSet<FileName>,
}

impl Judge for Fake {
    fn lock(&self, _table: &Table, file: &FileName, _lock: &Lock) -> Standing {
        self.standings
            .get(file)
            .copied()
            .unwrap_or(Standing::Alive { silent: None })
    }

    fn session_is_stale(&self, _table: &Table, session: &SessionId) -> bool {
        self.stale.contains(session)
    }

    fn program_lives(&self, file: &FileName, _lock: &Lock) -> bool {
        self.running.contains(file)
    }
}

/// A repository with its table, its policy, and what is known of its sessions.
pub(super) struct Bench {
    pub table: Table,
    pub policy: Policy,
    pub judge: Fake,
}

impl Bench {
    /// Commit 40 is the newest, nothing is held, `boss` is the administrator.
    pub fn new() -> Self {
        let mut table = Table::empty(crate::model::RepositoryId("test".into()), Case::Sensitive);
        table.n = 40;
        let policy = Policy {
            administrators: vec!["boss".into()],
            ..Policy::default()
        };
        Self {
            table,
            policy,
            judge: Fake::default(),
        }
    }

    /// `name` is held; a lock that is changed by `with` before it stands.
    pub fn held(mut self, name: &str, by: &str, with: impl FnOnce(&mut Lock)) -> Self {
        let mut lock = lock(by, 7);
        with(&mut lock);
        self.table.locks.insert(file(name), Arc::new(lock));
        self
    }

    /// The judge's word on the lock of `name`.
    pub fn judged(mut self, name: &str, standing: Standing) -> Self {
        self.judge.standings.insert(file(name), standing);
        self
    }

    /// This session has been silent for too long.
    pub fn stale(mut self, owner: &str) -> Self {
        self.judge.stale.insert(session(owner));
        self
    }

    /// This session stopped cleanly.
    pub fn parked(mut self, owner: &str) -> Self {
        let absence = crate::model::Absence {
            since: now(),
            commit: 30,
            extra: Extra::new(),
        };
        self.table.parked.insert(session(owner), absence);
        self
    }

    pub fn scene(&self) -> Scene<'_> {
        Scene {
            table: &self.table,
            policy: &self.policy,
            judge: &self.judge,
            now: now(),
        }
    }

    pub fn decide(&self, asks: &[Ask]) -> Decision {
        decide(&self.scene(), asks)
    }

    /// Decides one request alone, and says in words what becomes of it.
    pub fn outcome(&self, ask: &Ask) -> String {
        let decision = self.decide(std::slice::from_ref(ask));
        assert_eq!(
            decision,
            self.decide(std::slice::from_ref(ask)),
            "a decision depends on nothing but the scene"
        );
        say(&decision.answers[0])
    }

    /// Commits `draft` as the next step of the log.
    pub fn commit(&mut self, by: &Arc<Owner>, draft: Draft) {
        let commit = Commit {
            n: self.table.n + 1,
            previous: self.table.nonce.clone(),
            nonce: Nonce::random(),
            author: Arc::clone(by),
            time: now(),
            draft,
            extra: Extra::new(),
        };
        self.table.apply(&commit);
    }

    /// Decides and commits.
    pub fn run(&mut self, asks: &[Ask]) -> Vec<String> {
        let decision = self.decide(asks);
        if !decision.draft.is_empty() {
            self.commit(&asks[0].by, decision.draft);
        }
        decision.answers.iter().map(say).collect()
    }

    pub fn lock(&self, name: &str) -> &Lock {
        &self.table.locks[&file(name)]
    }
}

/// A checkout of `by`, granted by commit `token`, two days ago.
pub(super) fn lock(by: &str, token: u64) -> Lock {
    Lock {
        message: "Working on revisions".into(),
        ..Lock::new(owner(by), now() - jiff::SignedDuration::from_hours(48), token)
    }
}

/// As older tools write it.
pub(super) fn old_record(lock: &mut Lock) {
    lock.token = None;
    lock.renewed = 0;
}

pub(super) fn guard(lock: &mut Lock) {
    lock.kind = Kind::Guard;
    lock.process = Some(program());
}

pub(super) fn lease(lock: &mut Lock) {
    lock.kind = Kind::Lease;
    lock.lease = Some(Duration::from_mins(30));
    lock.expires = Some(lock.since);
}

pub(super) fn program() -> Process {
    Process {
        pid: 4711,
        started: 99,
        boot: None,
        agent: None,
        extra: Extra::new(),
    }
}

/// Another program than that of [`guard`].
pub(super) fn another_program() -> Process {
    Process {
        pid: 4712,
        ..program()
    }
}

pub(super) fn queue(of: &[&str]) -> Vec<Waiter> {
    of.iter()
        .map(|who| Waiter {
            owner: owner(who),
            since: now(),
            message: format!("{who} needs it").into(),
            lease: None,
            guard: None,
            request: RequestId::random(),
            extra: Extra::new(),
        })
        .collect()
}

/// Who stands in line, as `owner` reads them.
pub(super) fn line(lock: &Lock) -> Vec<String> {
    lock.queue.iter().map(|waiter| name(&waiter.owner)).collect()
}

/// As [`owner`] reads it, without the number of the session.
pub(super) fn name(owner: &Owner) -> String {
    match &owner.machine {
        Some(machine) => format!("{}@{machine}", owner.user),
        None => owner.user.to_string(),
    }
}

pub(super) fn ask(by: &str, name: &str, intent: Intent) -> Ask {
    Ask {
        id: RequestId::random(),
        by: owner(by),
        file: file(name),
        intent,
    }
}

pub(super) fn take() -> Intent {
    Intent::Checkout(Checkout::default())
}

pub(super) fn take_as(form: Form) -> Intent {
    Intent::Checkout(Checkout {
        form,
        ..Checkout::default()
    })
}

pub(super) fn steal(reason: &str) -> Intent {
    Intent::Checkout(Checkout {
        steal: Some(reason.into()),
        ..Checkout::default()
    })
}

pub(super) fn give_back(token: Option<Token>) -> Intent {
    Intent::Checkin(Checkin {
        token,
        message: Some("done".into()),
        ..Checkin::default()
    })
}

pub(super) fn join() -> Intent {
    Intent::Queue(Queue::Join(Checkout::default()))
}

pub(super) fn leave(joined: Option<u64>) -> Intent {
    Intent::Queue(Queue::Leave { joined })
}

pub(super) fn end(reason: &str) -> Intent {
    Intent::Break {
        reason: reason.into(),
    }
}

pub(super) fn request(message: &str) -> Intent {
    Intent::Request {
        message: (!message.is_empty()).then(|| message.into()),
    }
}

pub(super) fn answer(said: Said, to: To) -> Intent {
    Intent::Answer(Response {
        said,
        message: None,
        to,
        token: None,
    })
}

/// Who asks for it, why, and what was answered: `bob@CNC-1: Op 30 (no)`.
pub(super) fn notes(lock: &Lock) -> Vec<String> {
    let say = |note: &Note| {
        let answer = note.answer.as_deref().map(|answer| format!(" ({answer})"));
        let (from, answer) = (name(&note.from), answer.unwrap_or_default());
        format!("{from}: {}{answer}", note.message)
    };
    lock.requests.iter().map(say).collect()
}

/// An answer in words, so that a table of cases can be read.
pub(super) fn say(answer: &Answer) -> String {
    let next = |next: &Option<Arc<Lock>>| match next {
        Some(lock) => format!(", next {}", name(&lock.owner)),
        None => String::new(),
    };
    match answer {
        Answer::Done(Done::Granted { after: None, .. }) => "granted".into(),
        Answer::Done(Done::Granted {
            after: Some(ended), ..
        }) => {
            format!("granted, {} {}", name(&ended.owner), ended.how.as_str())
        }
        Answer::Done(Done::Renewed { .. }) => "renewed".into(),
        Answer::Done(Done::Released { next: to, .. }) => format!("released{}", next(to)),
        Answer::Done(Done::Broken { ended, next: to, .. }) => {
            format!("ended as {}{}", ended.how.as_str(), next(to))
        }
        Answer::Done(Done::Joined { lock, place, .. }) => {
            format!("waits for {}, place {place}", name(&lock.owner))
        }
        Answer::Done(Done::Left { .. }) => "left".into(),
        Answer::Done(Done::Requested { lock, .. }) => format!("asked {}", name(&lock.owner)),
        Answer::Done(Done::Answered { notes, .. }) => {
            let to: Vec<String> = notes.iter().map(|note| name(&note.from)).collect();
            format!("answered {}", to.join(", "))
        }
        Answer::Refused(Refusal::NotAsked { .. }) => "not asked".into(),
        Answer::Refused(Refusal::Crowded { .. }) => "crowded".into(),
        Answer::Refused(Refusal::NotWaiting { .. }) => "not waiting".into(),
        Answer::Refused(Refusal::Held { lock, place, .. }) => {
            format!("held by {}, place {place}", name(&lock.owner))
        }
        Answer::Refused(Refusal::Guarded { .. }) => "guarded".into(),
        Answer::Refused(Refusal::NotHeld { .. }) => "not held".into(),
        Answer::Refused(Refusal::NotYours { lock, .. }) => format!("not yours but {}'s", name(&lock.owner)),
        Answer::Refused(Refusal::OldToken { token, lock, .. }) => match lock {
            Some(lock) => format!("{token} is over, {} has it", name(&lock.owner)),
            None => format!("{token} is over"),
        },
        Answer::Refused(Refusal::Alive { .. }) => "alive".into(),
        Answer::Refused(Refusal::Yours { .. }) => "yours".into(),
        Answer::Refused(Refusal::NoReason { .. }) => "no reason".into(),
        Answer::Later => "later".into(),
        Answer::Settled(commit) => format!("settled by {commit}"),
    }
}

/// Every standing, in words for messages.
pub(super) const STANDINGS: [(Standing, bool); 7] = [
    (Standing::Alive { silent: None }, false),
    (
        Standing::Alive {
            silent: Some(Duration::from_secs(299)),
        },
        false,
    ),
    (Standing::Parked, false),
    (
        Standing::Stale {
            silent: Duration::from_mins(5),
        },
        true,
    ),
    (Standing::ParkedTooLong, true),
    (Standing::Expired, true),
    (Standing::Orphaned, true),
];

/// How a lock of this standing ends when somebody else wants the file.
pub(super) fn ends_as(standing: Standing) -> &'static str {
    if standing == Standing::Expired {
        "expired"
    } else {
        "broken"
    }
}
