//! What happens in a repository, step by step: everything that camctl ever writes to a share. Whoever watches writes down
//! what was acknowledged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::{Clock, ManualClock};
use camctl_shared::model::{
    Case, Draft, FileName, Owner, Policy, RequestId, SessionChange, SessionId, StoreError, Table, Verb,
};
use camctl_shared::rules::{self, Ask, Checkin, Checkout, Intent, Lively, Scene};
use camctl_shared::share::Share;
use camctl_shared::store::folder::{FolderStore, InitOptions, Options, init};
use camctl_shared::store::{Committed, Heartbeat, LockStore};

use crate::watched::Watched;

/// How many commits a folder of the log holds here.
const FOLDER_SIZE: u64 = 4;
/// For the records.
const NOW: &str = "2026-11-20T09:00:00Z";
const DAY: Duration = Duration::from_hours(24);

/// What was acknowledged, and what each table was.
#[derive(Default, Clone)]
pub struct Witness {
    /// The newest commit that somebody was told of; `None` while nobody was told that there is a repository.
    pub acknowledged: Option<u64>,
    /// Every request that somebody was told the fate of.
    pub requests: Vec<(RequestId, u64)>,
    /// The table after each commit.
    pub tables: BTreeMap<u64, Table>,
}

/// A repository, and the process that writes to it.
pub struct Life {
    pub share: Arc<Watched>,
    pub clock: Arc<ManualClock>,
    pub witness: Witness,
    /// How it grew: after how many system calls it was what.
    pub testimony: Vec<(usize, Witness)>,
    store: Option<FolderStore>,
}

type Done = Result<(), StoreError>;

