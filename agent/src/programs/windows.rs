//! Windows: the time at which a process was made is its own for ever, whatever run of the system it belongs to.
#![expect(unsafe_code, reason = "processes are asked for by system calls")]

use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_INVALID_PARAMETER, FILETIME, GetLastError, HANDLE, WAIT_OBJECT_0,
};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

use super::Life;

/// Not known: so only one's own guards are judged here, never those of others who work at this machine.
pub fn boot() -> Option<String> {
    None
}

pub fn look(pid: u32) -> Life {
    // SAFETY: no pointers.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE, 0, pid) };
    if process.is_null() {
        // SAFETY: no pointers.
        let error = unsafe { GetLastError() };
        return if error == ERROR_INVALID_PARAMETER {
            Life::Dead
        } else {
            Life::Unknown
        };
    }
    let life = of(process);
    // SAFETY: opened above, closed once.
    unsafe { CloseHandle(process) };
    life
}

fn of(process: HANDLE) -> Life {
    // SAFETY: the handle is open. Somebody else's handle may keep the number of a process that has ended.
    if unsafe { WaitForSingleObject(process, 0) } == WAIT_OBJECT_0 {
        return Life::Dead;
    }
    let mut times = [FILETIME::default(); 4];
    let [made, ended, kernel, user] = &mut times;
    // SAFETY: four times to write to.
    if unsafe { GetProcessTimes(process, made, ended, kernel, user) } == 0 {
        return Life::Unknown;
    }
    let made = times[0];
    let started = (u64::from(made.dwHighDateTime) << 32) | u64::from(made.dwLowDateTime);
    Life::Lives { started }
}
