//! logind, by the system's bus: `PrepareForSleep` and `PrepareForShutdown`, and a lock that has it wait for us.
//!
//! The lock is held all the time, and given up once everything is said: logind waits for all such locks, five seconds as it
//! comes (`InhibitDelayMaxUSec`). Nothing is asked again and again: while the bus is there, nobody is woken but by these signals.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{sleep, timeout};
use zbus::export::futures_core::Stream as _;
use zbus::zvariant::{OwnedFd, OwnedValue};
use zbus::{Connection, Message, MessageStream};

use super::{Delay, Power};

const LOGIND: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const BUS: &str = "org.freedesktop.DBus";
/// What is listened to. logind says much more, with each login; and it may be started again, and then knows of no locks.
const RULES: [&str; 3] = [
    "type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',\
     interface='org.freedesktop.login1.Manager',member='PrepareForSleep'",
    "type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',\
     interface='org.freedesktop.login1.Manager',member='PrepareForShutdown'",
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',\
     member='NameOwnerChanged',arg0='org.freedesktop.login1'",
];
/// Who owes an answer for so long does not give one.
const PATIENCE: Duration = Duration::from_secs(10);
/// The bus is looked for again after so long; twice as long each time, up to [`RARELY`].
const AT_FIRST: Duration = Duration::from_secs(2);
/// A machine without one has none tomorrow either.
const RARELY: Duration = Duration::from_secs(600);
/// How long logind waits where it does not say: a bit less than usual.
const USUALLY: Duration = Duration::from_secs(4);

/// Says what logind says, until nobody listens.
pub async fn watch(say: UnboundedSender<Power>) {
    let mut wait = AT_FIRST;
    let mut told = false;
    loop {
        let problem = match Connection::system().await {
            Ok(bus) => {
                (wait, told) = (AT_FIRST, false);
                let over = Logind { bus, say: &say }.listen().await;
                // Whatever was begun: nobody would tell of its end.
                if say.send(Power::Back).is_err() {
                    return;
                }
                over
            }
            Err(error) => error.to_string(),
        };
        if !std::mem::replace(&mut told, true) {
            tracing::info!(problem, "nobody tells when the machine sleeps");
        }
        sleep(wait).await;
        wait = RARELY.min(wait * 2);
    }
}

struct Logind<'a> {
    bus: Connection,
    say: &'a UnboundedSender<Power>,
}

impl Logind<'_> {
    /// Listens until the connection ends; returns why.
    async fn listen(&self) -> String {
        let mut messages = MessageStream::from(&self.bus);
        for rule in RULES {
            if let Err(problem) = self
                .ask((BUS, "/org/freedesktop/DBus", BUS), "AddMatch", &rule)
                .await
            {
                return problem;
            }
        }
        let mut lock = self.lock().await;
        loop {
            let next = poll_fn(|context| Pin::new(&mut messages).poll_next(context)).await;
            let message = match next {
                Some(Ok(message)) => message,
                Some(Err(error)) => return error.to_string(),
                None => return "the system bus is gone".to_owned(),
            };
            let header = message.header();
            let member = header.member().map_or("", |member| member.as_str());
            let interface = header.interface().map_or("", |interface| interface.as_str());
            let how = match (interface, member) {
                (MANAGER, "PrepareForSleep") => "sleep",
                (MANAGER, "PrepareForShutdown") => "shutdown",
                (BUS, "NameOwnerChanged") => {
                    let owners = message.body().deserialize::<(String, String, String)>();
                    lock = match owners {
                        Ok((_, _, new)) if !new.is_empty() => self.lock().await,
                        _ => None,
                    };
                    continue;
                }
                _ => continue,
            };
            match message.body().deserialize::<bool>() {
                Ok(true) => self.leave(how, lock.take()).await,
                Ok(false) => {
                    // Fails only when the agent stops.
                    let _ = self.say.send(Power::Back);
                    lock = self.lock().await;
                }
                Err(error) => tracing::warn!(how, %error, "what logind says is not understood"),
            }
        }
    }

    async fn leave(&self, how: &'static str, lock: Option<OwnedFd>) {
        let limit = self.limit().await;
        let delay = Delay::new(lock);
        // Fails only when the agent stops.
        let _ = self.say.send(Power::Leaving { how, limit, delay });
    }

    /// Has logind wait for us. `None` where it does not: then we hear of a sleep, and have as long as it takes.
    async fn lock(&self) -> Option<OwnedFd> {
        let wish = (
            "sleep:shutdown",
            "camctl",
            "What is checked out is marked as kept",
            "delay",
        );
        let lock = match self.ask((LOGIND, PATH, MANAGER), "Inhibit", &wish).await {
            Ok(answer) => answer.body().deserialize().map_err(|error| error.to_string()),
            Err(problem) => Err(problem),
        };
        lock.inspect_err(|problem| tracing::info!(problem, "logind will not wait for us"))
            .ok()
    }

    /// For how long, with some room to say so.
    async fn limit(&self) -> Duration {
        let property = (MANAGER, "InhibitDelayMaxUSec");
        let properties = (LOGIND, PATH, "org.freedesktop.DBus.Properties");
        let answer = self.ask(properties, "Get", &property).await.ok();
        let value: Option<OwnedValue> = answer.and_then(|answer| answer.body().deserialize().ok());
        let most = value.and_then(|value| u64::try_from(value).ok());
        most.map_or(USUALLY, |most| Duration::from_micros(most) / 5 * 4)
    }

    async fn ask<B>(&self, whom: (&str, &str, &str), what: &str, body: &B) -> Result<Message, String>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
    {
        let (name, path, interface) = whom;
        let call = self
            .bus
            .call_method(Some(name), path, Some(interface), what, body);
        match timeout(PATIENCE, call).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("{name} does not answer")),
        }
    }
}
