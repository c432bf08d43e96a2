//! Windows' registry, as far as camctl writes into it: strings of this user.
#![expect(unsafe_code, reason = "std does not know the registry")]

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS, WIN32_ERROR};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, KEY_READ, REG_SZ, RRF_RT_REG_SZ, RegCloseKey, RegDeleteKeyValueW, RegDeleteKeyW,
    RegDeleteTreeW, RegGetValueW, RegOpenKeyExW, RegQueryInfoKeyW, RegSetKeyValueW,
};

/// Longer than any path that Windows starts a program by.
const LONGEST: usize = 33_000;

/// The text of a value; the one without a name is the key's own. `None` when there is none, or no text.
pub fn read(key: &str, value: &str) -> Result<Option<String>, String> {
    let (key_z, value_z) = (wide(key), wide(value));
    let mut data = vec![0_u16; LONGEST];
    let mut size = bytes(&data);
    // SAFETY: strings that end with a zero; a buffer of `size` bytes, which the call may lower.
    let error = unsafe {
        RegGetValueW(
            HKEY_CURRENT_USER,
            key_z.as_ptr(),
            value_z.as_ptr(),
            RRF_RT_REG_SZ,
            ptr::null_mut(),
            data.as_mut_ptr().cast(),
            &raw mut size,
        )
    };
    if error == ERROR_FILE_NOT_FOUND {
        return Ok(None);
    }
    check("read", key, value, error)?;
    let end = data.iter().position(|unit| *unit == 0).unwrap_or(data.len());
    Ok(Some(String::from_utf16_lossy(&data[..end])))
}

/// Sets a value; the keys above it are made.
pub fn write(key: &str, value: &str, text: &str) -> Result<(), String> {
    let (key_z, value_z, data) = (wide(key), wide(value), wide(text));
    // SAFETY: strings that end with a zero and live through the call; the size is that of the data in bytes.
    let error = unsafe {
        RegSetKeyValueW(
            HKEY_CURRENT_USER,
            key_z.as_ptr(),
            value_z.as_ptr(),
            REG_SZ,
            data.as_ptr().cast(),
            bytes(&data),
        )
    };
    check("write", key, value, error)
}

/// Removes a value that is there.
pub fn remove(key: &str, value: &str) -> Result<(), String> {
    let (key_z, value_z) = (wide(key), wide(value));
    // SAFETY: strings that end with a zero and live through the call.
    let error = unsafe { RegDeleteKeyValueW(HKEY_CURRENT_USER, key_z.as_ptr(), value_z.as_ptr()) };
    check("remove", key, value, error)
}

/// Removes a key with all that is below it; it may be gone.
pub fn remove_tree(key: &str) -> Result<(), String> {
    let key_z = wide(key);
    // SAFETY: a string that ends with a zero and lives through the call.
    match unsafe { RegDeleteTreeW(HKEY_CURRENT_USER, key_z.as_ptr()) } {
        ERROR_FILE_NOT_FOUND => Ok(()),
        error => check("remove", key, "", error),
    }
}

/// Removes a key in which nothing is; any other stays.
pub fn remove_if_empty(key: &str) {
    if is_empty(key) {
        let key = wide(key);
        // What is left is a key that says nothing.
        // SAFETY: a string that ends with a zero and lives through the call.
        let _ = unsafe { RegDeleteKeyW(HKEY_CURRENT_USER, key.as_ptr()) };
    }
}

fn is_empty(key: &str) -> bool {
    let key = wide(key);
    let mut opened: HKEY = ptr::null_mut();
    // SAFETY: a string that ends with a zero, and room for a handle.
    let error = unsafe { RegOpenKeyExW(HKEY_CURRENT_USER, key.as_ptr(), 0, KEY_READ, &raw mut opened) };
    if error != ERROR_SUCCESS {
        return false;
    }
    let (mut keys, mut values) = (0, 0);
    // SAFETY: the handle was opened above; the call takes null for what is not asked.
    let error = unsafe {
        RegQueryInfoKeyW(
            opened,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
            &raw mut keys,
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut values,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    // SAFETY: opened above, and used no more.
    unsafe { RegCloseKey(opened) };
    error == ERROR_SUCCESS && keys == 0 && values == 0
}

fn check(action: &str, key: &str, value: &str, error: WIN32_ERROR) -> Result<(), String> {
    if error == ERROR_SUCCESS {
        return Ok(());
    }
    let words = io::Error::from_raw_os_error(error.cast_signed());
    Err(format!(
        r"cannot {action} the value {value:?} of HKEY_CURRENT_USER\{key}: {words}"
    ))
}

fn bytes(data: &[u16]) -> u32 {
    u32::try_from(size_of_val(data)).unwrap_or(u32::MAX)
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
