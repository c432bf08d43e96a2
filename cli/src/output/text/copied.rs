//! Contents that were copied or replaced.

use camctl_shared::ipc::message::{Outcome, Whose};

use super::held;
use crate::output::clean::clean;
use crate::output::time::{Times, size};

/// What became of a content.
pub(super) fn outcome(name: &str, outcome: &Outcome, times: &Times) -> String {
    match outcome {
        Outcome::Got {
            lock,
            to,
            size: bytes,
            ..
        } => {
            let others = lock.as_ref().filter(|lock| lock.whose != Whose::Mine);
            let held = others.map(|lock| {
                let held = held(lock, times);
                format!("; it is {held}, and what is not saved yet is not in the copy")
            });
            let held = held.unwrap_or_default();
            format!("copied {name} ({}) to {}{held}", size(*bytes), clean(to))
        }
        Outcome::Replaced {
            size: bytes, kept, ..
        } => {
            let kept = kept
                .as_ref()
                .map(|kept| format!("; the old content is kept as {}", clean(kept)));
            let kept = kept.unwrap_or_default();
            format!("put {name} ({}), still checked out{kept}", size(*bytes))
        }
        other => format!("{name}: {other:?}"),
    }
}
