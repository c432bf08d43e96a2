//! A panel with a tray: takes items, reads their menus, clicks on entries.
#![expect(
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the bus calls these methods, with all that the standard says"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use testkit::{LONG, wait_for};
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{Array, Structure, Value};

use super::bus::Bus;

const NAME: &str = "org.kde.StatusNotifierWatcher";
const MENU: &str = "com.canonical.dbusmenu";

type Items = Arc<Mutex<Vec<String>>>;

struct Watcher(Items);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String) {
        self.0.lock().unwrap().push(service);
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// Gone from the bus when dropped.
pub struct Panel {
    bus: Connection,
    items: Items,
}

/// An entry of a menu.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: i32,
    pub label: String,
    pub entries: Vec<Entry>,
}

impl Entry {
    fn read(value: &Structure<'_>) -> Self {
        let fields = value.fields();
        assert_eq!(fields.len(), 3, "{value:?}");
        let (id, properties, children) = (&fields[0], &fields[1], &fields[2]);
        let properties: HashMap<String, Value<'_>> = properties.try_clone().unwrap().try_into().unwrap();
        let label = properties
            .get("label")
            .and_then(|label| String::try_from(label.try_clone().unwrap()).ok());
        let children: &Array<'_> = children.downcast_ref().unwrap();
        let child = |child: &Value<'_>| match child {
            Value::Value(inner) => Self::read(inner.downcast_ref().unwrap()),
            other => Self::read(other.downcast_ref().unwrap()),
        };
        Self {
            id: i32::try_from(id).unwrap(),
            // Hosts show a doubled underscore as one.
            label: label.unwrap_or_default().replace("__", "_"),
            entries: children.iter().map(child).collect(),
        }
    }

    /// The entry that `path` leads to, by labels.
    pub fn find(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let next = self.entries.iter().find(|entry| entry.label == *first);
        next.and_then(|entry| entry.find(rest))
    }

    /// The labels of its entries.
    pub fn labels(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.label.as_str()).collect()
    }
}

impl Panel {
    /// A tray without items.
    pub fn start(bus: &Bus) -> Self {
        let items = Items::default();
        let bus = bus.build(|builder| {
            let watcher = Watcher(Arc::clone(&items));
            builder
                .serve_at("/StatusNotifierWatcher", watcher)
                .unwrap()
                .name(NAME)
                .unwrap()
        });
        Self { bus, items }
    }

    /// Waits until there is an item.
    #[track_caller]
    pub fn item(&self) -> String {
        wait_for(LONG, "an item is in the tray", || {
            self.items.lock().unwrap().last().cloned()
        })
    }

    /// How many items have come so far.
    pub fn items(&self) -> usize {
        self.items.lock().unwrap().len()
    }

    fn proxy(&self, path: &'static str, interface: &'static str) -> Proxy<'static> {
        // Properties as they are now, and not as they were.
        zbus::blocking::proxy::Builder::new(&self.bus)
            .destination(self.item())
            .unwrap()
            .path(path)
            .unwrap()
            .interface(interface)
            .unwrap()
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .unwrap()
    }

    /// The pixels of the icon, rows of four bytes each: opacity, red, green, blue.
    pub fn icon(&self) -> Vec<u8> {
        let icons: Vec<(i32, i32, Vec<u8>)> = self
            .proxy("/StatusNotifierItem", "org.kde.StatusNotifierItem")
            .get_property("IconPixmap")
            .unwrap();
        icons.into_iter().next().unwrap().2
    }

    /// The menu as it stands; `None` while its agent starts again.
    fn layout(&self) -> Option<Entry> {
        let arguments = (0_i32, -1_i32, Vec::<&str>::new());
        let answer = self.proxy("/MenuBar", MENU).call_method("GetLayout", &arguments);
        let body = answer.ok()?.body();
        let layout: Structure<'_> = body.deserialize().unwrap();
        Some(Entry::read(layout.fields()[1].downcast_ref().unwrap()))
    }

    /// Waits until the menu has this entry.
    #[track_caller]
    pub fn entry(&self, path: &[&str]) -> Entry {
        wait_for(LONG, &format!("the menu has {path:?}"), || {
            self.layout()?.find(path).cloned()
        })
    }

    /// Clicks on it.
    pub fn click(&self, entry: &Entry) {
        let arguments = (entry.id, "clicked", Value::from(0), 0_u32);
        // What a host clicks that is there no more is an error, or is not; both do.
        let _ = self.proxy("/MenuBar", MENU).call_method("Event", &arguments);
    }
}
