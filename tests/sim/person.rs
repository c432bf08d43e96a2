//! A simulated person at one agent: asks for things as chance has it, waits, gives up, and in the end puts everything back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camctl_agent::simulation::{Asks, Delivery, Item, Job, Ticket, Unread};
use camctl_shared::model::{Case, FileName, Said};
use camctl_shared::rules::{Checkin, Checkout, Form, Intent, Queue, Response, To};
use testkit::Chance;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::agent::{Agent, PATIENCE};
use crate::answers::{self, Asked, Told};
use crate::requests::{Kind, Outcome};
use crate::world::World;

/// The files that everybody wants.
pub const FILES: [&str; 3] = ["a.mcam", "b.mcam", "c.mcam"];

/// A request that was put, and not answered yet.
struct Pending {
    asked: Vec<Asked>,
    answer: oneshot::Receiver<Delivery>,
    ticket: Arc<Ticket>,
    since: Duration,
}

/// See the module.
#[derive(Default)]
pub struct Person {
    holds: BTreeMap<String, Option<u64>>,
    /// Tokens of locks that are over.
    old: Vec<(String, u64)>,
    /// What is waited for in line, and until when.
    wants: Option<(String, Duration)>,
    /// A program waits along: it was told of its place.
    along: bool,
    pending: Vec<Pending>,
    /// Has had what everybody wants in the end.
    pub served: bool,
}

impl Person {
    /// Takes the answers that have come, and gives up on those that have not.
    pub fn listen(&mut self, world: &mut World) {
        let now = world.now;
        for mut pending in std::mem::take(&mut self.pending) {
            match pending.answer.try_recv() {
                Ok(delivery) => {
                    for (asked, verdict) in pending.asked.iter().zip(delivery.open()) {
                        let told = answers::judge(&mut world.law, asked, &verdict);
                        world.trace.note(now, usize::MAX, || {
                            format!(
                                "{} asked {:?} of {}: {told:?} {:?}",
                                asked.key.0.user,
                                asked.key.2,
                                asked.key.1,
                                verdict.result.as_ref().err()
                            )
                        });
                        self.take(asked, told);
                    }
                }
                Err(TryRecvError::Empty) if now < pending.since + PATIENCE => self.pending.push(pending),
                Err(_) => give_up(world, &pending),
            }
        }
    }

    /// The agent is gone, and with it every answer.
    pub fn abandon(&mut self, world: &mut World) {
        self.listen(world);
        // Its programs lose their place with it.
        self.along = false;
        for pending in std::mem::take(&mut self.pending) {
            give_up(world, &pending);
        }
    }

    fn take(&mut self, asked: &Asked, told: Told) {
        let file = asked.key.1.clone();
        match told {
            Told::Mine(token) => {
                if self.wants.as_ref().is_some_and(|(wanted, _)| *wanted == file) {
                    self.wants = None;
                    self.along = false;
                    self.served = true;
                }
                self.holds.insert(file, token);
            }
            Told::InLine => self.along |= self.wants.as_ref().is_some_and(|(wanted, _)| *wanted == file),
            Told::NotMine => {
                if let Some(Some(token)) = self.holds.remove(&file) {
                    self.old.push((file, token));
                }
            }
            Told::Again | Told::No => {}
        }
    }

