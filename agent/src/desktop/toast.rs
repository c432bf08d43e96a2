//! Notifications: shown without waiting, and listened to until they are answered or closed.

#[cfg_attr(target_os = "linux", path = "toast/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "toast/others.rs")]
mod platform;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use platform::Way;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::desk::Word;
use super::words::{Button, Toast};

/// So many stand open at most: each keeps a connection to the desktop until it is answered. The oldest is closed.
const MOST: usize = 8;

/// Whoever shows them.
pub struct Toasts {
    words: UnboundedSender<Word>,
    way: Way,
    /// Those that may be open, oldest first; dropping one closes it.
    open: VecDeque<oneshot::Sender<()>>,
    health: Arc<Health>,
}

impl Toasts {
    /// To the person, by this way to the desktop; what they press is said into `words`.
    pub fn new(words: UnboundedSender<Word>, way: Way) -> Self {
        Self {
            words,
            way,
            open: VecDeque::new(),
            health: Arc::default(),
        }
    }

    /// Shows one. Returns at once.
    pub fn show(&mut self, toast: Toast) {
        self.open.retain(|one| !one.is_closed());
        while self.open.len() >= MOST {
            self.open.pop_front();
        }
        let (closer, close) = oneshot::channel();
        self.open.push_back(closer);
        let shown = Shown {
            toast,
            words: self.words.clone(),
            health: Arc::clone(&self.health),
        };
        platform::show(&self.way, shown, close);
    }
}

/// Whether notifications can be shown, so that it is logged once and not each time.
#[derive(Default)]
struct Health {
    ill: AtomicBool,
}

impl Health {
    fn shown(&self) {
        self.ill.store(false, Ordering::Relaxed);
    }

    fn failed(&self, problem: &str) {
        if !self.ill.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                problem,
                "notifications cannot be shown; the log has what they would say"
            );
        }
    }
}

/// One notification on its way.
struct Shown {
    toast: Toast,
    words: UnboundedSender<Word>,
    health: Arc<Health>,
}

impl Shown {
    /// Its buttons: names for the desktop, and what stands on them.
    fn buttons(&self) -> impl Iterator<Item = (String, &'static str)> {
        let buttons = self.toast.buttons.iter().enumerate();
        buttons.map(|(at, button)| (at.to_string(), button.label))
    }

    /// A button was pressed, by the name that [`Shown::buttons`] gave it.
    fn pressed(&self, name: &str) {
        let button = name.parse().ok().and_then(|at: usize| self.toast.buttons.get(at));
        if let Some(Button { act: Some(act), .. }) = button {
            // Fails only when the agent stops.
            let _ = self.words.send(Word::Do(act.clone()));
        }
    }
}
