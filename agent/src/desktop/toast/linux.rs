//! Notifications by the session bus, on the agent's runtime and its one connection. What the standard asks for is a call and two
//! signals: spoken here without a library between, which would open a connection for each, begin to listen after the
//! server has answered, and end the agent when the bus goes at the wrong moment.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use zbus::message::Body;
use zbus::names::MemberName;
use zbus::zvariant::{StructureBuilder, Value};
use zbus::{Connection, MatchRule, Message, MessageStream, message};

use super::Shown;
use crate::desktop::bus::{self, Bus};
use crate::desktop::icon::{SIZE, pixels};
use crate::desktop::menu::State;
use crate::desktop::words::{Urgency, escaped};

pub use crate::desktop::bus::Bus as Way;

/// A server that owes an answer for so long has none.
const PATIENCE: Duration = Duration::from_secs(10);
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The name of the icon that packages install, for servers that show no pictures.
const ICON: &str = "camctl";

/// Shows it, and waits for what becomes of it; `close` ends that.
pub fn show(way: &Way, shown: Shown, close: oneshot::Receiver<()>) {
    let way = way.clone();
    tokio::spawn(async move {
        match timeout(PATIENCE, post(&way, &shown)).await {
            Ok(Ok(mut posted)) => {
                shown.health.shown();
                tokio::select! {
                    () = posted.attend(&shown) => {}
                    // It may be gone already.
                    _ = close => { let _ = timeout(PATIENCE, posted.close()).await; }
                }
            }
            Ok(Err(error)) => shown.health.failed(&error.to_string()),
            Err(_) => shown.health.failed("the server does not answer"),
        }
    });
}

/// A connection that has failed is made anew, once: the bus may have been started again since it was used last.
async fn post(way: &Bus, shown: &Shown) -> zbus::Result<Posted> {
    match Posted::new(way.connection().await?, shown).await {
        Err(zbus::Error::InputOutput(_)) => {
            way.forget().await;
            Posted::new(way.connection().await?, shown).await
        }
        other => other,
    }
}

/// A notification that stands open.
struct Posted {
    bus: Connection,
    /// What the server says of its notifications.
    said: MessageStream,
    /// What the bus says of whoever is the server.
    changed: MessageStream,
    id: u32,
}

impl Posted {
    /// Listens before it asks: the answer may come at once.
    async fn new(bus: Connection, shown: &Shown) -> zbus::Result<Self> {
        let said = rule().interface(NAME)?.path(PATH)?.build();
        let said = MessageStream::for_match_rule(said, &bus, None).await?;
        let changed = rule()
            .sender("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .add_arg(NAME)?
            .build();
        let changed = MessageStream::for_match_rule(changed, &bus, None).await?;
        let abilities: Vec<String> = call(&bus, "GetCapabilities", &()).await?.deserialize()?;
        let able = |what: &str| abilities.iter().any(|ability| ability == what);
        let body = if able("body-markup") {
            escaped(&shown.toast.body)
        } else {
            shown.toast.body.clone()
        };
        let buttons: Vec<(String, &str)> = shown.buttons().filter(|_| able("actions")).collect();
        let buttons = buttons.iter().flat_map(|(name, label)| [name.as_str(), label]);
        let summary = shown.toast.summary.as_str();
        let as_the_server_likes = -1_i32;
        let notification = (
            "camctl",
            0_u32,
            ICON,
            summary,
            body,
            buttons.collect::<Vec<_>>(),
            hints(shown.toast.urgency)?,
            as_the_server_likes,
        );
        let id = call(&bus, "Notify", &notification).await?.deserialize()?;
        Ok(Self {
            bus,
            said,
            changed,
            id,
        })
    }

    /// Until it is closed, by whomever, or the server has ended.
    async fn attend(&mut self, shown: &Shown) {
        loop {
            let said = tokio::select! {
                said = bus::next(&mut self.said) => said,
                changed = bus::next(&mut self.changed) => match changed {
                    Some(changed) if !has_ended(&changed) => continue,
                    _ => return,
                },
            };
            let Some(said) = said else { return };
            let header = said.header();
            match header.member().map(MemberName::as_str) {
                Some("ActionInvoked") => {
                    let pressed = said.body().deserialize::<(u32, String)>();
                    if let Ok((id, name)) = pressed
                        && id == self.id
                    {
                        shown.pressed(&name);
                        return;
                    }
                }
                Some("NotificationClosed") => {
                    let closed = said.body().deserialize::<(u32, u32)>();
                    if closed.is_ok_and(|(id, _)| id == self.id) {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    async fn close(&self) -> zbus::Result<()> {
        call(&self.bus, "CloseNotification", &self.id).await.map(drop)
    }
}

/// Whether the server of before is none any more. One that was started for our sake ends nothing.
fn has_ended(changed: &Message) -> bool {
    let owners = changed.body().deserialize::<(String, String, String)>();
    owners.is_ok_and(|(_, before, _)| !before.is_empty())
}

fn rule() -> zbus::match_rule::Builder<'static> {
    MatchRule::builder().msg_type(message::Type::Signal)
}

async fn call<A>(bus: &Connection, method: &str, arguments: &A) -> zbus::Result<Body>
where
    A: serde::Serialize + zbus::zvariant::DynamicType,
{
    let answer = bus
        .call_method(Some(NAME), PATH, Some(NAME), method, arguments)
        .await?;
    Ok(answer.body())
}

/// How much it matters, whose it is, and the picture: the pixels themselves, for no icon need be installed.
fn hints(urgency: Urgency) -> zbus::Result<HashMap<&'static str, Value<'static>>> {
    let (level, state) = match urgency {
        Urgency::Low => (0_u8, State::Holding),
        Urgency::Normal => (1, State::Holding),
        Urgency::Critical => (2, State::Attention),
    };
    let side = SIZE.cast_signed();
    let (row, opacity, bits, channels) = (side * 4, true, 8_i32, 4_i32);
    let picture = StructureBuilder::new()
        .add_field(side)
        .add_field(side)
        .add_field(row)
        .add_field(opacity)
        .add_field(bits)
        .add_field(channels)
        .add_field(pixels(state).to_vec())
        .build()?;
    Ok(HashMap::from([
        ("urgency", Value::from(level)),
        ("desktop-entry", Value::from("camctl")),
        ("image-data", Value::from(picture)),
    ]))
}
