//! The session bus: one connection for all that the agent says there itself, and whether there is a bus at all. The tray
//! lives and dies with it, and does not notice by itself.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::sleep;
use zbus::export::futures_core::Stream as _;
use zbus::{Connection, Message, MessageStream};

/// The bus is looked for again after so long; twice as long each time, up to [`RARELY`].
const AT_FIRST: Duration = Duration::from_secs(2);
/// A machine that nobody sits at costs one look in so long.
const RARELY: Duration = Duration::from_secs(60);

/// The agent's connection, made when somebody needs it.
#[derive(Clone, Default)]
pub struct Bus(Arc<Mutex<Option<Connection>>>);

impl Bus {
    /// The one that is there, or a new one.
    pub async fn connection(&self) -> zbus::Result<Connection> {
        let mut kept = self.0.lock().await;
        if let Some(bus) = &*kept {
            return Ok(bus.clone());
        }
        Ok(kept.insert(Connection::session().await?).clone())
    }

    /// The one that is there has failed.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

/// The next message, whatever it says; `None` when there are none any more.
pub async fn next(messages: &mut MessageStream) -> Option<Message> {
    let next = poll_fn(|context| Pin::new(&mut *messages).poll_next(context)).await;
    next.and_then(Result::ok)
}

/// Says `true` whenever a bus is there, and `false` when it is gone. Never ends.
pub async fn watch(bus: Bus, mut say: impl FnMut(bool)) {
    let mut wait = AT_FIRST;
    let mut told = false;
    loop {
        match bus.connection().await {
            Ok(connection) => {
                (wait, told) = (AT_FIRST, false);
                say(true);
                end_of(&connection).await;
                bus.forget().await;
                say(false);
                tracing::info!("the session bus is gone");
            }
            Err(error) if !told => {
                told = true;
                tracing::info!(%error, "no session bus, and so no desktop; it is looked for now and then");
            }
            Err(_) => {}
        }
        sleep(wait).await;
        wait = RARELY.min(wait * 2);
    }
}

/// Waits until the connection ends. Nothing is sent to it but its own name.
async fn end_of(bus: &Connection) {
    let mut messages = MessageStream::from(bus);
    while next(&mut messages).await.is_some() {}
}
