//! What the bridge decides. Pure: what was heard and the time go in, what is to be said and done comes out.
//!
//! Whoever asks how a file stands gets an answer within `PATIENCE`, the truth or "unknown"; what comes later is told
//! as a change. While the agent is away everything is unknown at once, and it is knocked at with back-off.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::ipc::message::{Event, EventKind, FileState, MenuEntry, Standing};
use serde_json::Value;

use super::ask::{Ask, Command, LONGEST, Refused, VERSION, Verb, What};
use super::exchange::{Effect, Input};
use super::places::Places;
use super::say::Say;
use crate::batch::Entry;
use crate::errors::Failure;

/// How long the agent has for what it knows by heart, unless the other program says how long it would wait.
const PATIENCE: Duration = Duration::from_millis(40);
/// How long it has when a person has asked.
const PERSONS: Duration = Duration::from_secs(2);
/// The first pause before it is knocked at an agent that is away; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Questions that may wait for the agent, and commands that may be under way.
const AT_ONCE: usize = 1000;
/// Commands that may be under way.
const COMMANDS: usize = 16;
/// Changes that are told one by one; of more it is said that all may have changed.
const CHANGES: usize = 500;

/// What an answer of the agent is for.
#[derive(Debug)]
enum Purpose {
    Status(Value),
    Who(Value),
    Menu(Value),
    /// To be told to whoever subscribed.
    Push,
}

#[derive(Debug)]
struct Waiting {
    purpose: Purpose,
    paths: Vec<String>,
    /// Until when it must be answered; `None` once it was.
    due: Option<Moment>,
}

/// See the module.
#[derive(Debug)]
pub struct Core {
    greeted: bool,
    menus: bool,
    patience: Duration,
    ended: bool,
    next_job: u64,
    waiting: BTreeMap<u64, Waiting>,
    commands: BTreeMap<u64, Value>,
    places: Places,
    changed: BTreeSet<String>,
    /// Some while the agent is away: the pause before the next knock.
    away: Option<Duration>,
}

impl Core {
    /// One that has heard nothing.
    pub fn new() -> Self {
        Self {
            greeted: false,
            menus: false,
            patience: PATIENCE,
            ended: false,
            next_job: 0,
            waiting: BTreeMap::new(),
            commands: BTreeMap::new(),
            places: Places::default(),
            changed: BTreeSet::new(),
            away: None,
        }
    }

    /// Whether all is said: nothing more comes, and every answer that is owed was given.
    pub fn is_over(&self) -> bool {
        let owed = self.waiting.values().any(|waiting| waiting.due.is_some());
        self.ended && !owed && self.commands.is_empty()
    }

    /// When it has to be looked at, whether or not something is heard.
    pub fn due(&self) -> Option<Moment> {
        self.waiting.values().filter_map(|waiting| waiting.due).min()
    }

    /// Takes in what was heard.
    pub fn hear(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        let to = &mut effects;
        match input {
            Input::Line(Ok(ask)) => self.line(ask, now, to),
            Input::Line(Err(refused)) => say(to, Say::Refused(refused)),
            Input::TooLong => {
                let message = format!("a line may have {LONGEST} bytes");
                say(to, Say::Refused(Refused::new(Value::Null, "too_long", message)));
            }
            Input::End => self.ended = true,
            Input::Standings(job, answer) => self.standings(job, answer, to, now),
            Input::Menu(job, answer) => self.menu(job, answer, to),
            Input::Looked(folder, found) => self.places.looked(&folder, found, now, to),
            Input::Watching(root) => self.places.watching(&root, to),
            Input::Event(event) => self.event(&event, to),
            Input::Lost(root) => {
                self.places.lost(&root);
                self.gone(to);
            }
            Input::Knocked(true) => self.back(to),
            Input::Knocked(false) => self.knock_again(to),
            Input::Done(job, result) => self.done(job, result, to),
        }
        effects.append(&mut self.late(now));
        effects
    }

