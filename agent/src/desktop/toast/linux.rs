//! Notifications by the session bus, on the agent's runtime.

use std::time::Duration;

use notify_rust::{Hint, NotificationResponse, Urgency as Level};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Shown;
use crate::desktop::words::{Urgency, escaped};

/// A server that owes an answer for so long has none.
const PATIENCE: Duration = Duration::from_secs(10);
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Shows it, and waits for what becomes of it; `close` ends that.
pub fn show(shown: Shown, close: oneshot::Receiver<()>) {
    tokio::spawn(async move {
        match timeout(PATIENCE, send(&shown)).await {
            Ok(Ok(handle)) => {
                shown.health.shown();
                let answered = handle.wait_for_action_async(|response: &NotificationResponse| {
                    if let NotificationResponse::Action(name) = response {
                        shown.pressed(name);
                    }
                });
                tokio::select! {
                    () = answered => {}
                    _ = close => {
                        // It may be gone already.
                        let _ = timeout(PATIENCE, handle.close_async()).await;
                    }
                }
            }
            Ok(Err(problem)) => shown.health.failed(&problem),
            Err(_) => shown.health.failed("the server does not answer"),
        }
    });
}

async fn send(shown: &Shown) -> Result<notify_rust::NotificationHandle, String> {
    let abilities = abilities().await.map_err(|error| error.to_string())?;
    let able = |what: &str| abilities.iter().any(|ability| ability == what);
    let toast = &shown.toast;
    let body = if able("body-markup") {
        escaped(&toast.body)
    } else {
        toast.body.clone()
    };
    let mut notification = shown.notification(&body, able("actions"));
    let (level, icon) = match toast.urgency {
        Urgency::Low => (Level::Low, "dialog-information"),
        Urgency::Normal => (Level::Normal, "dialog-information"),
        Urgency::Critical => (Level::Critical, "dialog-warning"),
    };
    notification
        .urgency(level)
        .icon(icon)
        .hint(Hint::DesktopEntry("camctl".to_owned()));
    notification.show_async().await.map_err(|error| error.to_string())
}

/// What the server can do. Asked each time: it may be another one by now.
async fn abilities() -> zbus::Result<Vec<String>> {
    let bus = zbus::Connection::session().await?;
    let answer = bus
        .call_method(Some(NAME), PATH, Some(NAME), "GetCapabilities", &())
        .await?;
    answer.body().deserialize()
}
