//! SIGTERM, SIGINT and SIGHUP.

use std::future::Future;
use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ends with the signal's name when one comes. Listens from the call on, not only from the first poll.
///
/// # Errors
/// When the system does not let us listen.
pub fn stop() -> io::Result<impl Future<Output = &'static str>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            _ = hang_up.recv() => "SIGHUP",
        }
    })
}