    /// Answers what is due by now, as well as it can be.
    pub fn late(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        let overdue = self
            .waiting
            .values_mut()
            .filter(|waiting| waiting.due.is_some_and(|due| due <= now));
        for waiting in overdue {
            waiting.due = None;
            answer(&waiting.purpose, unknown(&waiting.paths), &mut effects);
        }
        effects
    }

    fn line(&mut self, ask: Ask, now: Moment, to: &mut Vec<Effect>) {
        let id = ask.id;
        let refuse = |id, code, message: &str| Say::Refused(Refused::new(id, code, message));
        match ask.what {
            What::Hello {
                bridge,
                menus,
                patience,
            } => {
                self.greeted = bridge == VERSION;
                self.menus = menus;
                self.patience = patience.unwrap_or(PATIENCE);
                if !self.greeted {
                    let message = format!("this bridge speaks version {VERSION}, not {bridge}");
                    say(to, refuse(id, "version", &message));
                }
            }
            _ if !self.greeted => {
                let message = format!("the first line is {{\"bridge\":{VERSION}}}");
                say(to, refuse(id, "no_hello", &message));
            }
            What::Status(paths) => self.ask(Purpose::Status(id), paths, now, to),
            What::Menu(paths) => self.ask(Purpose::Menu(id), paths, now, to),
            What::Subscribe(folders) => {
                for folder in &folders {
                    self.places.subscribe(folder, self.away.is_none(), to);
                }
                say(to, Say::Subscribed { id, folders });
            }
            What::Unsubscribe(folders) => {
                for folder in &folders {
                    self.places.unsubscribe(folder, to);
                }
                say(to, Say::Unsubscribed { id, folders });
            }
            What::Command(Command {
                verb: Verb::Who,
                paths,
                ..
            }) => self.ask(Purpose::Who(id), paths, now, to),
            What::Command(_) if self.commands.len() >= COMMANDS => {
                say(to, refuse(id, "busy", "too many commands are under way"));
            }
            What::Command(command) => {
                let job = self.job();
                self.commands.insert(job, id);
                to.push(Effect::Command { job, command });
            }
        }
    }

    fn job(&mut self) -> u64 {
        self.next_job += 1;
        self.next_job
    }

    fn ask(&mut self, purpose: Purpose, paths: Vec<String>, now: Moment, to: &mut Vec<Effect>) {
        if self.away.is_some() || self.waiting.len() >= AT_ONCE || paths.is_empty() {
            return answer(&purpose, unknown(&paths), to);
        }
        let job = self.job();
        to.push(match purpose {
            Purpose::Menu(_) => Effect::Menu {
                job,
                paths: paths.clone(),
            },
            _ => Effect::Status {
                job,
                paths: paths.clone(),
                menus: self.menus,
            },
        });
        let patience = match purpose {
            Purpose::Who(_) => self.patience.max(PERSONS),
            _ => self.patience,
        };
        let due = Some(now.after(patience));
        self.waiting.insert(job, Waiting { purpose, paths, due });
    }

    fn standings(
        &mut self,
        job: u64,
        result: Result<Vec<Standing>, Failure>,
        to: &mut Vec<Effect>,
        now: Moment,
    ) {
        let Some(waiting) = self.waiting.remove(&job) else {
            return;
        };
        let files = match result {
            Ok(files) => files,
            Err(failure) => {
                if waiting.due.is_some() {
                    answer(&waiting.purpose, unknown(&waiting.paths), to);
                }
                self.failed(&failure, to);
                return;
            }
        };
        for file in files.iter().filter(|file| file.repository.is_none()) {
            self.places.wonder(&file.asked, now, to);
        }
        if waiting.due.is_some() {
            answer(&waiting.purpose, files, to);
        } else if matches!(waiting.purpose, Purpose::Push) {
            say(to, Say::Changed(files));
            self.push(to);
        } else {
            let known: Vec<_> = files
                .into_iter()
                .filter(|file| file.state != FileState::Unknown)
                .collect();
            if !known.is_empty() {
                say(to, Say::Changed(known));
            }
        }
    }

