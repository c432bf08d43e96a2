//! Consoles on Windows.
#![expect(
    unsafe_code,
    reason = "the console is asked by system calls that fill plain structures"
)]

use std::os::windows::io::AsRawHandle as _;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Console::{
    CONSOLE_SCREEN_BUFFER_INFO, ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode,
    GetConsoleScreenBufferInfo, SetConsoleMode,
};

fn understands(handle: HANDLE) -> bool {
    let mut mode = 0;
    // SAFETY: `handle` lives as long as the process, `mode` is a local that the call fills.
    let known = unsafe { GetConsoleMode(handle, &raw mut mode) } != 0;
    // SAFETY: as above; the call takes a number.
    known && unsafe { SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) } != 0
}

/// Consoles understand colour once they are told to.
pub(super) fn understands_colour() -> bool {
    let out = understands(std::io::stdout().as_raw_handle().cast());
    let err = understands(std::io::stderr().as_raw_handle().cast());
    out || err
}

/// The columns of the console's window.
pub(super) fn columns() -> Option<usize> {
    // SAFETY: a structure of plain numbers, for which zero is a value.
    let mut info: CONSOLE_SCREEN_BUFFER_INFO = unsafe { std::mem::zeroed() };
    let handle = std::io::stdout().as_raw_handle().cast();
    // SAFETY: `handle` lives as long as the process, `info` is a local that the call fills.
    if unsafe { GetConsoleScreenBufferInfo(handle, &raw mut info) } == 0 {
        return None;
    }
    usize::try_from(i32::from(info.srWindow.Right) - i32::from(info.srWindow.Left) + 1).ok()
}
