//! Waiting for what can be observed.

use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};

use crate::Mounts;

/// For what takes milliseconds on a quiet machine: long enough for a busy one, short enough for a person.
pub const LONG: Duration = Duration::from_secs(20);

const STEP: Duration = Duration::from_millis(5);

/// `time`, or more where every program is emulated and every file is far away.
pub(crate) fn patience(time: Duration) -> Duration {
    if Mounts::get().is_some() { time * 4 } else { time }
}

/// Polls `look` until it finds something, and returns it.
///
/// # Panics
/// When `deadline` passes first, with `what` was waited for.
#[track_caller]
pub fn wait_for<T>(deadline: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = patience(deadline);
    let start = SystemClock.moment();
    loop {
        if let Some(found) = look() {
            return found;
        }
        let waited = SystemClock.moment().since(start);
        assert!(waited < deadline, "waited {waited:.1?} in vain until {what}");
        std::thread::sleep(STEP);
    }
}

/// Polls `condition` until it holds; returns how long that took.
///
/// # Panics
/// When `deadline` passes first, with `what` was waited for.
#[track_caller]
pub fn wait_until(deadline: Duration, what: &str, mut condition: impl FnMut() -> bool) -> Duration {
    let start = SystemClock.moment();
    wait_for(deadline, what, || condition().then_some(()));
    SystemClock.moment().since(start)
}

/// Polls `condition` for the whole of `time`: for what must *not* happen.
///
/// # Panics
/// As soon as it does not hold, with `what` should have held.
#[track_caller]
pub fn holds_for(time: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let start = SystemClock.moment();
    while SystemClock.moment().since(start) < time {
        assert!(condition(), "for {time:?} it should have held that {what}");
        std::thread::sleep(STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_what_was_found_or_with_what_was_missed() {
        let mut looks = 0;
        let found = wait_for(LONG, "the third look", || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(found, 3);
        let missed = std::panic::catch_unwind(|| wait_until(Duration::ZERO, "pigs fly", || false));
        let text = *missed.unwrap_err().downcast::<String>().unwrap();
        assert!(text.ends_with("in vain until pigs fly"), "{text}");
    }
}
