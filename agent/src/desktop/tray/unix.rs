//! The tray's thread on Linux: it sleeps until it is told something; the desktop is spoken to by others.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::{Order, Shown};

/// A way to the tray's thread.
#[derive(Clone)]
pub struct Line(Sender<Order>);

impl Line {
    pub fn send(&self, order: Order) {
        // Fails only when the thread has ended, and the tray with it.
        let _ = self.0.send(order);
    }
}

/// The other end.
pub struct Pump(Receiver<Order>);

pub fn pair() -> (Line, Pump) {
    let (sender, receiver) = channel();
    (Line(sender), Pump(receiver))
}

impl Pump {
    /// Follows orders for ever: the handler of clicks holds a line.
    pub fn run(self, shown: &mut Shown) {
        for order in self.0 {
            shown.follow(order);
        }
    }
}