    fn menu(&mut self, job: u64, result: Result<Vec<MenuEntry>, Failure>, to: &mut Vec<Effect>) {
        let Some(Waiting {
            purpose: Purpose::Menu(id),
            paths,
            due,
        }) = self.waiting.remove(&job)
        else {
            return;
        };
        let failure = result.as_ref().err().cloned();
        if due.is_some() {
            let entries = result.unwrap_or_default();
            say(to, Say::Menu { id, paths, entries });
        }
        if let Some(failure) = failure {
            self.failed(&failure, to);
        }
    }

    fn event(&mut self, event: &Event, to: &mut Vec<Effect>) {
        let root = &event.repository;
        match &event.what {
            EventKind::File { file, .. } => {
                self.changed.extend(self.places.paths(root, file));
                if self.changed.len() > CHANGES {
                    self.changed.clear();
                    self.places.ask_again(root, to);
                }
                self.push(to);
            }
            EventKind::Remark { .. } => {}
            EventKind::Session { .. }
            | EventKind::Away { .. }
            | EventKind::Back
            | EventKind::Missed { .. } => {
                self.places.ask_again(root, to);
            }
        }
    }

    /// Asks how what has changed stands now, one question after the other.
    fn push(&mut self, to: &mut Vec<Effect>) {
        let pushing = |waiting: &Waiting| matches!(waiting.purpose, Purpose::Push);
        if self.changed.is_empty() || self.away.is_some() || self.waiting.values().any(pushing) {
            return;
        }
        let paths: Vec<String> = std::mem::take(&mut self.changed).into_iter().collect();
        let job = self.job();
        to.push(Effect::Status {
            job,
            paths: paths.clone(),
            menus: self.menus,
        });
        let purpose = Purpose::Push;
        self.waiting.insert(
            job,
            Waiting {
                purpose,
                paths,
                due: None,
            },
        );
    }

    fn done(&mut self, job: u64, result: Result<Vec<Entry>, Failure>, to: &mut Vec<Effect>) {
        let Some(id) = self.commands.remove(&job) else {
            return;
        };
        let heard = result.is_ok();
        let (files, failure) = match result {
            Ok(files) => (files, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        say(to, Say::Done { id, files, failure });
        if heard && self.away.is_some() {
            to.push(Effect::Knock(Duration::ZERO));
        }
    }

    /// The agent said no, or nothing.
    fn failed(&mut self, failure: &Failure, to: &mut Vec<Effect>) {
        if !matches!(failure, Failure::Fault { .. } | Failure::Usage { .. }) {
            self.gone(to);
        }
    }

    fn gone(&mut self, to: &mut Vec<Effect>) {
        if self.away.is_none() {
            self.away = Some(FIRST_PAUSE);
            say(to, Say::AskAllAgain);
            to.push(Effect::Knock(FIRST_PAUSE));
        }
    }

    fn knock_again(&mut self, to: &mut Vec<Effect>) {
        if let Some(pause) = &mut self.away {
            *pause = (*pause * 2).min(LONGEST_PAUSE);
            to.push(Effect::Knock(*pause));
        }
    }

    fn back(&mut self, to: &mut Vec<Effect>) {
        if self.away.take().is_some() {
            say(to, Say::AskAllAgain);
            self.places.begin_again(to);
        }
    }
}

fn say(to: &mut Vec<Effect>, what: Say) {
    to.push(Effect::Say(Box::new(what)));
}

fn answer(purpose: &Purpose, files: Vec<Standing>, to: &mut Vec<Effect>) {
    let id = |id: &Value| id.clone();
    match purpose {
        Purpose::Status(asker) => say(to, Say::Status { id: id(asker), files }),
        Purpose::Who(asker) => say(to, Say::Who { id: id(asker), files }),
        Purpose::Menu(asker) => say(
            to,
            Say::Menu {
                id: id(asker),
                paths: Vec::new(),
                entries: Vec::new(),
            },
        ),
        Purpose::Push => {}
    }
}

fn unknown(paths: &[String]) -> Vec<Standing> {
    let unknown = |path: &String| Standing {
        asked: path.clone(),
        repository: None,
        file: None,
        state: FileState::Unknown,
        lock: None,
        menu: Vec::new(),
    };
    paths.iter().map(unknown).collect()
}
