//! What the bridge does: conversations with the agent, each kind on a thread of its own, so that none waits for another.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use camctl_shared::ipc::message::{Fault, InLine, MenuEntry, Reply, Request, Standing};

use super::ask::{Command, Verb};
use super::exchange::{Effect, Input};
use super::places::{Found, Place};
use crate::app::{ANSWER_LIMIT, Link as _, Start, Talk, out_of_place};
use crate::batch::Entry;
use crate::errors::{About, Failure};
use crate::link::Local;

/// How long an agent may take for what it knows by heart, before it counts as away.
const BY_HEART: Duration = Duration::from_secs(2);
/// How long after nobody wants its events any more a repository is still watched, at most.
const LINGER: Duration = Duration::from_secs(10);

/// The threads.
pub struct Work {
    heard: Sender<Input>,
    may_start: bool,
    questions: Sender<Effect>,
    knocks: Sender<Duration>,
    watches: BTreeMap<String, Arc<AtomicBool>>,
}

impl Work {
    /// What comes of all work is sent to `heard`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(heard: Sender<Input>, may_start: bool) -> io::Result<Self> {
        let (questions, asked) = channel();
        let (knocks, knocked) = channel();
        let to = heard.clone();
        thread::Builder::new()
            .name("questions".into())
            .spawn(move || answer_questions(&asked, &to))?;
        let to = heard.clone();
        thread::Builder::new()
            .name("knock".into())
            .spawn(move || knock(&knocked, &to))?;
        Ok(Self {
            heard,
            may_start,
            questions,
            knocks,
            watches: BTreeMap::new(),
        })
    }

    /// Begins it; what comes of it is heard later. ([`Effect::Say`] is not for here.)
    pub fn begin(&mut self, effect: Effect) {
        // Sending fails only when the other side is gone: then the process is about to end.
        match effect {
            Effect::Status { .. } | Effect::Menu { .. } => drop(self.questions.send(effect)),
            Effect::Knock(pause) => drop(self.knocks.send(pause)),
            Effect::Look(folder) => {
                let failed = Input::Looked(folder.clone(), Found::Unknown);
                self.spawn("look", failed, move |to| {
                    let found = look(&folder).unwrap_or(Found::Unknown);
                    drop(to.send(Input::Looked(folder, found)));
                });
            }
            Effect::Watch(root) => {
                let wanted = Arc::new(AtomicBool::new(true));
                self.watches.insert(root.clone(), Arc::clone(&wanted));
                self.spawn("watch", Input::Lost(root.clone()), move |to| {
                    // Why it ended, the next knock will tell.
                    let _ = watch(&root, &wanted, to);
                    if wanted.load(Ordering::Relaxed) {
                        drop(to.send(Input::Lost(root)));
                    }
                });
            }
            Effect::Leave(root) => {
                if let Some(wanted) = self.watches.remove(&root) {
                    wanted.store(false, Ordering::Relaxed);
                }
            }
            Effect::Command { job, command } => {
                let problem = "the system gives no thread for it".to_owned();
                let failed = Input::Done(job, Err(Failure::Local { problem }));
                let may_start = self.may_start;
                self.spawn("command", failed, move |to| {
                    drop(to.send(Input::Done(job, obey(command, may_start))));
                });
            }
            Effect::Say(_) => {}
        }
    }

    fn spawn(&self, name: &str, failed: Input, work: impl FnOnce(&Sender<Input>) + Send + 'static) {
        let to = self.heard.clone();
        let spawned = thread::Builder::new().name(name.into()).spawn(move || work(&to));
        if spawned.is_err() {
            drop(self.heard.send(failed));
        }
    }
}

/// Never starts an agent: only a person's command does.
fn open() -> Result<Box<dyn Talk>, Failure> {
    Local::new(false).open(Start::Never)
}

/// The questions that are answered by heart, one after the other on a connection that is kept.
fn answer_questions(asked: &Receiver<Effect>, to: &Sender<Input>) {
    let mut kept: Option<Box<dyn Talk>> = None;
    while let Ok(question) = asked.recv() {
        let answer = match question {
            Effect::Status { job, paths, menus } => {
                let request = Request::StatusAtOnce { files: paths, menus };
                Input::Standings(job, converse(&mut kept, &request).map(standings))
            }
            Effect::Menu { job, paths } => {
                let request = Request::Menu { files: paths };
                Input::Menu(job, converse(&mut kept, &request).map(menu))
            }
            _ => continue,
        };
        if to.send(answer).is_err() {
            return;
        }
    }
}

/// Asks on the connection that is kept; on a new one when the agent has hung up that one meanwhile.
fn converse(kept: &mut Option<Box<dyn Talk>>, request: &Request) -> Result<Vec<Reply>, Failure> {
    if let Some(mut talk) = kept.take()
        && let Ok(replies) = ask(talk.as_mut(), request)
    {
        *kept = Some(talk);
        return Ok(replies);
    }
    let mut talk = open()?;
    let replies = ask(talk.as_mut(), request)?;
    *kept = Some(talk);
    Ok(replies)
}