    /// Does something, or nothing.
    pub fn act(&mut self, agent: &Agent, world: &mut World) {
        self.listen(world);
        self.end_programs(agent);
        if !self.pending.is_empty() {
            return;
        }
        if let Some((file, until)) = self.wants.clone() {
            if world.now < until {
                return self.wait(agent, world, &file);
            }
            self.wants = None;
            self.along = false;
            self.end_programs(agent);
        }
        let chance = &mut world.chance;
        let file = *chance.one(&FILES);
        match chance.index(17) {
            0..=3 => {
                let form = if chance.index(4) == 0 {
                    Form::Lease(chance.time(5_000..60_000))
                } else {
                    Form::Checkout
                };
                let files = if chance.index(3) == 0 {
                    &FILES[..2]
                } else {
                    &[file]
                };
                self.ask(agent, world, files, Unread::Keep, |_| {
                    checkout(form.clone(), None)
                });
            }
            4 | 5 => self.wants = Some((file.to_owned(), world.now + chance.time(5_000..90_000))),
            6 | 7 => {
                let names: Vec<String> = self.holds.keys().cloned().collect();
                if !names.is_empty() {
                    let with_token = chance.index(2) == 0;
                    let file = chance.one(&names).clone();
                    let token = self.holds.get(&file).copied().flatten().filter(|_| with_token);
                    self.ask(agent, world, &[&file], Unread::Keep, |_| checkin(token));
                }
            }
            8 => self.ask(agent, world, &[file], Unread::Keep, |_| Intent::Break {
                reason: "it is needed".into(),
            }),
            9 => self.ask(agent, world, &[file], Unread::Keep, |_| {
                checkout(Form::Checkout, Some("it is urgent"))
            }),
            10 if !self.old.is_empty() => {
                let (file, token) = chance.one(&self.old).clone();
                self.ask(agent, world, &[&file], Unread::Keep, |_| checkin(Some(token)));
            }
            // The agent waits, and is to tell.
            11 => self.ask(agent, world, &[file], Unread::Keep, |_| join()),
            12 => {
                if let (Some(board), Ok(name)) = (agent.board(), FileName::parse(file, Case::Sensitive)) {
                    board.state().courtesy.give_up(&name);
                }
                self.ask(agent, world, &[file], Unread::Keep, |_| {
                    Intent::Queue(Queue::Leave { joined: None })
                });
            }
            13 => self.ask(agent, world, &[file], Unread::Keep, |_| Intent::Request {
                message: None,
            }),
            14 | 15 => {
                let said = *chance.one(&[Said::Yes, Said::Later, Said::Later, Said::No]);
                // No two answers are the same, so that it shows when one is told twice.
                let message = format!("at {:?}", world.now);
                let names: Vec<String> = self.holds.keys().cloned().collect();
                let files: Vec<&str> = names.iter().map(String::as_str).collect();
                if !files.is_empty() {
                    self.ask(agent, world, &files, Unread::Keep, |_| answer(said, &message));
                }
            }
            _ => {}
        }
    }

    /// Of their programs, only one that waits for what they want now goes on.
    fn end_programs(&self, agent: &Agent) {
        let Some(board) = agent.board() else { return };
        let mut state = board.state();
        let wanted = self.wants.as_ref().map(|(file, _)| file.as_str());
        for (file, place) in &mut state.courtesy.places {
            if wanted != Some(file.as_str()) {
                place.programs = 0;
            }
        }
    }

    /// Stands in line, and takes the file when it is their turn.
    fn wait(&mut self, agent: &Agent, world: &mut World, file: &str) {
        let (Some(board), Ok(name)) = (agent.board(), FileName::parse(file, Case::Sensitive)) else {
            return;
        };
        let (has, waits) = {
            let state = board.state();
            let place = state.courtesy.places.get(&name);
            (
                state.mine.contains_key(&name),
                place.is_some_and(|place| place.programs > 0),
            )
        };
        if has {
            // Somebody who has it takes it up.
            self.ask(agent, world, &[file], Unread::GiveBack, |_| {
                checkout(Form::Checkout, None)
            });
        } else if !(self.along && waits && still_in_line(agent, &name)) {
            if std::mem::take(&mut self.along) {
                board.state().courtesy.left(&name, None);
            }
            self.ask(agent, world, &[file], Unread::GiveBack, |_| join());
        }
    }

    /// Gets the one file that everybody wants now, then puts everything back. Returns whether all of that is done.
    pub fn close(&mut self, agent: &Agent, world: &mut World) -> bool {
        self.listen(world);
        self.end_programs(agent);
        let Some(board) = agent.board() else { return false };
        if !self.pending.is_empty() {
            return false;
        }
        if !self.served {
            let file = FILES[0];
            self.along &= self.wants.as_ref().is_some_and(|(wanted, _)| wanted == file);
            self.wants = Some((file.to_owned(), Duration::MAX));
            self.wait(agent, world, file);
            return false;
        }
        (self.wants, self.along) = (None, false);
        self.end_programs(agent);
        let mine: Vec<String> = board.state().mine.keys().map(ToString::to_string).collect();
        let files: Vec<&str> = mine.iter().map(String::as_str).collect();
        if !files.is_empty() {
            self.ask(agent, world, &files, Unread::Keep, |_| checkin(None));
        }
        // Nor is anything to come.
        files.is_empty() && board.state().courtesy.places.is_empty()
    }

