//! A client: takes files, works on them, and gives them back, whatever becomes of its agent meanwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use camctl_shared::clock::{Clock, SystemClock};
use testkit::ledger::{Desk, LockKey};
use testkit::{Chance, Repository};

use super::voice::{Heard, Voice};
use super::witness::{Found, Witnesses};

/// What all clients share.
pub struct Scene {
    /// The folder.
    pub repository: Repository,
    /// Who holds what, as the clients see it.
    pub witnesses: Witnesses,
    /// Clients finish when they see it, with what they hold.
    pub stop: AtomicBool,
    /// Grants so far, to know when there were enough.
    pub granted: AtomicU64,
}

/// One machine's share of the files: whoever sits there shares its locks, and so must not want one file twice at a time.
pub struct Claims {
    /// Whose they are.
    pub desk: Desk,
    /// Its agent is dead or frozen: some of those who hold a file work on meanwhile, and believe that they hold it.
    pub out: AtomicBool,
    files: Vec<AtomicBool>,
}

impl Claims {
    /// Nothing is claimed.
    pub fn new(desk: Desk, files: usize) -> Self {
        let files = (0..files).map(|_| AtomicBool::new(false)).collect();
        let out = AtomicBool::new(false);
        Self { desk, out, files }
    }

    fn take(&self, file: usize) -> bool {
        !self.files[file].swap(true, Ordering::SeqCst)
    }

    fn give_up(&self, file: usize) {
        self.files[file].store(false, Ordering::SeqCst);
    }
}

/// What one client was told, to be compared with the log.
#[derive(Debug, Default)]
pub struct Account {
    /// Grants that were acknowledged.
    pub granted: BTreeSet<LockKey>,
    /// Releases that were acknowledged.
    pub released: BTreeSet<LockKey>,
    /// Locks that it was told are over when it wanted to give them back.
    pub lost: BTreeSet<LockKey>,
    /// What it held at the end.
    pub held: Option<LockKey>,
    /// Checkouts of which it does not know what became.
    pub unknown_checkouts: u64,
    /// Checkins of which it does not know what became.
    pub unknown_checkins: u64,
    /// Grants that found the witness of somebody whose lock was broken.
    pub dead: u64,
    /// Grants that found the witness of whoever broke this very lock.
    pub heirs: u64,
    /// Grants that the agent itself was not sure of.
    pub unsure: u64,
    /// Refusals.
    pub refused: u64,
}

/// See the module.
pub struct Client<'a, V> {
    scene: &'a Scene,
    claims: &'a Claims,
    voice: V,
    chance: Chance,
    account: Account,
}

impl<'a, V: Voice> Client<'a, V> {
    pub fn new(scene: &'a Scene, claims: &'a Claims, voice: V, chance: Chance) -> Self {
        let account = Account::default();
        Self {
            scene,
            claims,
            voice,
            chance,
            account,
        }
    }

    /// Goes on until it is stopped.
    pub fn run(mut self) -> Account {
        while !self.is_stopped() {
            self.once();
        }
        self.account
    }

    /// Gets and gives back one file, if it can.
    pub fn once(&mut self) {
        let file = self.chance.index(self.claims.files.len());
        if !self.claims.take(file) {
            return self.pause();
        }
        if let Some(token) = self.get(file) {
            self.work(file, token);
            if self.is_stopped() {
                self.account.held = Some((super::name(file), token));
                // Its claim stays: nobody else here may give it back.
                return;
            }
            self.scene.witnesses.leave(file, token);
            self.give_back(file, token);
        }
        self.claims.give_up(file);
    }

    /// What it was told.
    pub fn account(self) -> Account {
        self.account
    }

    fn is_stopped(&self) -> bool {
        self.scene.stop.load(Ordering::SeqCst)
    }

    fn pause(&mut self) {
        std::thread::sleep(self.chance.time(1..15));
    }

    fn path(&self, file: usize) -> String {
        self.scene
            .repository
            .path(&super::name(file))
            .display()
            .to_string()
    }

