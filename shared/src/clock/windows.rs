//! Time since the machine's start on Windows.
#![expect(unsafe_code, reason = "GetTickCount64 is a system call without arguments")]

use std::time::Duration;

use windows_sys::Win32::System::SystemInformation::GetTickCount64;

/// `GetTickCount64` counts sleep; its 10–16 ms steps are fine for leases, which last seconds at least.
pub(super) fn since_start() -> Duration {
    // SAFETY: no arguments, no preconditions.
    Duration::from_millis(unsafe { GetTickCount64() })
}
