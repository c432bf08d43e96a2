//! A desktop that remembers, for tests.

use std::sync::{Mutex, PoisonError};

use super::{Desktop, Notice, View, What};

/// Remembers what it was told and shown.
#[derive(Debug, Default)]
pub struct FakeDesktop {
    told: Mutex<Vec<Notice>>,
    shown: Mutex<Vec<View>>,
}

impl FakeDesktop {
    /// Everything that was told so far, oldest first.
    pub fn told(&self) -> Vec<What> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().map(|notice| notice.what.clone()).collect()
    }

    /// The last view that was shown.
    pub fn shown(&self) -> Option<View> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last()
            .cloned()
    }
}

impl Desktop for FakeDesktop {
    fn tell(&self, notice: Notice) {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(notice);
    }

    fn show(&self, view: &View) {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(view.clone());
    }
}
