//! GNOME's Mutter, or whoever saves the screen, by the session's bus; and logind, by the system's.
//!
//! What is asked for as `GetSessionIdleTime` is milliseconds with some and seconds with others. It is read as milliseconds:
//! too short, then. logind knows when the desktop took the session for idle, which is later than the last touch. So each
//! says at most what is true, and the longest of them counts.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use zbus::Connection;
use zbus::zvariant::{OwnedValue, Type};

/// Who owes an answer for so long does not know.
const PATIENCE: Duration = Duration::from_secs(2);
const MUTTER: [&str; 3] = [
    "org.gnome.Mutter.IdleMonitor",
    "/org/gnome/Mutter/IdleMonitor/Core",
    "org.gnome.Mutter.IdleMonitor",
];
const SCREEN_SAVER: [&str; 3] = [
    "org.freedesktop.ScreenSaver",
    "/org/freedesktop/ScreenSaver",
    "org.freedesktop.ScreenSaver",
];
/// All sessions of this user.
const LOGIND: [&str; 3] = [
    "org.freedesktop.login1",
    "/org/freedesktop/login1/user/self",
    "org.freedesktop.DBus.Properties",
];
const USER: &str = "org.freedesktop.login1.User";

/// For how long nothing was touched.
pub async fn untouched() -> Option<Duration> {
    let (session, logind) = tokio::join!(by_the_session(), by_logind());
    session.max(logind)
}

async fn by_the_session() -> Option<Duration> {
    let bus = timeout(PATIENCE, Connection::session()).await.ok()?.ok()?;
    if let Some(milliseconds) = ask(&bus, MUTTER, "GetIdletime", &()).await {
        return Some(Duration::from_millis(milliseconds));
    }
    let milliseconds: u32 = ask(&bus, SCREEN_SAVER, "GetSessionIdleTime", &()).await?;
    Some(Duration::from_millis(milliseconds.into()))
}

async fn by_logind() -> Option<Duration> {
    let bus = timeout(PATIENCE, Connection::system()).await.ok()?.ok()?;
    let hint: OwnedValue = ask(&bus, LOGIND, "Get", &(USER, "IdleHint")).await?;
    if !bool::try_from(hint).ok()? {
        return Some(Duration::ZERO);
    }
    let since: OwnedValue = ask(&bus, LOGIND, "Get", &(USER, "IdleSinceHintMonotonic")).await?;
    // Zero where there is no session that could be idle.
    let since = u64::try_from(since).ok().filter(|since| *since > 0)?;
    let now = clock_gettime(ClockId::Monotonic);
    let now = Duration::new(u64::try_from(now.tv_sec).ok()?, u32::try_from(now.tv_nsec).ok()?);
    now.checked_sub(Duration::from_micros(since))
}

async fn ask<T>(
    bus: &Connection,
    whom: [&str; 3],
    what: &str,
    body: &(impl serde::Serialize + zbus::zvariant::DynamicType + Sync),
) -> Option<T>
where
    T: DeserializeOwned + Type,
{
    let [name, path, interface] = whom;
    let call = bus.call_method(Some(name), path, Some(interface), what, body);
    let answer = timeout(PATIENCE, call).await.ok()?.ok()?;
    answer.body().deserialize().ok()
}
