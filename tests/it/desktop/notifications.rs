//! A notification server that remembers what it was given, and presses buttons.
#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the bus calls these methods, with all that the standard says"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use camctl_shared::clock::{Clock as _, SystemClock, Timestamp};
use testkit::{LONG, wait_for, wait_until};
use zbus::blocking::Connection;
use zbus::zvariant::OwnedValue;

use super::bus::Bus;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// A notification as the server got it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: u32,
    pub summary: String,
    pub body: String,
    /// 0 is low, 1 normal, 2 critical.
    pub urgency: u8,
    /// Names and labels.
    pub buttons: Vec<(String, String)>,
    /// When somebody closed it.
    pub closed: bool,
    /// The name of its picture.
    pub icon: String,
    /// When it came.
    pub at: Timestamp,
}

type All = Arc<Mutex<Vec<Shown>>>;

struct Server {
    all: All,
    abilities: Vec<String>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Server {
    fn get_capabilities(&self) -> Vec<String> {
        self.abilities.clone()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("fake".into(), "camctl".into(), "1".into(), "1.2".into())
    }

    #[expect(clippy::too_many_arguments, reason = "so many the standard has")]
    fn notify(
        &self,
        _program: String,
        _replaces: u32,
        icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let urgency = hints.get("urgency").and_then(|value| u8::try_from(value).ok());
        let mut all = self.all.lock().unwrap();
        let id = u32::try_from(all.len()).unwrap() + 1;
        all.push(Shown {
            id,
            summary,
            body,
            urgency: urgency.unwrap_or(1),
            buttons: actions
                .chunks(2)
                .map(|pair| (pair[0].clone(), pair[1].clone()))
                .collect(),
            closed: false,
            icon,
            at: SystemClock.wall(),
        });
        id
    }

    fn close_notification(&self, id: u32) {
        for one in self.all.lock().unwrap().iter_mut().filter(|one| one.id == id) {
            one.closed = true;
        }
    }
}

/// Its name is on the bus as long as it lives.
pub struct Notifications {
    bus: Connection,
    all: All,
}

impl Notifications {
    /// One that can do all that most servers can.
    pub fn start(bus: &Bus) -> Self {
        Self::able(bus, &["body", "body-markup", "actions"])
    }

    /// One that can do this.
    pub fn able(bus: &Bus, abilities: &[&str]) -> Self {
        let all = All::default();
        let bus = bus.build(|builder| {
            let server = Server {
                all: Arc::clone(&all),
                abilities: abilities.iter().map(|&one| one.to_owned()).collect(),
            };
            builder.serve_at(PATH, server).unwrap().name(NAME).unwrap()
        });
        Self { bus, all }
    }

    /// All that were shown, oldest first.
    pub fn all(&self) -> Vec<Shown> {
        self.all.lock().unwrap().clone()
    }

    /// Waits for one with this title.
    #[track_caller]
    pub fn titled(&self, summary: &str) -> Shown {
        wait_for(LONG, &format!("a notification says {summary:?}"), || {
            self.all().into_iter().find(|one| one.summary == summary)
        })
    }

    /// Presses a button until `done`: an agent that has only just shown it may not listen yet.
    #[track_caller]
    pub fn press(&self, shown: &Shown, label: &str, mut done: impl FnMut() -> bool) {
        let button = shown.buttons.iter().find(|(_, one)| one == label);
        assert!(button.is_some(), "no button {label:?}: {shown:?}");
        let (name, _) = button.unwrap();
        let mut presses = 0;
        wait_until(LONG, &format!("{label:?} was heard"), || {
            // Not with each look: what it does may take some.
            if presses % 20 == 0 {
                let said = (shown.id, name.as_str());
                self.bus
                    .emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &said)
                    .unwrap();
            }
            presses += 1;
            done()
        });
    }
}
