//! Names on Windows.
#![expect(
    unsafe_code,
    reason = "GetUserNameW and GetComputerNameExW have no safe form in std"
)]

use std::io;

use windows_sys::Win32::System::SystemInformation::{ComputerNamePhysicalDnsHostname, GetComputerNameExW};
use windows_sys::Win32::System::WindowsProgramming::GetUserNameW;

/// Longer than any account or host name, in UTF-16 units.
const ROOM: usize = 1024;

pub(super) fn user() -> Result<String, String> {
    // SAFETY: `buffer` has room for `size` units.
    ask(|buffer, size| unsafe { GetUserNameW(buffer, size) })
}

pub(super) fn machine() -> Result<String, String> {
    // SAFETY: `buffer` has room for `size` units.
    let host =
        ask(|buffer, size| unsafe { GetComputerNameExW(ComputerNamePhysicalDnsHostname, buffer, size) })?;
    super::unmistakable(&host, None)
}

/// Calls a function that writes a name with a zero behind it into a buffer and says whether that worked.
fn ask(call: impl FnOnce(*mut u16, *mut u32) -> i32) -> Result<String, String> {
    let mut buffer = [0_u16; ROOM];
    let mut size = u32::try_from(ROOM).unwrap_or(0);
    if call(buffer.as_mut_ptr(), &raw mut size) == 0 {
        return Err(io::Error::last_os_error().to_string());
    }
    let end = buffer.iter().position(|unit| *unit == 0).unwrap_or(ROOM);
    String::from_utf16(&buffer[..end]).map_err(|_| "it is not Unicode".to_owned())
}
