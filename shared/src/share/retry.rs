//! Trying again what the system refuses only for a moment.

use std::io;
use std::thread;
use std::time::Duration;

use super::{BUSY_LIMIT, platform};
use crate::clock::{Clock, SystemClock};

/// Calls `attempt` until it ends with anything but a momentary refusal, for up to [`BUSY_LIMIT`].
pub(super) fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let first = match attempt() {
        Err(error) if platform::is_momentary(&error) => error,
        answer => return answer,
    };
    let start = SystemClock.moment();
    let mut wait = Duration::from_millis(5);
    let mut last = first;
    while SystemClock.moment().since(start) + wait < BUSY_LIMIT {
        thread::sleep(wait);
        wait = (wait * 2).min(Duration::from_millis(250));
        match attempt() {
            Err(error) if platform::is_momentary(&error) => last = error,
            answer => return answer,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    const MOMENTARY: i32 = rustix::io::Errno::INVAL.raw_os_error();
    #[cfg(windows)]
    const MOMENTARY: i32 = 32;

    #[test]
    fn only_what_passes_is_tried_again() {
        let mut attempts = 0;
        let answer = patiently(|| {
            attempts += 1;
            if attempts < 4 {
                Err(io::Error::from_raw_os_error(MOMENTARY))
            } else {
                Ok(attempts)
            }
        });
        assert_eq!(answer.unwrap(), 4);

        let mut attempts = 0;
        let answer: io::Result<()> = patiently(|| {
            attempts += 1;
            Err(io::ErrorKind::NotFound.into())
        });
        assert_eq!(
            (attempts, answer.unwrap_err().kind()),
            (1, io::ErrorKind::NotFound)
        );
    }
}
