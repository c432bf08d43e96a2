//! Talking to a machine's agent directly, as `camctl` does, but without the start of a program for each word.

use camctl_shared::ipc::client::{Client, ClientError, Limits, Stage};
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::ipc::message::{Outcome, Patience, Reply, Request};

/// A client of one agent, which may be killed, frozen and started again meanwhile: each request finds its own way.
#[derive(Debug)]
pub struct Talk {
    endpoint: Endpoint,
    limits: Limits,
    client: Option<Client>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Silence {
    /// The agent certainly did nothing: it was not there, or did not get the whole request.
    NotAsked(ClientError),
    /// The request may have been read, and what it asks may be done, or may be done later.
    Unknown(ClientError),
}

impl Talk {
    pub(crate) fn new(endpoint: Endpoint, limits: Limits) -> Self {
        Self {
            endpoint,
            limits,
            client: None,
        }
    }

    /// Sends a request, and returns what the agent answered, [`Reply::Progress`] apart.
    ///
    /// # Errors
    /// [`Silence`]; the next request connects anew.
    pub fn ask(&mut self, request: &Request) -> Result<Vec<Reply>, Silence> {
        let result = self.try_ask(request);
        if result.is_err() {
            self.client = None;
        }
        result
    }

    fn try_ask(&mut self, request: &Request) -> Result<Vec<Reply>, Silence> {
        self.client()?.send(request).map_err(silence)?;
        self.replies()
    }

    fn client(&mut self) -> Result<&mut Client, Silence> {
        if let Some(client) = self.client.take() {
            return Ok(self.client.insert(client));
        }
        let new = Client::connect(&self.endpoint, self.limits).map_err(Silence::NotAsked)?;
        Ok(self.client.insert(new))
    }

    /// Sends a request, which lies with the system until the agent reads it. [`Talk::replies`] waits for the answer.
    ///
    /// # Panics
    /// When it cannot be sent.
    #[track_caller]
    pub fn send(&mut self, request: &Request) {
        let sent = self
            .client()
            .and_then(|client| client.send(request).map_err(silence));
        sent.unwrap_or_else(|silence| panic!("{request:?} cannot be sent: {silence:?}"));
    }

    /// What the agent answers to the request that was sent.
    ///
    /// # Errors
    /// [`Silence`].
    pub fn replies(&mut self) -> Result<Vec<Reply>, Silence> {
        let client = self.client()?;
        let mut replies = Vec::new();
        loop {
            let reply = client.next_reply().map_err(silence)?;
            let last = reply.is_last();
            if !matches!(reply, Reply::Progress { .. }) {
                replies.push(reply);
            }
            if last {
                return Ok(replies);
            }
        }
    }

    /// The next reply to the request that was sent; for streams, which have no last one.
    ///
    /// # Errors
    /// [`Silence`].
    pub fn reply(&mut self) -> Result<Reply, Silence> {
        self.client()?.next_reply().map_err(silence)
    }

    /// As [`Talk::ask`], for a request about one file.
    ///
    /// # Errors
    /// [`Silence`].
    ///
    /// # Panics
    /// When the agent answers about more or fewer files.
    #[track_caller]
    pub fn ask_one(&mut self, request: &Request) -> Result<Outcome, Silence> {
        Ok(only(self.ask(request)?))
    }

    /// Takes a file.
    ///
    /// # Errors
    /// [`Silence`].
    #[track_caller]
    pub fn checkout(&mut self, path: &str, more: Checkout) -> Result<Outcome, Silence> {
        self.ask_one(&Request::Checkout {
            files: vec![path.to_owned()],
            message: None,
            wait: more.wait_ms.map(|ms| Patience { at_most_ms: Some(ms) }),
            lease_ms: more.lease_ms,
            steal: None,
        })
    }

    /// Gives a file back.
    ///
    /// # Errors
    /// [`Silence`].
    #[track_caller]
    pub fn checkin(&mut self, path: &str) -> Result<Outcome, Silence> {
        self.ask_one(&Request::Checkin {
            files: vec![path.to_owned()],
            all: false,
            message: None,
        })
    }
}

/// What became of the only file of a request.
///
/// # Panics
/// When the agent answered about more or fewer files.
#[track_caller]
pub fn only(replies: Vec<Reply>) -> Outcome {
    let shown = format!("{replies:?}");
    let mut replies = replies.into_iter();
    match (replies.next(), replies.next(), replies.next()) {
        (Some(Reply::File(report)), Some(Reply::Done), None) => report.outcome,
        (Some(Reply::Failed(fault)), None, None) => Outcome::Failed(fault),
        _ => panic!("about one file the agent said {shown}"),
    }
}

/// The particulars of a checkout.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checkout {
    /// Wait at most so many milliseconds while somebody else has it.
    pub wait_ms: Option<u64>,
    /// As a lease of so many milliseconds.
    pub lease_ms: Option<u64>,
}

fn silence(error: ClientError) -> Silence {
    let stage = match &error {
        ClientError::NoAgent { .. }
        | ClientError::Refused { .. }
        | ClientError::Protocol { .. }
        | ClientError::TooLarge { .. }
        | ClientError::Unfinished => Stage::Connect,
        ClientError::Broken { stage, .. } | ClientError::TimedOut { stage, .. } => *stage,
    };
    match stage {
        Stage::Connect | Stage::Send => Silence::NotAsked(error),
        Stage::Hello | Stage::Reply => Silence::Unknown(error),
    }
}
