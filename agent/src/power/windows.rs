//! A window that nobody sees: Windows tells windows when the machine sleeps and when the person logs off. (A program that
//! has any window is told of logoff and shutdown in no other way.)
//!
//! It has a thread of its own, which may keep the system waiting while the agent parks, and sleeps otherwise.

use std::cell::RefCell;
use std::io;
use std::sync::mpsc::channel;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, MSG, PBT_APMRESUMEAUTOMATIC,
    PBT_APMSUSPEND, RegisterClassW, WM_ENDSESSION, WM_POWERBROADCAST, WM_QUERYENDSESSION, WNDCLASSW,
};
use windows_sys::w;

use super::{Delay, Power};

/// Windows waits for two seconds before it sleeps.
const BEFORE_SLEEP: Duration = Duration::from_millis(1800);
/// After five seconds it asks the person whether to go on without us.
const BEFORE_END: Duration = Duration::from_millis(4500);

thread_local! {
    /// Whom the window's thread tells.
    static SAY: RefCell<Option<UnboundedSender<Power>>> = const { RefCell::new(None) };
}

/// Says what Windows says, until nobody listens.
pub async fn watch(say: UnboundedSender<Power>) {
    let told = say.clone();
    let window = std::thread::Builder::new().name("power".into()).spawn(move || {
        SAY.set(Some(told));
        if let Err(error) = pump() {
            tracing::info!(%error, "nobody tells when the machine sleeps");
        }
    });
    if let Err(error) = window {
        tracing::info!(%error, "nobody tells when the machine sleeps");
    }
    say.closed().await;
}

#[expect(unsafe_code, reason = "a window is had from the system alone")]
fn pump() -> io::Result<()> {
    let class = w!("camctl-agent-power");
    let mut message = MSG::default();
    // SAFETY: all texts are constants; `window` and `message` outlive the calls that read or write them; no window belongs
    // to another thread. It is a window of the desktop and not one for messages alone, which would not be told.
    unsafe {
        let window = WNDCLASSW {
            lpfnWndProc: Some(hear),
            hInstance: GetModuleHandleW(std::ptr::null()),
            lpszClassName: class,
            ..WNDCLASSW::default()
        };
        let none = std::ptr::null_mut();
        if RegisterClassW(&raw const window) == 0
            || CreateWindowExW(
                0,
                class,
                w!("camctl"),
                0,
                0,
                0,
                0,
                0,
                none,
                none,
                window.hInstance,
                std::ptr::null(),
            )
            .is_null()
        {
            return Err(io::Error::last_os_error());
        }
        tracing::info!("Windows tells when the machine sleeps");
        while GetMessageW(&raw mut message, none, 0, 0) > 0 {
            DispatchMessageW(&raw const message);
        }
    }
    Ok(())
}

/// What the window is told. `1` lets the person log off: what has to be done is done when that is certain.
#[expect(unsafe_code, reason = "the system calls it")]
unsafe extern "system" fn hear(window: HWND, message: u32, what: WPARAM, more: LPARAM) -> LRESULT {
    match (message, u32::try_from(what)) {
        (WM_QUERYENDSESSION, _) => 1,
        (WM_ENDSESSION, Ok(0)) => 0,
        (WM_ENDSESSION, _) => {
            tell(BEFORE_END, Power::Ends);
            0
        }
        (WM_POWERBROADCAST, Ok(PBT_APMSUSPEND)) => {
            tell(BEFORE_SLEEP, |delay| Power::Leaving {
                how: "sleep",
                limit: BEFORE_SLEEP,
                delay,
            });
            1
        }
        (WM_POWERBROADCAST, Ok(PBT_APMRESUMEAUTOMATIC)) => {
            say(Power::Back);
            1
        }
        // SAFETY: what the system said is given back to it.
        _ => unsafe { DefWindowProcW(window, message, what, more) },
    }
}

/// Says it, and waits until whoever was told has done what there is to do.
fn tell(limit: Duration, power: impl FnOnce(Delay) -> Power) {
    let (delay, done) = channel::<()>();
    say(power(Delay::new(delay)));
    // Ends with the delay.
    let _ = done.recv_timeout(limit);
}

fn say(power: Power) {
    SAY.with_borrow(|told| {
        if let Some(told) = told {
            // Fails only when the agent stops.
            let _ = told.send(power);
        }
    });
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::UI::WindowsAndMessaging::{FindWindowW, SendMessageW};

    use super::*;

    /// Given a screen, when Windows says that the machine sleeps, wakes, and that the person logs off, then that is passed on,
    /// and Windows waits for as long as somebody is at it.
    #[tokio::test]
    #[expect(unsafe_code, reason = "as the system tells the window")]
    async fn what_windows_says_is_passed_on_and_it_waits() {
        if std::env::var("DISPLAY").is_err() && std::env::var("WINEPREFIX").is_ok() {
            return;
        }
        let (say, mut heard) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(watch(say));
        tokio::task::yield_now().await;
        let send = |message, what| {
            std::thread::spawn(move || {
                let mut window: HWND = std::ptr::null_mut();
                while window.is_null() {
                    std::thread::yield_now();
                    // SAFETY: the texts are constants.
                    window = unsafe { FindWindowW(w!("camctl-agent-power"), w!("camctl")) };
                }
                // SAFETY: takes numbers only.
                unsafe { SendMessageW(window, message, what, 0) }
            })
        };
        assert_eq!(send(WM_QUERYENDSESSION, 0).join().unwrap(), 1);
        let sleep = send(WM_POWERBROADCAST, PBT_APMSUSPEND as usize);
        let Some(Power::Leaving { how, delay, .. }) = heard.recv().await else {
            panic!("it sleeps")
        };
        assert_eq!(how, "sleep");
        assert!(!sleep.is_finished(), "it waits");
        drop(delay);
        assert_eq!(sleep.join().unwrap(), 1);
        send(WM_POWERBROADCAST, PBT_APMRESUMEAUTOMATIC as usize)
            .join()
            .unwrap();
        assert!(matches!(heard.recv().await, Some(Power::Back)));
        send(WM_ENDSESSION, 0).join().unwrap();
        let end = send(WM_ENDSESSION, 1);
        let Some(Power::Ends(delay)) = heard.recv().await else {
            panic!("the person logs off")
        };
        drop(delay);
        end.join().unwrap();
    }
}