/// One step, which may die on the way.
pub type Step = (&'static str, fn(&mut Life) -> Done);

/// All of them, in their order.
pub const STEPS: [Step; 12] = [
    ("init", Life::init),
    ("a commit", |life| life.check_out("1.mcam")),
    ("more commits", |life| {
        life.check_out("2.mcam")?;
        life.check_out("3.mcam")
    }),
    ("a checkpoint", |life| life.check_out("4.mcam")),
    ("a projection", |life| {
        life.tend();
        Ok(())
    }),
    ("a heartbeat", Life::beat),
    ("parking", |life| life.session(Verb::PARK)),
    ("coming back", |life| life.session(Verb::REVIVE)),
    ("a lost reply", |life| {
        life.share.lose_replies(1);
        life.check_out("7.mcam")
    }),
    ("a checkpoint that is settled late", Life::settle_late),
    ("a table that somebody edited", |life| {
        life.share
            .foreign("locks.json", b"{\"9.mcam\": {\"user\": \"carol\"}}");
        life.clock.advance(Duration::from_secs(10));
        life.tend();
        Ok(())
    }),
    ("a pruning", Life::prune),
];

pub fn init_options() -> InitOptions {
    InitOptions {
        extensions: vec!["nc".into()],
        administrators: vec!["boss".into()],
        folder_size: FOLDER_SIZE,
        ..InitOptions::new(Case::Sensitive)
    }
}

/// What the rules make of one request.
pub fn decided(table: &Table, by: &Arc<Owner>, id: &RequestId, file: &str, intent: Intent) -> Draft {
    let policy = Policy::default();
    let scene = Scene {
        table,
        policy: &policy,
        judge: &Lively,
        now: NOW.parse().expect("a time"),
    };
    let ask = Ask {
        id: id.clone(),
        by: Arc::clone(by),
        file: FileName::parse(file, Case::Sensitive).expect("a name"),
        intent,
    };
    rules::decide(&scene, &[ask]).draft
}

impl Life {
    pub fn new(folder: &Path, network: bool) -> Self {
        Self {
            share: Watched::new(folder, network),
            clock: Arc::new(ManualClock::new(NOW.parse().expect("a time"))),
            witness: Witness::default(),
            testimony: vec![(0, Witness::default())],
            store: None,
        }
    }

    pub fn store_of(share: &Arc<dyn Share>, clock: &Arc<ManualClock>, user: &str) -> FolderStore {
        FolderStore::new(
            Arc::clone(share),
            Arc::new(Owner::new(user, "CAM-03", SessionId::random())),
            Arc::clone(clock) as Arc<dyn Clock>,
            Options::default(),
        )
    }

    fn init(&mut self) -> Done {
        let share = Arc::clone(&self.share) as Arc<dyn Share>;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let founder = Arc::new(Owner::new("founder", "CAM-01", SessionId::random()));
        init(&share, &founder, &clock, &init_options())?;
        self.witness.acknowledged = Some(0);
        self.testimony.push((self.share.reached(), self.witness.clone()));
        let mut store = Self::store_of(&share, &self.clock, "alice");
        store.load()?;
        self.store = Some(store);
        self.note();
        Ok(())
    }

    fn store(&mut self) -> &mut FolderStore {
        self.store.as_mut().expect("init comes first")
    }

    fn note(&mut self) {
        let table = self.store().table().read().clone();
        self.witness.tables.insert(table.n, table);
    }

    fn acknowledge(&mut self, id: RequestId, n: u64) {
        self.witness.acknowledged = Some(n);
        self.witness.requests.push((id, n));
        self.testimony.push((self.share.reached(), self.witness.clone()));
        self.note();
    }

    fn ask(&mut self, file: &str, intent: &Intent) -> Done {
        let id = RequestId::random();
        let by = self.store().author();
        let committed = self
            .store()
            .commit(&mut |table| decided(table, &by, &id, file, intent.clone()))?;
        if let Committed::At(n) = committed {
            self.acknowledge(id, n);
        }
        Ok(())
    }

    fn check_out(&mut self, file: &str) -> Done {
        self.ask(file, &Intent::Checkout(Checkout::default()))
    }

    fn session(&mut self, verb: Verb) -> Done {
        let session = self.store().author().session.clone().expect("it has one");
        let parked = (verb == Verb::PARK).then(|| self.clock.wall());
        let id = RequestId::random();
        let draft = Draft {
            sessions: vec![SessionChange {
                session,
                verb,
                parked,
            }],
            requests: vec![id.clone()],
            ..Draft::default()
        };
        if let Committed::At(n) = self.store().commit(&mut |_| draft.clone())? {
            self.acknowledge(id, n);
        }
        Ok(())
    }

    fn beat(&mut self) -> Done {
        let author = self.store().author();
        self.store().heartbeat(&Heartbeat {
            session: author.session.clone().expect("it has one"),
            user: author.user.clone(),
            machine: "CAM-03".into(),
            counter: 17,
            version: "0.1.0".into(),
        })
    }

    /// Chores, until none is urgent.
    fn tend(&mut self) {
        for _ in 0..20 {
            if self.share.is_dead() {
                return;
            }
            let now = self.clock.moment();
            match self.store().tend(now) {
                Some(wait) => self.clock.advance(wait.max(Duration::from_millis(1))),
                None => return,
            }
        }
    }

    /// No answer comes for longer than anybody waits; the next that is asked is told what became of it.
    fn settle_late(&mut self) -> Done {
        self.share.lose_replies(usize::MAX);
        let id = RequestId::random();
        let by = self.store().author();
        let draft = |table: &Table| decided(table, &by, &id, "8.mcam", Intent::Checkout(Checkout::default()));
        let unsettled = self.store().commit(&mut |table| draft(table));
        self.share.lose_replies(0);
        match unsettled {
            Err(StoreError::Unsettled { .. }) => {}
            other => return other.map(drop),
        }
        if let Committed::At(n) = self.store().settle()? {
            self.acknowledge(id, n);
        }
        Ok(())
    }

    /// Two years later: the oldest folders of the log go.
    fn prune(&mut self) -> Done {
        self.clock.advance(DAY * 800);
        for number in 9..=12 {
            self.check_out(&format!("{number}.mcam"))?;
        }
        self.ask("1.mcam", &Intent::Checkin(Checkin::default()))?;
        self.clock.advance(Duration::from_hours(2));
        self.tend();
        Ok(())
    }
}
