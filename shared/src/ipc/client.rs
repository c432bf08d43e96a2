//! The command line's side of the conversation. Blocking, without threads: what a `camctl` costs beside its agent's
//! work is a connect, a write and a read.
//!
//! [`Client::connect`] says nothing yet. The first [`Client::request`] sends `Hello` and the request in one write; the
//! agent's `Hello` is read before its first reply, and everything behind a `Hello` of another protocol is left alone.
//!
//! Never here: starting an agent, and words for people.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::codec::{self, CodecError, FrameReader};
use super::endpoint::{Connection, Deadline, Endpoint};
use super::message::{Hello, Reply, Request};
use super::version::PROTOCOL;

/// How long the client waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the agent to accept the connection.
    pub connect: Duration,
    /// For the agent's `Hello`, since the request was sent.
    pub hello: Duration,
    /// For the agent to take a long request.
    pub send: Duration,
    /// For each reply, since the one before it (or since `Hello`); `None`: without end, as for `Watch` and `Wait`.
    pub reply: Option<Duration>,
}

impl Default for Limits {
    /// Two seconds for the agent, which answers from memory; for replies half a minute, since the agent itself
    /// gives up on a share long before that.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            hello: Duration::from_secs(2),
            send: Duration::from_secs(2),
            reply: Some(Duration::from_secs(30)),
        }
    }
}

/// What the client was doing when it failed. From [`Stage::Reply`] on, the agent may have done what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Connecting.
    Connect,
    /// Sending a request. An agent acts on whole requests only.
    Send,
    /// Waiting for the agent's `Hello`. The request may have been read by then.
    Hello,
    /// Waiting for a reply.
    Reply,
}

/// Why there is no answer of the agent. What the agent itself refuses comes as a [`Reply`].
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody listens: no agent runs.
    #[error("no agent listens at {address}")]
    NoAgent {
        /// Where it would.
        address: Box<str>,
    },
    /// This user may not talk to whoever listens, or should not.
    #[error("cannot talk to the agent at {address}: {cause}")]
    Refused {
        /// Where.
        address: Box<str>,
        /// The system's own words, or whose process it is.
        #[source]
        cause: io::Error,
    },
    /// The agent speaks another protocol.
    #[error(
        "this camctl speaks protocol {ours}, the agent (version {their_version}) speaks {theirs}: {} is older",
        if ours < theirs { "this camctl" } else { "the agent" }
    )]
    Protocol {
        /// This program's protocol.
        ours: u32,
        /// The agent's.
        theirs: u32,
        /// The agent's version.
        their_version: String,
    },
    /// The request is too long for a frame; ask for fewer files at a time. Nothing was sent.
    #[error("the request has {length} bytes, and {} are allowed", codec::MAX_FRAME)]
    TooLarge {
        /// Bytes.
        length: usize,
    },
    /// The connection failed, or the agent said something that cannot be understood.
    #[error("the conversation with the agent failed: {problem}")]
    Broken {
        /// When.
        stage: Stage,
        /// How.
        #[source]
        problem: CodecError,
    },
    /// The agent did not answer in time.
    #[error("the agent did not answer within {limit:?}")]
    TimedOut {
        /// When.
        stage: Stage,
        /// The limit that passed.
        limit: Duration,
    },
    /// The replies to an earlier request were not read to their end.
    #[error("an earlier request is not over yet")]
    Unfinished,
}

impl ClientError {
    /// Whether the agent certainly has not acted on the request, because it hung up without its `Hello`, which it says
    /// before it reads any: it was just ending, or had no room.
    pub fn was_not_heard(&self) -> bool {
        let Self::Broken {
            stage: Stage::Hello,
            problem,
        } = self
        else {
            return false;
        };
        match problem {
            CodecError::Closed => true,
            CodecError::Io(error) => {
                matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
                )
            }
            _ => false,
        }
    }
}

/// A connection to the agent, for one request after the other.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    limits: Limits,
    reader: FrameReader,
    /// Frames to be sent; kept for its memory.
    outgoing: Vec<u8>,
    /// The agent's `Hello`, once it was read.
    agent: Option<Hello>,
    /// `Hello` was sent.
    greeted: bool,
    /// A request was sent whose last reply was not read.
    waiting: bool,
}

