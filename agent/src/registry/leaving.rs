//! All repositories at once, when the agent stops or its machine sleeps.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Registry;

/// For how long.
#[derive(Debug, Clone, Copy)]
enum Away {
    ForGood,
    Asleep,
}

impl Registry {
    /// Parks everywhere and ends all work, within `limit`; what does not answer is left alone.
    pub async fn park(&self, limit: Duration) {
        self.leave(Away::ForGood, limit).await;
    }

    /// The same because the machine is about to sleep: the work goes on.
    pub async fn doze(&self, limit: Duration) {
        self.leave(Away::Asleep, limit).await;
    }

    /// The machine is awake. Returns at once.
    pub fn wake_up(&self) {
        for repository in self.all() {
            repository.wake_up();
        }
    }

    async fn leave(&self, away: Away, limit: Duration) {
        let mut parking = JoinSet::new();
        for repository in self.all() {
            parking.spawn(async move {
                let parked = match away {
                    Away::ForGood => repository.park().await,
                    Away::Asleep => repository.doze().await,
                };
                (repository.board.folder.clone(), parked)
            });
        }
        let all = async {
            while let Some(done) = parking.join_next().await {
                match done {
                    Ok((_, Ok(()))) => {}
                    Ok((folder, Err(problem))) => tracing::warn!(%folder, %problem, "could not park"),
                    Err(error) => tracing::warn!(%error, "could not park"),
                }
            }
        };
        if timeout(limit, all).await.is_err() {
            tracing::warn!("some shares did not answer; the locks there are kept, but not parked");
        }
    }
}