fn ask(talk: &mut dyn Talk, request: &Request) -> Result<Vec<Reply>, Failure> {
    talk.send(request)?;
    let mut replies = Vec::new();
    loop {
        match talk.receive(Some(BY_HEART))? {
            Reply::Done => return Ok(replies),
            Reply::Failed(fault) => return Err(Failure::fault(About::command("bridge"), fault)),
            reply => {
                let last = reply.is_last();
                replies.push(reply);
                if last {
                    return Ok(replies);
                }
            }
        }
    }
}

fn standings(replies: Vec<Reply>) -> Vec<Standing> {
    let standing = |reply| match reply {
        Reply::Standing(standing) => Some(standing),
        _ => None,
    };
    replies.into_iter().filter_map(standing).collect()
}

fn menu(replies: Vec<Reply>) -> Vec<MenuEntry> {
    let menu = |reply| match reply {
        Reply::Menu(entries) => Some(entries),
        _ => None,
    };
    replies.into_iter().find_map(menu).unwrap_or_default()
}

/// Looks whether the agent is there, after a pause that a shorter one may cut short.
fn knock(knocks: &Receiver<Duration>, to: &Sender<Input>) {
    while let Ok(mut pause) = knocks.recv() {
        loop {
            match knocks.recv_timeout(pause) {
                Ok(other) => pause = pause.min(other),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let there = converse(&mut None, &Request::AgentStatus).is_ok();
        if to.send(Input::Knocked(there)).is_err() {
            return;
        }
    }
}

/// Has the agent look upwards for the repository of a folder. That takes as long as the agent has patience with a
/// share that hangs.
fn look(folder: &str) -> Result<Found, Failure> {
    if let Some(place) = place(folder)? {
        return Ok(Found::In(place));
    }
    let mut talk = open()?;
    talk.send(&Request::Watch {
        paths: vec![folder.to_owned()],
    })?;
    loop {
        match talk.receive(Some(ANSWER_LIMIT))? {
            Reply::Progress { .. } => {}
            Reply::Watching { .. } => break,
            Reply::Failed(Fault::NoRepository { .. }) => return Ok(Found::Outside),
            _ => return Ok(Found::Unknown),
        }
    }
    Ok(place(folder)?.map_or(Found::Unknown, Found::In))
}

/// Where a folder lies, as far as the agent knows by heart.
fn place(folder: &str) -> Result<Option<Place>, Failure> {
    let request = Request::StatusAtOnce {
        files: vec![folder.to_owned()],
        menus: false,
    };
    let found = standings(converse(&mut None, &request)?).into_iter().next();
    Ok(found.and_then(|standing| {
        Some(Place {
            root: standing.repository?,
            folder: standing.file?,
        })
    }))
}

/// Tells what happens in a repository, until the agent goes away or nobody wants to know any more.
fn watch(root: &str, wanted: &AtomicBool, to: &Sender<Input>) -> Result<(), Failure> {
    let mut talk = open()?;
    talk.send(&Request::Watch {
        paths: vec![root.to_owned()],
    })?;
    while wanted.load(Ordering::Relaxed) {
        let heard = match talk.poll(LINGER)? {
            None | Some(Reply::Progress { .. }) => continue,
            Some(Reply::Watching { .. }) => Input::Watching(root.to_owned()),
            Some(Reply::Event(event)) => Input::Event(Box::new(event)),
            Some(_) => return Ok(()),
        };
        if to.send(heard).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Does what a person has asked for; starts an agent if need be.
fn obey(command: Command, may_start: bool) -> Result<Vec<Entry>, Failure> {
    let Command {
        verb,
        paths: files,
        message,
    } = command;
    let about = match files.as_slice() {
        [one] => About::typed(verb.word(), one),
        _ => About::command(verb.word()),
    };
    let request = match verb {
        Verb::Checkout => Request::Checkout {
            files,
            message,
            wait: None,
            lease_ms: None,
            steal: None,
        },
        Verb::Checkin => Request::Checkin {
            files,
            all: false,
            message,
        },
        Verb::Wait => Request::Queue {
            files,
            wish: InLine::Join { message },
        },
        Verb::Leave => Request::Queue {
            files,
            wish: InLine::Leave,
        },
        Verb::Ask => Request::Request { files, message },
        Verb::Notify => Request::Notify { files, on: true },
        // Answered by heart, elsewhere.
        Verb::Who => Request::Status { files },
    };
    let mut talk = Local::new(may_start).open(Start::IfNeeded)?;
    talk.send(&request)?;
    let mut entries = Vec::new();
    loop {
        let reply = talk.receive(Some(ANSWER_LIMIT));
        match reply.map_err(|failure| failure.with_about(&about))? {
            Reply::Done => return Ok(entries),
            Reply::Failed(fault) => return Err(Failure::fault(about, fault)),
            Reply::File(report) => entries.push(Entry::from_report(verb.word(), report, &[])),
            Reply::Progress { .. } => {}
            other => return Err(out_of_place(&about, &other)),
        }
    }
}