impl Client {
    /// Connects to the agent. Whether it is alive and speaks this protocol shows at the first reply.
    ///
    /// # Errors
    /// [`ClientError::NoAgent`], [`ClientError::Refused`], [`ClientError::TimedOut`], or [`ClientError::Broken`] for
    /// other answers of the system.
    pub fn connect(endpoint: &Endpoint, limits: Limits) -> Result<Self, ClientError> {
        match endpoint.connect(limits.connect) {
            Ok(connection) => Ok(Self {
                connection,
                limits,
                reader: FrameReader::new(),
                outgoing: Vec::new(),
                agent: None,
                greeted: false,
                waiting: false,
            }),
            Err(cause) => {
                let address = endpoint.to_string().into();
                Err(match cause.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                        ClientError::NoAgent { address }
                    }
                    io::ErrorKind::PermissionDenied => ClientError::Refused { address, cause },
                    _ => broken(Stage::Connect, limits.connect)(cause.into()),
                })
            }
        }
    }

    /// Changes how long each reply may take; `None`: without end.
    pub fn set_reply_limit(&mut self, limit: Option<Duration>) {
        self.limits.reply = limit;
    }

    /// What the agent said of itself; `None` before the first reply.
    pub fn agent(&self) -> Option<&Hello> {
        self.agent.as_ref()
    }

    /// Sends a request and gives the replies as they come, up to the last. After an error nothing more comes.
    pub fn request(&mut self, request: &Request) -> Replies<'_> {
        let sent = self.send(request);
        Replies {
            over: sent.is_err(),
            failed: sent.err(),
            client: self,
        }
    }

    /// Sends a request. All its replies are to be read before the next one is sent.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`], [`ClientError::Unfinished`], [`ClientError::TimedOut`], [`ClientError::Broken`].
    pub fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        if self.waiting {
            return Err(ClientError::Unfinished);
        }
        let limit = self.limits.send;
        self.outgoing.clear();
        if !self.greeted {
            codec::encode_into(&our_hello(), &mut self.outgoing).map_err(broken(Stage::Send, limit))?;
        }
        codec::encode_into(request, &mut self.outgoing).map_err(|problem| match problem {
            CodecError::TooLarge { length } => ClientError::TooLarge { length },
            problem => broken(Stage::Send, limit)(problem),
        })?;
        let written = self.connection.write_all(&self.outgoing, Deadline::within(limit));
        // An agent that hangs up on us may have said why; then that is what to tell.
        let hung_up = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
            )
        };
        match written {
            Err(error) if self.greeted || !hung_up(&error) => {
                return Err(broken(Stage::Send, limit)(error.into()));
            }
            _ => {}
        }
        self.greeted = true;
        self.waiting = true;
        Ok(())
    }

    /// The next reply to the request that was sent last; after the one that [`Reply::is_last`] there is none.
    ///
    /// # Errors
    /// [`ClientError::Protocol`], [`ClientError::TimedOut`], [`ClientError::Broken`]; the connection is of no more
    /// use after any of them.
    pub fn next_reply(&mut self) -> Result<Reply, ClientError> {
        if self.agent.is_none() {
            let hello: Hello = self.receive(Stage::Hello, Some(self.limits.hello))?;
            if hello.protocol != PROTOCOL {
                return Err(ClientError::Protocol {
                    ours: PROTOCOL,
                    theirs: hello.protocol,
                    their_version: hello.version,
                });
            }
            self.agent = Some(hello);
        }
        let reply: Reply = self.receive(Stage::Reply, self.limits.reply)?;
        self.waiting = !reply.is_last();
        Ok(reply)
    }

    /// The same for events: `None` when nothing came within `limit`, and then the connection goes on.
    ///
    /// # Errors
    /// As [`Client::next_reply`].
    pub fn reply_within(&mut self, limit: Duration) -> Result<Option<Reply>, ClientError> {
        let usual = self.limits.reply.replace(limit);
        let reply = self.next_reply();
        self.limits.reply = usual;
        match reply {
            Err(ClientError::TimedOut {
                stage: Stage::Reply, ..
            }) => Ok(None),
            reply => reply.map(Some),
        }
    }

    fn receive<T: serde::de::DeserializeOwned>(
        &mut self,
        stage: Stage,
        limit: Option<Duration>,
    ) -> Result<T, ClientError> {
        let broken = broken(stage, limit.unwrap_or_default());
        // What has arrived together needs no clock.
        let mut until = None;
        loop {
            match self.reader.frame() {
                Ok(Some(frame)) => return codec::decode(frame).map_err(broken),
                Ok(None) => {}
                Err(problem) => return Err(broken(problem)),
            }
            if until.is_none() {
                until = limit.map(Deadline::within);
            }
            match self.connection.read(self.reader.space(), until) {
                Ok(0) => return Err(broken(self.reader.end())),
                Ok(count) => self.reader.filled(count),
                Err(error) => return Err(broken(error.into())),
            }
        }
    }
}

fn our_hello() -> Hello {
    Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").into(),
        capabilities: Vec::new(),
    }
}

fn broken(stage: Stage, limit: Duration) -> impl FnOnce(CodecError) -> ClientError + Copy {
    move |problem| match problem {
        CodecError::TimedOut => ClientError::TimedOut { stage, limit },
        problem => ClientError::Broken { stage, problem },
    }
}

/// The replies to one request, the last of them included.
#[derive(Debug)]
pub struct Replies<'a> {
    client: &'a mut Client,
    failed: Option<ClientError>,
    over: bool,
}

impl Iterator for Replies<'_> {
    type Item = Result<Reply, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        if self.over {
            return None;
        }
        let reply = self.client.next_reply();
        self.over = match &reply {
            Ok(reply) => reply.is_last(),
            Err(_) => true,
        };
        Some(reply)
    }
}