    /// What they still wait for, for reports.
    pub fn waits_for(&self) -> String {
        let pending: Vec<_> = self
            .pending
            .iter()
            .map(|pending| (&pending.asked, pending.since))
            .collect();
        format!("served: {}, asked: {pending:?}", self.served)
    }

    fn ask(
        &mut self,
        agent: &Agent,
        world: &mut World,
        files: &[&str],
        unread: Unread,
        intent: impl Fn(&str) -> Intent,
    ) {
        let Some(jobs) = agent.jobs() else { return };
        let ticket = Arc::new(Ticket::default());
        let (reply, answer) = oneshot::channel();
        let items: Vec<Item> = files
            .iter()
            .map(|file| Item {
                path: (*file).to_owned(),
                intent: intent(file),
            })
            .collect();
        let asked: Vec<Asked> = items.iter().map(|item| asked(agent, item)).collect();
        for one in &asked {
            world.law.requests.asked(&one.key);
        }
        // Fails only when the agent has just stopped; then the answer never comes.
        let _ = jobs.send(Job::Asks(Asks {
            items,
            ticket: Arc::clone(&ticket),
            unread,
            reply: Some(reply),
            seat: None,
        }));
        self.pending.push(Pending {
            asked,
            answer,
            ticket,
            since: world.now,
        });
    }
}

fn asked(agent: &Agent, item: &Item) -> Asked {
    let (kind, token) = match &item.intent {
        Intent::Checkin(checkin) => (Kind::Give, checkin.token),
        Intent::Break { .. } => (Kind::Break, None),
        Intent::Checkout(_) | Intent::Queue(Queue::Join(_) | Queue::TakeUp { .. }) => (Kind::Take, None),
        Intent::Queue(Queue::Leave { .. }) => (Kind::Leave, None),
        Intent::Request { .. } => (Kind::Ask, None),
        Intent::Answer(_) => (Kind::Answer, None),
    };
    Asked {
        key: (agent.desk.clone(), item.path.clone(), kind),
        token,
    }
}

fn give_up(world: &mut World, pending: &Pending) {
    // Withdrawn before it was started, it certainly will not be done.
    let outcome = if pending.ticket.withdraw() {
        Outcome::Failed
    } else {
        Outcome::Unknown
    };
    for asked in &pending.asked {
        let told = world.law.requests.told(&asked.key, outcome);
        world.law.check(told);
    }
}

fn checkout(form: Form, steal: Option<&str>) -> Intent {
    Intent::Checkout(Checkout {
        message: Some("editing".into()),
        form,
        base: None,
        steal: steal.map(Into::into),
    })
}

fn answer(said: Said, message: &str) -> Intent {
    Intent::Answer(Response {
        said,
        message: Some(message.into()),
        to: To::All,
        token: None,
    })
}

fn join() -> Intent {
    Intent::Queue(Queue::Join(Checkout::default()))
}

/// By what the agent knows of the table; it may be their turn to take what is over.
fn still_in_line(agent: &Agent, file: &FileName) -> bool {
    let Some(table) = agent.board().and_then(|board| board.table()) else {
        return true;
    };
    let table = table.read();
    let Some(lock) = table.locks.get(file) else {
        return false;
    };
    let mine = |waiter: &camctl_shared::model::Waiter| *waiter.owner.user == *agent.desk.user;
    lock.queue.iter().any(mine) && !agent.is_over(&table, file, lock)
}

fn checkin(token: Option<u64>) -> Intent {
    Intent::Checkin(Checkin {
        token,
        message: None,
        ..Checkin::default()
    })
}

/// When a person does the next thing.
pub fn pause(chance: &mut Chance) -> Duration {
    match chance.index(3) {
        0 => chance.time(10..2_000),
        1 => chance.time(500..6_000),
        _ => chance.time(2_000..25_000),
    }
}
