//! One lock of a program: taken or waited for, kept in sight while it runs, given back.

use std::ffi::OsString;
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, Moment, SystemClock};
use camctl_shared::ipc::message::{Fault, FileReport, LockInfo, Outcome, Patience, Reply, Request};

use super::Run;
use super::indicator::Indicator;
use crate::app::{ANSWER_LIMIT, App, Start, Talk, out_of_place};
use crate::args::{Verb as _, milliseconds};
use crate::errors::{About, Failure};
use crate::files::Asked;
use crate::output::text;

/// What is asked for with each file.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Why.
    pub message: Option<String>,
    /// Wait in line: since when, and how long at most.
    pub wait: Option<(Moment, Option<Duration>)>,
    /// The program's process.
    pub pid: u32,
}

impl Wish {
    fn patience(&self) -> Option<Patience> {
        let (since, at_most) = self.wait?;
        let left = |at_most| since.after(at_most).since(SystemClock.moment());
        Some(Patience {
            at_most_ms: at_most.map(|at_most| milliseconds(left(at_most))),
        })
    }
}

/// A lock that is had.
pub struct Guard {
    /// Which file.
    pub asked: Asked,
    /// How to call it.
    pub about: About,
    /// The lock.
    pub lock: LockInfo,
    /// It is somebody else's now, or nobody's.
    pub is_lost: bool,
    pid: u32,
    talk: Option<Box<dyn Talk>>,
}

/// What is heard of a lock while the program runs.
pub type News = Result<Reply, Failure>;

impl Guard {
    /// Takes the lock, or waits in line for it and shows the place.
    ///
    /// # Errors
    /// When it is not to be had.
    pub fn take(
        app: &mut App,
        asked: Asked,
        wish: &Wish,
        indicator: &mut Indicator,
    ) -> Result<Self, Failure> {
        let about = asked.about(Run::NAME);
        let request = |wait| Request::Run {
            file: asked.absolute.clone(),
            message: wish.message.clone(),
            wait,
            pid: wish.pid,
            token: None,
        };
        // First without waiting: then it is known for whom one waits.
        let taken = match Self::ask(app, &about, &request(None), indicator) {
            Err(failure) if wish.wait.is_some() && is_taken(&failure) => {
                let text = failure.wording(app.out.times()).text;
                app.out.note(&format!("waiting (Ctrl-C leaves the line): {text}"));
                Self::ask(app, &about, &request(wish.patience()), indicator)?
            }
            taken => taken?,
        };
        let (about, lock, talk) = taken;
        indicator.holds(app, &asked, &about, &lock);
        Ok(Self {
            asked,
            about,
            lock,
            is_lost: false,
            pid: wish.pid,
            talk: Some(talk),
        })
    }

    fn ask(
        app: &mut App,
        about: &About,
        request: &Request,
        indicator: &mut Indicator,
    ) -> Result<(About, LockInfo, Box<dyn Talk>), Failure> {
        let mut talk = app.open(Start::IfNeeded)?;
        talk.send(request)?;
        let waits = matches!(request, Request::Run { wait: Some(_), .. });
        loop {
            let limit = (!waits).then_some(ANSWER_LIMIT);
            match talk.receive(limit).map_err(|failure| failure.with_about(about))? {
                Reply::Progress { .. } => {}
                Reply::Failed(fault) => return Err(Failure::fault(about.clone(), fault)),
                Reply::File(report) => {
                    let named = named(about, &report);
                    match report.outcome {
                        Outcome::Granted { lock, .. } | Outcome::Renewed { lock } => {
                            return Ok((named, lock, talk));
                        }
                        Outcome::Awaited { lock, .. } => {
                            app.out
                                .progress(&text::place(&named.name, lock.as_ref(), app.out.times()));
                            indicator.waits(app, &named, lock.as_ref());
                        }
                        Outcome::Failed(fault) => return Err(Failure::fault(named, fault)),
                        other => {
                            return Err(out_of_place(
                                &named,
                                &Reply::File(FileReport {
                                    outcome: other,
                                    ..report
                                }),
                            ));
                        }
                    }
                }
                other => return Err(out_of_place(about, &other)),
            }
        }
    }

    /// From now on what becomes of the lock is told, until it is over or the agent is gone.
    ///
    /// # Errors
    /// When the agent cannot be reached or the system gives no thread.
    pub fn watch(
        &mut self,
        app: &mut App,
        start: Start,
        tell: impl Fn(News) -> bool + Send + 'static,
    ) -> Result<(), Failure> {
        let mut talk = if let Some(talk) = self.talk.take() {
            talk
        } else {
            let mut talk = app.open(start)?;
            talk.send(&Request::Run {
                file: self.asked.absolute.clone(),
                message: None,
                wait: None,
                pid: self.pid,
                token: Some(self.lock.token.unwrap_or_default()),
            })?;
            talk
        };
        let listen = move || {
            loop {
                let news = talk.receive(None);
                let over = !matches!(&news, Ok(reply) if !reply.is_last());
                if !tell(news) || over {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("lock".into()).spawn(listen);
        thread.map(drop).map_err(|error| Failure::Local {
            problem: format!("cannot start a thread: {error}"),
        })
    }

    /// Gives it back, because the program has ended.
    ///
    /// # Errors
    /// When that cannot be said to the agent. It looks after its guards itself then.
    pub fn give_back(&mut self, app: &mut App) -> Result<(), Failure> {
        if std::mem::replace(&mut self.is_lost, true) {
            return Ok(());
        }
        let mut talk = app.open(Start::IfNeeded)?;
        talk.send(&Request::RunOver {
            file: self.asked.absolute.clone(),
            token: self.lock.token.unwrap_or_default(),
        })?;
        loop {
            match talk
                .receive(Some(ANSWER_LIMIT))
                .map_err(|failure| failure.with_about(&self.about))?
            {
                Reply::Progress { .. } => {}
                Reply::File(report) => match report.outcome {
                    // It is over in one way or the other.
                    Outcome::Released { .. }
                    | Outcome::Failed(Fault::OldToken { .. } | Fault::NotHeld | Fault::NotYours { .. }) => {
                        return Ok(());
                    }
                    Outcome::Failed(fault) => return Err(Failure::fault(self.about.clone(), fault)),
                    _ => {}
                },
                Reply::Failed(fault) => return Err(Failure::fault(self.about.clone(), fault)),
                _ => return Ok(()),
            }
        }
    }
}

/// The words for the file, once the agent has named it.
fn named(about: &About, report: &FileReport) -> About {
    About {
        name: report.file.clone().unwrap_or_else(|| about.name.clone()),
        repository: report.repository.clone(),
        ..about.clone()
    }
}

fn is_taken(failure: &Failure) -> bool {
    let Failure::Fault { fault, .. } = failure else {
        return false;
    };
    matches!(**fault, Fault::Held { .. } | Fault::Guarded { .. })
}

/// What the program finds in its environment.
pub fn environment(guards: &[Guard]) -> Vec<(&'static str, OsString)> {
    let separator = if cfg!(windows) { ";" } else { ":" };
    let list = |words: Vec<String>| OsString::from(words.join(separator));
    let files = guards.iter().map(|guard| guard.asked.absolute.clone());
    let tokens = guards
        .iter()
        .map(|guard| guard.lock.token.unwrap_or_default().to_string());
    vec![
        ("CAMCTL_LOCK_FILE", list(files.collect())),
        ("CAMCTL_LOCK_TOKEN", list(tokens.collect())),
    ]
}
