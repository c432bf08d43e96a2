//! One connection's frames, in and out.
//!
//! [`Incoming`] and [`Replies`] are the two halves, so that a client's leaving is noticed while it is answered. Reading
//! can be stopped between any two bytes without losing one.
//!
//! Short messages are read as they come. Long ones share [`Room`] until they are served, so that a crowd of clients that
//! each stop in the middle of one, or ask for something that takes long, cannot have the agent hold all of that.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::ipc::codec::{self, CodecError, FrameReader, MAX_FRAME, PREFIX};
use camctl_shared::ipc::message::{Fault, Reply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Replies are sent together up to so many bytes.
const TOGETHER: usize = 64 << 10;
/// Messages up to so many bytes need no room of their own.
const SHORT: usize = 16 << 10;
/// What a client may send ahead while it is answered; then it is not listened to any more.
const AHEAD: usize = SHORT;

/// The client is gone, or does not take what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// How many bytes of long messages all clients together may be sending, or be waiting for the answers of, at one time;
/// first come, first served.
#[derive(Clone)]
pub struct Room(Arc<Semaphore>);

impl Room {
    /// Room for so many; at least one message of the longest kind fits.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.max(PREFIX + MAX_FRAME))))
    }

    /// Room for a message of that length, as long as what is returned lives.
    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).ok()?;
        Arc::clone(&self.0).acquire_many_owned(bytes).await.ok()
    }
}

/// A message that was heard.
#[derive(Debug)]
pub struct Heard<T> {
    /// It.
    pub message: T,
    /// The room that a long one takes: to be kept as long as the message is.
    pub room: Option<OwnedSemaphorePermit>,
}

/// Why there is no next message.
#[derive(Debug)]
pub enum Unheard {
    /// As the codec says.
    Codec(CodecError),
    /// Others were sending so much, for so long, that there was no room for this one.
    NoRoom,
}

impl From<CodecError> for Unheard {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

/// What the client says.
pub struct Incoming {
    from: Box<dyn AsyncRead + Send + Unpin>,
    frames: FrameReader,
    ahead: usize,
    room: Room,
}

impl Incoming {
    /// Reads from `from`.
    pub fn new(from: impl AsyncRead + Send + Unpin + 'static, room: Room) -> Self {
        Self {
            from: Box::new(from),
            frames: FrameReader::keeping(SHORT),
            ahead: 0,
            room,
        }
    }

    /// The next message. `start` limits the wait for its first byte; `rest` limits the waits for its length, for room,
    /// and for the others.
    ///
    /// # Errors
    /// The connection is over then.
    pub async fn next<T: DeserializeOwned>(
        &mut self,
        start: Duration,
        rest: Duration,
    ) -> Result<Heard<T>, Unheard> {
        self.ahead = 0;
        let message = self.message(start, rest).await;
        // What a message has filled is not kept while it is served.
        self.frames.space();
        message
    }

    async fn message<T: DeserializeOwned>(
        &mut self,
        start: Duration,
        rest: Duration,
    ) -> Result<Heard<T>, Unheard> {
        if let Some(frame) = self.frames.frame()? {
            // It came with the one before it, so it is short.
            let message = codec::decode(frame)?;
            return Ok(Heard { message, room: None });
        }
        if matches!(self.frames.end(), CodecError::Closed) {
            timeout(start, self.fill())
                .await
                .map_err(|_| CodecError::TimedOut)??;
        }
        let length = timeout(rest, self.length())
            .await
            .map_err(|_| CodecError::TimedOut)??;
        let room = if length > SHORT {
            let room = timeout(rest, self.room.take(length)).await;
            room.map_err(|_| Unheard::NoRoom)?
        } else {
            None
        };
        let message = timeout(rest, self.rest()).await;
        let message = message.map_err(|_| CodecError::TimedOut)??;
        Ok(Heard { message, room })
    }

    async fn rest<T: DeserializeOwned>(&mut self) -> Result<T, CodecError> {
        loop {
            if let Some(frame) = self.frames.frame()? {
                return codec::decode(frame);
            }
            self.fill().await?;
        }
    }

    /// How long the message is that has begun.
    async fn length(&mut self) -> Result<usize, CodecError> {
        loop {
            if let Some(length) = self.frames.announced()? {
                return Ok(length);
            }
            self.fill().await?;
        }
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

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    /// For what must not happen in a test that goes well.
    const LONG: Duration = Duration::from_secs(20);

    fn client(room: &Room) -> (DuplexStream, Incoming) {
        let (client, agent) = duplex(2 * MAX_FRAME);
        (client, Incoming::new(agent, room.clone()))
    }

    fn message(length: usize) -> Vec<u8> {
        codec::encode(&"x".repeat(length)).unwrap()
    }

    #[tokio::test]
    async fn clients_that_stall_in_long_messages_share_what_they_hold() {
        let room = Room::new(0);
        let (mut stalling, mut incoming) = client(&room);
        let long = message(MAX_FRAME - 100);
        stalling.write_all(&long[..MAX_FRAME / 2]).await.unwrap();
        let stalled = tokio::spawn(async move { incoming.next::<String>(LONG, LONG).await });
        while room.0.available_permits() > MAX_FRAME / 2 {
            tokio::task::yield_now().await;
        }

        let (mut short, mut incoming) = client(&room);
        short.write_all(&message(100)).await.unwrap();
        let heard = incoming.next::<String>(LONG, LONG).await.unwrap();
        assert_eq!((heard.message.len(), heard.room.is_none()), (100, true));

        let (mut second, mut incoming) = client(&room);
        second.write_all(&message(MAX_FRAME / 2)).await.unwrap();
        let crowded = incoming.next::<String>(LONG, Duration::from_millis(50)).await;
        assert!(matches!(crowded, Err(Unheard::NoRoom)), "{crowded:?}");

        drop(stalling);
        let cut = stalled.await.unwrap();
        assert!(
            matches!(cut, Err(Unheard::Codec(CodecError::Truncated { .. }))),
            "{cut:?}"
        );
        let late = incoming.next::<String>(LONG, LONG).await.unwrap();
        assert_eq!(late.message.len(), MAX_FRAME / 2, "there is room again");
        let left = room.0.available_permits();
        assert!(
            left < PREFIX + MAX_FRAME / 2,
            "it takes room while it is served: {left}"
        );

        let (mut third, mut incoming) = client(&room);
        third.write_all(&message(MAX_FRAME / 2)).await.unwrap();
        let crowded = incoming.next::<String>(LONG, Duration::from_millis(50)).await;
        assert!(matches!(crowded, Err(Unheard::NoRoom)), "{crowded:?}");
        drop(late);
        incoming.next::<String>(LONG, LONG).await.unwrap();
        assert_eq!(room.0.available_permits(), PREFIX + MAX_FRAME);
    }
}
