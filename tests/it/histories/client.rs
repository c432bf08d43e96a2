//! A client: asks its agent this and that about some files, and writes down what it is told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};
use camctl_shared::ipc::client::Limits;
use camctl_shared::ipc::message::{Fault, Filter, FilterState, LockInfo, Outcome, Patience, Reply, Request};
use testkit::ledger::Desk;
use testkit::talk::{Silence, Talk, only};
use testkit::{Chance, Machine, Repository};

use super::act::{Act, Edge, Lock, Told, Wish};

/// All clients work on so many files, for a while …
const FILES: usize = 6;
/// … until so much was asked about them; then they go on to the next.
const ROUND: usize = 2400;
/// So many rounds are more than there is time for.
const ROUNDS: usize = 30;
/// Whoever only looks is told what was last known when the share does not answer within this time. That says "held", never
/// "free", and may be old.
const GLANCE: Duration = Duration::from_secs(2);

/// What all clients share.
pub struct Scene {
    /// The folder.
    pub repository: Repository,
    /// Clients finish when they see it.
    pub stop: AtomicBool,
    /// Requests so far.
    pub asked: AtomicUsize,
    turn: AtomicU64,
    newest: AtomicU64,
    folder_size: u64,
}

impl Scene {
    /// With the files of every round.
    pub fn new(repository: Repository) -> Self {
        for round in 0..ROUNDS {
            for file in 0..FILES {
                repository.write(&format!("{round}/{file}.mcam"), "");
            }
        }
        let first = &repository.log()[&0];
        let folder_size = first["table"]["folder_size"].as_u64().unwrap();
        Self {
            repository,
            stop: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            turn: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            folder_size,
        }
    }

    /// The newest commit in the log, by a look at it.
    fn newest(&self) -> u64 {
        let mut newest = self.newest.load(Ordering::SeqCst);
        loop {
            let next = newest + 1;
            let file = format!(".camctl/log/{}/{next}.json", next / self.folder_size);
            if !self.repository.path(&file).exists() {
                break;
            }
            newest = next;
        }
        self.newest.fetch_max(newest, Ordering::SeqCst).max(newest)
    }

    fn before(&self) -> Edge {
        let newest = self.newest();
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        Edge { turn, newest }
    }

    fn after(&self) -> Edge {
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        let newest = self.newest();
        Edge { turn, newest }
    }
}

/// See the module.
pub struct Client<'a> {
    scene: &'a Scene,
    talk: Talk,
    desk: Desk,
    chance: Chance,
    acts: Vec<Act>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Checkout { wait_ms: Option<u64> },
    Checkin,
    Break,
    Status,
    List,
}

impl<'a> Client<'a> {
    /// One that sits at `machine`.
    pub fn new(scene: &'a Scene, machine: &Machine, chance: Chance) -> Self {
        // Shorter than agents are frozen: some answers come too late.
        let limits = Limits {
            reply: Some(Duration::from_millis(2500)),
            ..Limits::default()
        };
        let desk = Desk {
            user: machine.user().into(),
            machine: machine.name().into(),
        };
        Self {
            scene,
            talk: machine.talk(limits),
            desk,
            chance,
            acts: Vec::new(),
        }
    }

    /// Goes on until it is stopped.
    pub fn run(mut self) -> Vec<Act> {
        while !self.scene.stop.load(Ordering::SeqCst) {
            self.ask_something();
            std::thread::sleep(self.chance.time(0..8));
        }
        self.acts
    }

    fn ask_something(&mut self) {
        let round = self.scene.asked.fetch_add(1, Ordering::Relaxed) / ROUND;
        let round = round.min(ROUNDS - 1);
        let file = format!("{round}/{}.mcam", self.chance.index(FILES));
        let question = match self.chance.number(0..20) {
            0..7 => Question::Checkout { wait_ms: None },
            7 => Question::Checkout {
                wait_ms: Some(self.chance.number(1..150)),
            },
            8..14 => Question::Checkin,
            14 => Question::Break,
            15 => Question::List,
            _ => Question::Status,
        };
        let request = self.request(question, round, &file);
        let asked = self.scene.before();
        let started = SystemClock.moment();
        let answer = self.talk.ask(&request);
        let took = SystemClock.moment().since(started);
        let answered = self.scene.after();
        let told = match (question, answer) {
            (_, Err(Silence::NotAsked(_))) => Vec::new(),
            (_, Err(Silence::Unknown(_))) => unknown(question, &file),
            (Question::List, Ok(replies)) => listed(replies, round),
            (_, Ok(replies)) => match told(only(replies)) {
                Heard::Told(Told::Saw(Some(_))) if question == Question::Status && took >= GLANCE => {
                    Vec::new()
                }
                Heard::Told(told) => vec![(file.clone(), told)],
                Heard::Nothing => Vec::new(),
                Heard::Unsettled => unknown(question, &file),
            },
        };
        let open = matches!(told.as_slice(), [(_, Told::Unknown(_)), ..]);
        let act = |told| Act {
            desk: self.desk.clone(),
            told,
            asked,
            answered: (!open).then_some(answered),
        };
        if open {
            self.acts.extend(told.into_iter().map(|told| act(vec![told])));
        } else if !told.is_empty() {
            self.acts.push(act(told));
        }
    }

