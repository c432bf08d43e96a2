//! While the program runs: its end, signals, and what becomes of its locks.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, Moment, SystemClock};
use camctl_shared::ipc::message::{Fault, Outcome, Presence, Reply};

use super::guard::{Guard, News};
use super::indicator::{Indicator, State};
use super::program::{Heard, Program};
use crate::app::{App, Start};
use crate::errors::Failure;
use crate::output::text;

/// An agent that is gone is looked for so often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// One that went with its farewell will be back by itself: another is started only if it stays away.
const FAREWELL: u32 = 10;

enum Event {
    Program(Heard),
    Lock(usize, Box<News>),
}

/// An agent that does not answer for a lock just now.
#[derive(Debug, Clone, Copy)]
struct Absence {
    next: Moment,
    /// So often it was looked for without starting one.
    patient: u32,
    told: bool,
}

/// How it goes with stopping the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    No,
    /// If the locks are not confirmed until then.
    At(Moment),
    /// It was asked to end; from then on it is killed.
    Asked(Moment),
    Killed,
}

/// See the module.
pub struct Watch<'a> {
    app: &'a mut App,
    guards: &'a mut [Guard],
    program: &'a mut Program,
    indicator: &'a mut Indicator,
    /// Stop the program when a lock is lost, with so much time to end by itself.
    kill_on_loss: Option<Duration>,
    absences: Vec<Option<Absence>>,
    doubts: Vec<bool>,
    stop: Stop,
    to: Sender<Event>,
    events: Receiver<Event>,
}

impl<'a> Watch<'a> {
    pub fn new(
        app: &'a mut App,
        guards: &'a mut [Guard],
        program: &'a mut Program,
        indicator: &'a mut Indicator,
        kill_on_loss: Option<Duration>,
    ) -> Self {
        let (to, events) = channel();
        let count = guards.len();
        Self {
            app,
            guards,
            program,
            indicator,
            kill_on_loss,
            absences: vec![None; count],
            doubts: vec![false; count],
            stop: Stop::No,
            to,
            events,
        }
    }

