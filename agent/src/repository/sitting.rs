//! How this desk's checkouts are used, for `idle_release`: pure, on this machine's own clock.
//!
//! What is remembered is when a lock was seen first, renewed, or asked to be kept, which counts as a touch, and when its
//! owner was warned. A restarted agent begins anew: whatever is not known counts as use.

use std::collections::BTreeMap;
use std::time::Duration;

use camctl_shared::clock::Moment;
use camctl_shared::model::{FileName, Lock, Token};
use camctl_shared::rules::{Use, warning};

/// Whoever cannot be asked now is asked again after this part of the time.
const AGAIN: u32 = 4;

#[derive(Debug)]
struct Seat {
    token: Option<Token>,
    renewed: u64,
    touched: Moment,
    warned: Option<Moment>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Sitting(BTreeMap<FileName, Seat>);

impl Sitting {
    /// Knows these locks from now on, and no others.
    pub fn follow<'a>(&mut self, locks: impl Iterator<Item = (&'a FileName, &'a Lock)>, now: Moment) {
        let mut before = std::mem::take(&mut self.0);
        for (file, lock) in locks {
            let known = before.remove(file);
            let same = known.filter(|seat| (seat.token, seat.renewed) == (lock.token, lock.renewed));
            let seat = same.unwrap_or(Seat {
                token: lock.token,
                renewed: lock.renewed,
                touched: now,
                warned: None,
            });
            self.0.insert(file.clone(), seat);
        }
    }

    /// Its owner wants to keep it. Whether it is still there to be kept.
    pub fn keep(&mut self, file: &FileName, token: Option<Token>, now: Moment) -> bool {
        let seat = self.0.get_mut(file).filter(|seat| seat.token == token);
        seat.map(|seat| (seat.touched, seat.warned) = (now, None))
            .is_some()
    }

    /// The owner was warned.
    pub fn warned(&mut self, file: &FileName, now: Moment) {
        if let Some(seat) = self.0.get_mut(file) {
            seat.warned = Some(now);
        }
    }

    /// How it is used, where the desk was left alone for `idle`. Whether the file has changed is for others to say.
    pub fn used(&mut self, file: &FileName, idle: Option<Duration>, now: Moment) -> Use {
        let Some(seat) = self.0.get_mut(file) else {
            return Use::default();
        };
        let untouched = idle.map(|idle| idle.min(now.since(seat.touched)));
        // A touch after the warning takes it back.
        if let (Some(untouched), Some(warned)) = (untouched, seat.warned)
            && untouched < now.since(warned)
        {
            seat.warned = None;
        }
        Use {
            untouched,
            changed: None,
            warned: seat.warned.map(|warned| now.since(warned)),
        }
    }
}

/// After how long a lock that is used like this is worth a look again.
pub fn next_look(limit: Duration, seen: Use) -> Duration {
    match (seen.untouched, seen.warned) {
        (Some(untouched), _) if untouched < limit => limit.saturating_sub(untouched),
        (Some(_), Some(warned)) if warned < warning(limit) => warning(limit).saturating_sub(warned),
        // Changed, and so left alone; or unknown; or it could not be given back.
        _ if seen.changed == Some(true) => limit,
        _ => limit / AGAIN,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use camctl_shared::clock::Timestamp;
    use camctl_shared::model::{Case, Owner, SessionId};

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(minutes: u64) -> Moment {
        Moment::from_start(Duration::from_mins(1000 + minutes))
    }

    fn file() -> FileName {
        FileName::parse("a.mcam", Case::Sensitive).unwrap()
    }

    fn lock(token: u64) -> Lock {
        let me = Owner::new("alice", "CAM-03", SessionId::parse("s1").unwrap());
        Lock::new(Arc::new(me), Timestamp::UNIX_EPOCH, token)
    }

    fn sitting(token: u64, now: Moment) -> Sitting {
        let mut sitting = Sitting::default();
        sitting.follow(std::iter::once((&file(), &lock(token))), now);
        sitting
    }

    #[test]
    fn a_lock_is_not_unused_for_longer_than_it_was_held() {
        let mut sitting = sitting(7, at(0));
        let used = sitting.used(&file(), Some(HOUR * 10), at(20));
        assert_eq!(used.untouched, Some(Duration::from_mins(20)));
        assert_eq!(next_look(HOUR, used), Duration::from_mins(40));
        let used = sitting.used(&file(), Some(Duration::from_mins(5)), at(30));
        assert_eq!(used.untouched, Some(Duration::from_mins(5)));
        assert_eq!(sitting.used(&file(), None, at(30)).untouched, None);
        // Another lock on the same file is a new one.
        sitting.follow(std::iter::once((&file(), &lock(9))), at(40));
        assert_eq!(
            sitting.used(&file(), Some(HOUR * 10), at(41)).untouched,
            Some(Duration::from_mins(1))
        );
    }

    #[test]
    fn a_touch_takes_the_warning_back_and_a_word_does_too() {
        let mut sitting = sitting(7, at(0));
        sitting.warned(&file(), at(60));
        let used = sitting.used(&file(), Some(Duration::from_mins(65)), at(65));
        assert_eq!(used.warned, Some(Duration::from_mins(5)));
        assert_eq!(next_look(HOUR, used), Duration::from_mins(5));
        assert_eq!(
            sitting.used(&file(), Some(Duration::from_mins(2)), at(66)).warned,
            None
        );
        sitting.warned(&file(), at(70));
        assert!(!sitting.keep(&file(), Some(8), at(71)), "that is another lock");
        assert!(sitting.keep(&file(), Some(7), at(71)));
        let used = sitting.used(&file(), Some(HOUR), at(75));
        assert_eq!(
            (used.untouched, used.warned),
            (Some(Duration::from_mins(4)), None)
        );
    }

    #[test]
    fn what_is_not_known_is_asked_again_later() {
        let unknown = Use::default();
        assert_eq!(next_look(HOUR, unknown), HOUR / 4);
        let changed = Use {
            untouched: Some(HOUR * 2),
            changed: Some(true),
            warned: None,
        };
        assert_eq!(next_look(HOUR, changed), HOUR);
    }
}
