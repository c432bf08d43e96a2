//! Stepping aside: what is asked of the worker when the machine sleeps, the person is away, or the agent stops.

use std::time::Duration;

use tokio::sync::oneshot;

use super::Repository;
use super::job::Job;
use super::worker::Sat;
use crate::desktop::{Notice, What};
use crate::problem::Problem;

impl Repository {
    /// Parks what is held here, because the machine is about to sleep. Where nothing is, the share is not asked.
    ///
    /// # Errors
    /// When that could not be said. The locks are kept all the same, and become stale when the sleep is long.
    pub async fn doze(&self) -> Result<(), Problem> {
        {
            let state = self.board.state();
            if state.mine.is_empty() && state.courtesy.places.is_empty() {
                return Ok(());
            }
        }
        let (reply, answer) = oneshot::channel();
        self.send(Job::Doze(reply))?;
        answer.await.map_err(|_| Problem::Stopping)?
    }

    /// Looks for checkouts that were forgotten, where the person has touched nothing for `idle`. Those that were given back are
    /// told. Returns after how long the next look is worth while.
    pub async fn sit(&self, idle: Option<Duration>) -> Option<Duration> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Sit(idle, reply)).ok()?;
        let Sat { next, given_back } = answer.await.ok()?;
        let verdicts = match given_back {
            Some(delivery) => delivery.await.ok()?.open(),
            None => Vec::new(),
        };
        for verdict in verdicts {
            if let (Some(file), Ok(_)) = (verdict.file, verdict.result) {
                let folder = self.board.folder.clone();
                let what = What::GivenBack { file };
                self.desktop.tell(Notice { folder, what });
            }
        }
        next
    }

    /// The machine is awake: a sign of life is given at once, and the share is looked at.
    pub fn wake_up(&self) {
        // Fails only when the worker is gone.
        let _ = self.send(Job::WakeUp);
    }

    /// Parks what is held here, and ends the worker.
    ///
    /// # Errors
    /// When the locks could not be parked. They are kept all the same, and become stale.
    pub async fn park(&self) -> Result<(), Problem> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Park(reply))?;
        answer.await.map_err(|_| Problem::Stopping)?
    }
}
