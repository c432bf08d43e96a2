//! Windows: a message box, which every version has. Its buttons have words of their own, so the text says what each does.
#![expect(unsafe_code, reason = "std shows no windows")]

use std::ptr;

use windows_sys::Win32::UI::WindowsAndMessaging::{
    IDNO, IDYES, MB_DEFBUTTON3, MB_ICONERROR, MB_ICONINFORMATION, MB_ICONWARNING, MB_OK, MB_SETFOREGROUND,
    MB_YESNOCANCEL, MessageBoxW,
};

use super::{Choice, Kind, Message};

const MEANING: &str = "Yes: wait in line\nNo: ask for it\nCancel: close";

pub(super) fn show(message: &Message) -> Choice {
    let style = match message.kind {
        Kind::Problem => MB_OK | MB_ICONERROR,
        Kind::News => MB_OK | MB_ICONINFORMATION,
        // Enter presses the third button, which is "Cancel", as Escape and the window's cross are.
        Kind::Offer => MB_YESNOCANCEL | MB_DEFBUTTON3 | MB_ICONWARNING,
    };
    let offers = message.kind == Kind::Offer;
    let text = if offers {
        format!("{}\n\n{MEANING}", message.text)
    } else {
        message.text.clone()
    };
    let (text, title) = (wide(&text), wide(message.title));
    // SAFETY: strings that end with a zero and live through the call; no window owns this one.
    let pressed = unsafe {
        MessageBoxW(
            ptr::null_mut(),
            text.as_ptr(),
            title.as_ptr(),
            style | MB_SETFOREGROUND,
        )
    };
    match pressed {
        IDYES if offers => Choice::Wait,
        IDNO if offers => Choice::Ask,
        _ => Choice::Leave,
    }
}

/// A message box has no room for words: the request goes without.
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere a person may want nothing after all"
)]
pub(super) fn words(_question: &str) -> Option<String> {
    Some(String::new())
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
