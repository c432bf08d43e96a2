//! One loop that owns everything between the agent and the person: what is told when, what the tray shows, whether the
//! person wants to be left alone. It runs on the agent's runtime and waits for nothing but words and times.

use std::sync::Arc;

use camctl_shared::clock::Clock;
use camctl_shared::config::DesktopConfig;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::act::Act;
use super::fold::{Outbox, PAUSE};
use super::menu::{Face, face};
use super::toast::{Toasts, Way};
use super::tray::Tray;
use super::words::{Toast, batch};
use super::{Desktop, NoDesktop, Notice, View};

/// What the loop is told.
pub enum Word {
    /// Tell the person.
    Tell(Notice),
    /// Show how things stand.
    Show(View),
    /// Say this now: the person has clicked, and waits for it.
    Say(Toast),
    /// The person wants this.
    Do(Act),
    /// There is a desktop now, or there is none any more.
    Desktop(bool),
}

/// The desktop, as the rest of the agent sees it.
#[derive(Clone)]
pub struct Desk {
    words: UnboundedSender<Word>,
}

impl Desk {
    /// Starts the loop, within the agent's runtime. What the person wants of the agent comes out of the receiver.
    pub fn start(config: DesktopConfig, clock: Arc<dyn Clock>) -> (Self, UnboundedReceiver<Act>) {
        let (words, heard) = unbounded_channel();
        let (wishes, acts) = unbounded_channel();
        let tray = config.tray.then(|| Tray::start(words.clone()));
        let tray = tray.and_then(|tray| tray.inspect_err(|error| tracing::info!(%error, "no tray")).ok());
        let way = Way::default();
        #[cfg(target_os = "linux")]
        if tray.is_some() {
            let words = words.clone();
            tokio::spawn(super::bus::watch(way.clone(), move |is_there| {
                // Fails only when the agent stops.
                let _ = words.send(Word::Desktop(is_there));
            }));
        }
        #[cfg(not(target_os = "linux"))]
        let _ = words.send(Word::Desktop(true));
        let toasts = config.notifications.then(|| Toasts::new(words.clone(), way));
        let attendant = Attendant {
            clock,
            outbox: Outbox::default(),
            view: View::default(),
            shown: None,
            tray,
            toasts,
            wishes,
        };
        tokio::spawn(attendant.attend(heard));
        (Self { words }, acts)
    }

    /// Says this now. Returns at once.
    pub fn say(&self, toast: Toast) {
        // Fails only when the agent stops.
        let _ = self.words.send(Word::Say(toast));
    }
}

impl Desktop for Desk {
    fn tell(&self, notice: Notice) {
        NoDesktop.tell(notice.clone());
        // Fails only when the agent stops.
        let _ = self.words.send(Word::Tell(notice));
    }

    fn show(&self, view: &View) {
        NoDesktop.show(view);
        // Fails only when the agent stops.
        let _ = self.words.send(Word::Show(view.clone()));
    }
}

struct Attendant {
    clock: Arc<dyn Clock>,
    outbox: Outbox,
    view: View,
    /// What the tray was given last.
    shown: Option<Face>,
    tray: Option<Tray>,
    toasts: Option<Toasts>,
    wishes: UnboundedSender<Act>,
}

impl Attendant {
    async fn attend(mut self, mut heard: UnboundedReceiver<Word>) {
        loop {
            self.show();
            let due = self.outbox.due().map(|due| due.since(self.clock.moment()));
            tokio::select! {
                word = heard.recv() => match word {
                    Some(word) => self.hear(word),
                    None => return,
                },
                () = sleep(due.unwrap_or_default()), if due.is_some() => self.tell(),
            }
        }
    }

    fn hear(&mut self, word: Word) {
        let now = self.clock.moment();
        match word {
            Word::Tell(notice) if self.toasts.is_some() => self.outbox.put(notice, now),
            Word::Tell(_) => {}
            Word::Show(view) => self.view = view,
            Word::Say(toast) => self.toast(toast),
            Word::Do(Act::Pause) => self.outbox.pause(PAUSE, now),
            Word::Do(Act::Resume) => self.outbox.resume(now),
            Word::Do(act) => {
                // Fails only when the agent stops.
                let _ = self.wishes.send(act);
            }
            Word::Desktop(is_there) => {
                if let Some(tray) = &self.tray {
                    tray.desktop(is_there);
                }
            }
        }
    }

    fn show(&mut self) {
        let Some(tray) = &self.tray else { return };
        let face = face(&self.view, self.outbox.is_paused());
        if self.shown.as_ref() != Some(&face) {
            tray.show(face.clone());
            self.shown = Some(face);
        }
    }

    fn tell(&mut self) {
        let wall = self.clock.wall();
        for one in self.outbox.take(self.clock.moment()) {
            if let Some(toast) = batch(&one, wall) {
                self.toast(toast);
            }
        }
    }

    fn toast(&mut self, toast: Toast) {
        if let Some(toasts) = &mut self.toasts {
            toasts.show(toast);
        }
    }
}
