//! Whether there is a session bus: the tray lives and dies with it, and does not notice by itself.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::sleep;
use zbus::export::futures_core::Stream as _;
use zbus::{Connection, MessageStream};

/// The bus is looked for again after so long; twice as long each time, up to [`RARELY`].
const AT_FIRST: Duration = Duration::from_secs(2);
/// A machine that nobody sits at costs one look in so long.
const RARELY: Duration = Duration::from_secs(60);

/// Says `true` whenever a bus is there, and `false` when it is gone. Never ends.
pub async fn watch(mut say: impl FnMut(bool)) {
    let mut wait = AT_FIRST;
    let mut told = false;
    loop {
        match Connection::session().await {
            Ok(bus) => {
                (wait, told) = (AT_FIRST, false);
                say(true);
                end_of(&bus).await;
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
    while let Some(Ok(_)) = poll_fn(|context| Pin::new(&mut messages).poll_next(context)).await {}
}
