//! The way to the agent: connect, start one when nobody listens, and turn the client's errors into failures.

use std::time::Duration;

use camctl_shared::ipc::client::{Client, ClientError, Limits, Stage};
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::ipc::message::{Reply, Request};
use camctl_shared::paths::Paths;

use crate::agent_start::start;
use crate::app::{Link, Start, Talk};
use crate::errors::{About, Failure};

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
        let local = |error: &dyn std::error::Error| Failure::Local {
            problem: error.to_string(),
        };
        let paths = Paths::from_env().map_err(|error| local(&error))?;
        let endpoint = Endpoint::resolve(&paths).map_err(|error| local(&error))?;
        let client = match Client::connect(&endpoint, Limits::default()) {
            Ok(client) => client,
            Err(ClientError::NoAgent { .. }) if wish == Start::IfNeeded && self.may_start => {
                start(&paths, &endpoint)?
            }
            Err(error) => return Err(failure(&error)),
        };
        Ok(Box::new(Connected { client }))
    }
}

/// A conversation over the agent's socket.
struct Connected {
    client: Client,
}

impl Talk for Connected {
    fn send(&mut self, request: &Request) -> Result<(), Failure> {
        self.client.send(request).map_err(|error| failure(&error))
    }

    fn receive(&mut self, limit: Option<Duration>) -> Result<Reply, Failure> {
        self.client.set_reply_limit(limit);
        self.client.next_reply().map_err(|error| failure(&error))
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
