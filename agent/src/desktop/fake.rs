//! A desktop that remembers, for tests.

use std::sync::{Mutex, PoisonError};

use super::{Desktop, Notice, View, What};

/// Remembers what it was told.
#[derive(Debug, Default)]
pub struct FakeDesktop {
    told: Mutex<Vec<Notice>>,
}

impl FakeDesktop {
    /// Everything that was told so far, oldest first.
    pub fn told(&self) -> Vec<What> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().map(|notice| notice.what.clone()).collect()
    }
}

impl Desktop for FakeDesktop {
    fn tell(&self, notice: Notice) {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(notice);
    }

    fn show(&self, _view: &View) {}
}
