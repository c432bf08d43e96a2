//! Notices in words: what a notification says, and what its buttons do. Pure.
//!
//! Names and messages were written by others: they are made harmless here (no control characters, no marks that turn
//! the direction of writing). Markup is the server's affair: whoever shows a body escapes it ([`escaped`]) where the
//! server would read it as markup.

mod folded;
mod told;

use std::borrow::Cow;

use camctl_shared::clock::Timestamp;
use camctl_shared::text::{clean, shorten};

pub use self::folded::batch;
use self::told::Told;
use super::act::{Act, Place};
use super::{Notice, What};

/// Longer messages are cut.
const LONGEST: usize = 200;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Good to know.
    Low,
    /// Was waited for.
    Normal,
    /// Work may be lost.
    Critical,
}

/// A button; without an act it only closes the notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What stands on it.
    pub label: &'static str,
    /// What it does.
    pub act: Option<Act>,
}

/// A notification in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// One line.
    pub summary: String,
    /// Plain text, some lines.
    pub body: String,
    /// How much it matters.
    pub urgency: Urgency,
    /// At most three. Clicking anywhere else only closes the notification.
    pub buttons: Vec<Button>,
}

impl Toast {
    /// One without buttons.
    pub fn new(urgency: Urgency, summary: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            body: body.into(),
            urgency,
            buttons: Vec::new(),
        }
    }

    /// The same with one more button.
    #[must_use]
    pub fn button(mut self, label: &'static str, act: Act) -> Self {
        self.buttons.push(Button {
            label,
            act: Some(act),
        });
        self
    }
}

/// The last part of a path, harmless.
pub fn base(path: &str) -> Cow<'_, str> {
    clean(path.rsplit('/').next().unwrap_or(path))
}

/// The last part of a repository's folder.
pub fn folder_name(folder: &str) -> Cow<'_, str> {
    let trimmed = folder.trim_end_matches(['/', '\\']);
    let last = trimmed.rsplit(['/', '\\']).next().unwrap_or(trimmed);
    clean(if last.is_empty() { folder } else { last })
}

/// `1 file`, `3 files`.
pub fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// What somebody wrote, on one line and not too long.
pub fn one_line(text: &str) -> String {
    shorten(&clean(text.trim()), LONGEST).into_owned()
}

/// `text` for a place that reads it as markup: some of Linux's notification servers.
#[cfg(any(target_os = "linux", test))]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// What a person reads of one notice.
pub fn toast(notice: &Notice, now: Timestamp) -> Toast {
    let told = Told {
        folder: &notice.folder,
        now,
    };
    match &notice.what {
        What::LockEnded { file, ended, by } => told.lock_ended(file, ended, by),
        What::LockGone { file, holder } => told.lock_gone(file, holder.as_deref()),
        What::GrantedLate { file } => told.granted_late(file),
        What::Free { file, was, by } => told.free(file, was, by),
        What::Yours { file, token, was } => told.yours(file, *token, was.as_ref()),
        What::OutOfLine { file, why } => told.out_of_line(file, why),
        What::Asked {
            file,
            token,
            from,
            at,
            message,
            guarded,
        } => told.asked(file, *token, from, *at, message, *guarded),
        What::Answered { file, by, answer } => told.answered(file, by, answer),
        What::Ending {
            file,
            token,
            at,
            lease,
        } => told.ending(file, *token, *at, *lease),
        What::Unsafe { locks } => told.not_safe(*locks),
        What::SafeAgain { locks } => told.safe_again(*locks),
        What::Away { cause } => told.away(cause),
        What::Back => told.back(),
        What::Remark(remark) => told.remark(remark),
        What::Forgotten {
            file,
            token,
            untouched,
            left,
        } => told.forgotten(file, *token, *untouched, *left),
        What::GivenBack { file } => told.given_back(file),
        What::StillHeld { file, token, since } => told.still_held(file, *token, *since),
    }
}

/// What one can do where somebody else has a file. The last one is harmless.
pub fn refused(toast: Toast, place: Place) -> Toast {
    let mut toast = toast
        .button("Wait in line", Act::Wait(place.clone()))
        .button("Ask for it", Act::Ask(place));
    toast.buttons.push(Button {
        label: "Close",
        act: None,
    });
    toast
}

#[cfg(test)]
mod tests;
