//! The way to the agent: connect, start one when nobody listens, and turn the client's errors into failures.

use std::thread;
use std::time::Duration;

use camctl_shared::ipc::client::{Client, ClientError, Limits, Stage};
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::ipc::message::{Reply, Request};
use camctl_shared::paths::Paths;

use crate::agent_start::start;
use crate::app::{Link, Start, Talk};
use crate::errors::{About, Failure};

/// How often a request is sent again that the agent has not heard: it was just ending, or had no room.
const TRIES: u32 = 10;
/// The pause before the first repetition; each later one is longer by as much.
const PAUSE: Duration = Duration::from_millis(10);

/// The way to this user's agent.
#[derive(Debug)]
pub struct Local {
    may_start: bool,
}

impl Local {
    /// Agents are started only with `may_start`.
    pub fn new(may_start: bool) -> Self {
        Self { may_start }
    }
}

impl Link for Local {
    fn open(&mut self, wish: Start) -> Result<Box<dyn Talk>, Failure> {
        let may_start = wish == Start::IfNeeded && self.may_start;
        let connected = Connected {
            client: connect(may_start)?,
            may_start,
            first: None,
            tries: 0,
        };
        Ok(Box::new(connected))
    }

    fn may_start(&self) -> bool {
        self.may_start
    }
}

fn connect(may_start: bool) -> Result<Client, Failure> {
    let local = |error: &dyn std::error::Error| Failure::Local {
        problem: error.to_string(),
    };
    let paths = Paths::from_env().map_err(|error| local(&error))?;
    let endpoint = Endpoint::resolve(&paths).map_err(|error| local(&error))?;
    match Client::connect(&endpoint, Limits::default()) {
        Ok(client) => Ok(client),
        Err(ClientError::NoAgent { .. }) if may_start => start(&paths, &endpoint),
        Err(error) => Err(failure(&error)),
    }
}

/// A conversation over the agent's socket.
struct Connected {
    client: Client,
    may_start: bool,
    /// The first request, until the agent has said anything: one that was not heard is sent again.
    first: Option<Request>,
    tries: u32,
}

impl Talk for Connected {
    fn send(&mut self, request: &Request) -> Result<(), Failure> {
        self.first = self.client.agent().is_none().then(|| request.clone());
        self.client.send(request).map_err(|error| failure(&error))
    }

    fn receive(&mut self, limit: Option<Duration>) -> Result<Reply, Failure> {
        loop {
            self.client.set_reply_limit(limit);
            match (self.client.next_reply(), &self.first) {
                (Ok(reply), _) => {
                    self.first = None;
                    return Ok(reply);
                }
                (Err(error), Some(request)) if error.was_not_heard() && self.tries < TRIES => {
                    self.tries += 1;
                    thread::sleep(PAUSE * self.tries);
                    self.client = connect(self.may_start)?;
                    self.client.send(request).map_err(|error| failure(&error))?;
                }
                (Err(error), _) => return Err(failure(&error)),
            }
        }
    }

    fn poll(&mut self, limit: Duration) -> Result<Option<Reply>, Failure> {
        self.client.reply_within(limit).map_err(|error| failure(&error))
    }

    fn wait_for_end(&mut self, limit: Duration) -> Result<(), Failure> {
        self.client.set_reply_limit(Some(limit));
        match self.client.next_reply() {
            Err(ClientError::TimedOut { .. }) => Err(Failure::Agent {
                problem: format!(
                    "it said that it would stop, and still runs after {} s",
                    limit.as_secs()
                ),
            }),
            _ => Ok(()),
        }
    }
}

/// What the client says, sorted by what it means for the person.
pub fn failure(error: &ClientError) -> Failure {
    let problem = error.to_string();
    match error {
        ClientError::NoAgent { .. } => Failure::NoAgent,
        ClientError::Protocol { .. } => Failure::Protocol { problem },
        ClientError::TooLarge { .. } | ClientError::Unfinished => Failure::Usage { problem },
        ClientError::Refused { .. } => Failure::Agent { problem },
        ClientError::Broken { stage, .. } | ClientError::TimedOut { stage, .. } => match stage {
            Stage::Connect | Stage::Send => Failure::Agent { problem },
            Stage::Hello | Stage::Reply => Failure::Unknown {
                about: About::default(),
                problem,
            },
        },
    }
}
