//! Windows of other programs: found by their titles, read, closed.
#![expect(unsafe_code, reason = "std knows no windows")]

use std::ptr;

use testkit::{LONG, wait_for};
use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    FindWindowExW, FindWindowW, PostMessageW, SendMessageW, WM_CLOSE, WM_GETTEXT,
};

/// The class of dialogs, message boxes among them.
const DIALOG: &str = "#32770";
/// So much of each text is read.
const LONGEST: usize = 4096;

/// A window that is open.
pub struct Window(HWND);

impl Window {
    /// Waits for one with this title.
    #[track_caller]
    pub fn titled(title: &str) -> Self {
        let (class, title_z) = (wide(DIALOG), wide(title));
        wait_for(LONG, &format!("a window says {title:?}"), || {
            // SAFETY: strings that end with a zero and live through the call.
            let found = unsafe { FindWindowW(class.as_ptr(), title_z.as_ptr()) };
            (!found.is_null()).then_some(Self(found))
        })
    }

    /// What it says, once it says anything.
    #[track_caller]
    pub fn text(&self) -> String {
        wait_for(LONG, "the window has a text", || {
            let text = self.texts();
            (!text.is_empty()).then_some(text)
        })
    }

    fn texts(&self) -> String {
        let class = wide("Static");
        let (mut text, mut last) = (String::new(), ptr::null_mut());
        loop {
            // SAFETY: a window that was found, one of its own or none to begin after, a string that ends with a zero.
            last = unsafe { FindWindowExW(self.0, last, class.as_ptr(), ptr::null()) };
            if last.is_null() {
                return text;
            }
            let mut line = vec![0_u16; LONGEST];
            // SAFETY: room for as many units as are said; a window that is gone answers nothing.
            let length = unsafe { SendMessageW(last, WM_GETTEXT, LONGEST, line.as_mut_ptr() as isize) };
            let length = usize::try_from(length).unwrap_or_default().min(LONGEST);
            text += &String::from_utf16_lossy(&line[..length]);
        }
    }

    /// As a click on its cross does.
    pub fn close(self) {
        // SAFETY: a message without pointers; a window that is gone hears nothing.
        unsafe { PostMessageW(self.0, WM_CLOSE, 0, 0) };
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
