//! The seam to the person's desktop: telling something, and showing how things stand.
//!
//! Everything above speaks to [`Desktop`] in typed notices; how they are worded and shown is decided behind it.
//! Never here: a decision about locks, or anything that waits. Both calls return at once.
//!
//! Behind it, with the feature `desktop`:
//!
//! - [`act`]: what a click asks for. It is done in `clicks.rs`, above the registry.
//! - `words`, `fold`, `menu`, `icon`: what a notification says, which of them are one, what the tray shows. Pure.
//! - [`desk`]: the one loop that owns all that.
//! - `toast`, `tray`, `bus`: the desktop itself. Where there is none, nothing waits, and nothing fails.

#[cfg(feature = "desktop")]
pub mod act;
#[cfg(all(feature = "desktop", target_os = "linux"))]
mod bus;
#[cfg(feature = "desktop")]
pub mod desk;
#[cfg(test)]
pub mod fake;
#[cfg(feature = "desktop")]
mod fold;
#[cfg(all(feature = "desktop", not(target_os = "macos")))]
mod icon;
pub mod idle;
#[cfg(feature = "desktop")]
mod menu;
mod notice;
#[cfg(feature = "desktop")]
mod toast;
#[cfg_attr(target_os = "macos", path = "tray/none.rs")]
#[cfg(feature = "desktop")]
mod tray;
mod view;
#[cfg(feature = "desktop")]
pub mod words;

pub use notice::{Notice, What};
pub use view::{Awaited, Mine, Question, RepositoryView, View};

/// Tells the person, shows the state.
pub trait Desktop: Send + Sync {
    /// Tells the person something, once.
    fn tell(&self, notice: Notice);
    /// Shows how things stand from now on.
    fn show(&self, view: &View);
}

/// No desktop: what would be told is logged.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDesktop;

impl Desktop for NoDesktop {
    fn tell(&self, notice: Notice) {
        let Notice { folder, what } = notice;
        match what {
            What::LockEnded { file, ended, by } => {
                tracing::warn!(%folder, %file, how = ended.how.as_str(), %by, "one of our locks was ended");
            }
            What::LockGone { file, .. } => tracing::warn!(%folder, %file, "one of our locks is gone"),
            What::GrantedLate { file } => tracing::warn!(%folder, %file, "granted after the asker had left"),
            What::Free { file, .. } => tracing::info!(%folder, %file, "is free"),
            What::Yours { file, .. } => tracing::info!(%folder, %file, "handed over from the line"),
            What::OutOfLine { file, why } => tracing::warn!(%folder, %file, %why, "no longer in line"),
            What::Asked {
                file, from, message, ..
            } => tracing::info!(%folder, %file, %from, %message, "somebody needs a file of ours"),
            What::Answered { file, by, answer } => {
                tracing::info!(%folder, %file, %by, %answer, "we were answered");
            }
            What::Ending { file, at, .. } => tracing::info!(%folder, %file, %at, "a lease of ours ends"),
            What::Unsafe { locks } => tracing::warn!(%folder, locks, "our locks are no longer safe"),
            What::SafeAgain { locks } => tracing::info!(%folder, locks, "our locks stand"),
            What::Away { cause } => tracing::warn!(%folder, %cause, "the share is away"),
            What::Back => tracing::info!(%folder, "the share is back"),
            What::Remark(text) => tracing::warn!(%folder, "{text}"),
            What::Forgotten { file, .. } => tracing::info!(%folder, %file, "seems forgotten"),
            What::GivenBack { file } => tracing::info!(%folder, %file, "was forgotten, and is given back"),
            What::StillHeld { file, .. } => {
                tracing::info!(%folder, %file, "still held at the end of the day");
            }
        }
    }

    fn show(&self, view: &View) {
        let held: usize = view.repositories.iter().map(|one| one.mine.len()).sum();
        tracing::debug!(repositories = view.repositories.len(), held, "state");
    }
}
