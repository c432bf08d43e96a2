//! No tray: on macOS it would have to own the program's first thread, which nobody has tried there.

use std::io;

use tokio::sync::mpsc::UnboundedSender;

use super::desk::Word;
use super::menu::Face;

/// A tray that is not there.
pub enum Tray {}

impl Tray {
    pub fn start(_words: UnboundedSender<Word>) -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    pub fn desktop(&self, _is_there: bool) {
        match *self {}
    }

    pub fn show(&self, _face: Face) {
        match *self {}
    }
}
