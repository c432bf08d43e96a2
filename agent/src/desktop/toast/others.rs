//! Notifications where the system's library blocks: each on a thread of its own, as long as it stands open.

use std::sync::atomic::{AtomicUsize, Ordering};

use notify_rust::Notification;
use tokio::sync::oneshot;

use super::{MOST, Shown};

/// How many are listened to; each of them keeps a thread.
static LISTENING: AtomicUsize = AtomicUsize::new(0);

/// The system's library finds its own.
#[derive(Clone, Default)]
pub struct Way(());

/// Shows it, and waits for what becomes of it. One that is closed from here stands on, and is not listened to.
pub fn show(_way: &Way, shown: Shown, close: oneshot::Receiver<()>) {
    let health = shown.health.clone();
    let thread = std::thread::Builder::new().name("toast".into()).spawn(move || {
        let _open = close;
        match notification(&shown).show() {
            Ok(handle) => {
                shown.health.shown();
                if LISTENING.fetch_add(1, Ordering::Relaxed) < MOST {
                    handle.wait_for_action(|name| shown.pressed(name));
                }
                LISTENING.fetch_sub(1, Ordering::Relaxed);
            }
            Err(error) => shown.health.failed(&error.to_string()),
        }
    });
    if let Err(error) = thread {
        health.failed(&error.to_string());
    }
}

fn notification(shown: &Shown) -> Notification {
    let mut notification = Notification::new();
    notification
        .appname("camctl")
        .summary(&shown.toast.summary)
        .body(&shown.toast.body);
    for (name, label) in shown.buttons() {
        notification.action(&name, label);
    }
    notification
}
