//! What the terminal can do. Asked only when something is printed.

use std::io::IsTerminal as _;

use super::style::Style;

#[cfg(unix)]
#[path = "terminal/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "terminal/windows.rs"]
mod platform;

fn style(terminal: bool) -> Style {
    if !terminal || !platform::understands_colour() {
        return Style::plain();
    }
    let variable = |name| std::env::var(name).ok();
    Style::for_stream(
        terminal,
        variable("NO_COLOR").as_deref(),
        variable("TERM").as_deref(),
    )
}

/// The style of standard output.
pub fn stdout_style() -> Style {
    style(std::io::stdout().is_terminal())
}

/// The style of standard error.
pub fn stderr_style() -> Style {
    style(stderr_is_terminal())
}

/// Whether standard error is a terminal: whether progress can be shown on a line that goes away again.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether any of the standard streams is a terminal.
pub fn is_any() -> bool {
    std::io::stdin().is_terminal() || std::io::stdout().is_terminal() || stderr_is_terminal()
}

/// The columns of the terminal that standard output is; `None` when it is none.
pub fn columns() -> Option<usize> {
    if std::io::stdout().is_terminal() {
        platform::columns()
    } else {
        None
    }
}
