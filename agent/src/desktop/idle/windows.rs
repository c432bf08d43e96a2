//! The last input of the person's session.

use std::future::{Future, ready};
use std::time::Duration;

use windows_sys::Win32::System::SystemInformation::GetTickCount;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{GetLastInputInfo, LASTINPUTINFO};

/// For how long nothing was touched.
pub fn untouched() -> impl Future<Output = Option<Duration>> {
    ready(since_last_input())
}

#[expect(unsafe_code, reason = "known to the system alone")]
fn since_last_input() -> Option<Duration> {
    let mut last = LASTINPUTINFO {
        cbSize: u32::try_from(size_of::<LASTINPUTINFO>()).ok()?,
        dwTime: 0,
    };
    // SAFETY: `last` says its size, and outlives the call.
    let (known, now) = unsafe { (GetLastInputInfo(&raw mut last), GetTickCount()) };
    // Both begin again after 49 days.
    let passed = now.wrapping_sub(last.dwTime);
    (known != 0).then(|| Duration::from_millis(passed.into()))
}
