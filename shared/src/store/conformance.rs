//! What every [`LockStore`] must do, as one suite: `memory`, `folder` on every kind of share, later `etcd`.
//!
//! A [`Bed`] is one fresh repository on which machines are opened. The [`conformance_suite!`](crate::conformance_suite)
//! macro makes one test of each case; [`all`] lists them for a program that runs them on a share of its choice:
//!
//! ```text
//! conformance_suite!(tests: MyBed::new());
//! ```
//!
//! Only what the trait promises is asked here. What happens when a share fails is each store's own affair.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test suite, which other crates compile as a library: a case fails by a panic"
)]

use std::sync::Arc;

use super::{Committed, LockStore};
use crate::clock::{Clock, SystemClock};
use crate::model::{Case, Commit, Draft, FileName, Lock, Owner, RequestId, SessionId, Table, Token};
use crate::rules::{Answer, Ask, Checkin, Checkout, Done, Intent, Lively, Scene, decide};

mod commits;
mod races;
mod records;
mod views;

pub use commits::{
    a_request_is_found_long_after_it_was_settled, a_token_is_the_number_of_its_commit,
    an_empty_draft_commits_nothing, commits_are_numbered_without_gaps, nothing_pending_settles_as_nothing,
    requests_that_arrive_together_are_one_commit,
};
pub use races::{
    a_decision_that_lost_its_race_is_taken_again, a_machine_that_slept_for_folders_decides_anew,
    nobody_holds_what_another_holds,
};
pub use records::{
    a_parked_session_is_away_until_it_is_back, every_kind_of_record_survives, unknown_keys_survive_a_rewrite,
};
pub use views::{
    a_heartbeat_moves_and_is_seen_by_all, a_new_machine_sees_the_same_table, a_view_never_goes_back,
    every_machine_hears_every_commit_once_and_in_order,
};

/// How many commits a folder of the log of a [`Bed`] must hold, where there are any, so that the cases cross several checkpoints.
pub const FOLDER_SIZE: u64 = 10;

/// One fresh repository, with [`FOLDER_SIZE`] and otherwise the default policy, and the machines that use it.
pub trait Bed {
    /// One more machine on the same repository, not yet loaded.
    fn open(&mut self, author: Owner) -> Box<dyn LockStore>;
}

/// One promise, checked on a fresh bed; panics when it is broken.
pub type Promise = fn(&mut dyn Bed);

/// Every case, by its name.
pub fn all() -> &'static [(&'static str, Promise)] {
    crate::conformance_suite!(@cases list)
}

/// One `#[test]` for each case, each on a bed of its own: `conformance_suite!(tests: MyBed::new());`
#[macro_export]
macro_rules! conformance_suite {
    (tests: $bed:expr) => {
        $crate::conformance_suite! { @cases tests ($bed) }
    };
    (@cases $($what:tt)*) => {
        $crate::conformance_suite! {
            @$($what)* [
                an_empty_draft_commits_nothing
                nothing_pending_settles_as_nothing
                commits_are_numbered_without_gaps
                a_token_is_the_number_of_its_commit
                requests_that_arrive_together_are_one_commit
                a_request_is_found_long_after_it_was_settled
                a_decision_that_lost_its_race_is_taken_again
                a_machine_that_slept_for_folders_decides_anew
                nobody_holds_what_another_holds
                every_kind_of_record_survives
                unknown_keys_survive_a_rewrite
                a_parked_session_is_away_until_it_is_back
                every_machine_hears_every_commit_once_and_in_order
                a_new_machine_sees_the_same_table
                a_view_never_goes_back
                a_heartbeat_moves_and_is_seen_by_all
            ]
        }
    };
    (@list [$($case:ident)*]) => {
        &[$((stringify!($case), $case as $crate::store::conformance::Promise)),*]
    };
    (@tests ($bed:expr) [$($case:ident)*]) => {
        $(
            #[test]
            fn $case() {
                let mut bed = $bed;
                $crate::store::conformance::$case(&mut bed);
            }
        )*
    };
}

/// One machine with its person and its store.
struct Machine {
    store: Box<dyn LockStore>,
    me: Arc<Owner>,
}

impl Machine {
    /// Opened, loaded, and with no news pending.
    fn open(bed: &mut dyn Bed, user: &str, machine: &str) -> Self {
        let mut store = bed.open(Owner::new(user, machine, SessionId::random()));
        store.load().unwrap();
        store.news();
        let me = store.author();
        Self { store, me }
    }

    fn n(&self) -> u64 {
        self.store.table().read().n
    }

    fn table(&self) -> Table {
        self.store.table().read().clone()
    }

    fn lock(&self, name: &str) -> Option<Arc<Lock>> {
        self.store.table().read().locks.get(&file(name)).cloned()
    }

    fn ask(&self, name: &str, intent: Intent) -> Ask {
        Ask {
            id: RequestId::random(),
            by: Arc::clone(&self.me),
            file: file(name),
            intent,
        }
    }

    /// Decides `asks` by the rules, and commits what they come to.
    fn run(&mut self, asks: &[Ask]) -> (Committed, Vec<Answer>) {
        let policy = self.store.policy();
        let mut answers = Vec::new();
        let committed = self.store.commit(&mut |table| {
            let scene = Scene {
                table,
                policy: &policy,
                judge: &Lively,
                now: SystemClock.wall(),
            };
            let decision = decide(&scene, asks);
            answers = decision.answers;
            decision.draft
        });
        (committed.unwrap(), answers)
    }

    fn run_one(&mut self, name: &str, intent: Intent) -> (Committed, Answer) {
        let ask = self.ask(name, intent);
        let (committed, answers) = self.run(&[ask]);
        let [answer] = <[Answer; 1]>::try_from(answers).unwrap();
        (committed, answer)
    }

    /// The token, or `None` when somebody else has the file.
    fn try_checkout(&mut self, name: &str) -> Option<Token> {
        match self.run_one(name, Intent::Checkout(Checkout::default())) {
            (Committed::At(n), Answer::Done(Done::Granted { lock, .. })) => {
                assert_eq!(lock.token, Some(n), "the token is the number of the commit");
                Some(n)
            }
            (Committed::Nothing, Answer::Refused(_)) => None,
            other => panic!("a checkout of {name} came to {other:?}"),
        }
    }

    fn checkout(&mut self, name: &str) -> Token {
        self.try_checkout(name).unwrap()
    }

    fn checkin(&mut self, name: &str, token: Token) -> u64 {
        let wish = Checkin {
            token: Some(token),
            message: None,
            ..Checkin::default()
        };
        match self.run_one(name, Intent::Checkin(wish)) {
            (Committed::At(n), Answer::Done(Done::Released { .. })) => n,
            other => panic!("the checkin of {name} with {token} came to {other:?}"),
        }
    }

    /// Commits `draft` as it is.
    fn commit(&mut self, draft: &Draft) -> u64 {
        match self.store.commit(&mut |_| draft.clone()).unwrap() {
            Committed::At(n) => n,
            Committed::Nothing => panic!("a draft with changes was not committed"),
        }
    }

    /// Commits `count` times something that leaves nothing behind but commits.
    fn fill(&mut self, count: u64) {
        for _ in 0..count {
            self.commit(&crate::rules::revive(&SessionId::random()));
        }
    }

    /// All news until nothing more comes.
    fn hear(&mut self) -> Vec<Arc<Commit>> {
        self.store.catch_up().unwrap();
        self.store.news()
    }
}

fn file(name: &str) -> FileName {
    FileName::parse(name, Case::Sensitive).unwrap()
}