    /// Until the program has ended: its exit status, and whether it was stopped because of a lock.
    ///
    /// # Errors
    /// When the system gives no threads; the program is killed then.
    pub fn last(mut self) -> Result<(i32, bool), Failure> {
        if let Err(error) = self.listen() {
            self.program.kill();
            self.program.reap();
            return Err(Failure::Local {
                problem: format!("cannot watch the program: {error}"),
            });
        }
        for at in 0..self.guards.len() {
            self.look_for_agent(at, Start::IfNeeded);
        }
        loop {
            let heard = match self.due() {
                Some(due) => self.events.recv_timeout(due.since(SystemClock.moment())),
                None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match heard {
                Ok(Event::Program(Heard::Ended(code))) => {
                    self.program.reap();
                    return Ok((code, matches!(self.stop, Stop::Asked(_) | Stop::Killed)));
                }
                Ok(Event::Program(Heard::Signal { number, terminal })) => {
                    self.program.pass_on(number, terminal);
                }
                Ok(Event::Lock(at, news)) => self.hear(at, *news),
                Err(_) => {}
            }
            self.do_what_is_due();
        }
    }

    fn listen(&mut self) -> std::io::Result<()> {
        let (to, heard) = channel();
        let events = self.to.clone();
        thread::Builder::new().name("heard".into()).spawn(move || {
            for one in heard {
                if events.send(Event::Program(one)).is_err() {
                    return;
                }
            }
        })?;
        self.program.watch(&to)
    }

    fn due(&self) -> Option<Moment> {
        let stop = match self.stop {
            Stop::At(when) | Stop::Asked(when) => Some(when),
            Stop::No | Stop::Killed => None,
        };
        let absences = self.absences.iter().flatten().map(|absence| absence.next);
        absences.chain(stop).min()
    }

    fn do_what_is_due(&mut self) {
        let now = SystemClock.moment();
        match (self.stop, self.kill_on_loss) {
            (Stop::At(when), Some(grace)) if when <= now => self.ask_to_end(now, grace),
            (Stop::Asked(when), _) if when <= now => {
                self.app
                    .out
                    .warn("warning:", "the program has not ended by itself, and is killed");
                self.program.kill();
                self.stop = Stop::Killed;
            }
            _ => {}
        }
        for at in 0..self.guards.len() {
            let Some(absence) = self.absences.get(at).copied().flatten() else {
                continue;
            };
            if absence.next <= now {
                let start = if absence.patient > 0 {
                    Start::Never
                } else {
                    Start::IfNeeded
                };
                self.look_for_agent(at, start);
            }
        }
    }

    fn hear(&mut self, at: usize, news: News) {
        match news {
            Ok(Reply::File(report)) => match report.outcome {
                Outcome::Stands { lock: Some(lock), .. } => {
                    let doubt = lock.presence == Presence::Unsafe;
                    if let Some(guard) = self.guards.get_mut(at) {
                        guard.lock = lock;
                    }
                    self.doubt(at, doubt);
                }
                Outcome::Failed(fault) => self.fault(at, fault),
                _ => {}
            },
            Ok(Reply::Failed(fault)) => self.fault(at, fault),
            Ok(_) => {}
            Err(_) => self.gone(at, 0),
        }
    }

    fn fault(&mut self, at: usize, fault: Fault) {
        match fault {
            Fault::Lost { .. } | Fault::OldToken { .. } | Fault::NotHeld => self.lost(at, fault),
            Fault::Stopping => self.gone(at, FAREWELL),
            // The share is away, say: it is asked again.
            _ => self.gone(at, 0),
        }
    }

    /// The agent does not answer for this lock any more. The lock stands all the same, for as long as others wait for a sign
    /// of life.
    fn gone(&mut self, at: usize, patient: u32) {
        let before = self.absences.get(at).copied().flatten();
        if let Some(place) = self.absences.get_mut(at) {
            *place = Some(Absence {
                next: SystemClock.moment().after(LOOK_AGAIN),
                patient: before.map_or(patient, |before| before.patient.saturating_sub(1)),
                told: before.is_some_and(|before| before.told),
            });
        }
    }

    fn look_for_agent(&mut self, at: usize, start: Start) {
        let to = self.to.clone();
        let Some(guard) = self.guards.get_mut(at).filter(|guard| !guard.is_lost) else {
            return;
        };
        let tell = move |news| to.send(Event::Lock(at, Box::new(news))).is_ok();
        match guard.watch(self.app, start, tell) {
            Ok(()) => {
                if let Some(place) = self.absences.get_mut(at) {
                    *place = None;
                }
            }
            Err(failure) => {
                self.gone(at, 0);
                let absence = self.absences.get_mut(at).and_then(Option::as_mut);
                if let Some(absence) = absence
                    && start == Start::IfNeeded
                    && !std::mem::replace(&mut absence.told, true)
                {
                    self.app.out.error(&failure);
                    self.app
                        .out
                        .warn("warning:", "without it nobody renews the program's lock");
                }
            }
        }
    }

    /// Nobody can say at the moment whether the lock stands; or it is said that it does.
    fn doubt(&mut self, at: usize, doubt: bool) {
        let Some(was) = self.doubts.get_mut(at) else {
            return;
        };
        if std::mem::replace(was, doubt) == doubt {
            return;
        }
        let still = self.doubts.contains(&true);
        if let Some(guard) = self.guards.get(at) {
            let state = if still { State::Unsafe } else { State::Locked };
            self.indicator
                .stands(self.app, &guard.asked, Some(&guard.lock), state);
            let name = &guard.about.name;
            let text = if doubt {
                text::in_doubt(name)
            } else {
                text::stands_again(name)
            };
            self.app.out.warn(if doubt { "warning:" } else { "note:" }, &text);
        }
        self.stop = match (self.stop, self.kill_on_loss) {
            (Stop::No, Some(grace)) if still => Stop::At(SystemClock.moment().after(grace)),
            (Stop::At(_), _) if !still => Stop::No,
            (stop, _) => stop,
        };
    }

    fn lost(&mut self, at: usize, fault: Fault) {
        let Some(guard) = self.guards.get_mut(at) else {
            return;
        };
        if std::mem::replace(&mut guard.is_lost, true) {
            return;
        }
        let failure = Failure::fault(guard.about.clone(), fault);
        let lock = failure.wording(self.app.out.times()).detail.lock;
        self.indicator
            .stands(self.app, &guard.asked, lock.as_ref(), State::Lost);
        self.app.out.error(&failure);
        if let Some(place) = self.absences.get_mut(at) {
            *place = None;
        }
        if let Some(grace) = self.kill_on_loss
            && matches!(self.stop, Stop::No | Stop::At(_))
        {
            self.ask_to_end(SystemClock.moment(), grace);
        }
    }

    fn ask_to_end(&mut self, now: Moment, grace: Duration) {
        self.app
            .out
            .warn("warning:", "the program is stopped, because its lock is lost");
        self.program.stop();
        self.stop = Stop::Asked(now.after(grace));
    }
}
