//! The socket: who may speak to the agent, and how much of the agent one client may have.
//!
//! - [`conversation`]: one connection's frames, in and out.
//! - [`seats`]: how many there may be.
//! - [`session`]: one connection from its `Hello` to its end.
//! - [`handlers`]: one file for each verb.
//!
//! A client that sends rubbish, stalls, or vanishes costs the agent that connection and nothing else: everything one
//! connection holds is bounded, and so are the number of connections and what they hold of messages that are
//! under way or being served.

pub mod conversation;
pub mod handlers;
pub mod seats;
pub mod session;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use camctl_shared::ipc::endpoint;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::traits::tokio::Listener as _;
use jiff::civil::Date;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use self::conversation::Room;
use self::seats::Seats;
use crate::registry::Registry;

/// Clients at one time.
const CONNECTIONS: usize = 256;
/// What all clients together may have the agent hold of long messages that are under way or being served, in bytes.
const ROOM: usize = 8 << 20;
/// The pause after the system refused to accept a connection, for want of handles, say.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// How long clients may take; settings, so that tests shrink them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a client's `Hello`.
    pub hello: Duration,
    /// For the rest of a frame that has begun.
    pub frame: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// For a client to take a reply.
    pub take: Duration,
    /// After this, whoever waits is told that the agent is still at it; and then again and again.
    pub progress: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(2),
            frame: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            take: Duration::from_secs(30),
            progress: Duration::from_secs(1),
        }
    }
}

/// What every connection sees of the agent.
pub struct Agent {
    /// The repositories.
    pub registry: Registry,
    /// How long clients may take.
    pub limits: Limits,
    /// Since when it runs.
    pub started: Timestamp,
    /// Where its log is.
    pub log: String,
    /// A seat for each connection.
    pub seats: Seats,
    /// What clients share that send long messages.
    pub room: Room,
    /// The day on which the person was last told at its end what they held.
    pub reminded: Mutex<Option<Date>>,
    /// Rung when what is held may be something else.
    pub changed: Notify,
    /// Rung when a client wants the agent to stop.
    pub stop: Notify,
    /// Rung when it has parked: whoever asked for that is answered.
    pub parked: watch::Sender<bool>,
}

impl Agent {
    /// An agent without clients.
    pub fn new(registry: Registry, limits: Limits, log: String) -> Self {
        Self {
            started: registry.house().clock.wall(),
            registry,
            limits,
            log,
            seats: Seats::new(CONNECTIONS),
            room: Room::new(ROOM),
            reminded: Mutex::default(),
            changed: Notify::new(),
            stop: Notify::new(),
            parked: watch::Sender::new(false),
        }
    }

    /// Waits until every client has left that is being served.
    pub async fn all_have_left(&self) {
        self.seats.all_left(CONNECTIONS).await;
    }
}

/// Accepts clients until it is dropped.
pub async fn listen(listener: Listener, agent: Arc<Agent>) {
    let mut told = false;
    loop {
        let stream = match listener.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(AFTER_REFUSAL).await;
                continue;
            }
        };
        if !is_us(&stream) {
            continue;
        }
        let Some(seat) = agent.seats.take().await else {
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(
                    limit = CONNECTIONS,
                    "too many clients are being served; more are turned away"
                );
            }
            continue;
        };
        told = false;
        let agent = Arc::clone(&agent);
        tokio::spawn(async move {
            session::serve(stream, &agent, &seat).await;
        });
    }
}

fn is_us(stream: &Stream) -> bool {
    match stream.peer_creds().and_then(endpoint::peer_is_us) {
        Ok(true) => true,
        Ok(false) => {
            tracing::warn!("another user tried to connect");
            false
        }
        Err(error) => {
            tracing::warn!(%error, "nobody knows who tried to connect");
            false
        }
    }
}
