//! Ctrl-C, the console's end, logoff and shutdown.

use std::future::Future;
use std::io;

use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

/// Ends with the signal's name when one comes. Listens from the call on, not only from the first poll.
///
/// # Errors
/// When the system does not let us listen.
pub fn stop() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = ctrl_c()?;
    let mut pause = ctrl_break()?;
    let mut close = ctrl_close()?;
    let mut logoff = ctrl_logoff()?;
    let mut shutdown = ctrl_shutdown()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = pause.recv() => "Ctrl-Break",
            _ = close.recv() => "close",
            _ = logoff.recv() => "logoff",
            _ = shutdown.recv() => "shutdown",
        }
    })
}
