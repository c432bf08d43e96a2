//! Stepping aside: what the agent does by itself so that nobody waits for somebody who is not there.
//!
//! - The machine sleeps or shuts down: everything that is held is parked first ([`crate::power`]), and when it is awake
//!   again, the share is looked at before anything is said.
//!
//! One task on the agent's runtime. It sleeps until it is told something.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use crate::power::{self, Delay, Power};
use crate::server::Agent;

/// See the module.
pub struct Aside {
    agent: Arc<Agent>,
    power: UnboundedReceiver<Power>,
    ends: Option<oneshot::Sender<Delay>>,
}

impl Aside {
    /// Starts it, within the agent's runtime. What is returned says that the person's session ends for certain: the
    /// agent has to stop, and the system waits for as long as what it sends lives.
    pub fn start(agent: Arc<Agent>) -> oneshot::Receiver<Delay> {
        let (say, power) = unbounded_channel();
        let (ends, ending) = oneshot::channel();
        tokio::spawn(power::watch(say));
        let aside = Self {
            agent,
            power,
            ends: Some(ends),
        };
        tokio::spawn(aside.serve());
        ending
    }

    async fn serve(mut self) {
        while let Some(power) = self.power.recv().await {
            self.follow(power).await;
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
}
