//! Windows: the Run key of this user.
#![expect(unsafe_code, reason = "std does not know the registry")]

use std::io;
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS, WIN32_ERROR};
use windows_sys::Win32::System::Registry::{
    HKEY_CURRENT_USER, REG_SZ, RRF_RT_REG_SZ, RegDeleteKeyValueW, RegGetValueW, RegSetKeyValueW,
};

use super::{State, Way, Whom};
use crate::agent_start::PROGRAM;

const WAY: Way = Way {
    word: "run_key",
    text: "by the Run key of the registry",
};
const KEY: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
const VALUE: &str = "camctl";
/// The command line without a console: it starts the agent without one.
const WINDOWLESS: &str = "camctlw.exe";

/// What the Run key says. The agent itself is a program of the console: it would open one.
fn line(whom: &Whom) -> String {
    let windowless = Path::new(&whom.program).with_file_name(WINDOWLESS);
    if windowless.is_file() {
        format!("\"{}\" agent start", windowless.display())
    } else {
        format!("\"{}\"", whom.program)
    }
}

fn is_ours(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.contains(PROGRAM) || line.contains(WINDOWLESS)
}

pub(super) fn state(whom: &Whom) -> Result<State, String> {
    Ok(match read()? {
        Some(found) if is_ours(&found) => State {
            way: Some(WAY),
            place: Some(format!(r"HKEY_CURRENT_USER\{KEY}\{VALUE}")),
            problem: (found != line(whom)).then(|| {
                "it starts another agent than this camctl's; \"camctl agent enable\" mends it".to_owned()
            }),
        },
        _ => State::default(),
    })
}

pub(super) fn enable(whom: &Whom) -> Result<State, String> {
    if read()?.is_some_and(|found| !is_ours(&found)) {
        return Err(format!(
            r"HKEY_CURRENT_USER\{KEY} has a value {VALUE} that was not written by camctl, and is left as it is"
        ));
    }
    let (key, value, data) = (wide(KEY), wide(VALUE), wide(&line(whom)));
    let size = u32::try_from(size_of_val(data.as_slice())).unwrap_or(u32::MAX);
    // SAFETY: strings that end with a zero and live through the call; `size` is that of the data in bytes.
    let error = unsafe {
        RegSetKeyValueW(
            HKEY_CURRENT_USER,
            key.as_ptr(),
            value.as_ptr(),
            REG_SZ,
            data.as_ptr().cast(),
            size,
        )
    };
    check("write", error)?;
    state(whom)
}

pub(super) fn disable() -> Result<bool, String> {
    if !read()?.is_some_and(|found| is_ours(&found)) {
        return Ok(false);
    }
    let (key, value) = (wide(KEY), wide(VALUE));
    // SAFETY: strings that end with a zero and live through the call.
    let error = unsafe { RegDeleteKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), value.as_ptr()) };
    check("remove", error)?;
    Ok(true)
}

/// The Run key is read at login alone.
pub(super) fn start(_whom: &Whom) -> bool {
    false
}

fn read() -> Result<Option<String>, String> {
    let (key, value) = (wide(KEY), wide(VALUE));
    // Longer than any path that Windows starts a program by.
    let mut data = vec![0_u16; 33_000];
    let mut size = u32::try_from(size_of_val(data.as_slice())).unwrap_or(u32::MAX);
    // SAFETY: strings that end with a zero; a buffer of `size` bytes, which the call may lower.
    let error = unsafe {
        RegGetValueW(
            HKEY_CURRENT_USER,
            key.as_ptr(),
            value.as_ptr(),
            RRF_RT_REG_SZ,
            ptr::null_mut(),
            data.as_mut_ptr().cast(),
            &raw mut size,
        )
    };
    if error == ERROR_FILE_NOT_FOUND {
        return Ok(None);
    }
    check("read", error)?;
    let end = data.iter().position(|unit| *unit == 0).unwrap_or(data.len());
    Ok(Some(String::from_utf16_lossy(&data[..end])))
}

fn check(action: &str, error: WIN32_ERROR) -> Result<(), String> {
    if error == ERROR_SUCCESS {
        return Ok(());
    }
    let words = io::Error::from_raw_os_error(error.cast_signed());
    Err(format!(
        r"cannot {action} the value {VALUE} of HKEY_CURRENT_USER\{KEY}: {words}"
    ))
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
