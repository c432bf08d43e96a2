//! A process of its own on Windows.

use std::os::windows::process::CommandExt as _;
use std::process::Command;

use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

/// No window, and a process group of its own. `DETACHED_PROCESS` would make Windows ignore `CREATE_NO_WINDOW`, and
/// programs that the agent starts would open consoles.
pub(super) fn detach(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}
