//! Notifications by the session bus, on the agent's runtime.
//!
//! Each has a connection of its own for as long as it stands open: servers close what belongs to a program that has left, and
//! some tell nobody else of its buttons.

use std::time::Duration;

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Urgency as Level};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Shown;
use crate::desktop::words::{Urgency, escaped};
use crate::panics::contained;

pub use crate::desktop::bus::Bus as Way;

/// A server that owes an answer for so long has none.
const PATIENCE: Duration = Duration::from_secs(10);
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The icons that every way of installing puts in their place, by their names.
const ICON: &str = "camctl";
const ICON_ATTENTION: &str = "camctl-attention";

/// Shows it, and waits for what becomes of it; `close` ends that.
pub fn show(way: &Way, shown: Shown, close: oneshot::Receiver<()>) {
    let way = way.clone();
    // The library gives up on a bus that goes at the wrong moment.
    tokio::spawn(contained(async move {
        match timeout(PATIENCE, send(&way, &shown)).await {
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
    }));
}

async fn send(way: &Way, shown: &Shown) -> Result<NotificationHandle, String> {
    let abilities = abilities(way).await.map_err(|error| error.to_string())?;
    let able = |what: &str| abilities.iter().any(|ability| ability == what);
    let toast = &shown.toast;
    let body = if able("body-markup") {
        escaped(&toast.body)
    } else {
        toast.body.clone()
    };
    let (level, icon) = match toast.urgency {
        Urgency::Low => (Level::Low, ICON),
        Urgency::Normal => (Level::Normal, ICON),
        Urgency::Critical => (Level::Critical, ICON_ATTENTION),
    };
    let mut notification = Notification::new();
    notification
        .appname("camctl")
        .summary(&toast.summary)
        .body(&body)
        .icon(icon)
        .urgency(level)
        .hint(Hint::DesktopEntry("camctl".to_owned()));
    for (name, label) in shown.buttons().filter(|_| able("actions")) {
        notification.action(&name, label);
    }
    notification.show_async().await.map_err(|error| error.to_string())
}

/// What the server can do. Asked each time: it may be another one by now. A connection that has failed is made anew, once:
/// the bus may have been started again since it was used last.
async fn abilities(way: &Way) -> zbus::Result<Vec<String>> {
    let ask = async || {
        let bus = way.connection().await?;
        bus.call_method(Some(NAME), PATH, Some(NAME), "GetCapabilities", &())
            .await
    };
    let answer = match ask().await {
        Err(zbus::Error::InputOutput(_)) => {
            way.forget().await;
            ask().await
        }
        other => other,
    };
    answer?.body().deserialize()
}
