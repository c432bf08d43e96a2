//! Terminals on Unix.

use rustix::termios::tcgetwinsize;

/// Every terminal on Unix does, or says `TERM=dumb`.
pub(super) fn understands_colour() -> bool {
    true
}

/// The columns of the terminal that standard output is.
pub(super) fn columns() -> Option<usize> {
    let size = tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}