    fn request(&self, question: Question, round: usize, file: &str) -> Request {
        let path = |name: &str| self.scene.repository.path(name).display().to_string();
        let files = vec![path(file)];
        match question {
            Question::Checkout { wait_ms } => Request::Checkout {
                files,
                message: None,
                wait: wait_ms.map(|ms| Patience { at_most_ms: Some(ms) }),
                lease_ms: None,
                steal: None,
            },
            Question::Checkin => Request::Checkin {
                files,
                all: false,
                message: None,
            },
            Question::Break => Request::Break {
                files,
                reason: "to see what happens".into(),
            },
            Question::Status => Request::Status { files },
            Question::List => Request::List {
                folder: path(&round.to_string()),
                filter: Filter {
                    state: FilterState::Locked,
                    extensions: Vec::new(),
                },
            },
        }
    }
}

/// What may have been done, or may be done later.
fn unknown(question: Question, file: &str) -> Vec<(String, Told)> {
    let wishes: &[Wish] = match question {
        // Whoever waited and left gives back what they were granted.
        Question::Checkout { wait_ms: Some(_) } => &[Wish::Take, Wish::GiveBack],
        Question::Checkout { wait_ms: None } => &[Wish::Take],
        Question::Checkin => &[Wish::GiveBack],
        Question::Break => &[Wish::Break],
        Question::Status | Question::List => &[],
    };
    let told = |wish: &Wish| (file.to_owned(), Told::Unknown(*wish));
    wishes.iter().map(told).collect()
}

/// What a list says of the files of a round: what it does not name is free.
fn listed(replies: Vec<Reply>, round: usize) -> Vec<(String, Told)> {
    let free = (0..FILES).map(|file| (format!("{round}/{file}.mcam"), None));
    let mut files: BTreeMap<String, Option<Lock>> = free.collect();
    for reply in replies {
        match reply {
            Reply::Files(page) => {
                let held = page
                    .files()
                    .map(|file| (file.name.to_owned(), file.lock.map(lock)));
                files.extend(held);
            }
            Reply::Done => {}
            Reply::Failed(fault) => {
                assert!(matches!(told(Outcome::Failed(fault)), Heard::Nothing));
                return Vec::new();
            }
            reply => panic!("a list said {reply:?}"),
        }
    }
    files
        .into_iter()
        .map(|(file, lock)| (file, Told::Saw(lock)))
        .collect()
}

/// What an answer says.
enum Heard {
    Told(Told),
    /// Nothing was done.
    Nothing,
    /// It is being settled.
    Unsettled,
}

fn told(outcome: Outcome) -> Heard {
    Heard::Told(match outcome {
        Outcome::Granted { lock: new, after } => Told::Took {
            lock: lock(&new),
            after: after.map(|ended| ended.token.unwrap()),
        },
        Outcome::Renewed { lock: old } => Told::Saw(Some(lock(&old))),
        Outcome::Released { was, next, .. } => Told::Ended {
            token: was.token.unwrap(),
            how: "released".into(),
            next: next.as_ref().map(lock),
        },
        Outcome::Broken { was, ended, next } => Told::Ended {
            token: was.token.unwrap(),
            how: ended.how,
            next: next.as_ref().map(lock),
        },
        Outcome::Stands { lock: stands, .. } => Told::Saw(stands.as_ref().map(lock)),
        Outcome::Free
        | Outcome::Awaited { .. }
        | Outcome::Noted { .. }
        | Outcome::Left { .. }
        | Outcome::Requested { .. }
        | Outcome::Answered { .. }
        | Outcome::Got { .. }
        | Outcome::Replaced { .. } => {
            panic!("nobody asked for that")
        }
        Outcome::Failed(fault) => return refused(fault),
    })
}

fn refused(fault: Fault) -> Heard {
    let saw = |held: LockInfo| Heard::Told(Told::Saw(Some(lock(&held))));
    match fault {
        Fault::Held { lock, .. }
        | Fault::NotYours { lock }
        | Fault::Alive { lock, .. }
        | Fault::TimedOut { lock: Some(lock), .. } => saw(lock),
        Fault::NotHeld => Heard::Told(Told::Saw(None)),
        Fault::Lost { lock: stands, .. } => Heard::Told(Told::Saw(stands.as_ref().map(lock))),
        Fault::NoAnswer { unsettled: true, .. } => Heard::Unsettled,
        Fault::TimedOut { lock: None, .. }
        | Fault::NoAnswer { .. }
        | Fault::Stopping
        | Fault::Share { passing: true, .. } => Heard::Nothing,
        fault => panic!("nobody expects {fault:?}"),
    }
}

fn lock(info: &LockInfo) -> Lock {
    Lock {
        token: info.token.unwrap(),
        desk: Desk {
            user: info.user.clone(),
            machine: info.machine.clone().unwrap(),
        },
    }
}
