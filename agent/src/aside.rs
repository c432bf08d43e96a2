//! Stepping aside: what the agent does by itself so that nobody waits for somebody who is not there.
//!
//! - The machine sleeps or shuts down: everything that is held is parked first ([`crate::power`]), and when it is awake
//!   again, the share is looked at before anything is said.
//! - A checkout was forgotten (`idle_release` of its repository): its owner is warned, and then it is given back.
//! - The day ends ([`reminder`]): the person is told what they still hold, where they want that.
//!
//! One task on the agent's runtime. It sleeps until it is told something, or until the day ends.

mod reminder;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use camctl_shared::model::{Case, FileName};
use jiff::Zoned;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::reminder::Reminder;
use crate::desktop::{Notice, What, idle};
use crate::power::{self, Delay, Power};
use crate::repository::Repository;
use crate::server::Agent;

/// A share that does not answer is not waited for longer: the machine may be about to sleep.
const PATIENCE: Duration = Duration::from_secs(2);
/// It is asked again after so long.
const LATER: Duration = Duration::from_mins(1);
/// Between two looks at what was forgotten.
const SHORTEST: Duration = Duration::from_millis(50);

/// See the module.
pub struct Aside {
    agent: Arc<Agent>,
    power: UnboundedReceiver<Power>,
    ends: Option<oneshot::Sender<Delay>>,
    reminder: Option<Reminder>,
    /// When what is held is looked at again.
    sits_at: Option<Instant>,
}

impl Aside {
    /// Starts it, within the agent's runtime. What is returned says that the person's session ends for certain: the
    /// agent has to stop, and the system waits for as long as what it sends lives.
    pub fn start(agent: Arc<Agent>, remind_at: Option<Time>) -> oneshot::Receiver<Delay> {
        let (say, power) = unbounded_channel();
        let (ends, ending) = oneshot::channel();
        tokio::spawn(power::watch(say));
        let reminded = *agent.reminded.lock().unwrap_or_else(PoisonError::into_inner);
        let aside = Self {
            agent,
            power,
            ends: Some(ends),
            reminder: remind_at.map(|at| Reminder::new(at, reminded)),
            sits_at: None,
        };
        tokio::spawn(aside.serve());
        ending
    }

    async fn serve(mut self) {
        loop {
            let wait = self.remind();
            tokio::select! {
                power = self.power.recv() => match power {
                    Some(power) => self.follow(power).await,
                    None => return,
                },
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => {}
                () = self.agent.changed.notified() => self.sit().await,
                () = sleep_until(self.sits_at.unwrap_or_else(Instant::now)), if self.sits_at.is_some() => {
                    self.sit().await;
                }
            }
        }
    }

    /// Looks for what was forgotten, and when that is to be looked for again. Where nothing can be, nobody is asked.
    async fn sit(&mut self) {
        let may_forget = |repository: &Arc<Repository>| {
            let state = repository.board.state();
            state.policy.idle_release.is_some() && !state.mine.is_empty()
        };
        let mut all = self.agent.registry.all();
        all.retain(may_forget);
        self.sits_at = None;
        if all.is_empty() {
            return;
        }
        let untouched = idle::untouched().await;
        for repository in all {
            let look = timeout(PATIENCE, repository.sit(untouched)).await;
            let next = look.unwrap_or(Some(LATER));
            let next = next.map(|next| Instant::now() + next.max(SHORTEST));
            self.sits_at = self.sits_at.into_iter().chain(next).min();
        }
    }

    async fn follow(&mut self, power: Power) {
        match power {
            Power::Leaving { how, limit, delay } => {
                tracing::info!(how, ?limit, "the machine leaves");
                self.agent.registry.doze(limit).await;
                drop(delay);
            }
            Power::Back => {
                tracing::info!("the machine is awake");
                self.agent.registry.wake_up();
            }
            Power::Ends(delay) => {
                if let Some(ends) = self.ends.take() {
                    // Fails only when the agent stops already.
                    let _ = ends.send(delay);
                }
            }
        }
    }

    /// Reminds the person when the day ends. Returns after how long that is to be looked at again.
    fn remind(&mut self) -> Option<Duration> {
        let reminder = self.reminder.as_mut()?;
        let now = Zoned::new(self.agent.registry.house().clock.wall(), TimeZone::system());
        if let Some(today) = reminder.is_due(&now) {
            // A share that is away must not keep anybody from hearing that the machine sleeps.
            tokio::spawn(tell_of_held(Arc::clone(&self.agent), today));
        }
        Some(reminder.wait(&now))
    }
}

/// Tells the person what they still hold.
async fn tell_of_held(agent: Arc<Agent>, today: Date) {
    let house = agent.registry.house();
    let mut told = false;
    for repository in agent.registry.all() {
        for what in still_held(&repository).await {
            told = true;
            let folder = repository.board.folder.clone();
            house.desktop.tell(Notice { folder, what });
        }
    }
    // A day without anything to tell is not worth a write.
    if told {
        *agent.reminded.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        house.stirred.notify_one();
    }
}

/// What the desk holds there; where the share is away, what is known of it.
async fn still_held(repository: &Repository) -> Vec<What> {
    // Whether it came in time does not matter here.
    let _ = repository.ready().await;
    let case = repository
        .board
        .table()
        .map_or(Case::Sensitive, |table| table.read().case);
    let held = repository.kept().held.into_iter();
    held.filter_map(|(name, held)| {
        Some(What::StillHeld {
            file: FileName::parse(&name, case).ok()?,
            token: held.token,
            since: held.since,
        })
    })
    .collect()
}