    /// Asks for a file. What it gets it has a witness for, unless the lock is broken already.
    fn get(&mut self, file: usize) -> Option<u64> {
        let wait = *self.chance.one(&[None, None, Some(150)]);
        loop {
            let lock = match self.voice.checkout(&self.path(file), wait) {
                Heard::Granted(lock) => {
                    let new = self.account.granted.insert((super::name(file), lock.token));
                    assert!(
                        new,
                        "token {} of {} was granted twice",
                        lock.token,
                        super::name(file)
                    );
                    self.scene.granted.fetch_add(1, Ordering::Relaxed);
                    lock
                }
                Heard::Renewed(lock) => lock,
                Heard::Held => {
                    self.account.refused += 1;
                    return None;
                }
                Heard::NotDone(_) => {
                    self.pause();
                    return None;
                }
                Heard::Unknown(_) => {
                    self.account.unknown_checkouts += 1;
                    self.pause();
                    return None;
                }
                heard @ (Heard::Released(_) | Heard::Over) => {
                    panic!("a checkout was answered with {heard:?}")
                }
            };
            if !lock.sure {
                // The agent says itself that the lock may be gone: nobody works on that.
                self.account.unsure += 1;
                if self.is_stopped() {
                    return None;
                }
                self.pause();
                continue;
            }
            match self.scene.witnesses.enter(file, lock.token) {
                Found::Nobody => {}
                Found::Dead => self.account.dead += 1,
                Found::Heir => self.account.heirs += 1,
            }
            return Some(lock.token);
        }
    }

    /// Mostly short, now and then long enough for others to queue up, or for as long as the agent is out.
    fn work(&mut self, file: usize, token: u64) {
        let longest = *self.chance.one(&[2, 2, 2, 5, 5, 60]);
        let patient = self.chance.number(0..3) > 0;
        let mut steps = self.chance.number(1..4);
        while steps > 0 || patient && self.claims.out.load(Ordering::SeqCst) {
            steps = steps.saturating_sub(1);
            std::thread::sleep(self.chance.time(0..longest));
            self.scene.witnesses.stands(file, token);
        }
    }

    /// Gives a file back, as often as it takes to know what became of it.
    fn give_back(&mut self, file: usize, token: u64) {
        let key = (super::name(file), token);
        let started = SystemClock.moment();
        let mut asked_before = false;
        loop {
            let why;
            let heard = self.voice.checkin(&self.path(file));
            match heard {
                Heard::Released(was) => {
                    if was != token {
                        self.assert_broken(&key);
                    }
                    let new = self.account.released.insert((key.0.clone(), was));
                    assert!(new, "{key:?} was given back twice");
                    return;
                }
                Heard::Over => return self.look_why(key, asked_before),
                Heard::Unknown(problem) => {
                    self.account.unknown_checkins += 1;
                    asked_before = true;
                    why = problem;
                }
                Heard::NotDone(problem) => why = problem,
                heard => panic!("a checkin was answered with {heard:?}"),
            }
            let waited = SystemClock.moment().since(started);
            // An agent may be out several times in a row, each time for longer than `stale_after`.
            assert!(
                waited < super::measure().stale_after * 40,
                "{key:?} cannot be given back: {why}"
            );
            self.pause();
        }
    }

    /// The lock is over: because it was broken, or by an earlier try whose answer was lost.
    fn look_why(&mut self, key: LockKey, asked_before: bool) {
        let how = self
            .scene
            .witnesses
            .ledger()
            .end(&key.0, key.1)
            .map(|end| end.how.clone());
        if how.as_deref() == Some("released") && asked_before {
            return;
        }
        assert_eq!(how.as_deref(), Some("broken"), "{key:?} was refused as lost");
        self.account.lost.insert(key);
    }

    fn assert_broken(&self, key: &LockKey) {
        let ledger = self.scene.witnesses.ledger();
        let end = ledger.end(&key.0, key.1);
        assert!(
            end.is_some_and(|end| end.how == "broken"),
            "{key:?} ended as {end:?}"
        );
    }
}
