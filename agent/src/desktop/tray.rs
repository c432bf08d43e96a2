//! The tray's icon and menu, on a thread of their own: they belong to one thread, and building them may wait for the
//! desktop. Whoever shows something only sends it there.
//!
//! What is clicked comes back as the act that the person saw. A menu may change while the mouse is on its way, and a
//! host names entries by their places: so a menu whose acts have changed is taken away before the new one is given, and the
//! places of the old one name nothing any more.

#[cfg_attr(windows, path = "tray/windows.rs")]
#[cfg_attr(not(windows), path = "tray/unix.rs")]
mod pump;

use std::collections::HashMap;
use std::io;

use tokio::sync::mpsc::UnboundedSender;
use tray_icon::menu::{IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem, Submenu};
use tray_icon::{Icon, TrayIcon, TrayIconBuilder, TrayIconEvent};

use self::pump::{Line, Pump};
use super::act::Act;
use super::desk::Word;
use super::icon::{SIZE, pixels};
use super::menu::{Entry, Face};
use super::words::{Toast, Urgency};

/// What is told to the tray's thread.
pub enum Order {
    /// There is a desktop now, or there is none any more.
    Desktop(bool),
    /// Show this.
    Show(Face),
    /// An entry was clicked.
    Clicked(String),
}

/// The tray, from afar.
pub struct Tray(Line);

impl Tray {
    /// Starts the tray's thread; nothing is shown before there is a desktop.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(words: UnboundedSender<Word>) -> io::Result<Self> {
        let (line, pump) = pump::pair();
        let clicks = line.clone();
        std::thread::Builder::new().name("tray".into()).spawn(move || {
            // Both can be set once. The handlers run where the desktop's own state is locked: they only pass on.
            MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
                clicks.send(Order::Clicked(event.id.0));
            }));
            TrayIconEvent::set_event_handler(Some(|_| {}));
            Pump::run(pump, &mut Shown::new(words));
        })?;
        Ok(Self(line))
    }

    /// There is a desktop now, or there is none any more. Returns at once.
    pub fn desktop(&self, is_there: bool) {
        self.0.send(Order::Desktop(is_there));
    }

    /// Shows this from now on. Returns at once.
    pub fn show(&self, face: Face) {
        self.0.send(Order::Show(face));
    }
}

/// What the tray's thread knows.
struct Shown {
    icon: Option<TrayIcon>,
    face: Face,
    acts: HashMap<String, Act>,
    /// Numbers for entries, never used twice.
    last_id: u64,
    words: UnboundedSender<Word>,
    told: bool,
}

impl Shown {
    fn new(words: UnboundedSender<Word>) -> Self {
        Self {
            icon: None,
            face: Face::default(),
            acts: HashMap::new(),
            last_id: 0,
            words,
            told: false,
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Desktop(true) => self.appear(),
            Order::Desktop(false) => self.icon = None,
            Order::Show(face) => self.show(face),
            Order::Clicked(id) => {
                let word = match self.acts.get(&id) {
                    Some(act) => Word::Do(act.clone()),
                    None => Word::Say(Toast::new(
                        Urgency::Normal,
                        "Nothing was done",
                        "The menu had changed when the click arrived.",
                    )),
                };
                // Fails only when the agent stops.
                let _ = self.words.send(word);
            }
        }
    }

    fn appear(&mut self) {
        self.icon = None;
        match self.build() {
            Ok(icon) => {
                self.icon = Some(icon);
                self.told = false;
                tracing::info!("the tray is there");
            }
            Err(problem) if !self.told => {
                self.told = true;
                tracing::warn!(%problem, "no tray");
            }
            Err(_) => {}
        }
    }

    fn build(&mut self) -> Result<TrayIcon, String> {
        let menu = self.menu()?;
        TrayIconBuilder::new()
            .with_id("camctl")
            .with_title("camctl")
            .with_tooltip(&self.face.tooltip)
            .with_icon(icon(&self.face)?)
            .with_menu(Box::new(menu))
            .build()
            .map_err(|error| error.to_string())
    }

    fn show(&mut self, face: Face) {
        let old = std::mem::replace(&mut self.face, face);
        if self.icon.is_none() || old == self.face {
            return;
        }
        if let Err(problem) = self.change(&old) {
            tracing::warn!(%problem, "the tray does not show how things stand");
        }
    }

    fn change(&mut self, old: &Face) -> Result<(), String> {
        let menu = if old.menu == self.face.menu {
            None
        } else {
            Some(self.menu()?)
        };
        let Some(shown) = &self.icon else { return Ok(()) };
        if old.state != self.face.state {
            let picture = Some(icon(&self.face)?);
            shown.set_icon(picture).map_err(|error| error.to_string())?;
        }
        if old.tooltip != self.face.tooltip {
            let tooltip = Some(&self.face.tooltip);
            shown.set_tooltip(tooltip).map_err(|error| error.to_string())?;
        }
        if let Some(menu) = menu {
            if acts(&old.menu) != acts(&self.face.menu) {
                shown.set_menu(None);
            }
            shown.set_menu(Some(Box::new(menu)));
        }
        Ok(())
    }

    fn menu(&mut self) -> Result<Menu, String> {
        self.acts.clear();
        let menu = Menu::new();
        let entries = self.face.menu.clone();
        for item in self.items(&entries)? {
            menu.append(item.as_ref()).map_err(|error| error.to_string())?;
        }
        Ok(menu)
    }

    fn items(&mut self, entries: &[Entry]) -> Result<Vec<Box<dyn IsMenuItem>>, String> {
        let mut items: Vec<Box<dyn IsMenuItem>> = Vec::with_capacity(entries.len());
        for entry in entries {
            items.push(match entry {
                Entry::Line => Box::new(PredefinedMenuItem::separator()),
                Entry::Text(label) => Box::new(MenuItem::new(escaped(label), false, None)),
                Entry::Item(label, act) => {
                    self.last_id += 1;
                    let id = self.last_id.to_string();
                    self.acts.insert(id.clone(), act.clone());
                    Box::new(MenuItem::with_id(id, escaped(label), true, None))
                }
                Entry::Sub(label, entries) => {
                    let sub = Submenu::new(escaped(label), true);
                    for item in self.items(entries)? {
                        sub.append(item.as_ref()).map_err(|error| error.to_string())?;
                    }
                    Box::new(sub)
                }
            });
        }
        Ok(items)
    }
}

fn icon(face: &Face) -> Result<Icon, String> {
    Icon::from_rgba(pixels(face.state).to_vec(), SIZE, SIZE).map_err(|error| error.to_string())
}

/// A lone `&` would underline the letter after it.
fn escaped(label: &str) -> String {
    label.replace('&', "&&")
}

/// All acts of a menu, in the order of their places.
fn acts<'a>(entries: &'a [Entry]) -> Vec<&'a Act> {
    let each = |entry: &'a Entry| match entry {
        Entry::Item(_, act) => vec![act],
        Entry::Sub(_, entries) => acts(entries),
        Entry::Line | Entry::Text(_) => Vec::new(),
    };
    entries.iter().flat_map(each).collect()
}
