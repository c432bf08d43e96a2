//! One connection's frames, in and out.
//!
//! [`Incoming`] and [`Replies`] are the two halves, so that a client's leaving is noticed while it is answered. Reading
//! can be stopped between any two bytes without losing one.

use std::future::pending;
use std::time::Duration;

use camctl_shared::ipc::codec::{self, CodecError, FrameReader};
use camctl_shared::ipc::message::{Fault, Reply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// Replies are sent together up to so many bytes.
const TOGETHER: usize = 64 << 10;
/// What a client may send ahead while it is answered; then it is not listened to any more.
const AHEAD: usize = 64 << 10;

/// The client is gone, or does not take what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// What the client says.
pub struct Incoming {
    from: Box<dyn AsyncRead + Send + Unpin>,
    frames: FrameReader,
    ahead: usize,
}

impl Incoming {
    /// Reads from `from`.
    pub fn new(from: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self {
            from: Box::new(from),
            frames: FrameReader::new(),
            ahead: 0,
        }
    }

    /// The next message. `start` limits the wait for its first byte, `rest` the wait for the others.
    ///
    /// # Errors
    /// As the codec says; the connection is over then.
    pub async fn next<T: DeserializeOwned>(
        &mut self,
        start: Duration,
        rest: Duration,
    ) -> Result<T, CodecError> {
        self.ahead = 0;
        if let Some(frame) = self.frames.frame()? {
            return codec::decode(frame);
        }
        if matches!(self.frames.end(), CodecError::Closed) {
            timeout(start, self.fill())
                .await
                .map_err(|_| CodecError::TimedOut)??;
        }
        timeout(rest, async {
            loop {
                if let Some(frame) = self.frames.frame()? {
                    return codec::decode(frame);
                }
                self.fill().await?;
            }
        })
        .await
        .map_err(|_| CodecError::TimedOut)?
    }

    async fn fill(&mut self) -> Result<usize, CodecError> {
        let count = self.from.read(self.frames.space()).await?;
        if count == 0 {
            return Err(self.frames.end());
        }
        self.frames.filled(count);
        Ok(count)
    }

    /// Ends when the client has left. What it sends meanwhile is kept for [`Incoming::next`].
    pub async fn gone(&mut self) {
        loop {
            if self.ahead > AHEAD {
                return pending().await;
            }
            match self.fill().await {
                Ok(count) => self.ahead += count,
                Err(_) => return,
            }
        }
    }
}

/// What the client is told.
pub struct Replies {
    to: Box<dyn AsyncWrite + Send + Unpin>,
    buffer: Vec<u8>,
    limit: Duration,
}

impl Replies {
    /// Writes to `to`; a client that does not take a reply within `limit` is gone.
    pub fn new(to: impl AsyncWrite + Send + Unpin + 'static, limit: Duration) -> Self {
        Self {
            to: Box::new(to),
            buffer: Vec::new(),
            limit,
        }
    }

    /// For streams of events: a client that reads slowly misses some, and is waited for.
    pub fn be_patient(&mut self) {
        self.limit = Duration::MAX;
    }

    /// Adds a reply; it is sent when enough have come together, or by [`Replies::flush`].
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn add(&mut self, reply: &Reply) -> Result<(), Gone> {
        self.encode(reply)?;
        if self.buffer.len() >= TOGETHER {
            self.flush().await
        } else {
            Ok(())
        }
    }

    /// Adds a reply and sends everything.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn send(&mut self, reply: &Reply) -> Result<(), Gone> {
        self.encode(reply)?;
        self.flush().await
    }

    /// Sends a message that is no reply.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn send_message(&mut self, message: &impl Serialize) -> Result<(), Gone> {
        codec::encode_into(message, &mut self.buffer).map_err(|_| Gone)?;
        self.flush().await
    }

    /// A frame that was made elsewhere; sent without a copy when it is worth it.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn add_frame(&mut self, frame: &[u8]) -> Result<(), Gone> {
        if frame.len() < TOGETHER / 4 {
            self.buffer.extend_from_slice(frame);
            return if self.buffer.len() >= TOGETHER {
                self.flush().await
            } else {
                Ok(())
            };
        }
        self.flush().await?;
        match timeout(self.limit, self.to.write_all(frame)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    fn encode(&mut self, reply: &Reply) -> Result<(), Gone> {
        let Err(error) = codec::encode_into(reply, &mut self.buffer) else {
            return Ok(());
        };
        tracing::error!(%error, "a reply could not be sent");
        let instead = Reply::Failed(Fault::Internal {
            problem: format!("the answer is too long to be sent: {error}"),
        });
        codec::encode_into(&instead, &mut self.buffer).map_err(|_| Gone)
    }

    /// Sends everything that was added.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn flush(&mut self) -> Result<(), Gone> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let sent = timeout(self.limit, async {
            self.to.write_all(&self.buffer).await?;
            self.to.flush().await
        });
        let sent = matches!(sent.await, Ok(Ok(())));
        self.buffer.clear();
        if self.buffer.capacity() > 4 * TOGETHER {
            self.buffer = Vec::new();
        }
        if sent { Ok(()) } else { Err(Gone) }
    }
}
