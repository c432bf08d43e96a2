//! The tray's thread on Windows: it owns a hidden window, and pumps that window's messages.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW, TranslateMessage,
    WM_APP,
};

use super::{Order, Shown};

/// A way to the tray's thread.
#[derive(Clone)]
pub struct Line {
    orders: Sender<Order>,
    thread: Arc<OnceLock<u32>>,
}

impl Line {
    pub fn send(&self, order: Order) {
        // Fails only when the thread has ended, and the tray with it.
        if self.orders.send(order).is_ok() {
            self.wake();
        }
    }

    #[expect(
        unsafe_code,
        reason = "only the system call wakes a thread that waits for messages"
    )]
    fn wake(&self) {
        // Before it has a queue of messages, it looks for orders by itself.
        if let Some(thread) = self.thread.get() {
            // SAFETY: takes numbers only. Where the thread is gone it fails, and nobody is left to be woken.
            unsafe { PostThreadMessageW(*thread, WM_APP, 0, 0) };
        }
    }
}

/// The other end.
pub struct Pump {
    orders: Receiver<Order>,
    thread: Arc<OnceLock<u32>>,
}

pub fn pair() -> (Line, Pump) {
    let (sender, orders) = channel();
    let thread = Arc::new(OnceLock::new());
    let line = Line {
        orders: sender,
        thread: Arc::clone(&thread),
    };
    (line, Pump { orders, thread })
}

impl Pump {
    /// Follows orders and pumps messages for ever.
    #[expect(unsafe_code, reason = "a window's messages are had from the system alone")]
    pub fn run(self, shown: &mut Shown) {
        let mut message = MSG::default();
        // SAFETY: `message` lives longer than the calls that write to it; no window is named, so that the messages are
        // those of this thread. Looking once makes the thread's queue, so that nothing sent from here on is lost.
        unsafe {
            PeekMessageW(&raw mut message, std::ptr::null_mut(), 0, 0, PM_NOREMOVE);
            // Set once, here.
            let _ = self.thread.set(GetCurrentThreadId());
        }
        loop {
            // With each message of any kind: while a menu is open, the system swallows those that wake.
            for order in self.orders.try_iter() {
                shown.follow(order);
            }
            // SAFETY: as above; what is dispatched came from the system.
            unsafe {
                if GetMessageW(&raw mut message, std::ptr::null_mut(), 0, 0) <= 0 {
                    return;
                }
                TranslateMessage(&raw const message);
                DispatchMessageW(&raw const message);
            }
        }
    }
}
