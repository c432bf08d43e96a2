//! A process of its own on Windows.
#![expect(
    unsafe_code,
    reason = "which handles a child gets is a flag of each handle, which std does not set"
)]

use std::os::windows::process::CommandExt as _;
use std::process::Command;

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Console::{
    GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

/// No window, and a process group of its own. `DETACHED_PROCESS` would make Windows ignore `CREATE_NO_WINDOW`, and
/// programs that the agent starts would open consoles.
pub(super) fn detach(command: &mut Command) {
    keep_streams();
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// Keeps this command's own streams from the agent. A child gets every handle that may be inherited, whatever its
/// streams are: whoever reads what this command prints would wait for the agent's end.
fn keep_streams() {
    for stream in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: a constant; the answer may be null or invalid, which the next call refuses.
        let handle = unsafe { GetStdHandle(stream) };
        // SAFETY: a handle of this process that stays open, or none. A console's may refuse; those end with the console.
        unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) };
    }
}
