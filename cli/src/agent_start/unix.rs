//! A process of its own on Unix.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// A process group of its own: signals of the terminal go to groups, and not to this one.
pub(super) fn detach(command: &mut Command) {
    command.process_group(0);
}
