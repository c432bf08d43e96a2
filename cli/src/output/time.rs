//! Times and sizes, as people read them.
//!
//! The time zone is only looked up when a time is printed: most commands print none.

use std::cell::OnceCell;
use std::time::Duration;

use camctl_shared::clock::{Clock, Timestamp};
pub use camctl_shared::text::span;
use jiff::tz::TimeZone;

use super::digits::Digits;

/// Turns moments into words, in the person's time zone.
pub struct Times {
    clock: Box<dyn Clock>,
    zone: OnceCell<TimeZone>,
}

impl Times {
    /// Times of the system's zone.
    pub fn system(clock: Box<dyn Clock>) -> Self {
        Self {
            clock,
            zone: OnceCell::new(),
        }
    }

    /// Times of a fixed zone.
    #[cfg(test)]
    pub fn fixed(clock: Box<dyn Clock>, zone: TimeZone) -> Self {
        Self {
            clock,
            zone: OnceCell::from(zone),
        }
    }

    fn zone(&self) -> &TimeZone {
        self.zone.get_or_init(super::zone::local)
    }

    /// `09:12` when that was today, `2026-11-19 09:12` otherwise.
    pub fn at(&self, microseconds: i64) -> String {
        let Ok(time) = Timestamp::from_microsecond(microseconds) else {
            return "an unknown time".to_owned();
        };
        let local = time.to_zoned(self.zone().clone());
        let today = self.clock.wall().to_zoned(self.zone().clone()).date();
        if local.date() == today {
            format!("{:02}:{:02}", local.hour(), local.minute())
        } else {
            format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
        }
    }

    /// `09:12:31`, with the date when that was not today; for events.
    pub fn to_the_second(&self, microseconds: i64) -> String {
        let second = Timestamp::from_microsecond(microseconds)
            .map(|time| time.to_zoned(self.zone().clone()).second())
            .unwrap_or_default();
        format!("{}:{second:02}", self.at(microseconds))
    }

    /// `since 09:12 (2 h ago)`. A time that lies ahead, by another machine's clock, gets no distance.
    pub fn since(&self, microseconds: i64) -> String {
        let at = self.at(microseconds);
        let passed = self.clock.wall().as_microsecond().saturating_sub(microseconds);
        match u64::try_from(passed) {
            Ok(..1_000_000) => format!("since {at} (just now)"),
            Ok(passed) => format!("since {at} ({} ago)", span(Duration::from_micros(passed))),
            Err(_) => format!("since {at}"),
        }
    }
}

/// A time in microseconds of Unix time as RFC 3339 in UTC, for JSON.
pub fn rfc3339(microseconds: i64) -> Option<String> {
    let time = Timestamp::from_microsecond(microseconds).ok()?;
    Some(format!("{time:.6}"))
}

/// Many times in the form of [`rfc3339`], one after another: what lies on the same day as the one before needs no
/// calendar.
#[derive(Debug, Default)]
pub struct Stamps {
    day: Option<i64>,
    text: Vec<u8>,
}

impl Stamps {
    /// As [`rfc3339`].
    pub fn rfc3339(&mut self, microseconds: i64) -> Option<&[u8]> {
        const DAY: i64 = 86_400_000_000;
        let day = microseconds.div_euclid(DAY);
        if self.day == Some(day)
            && let Ok(since) = u64::try_from(microseconds.rem_euclid(DAY))
            && let Some((_, time)) = self.text.split_last_chunk_mut::<16>()
        {
            let second = since / 1_000_000;
            two_digits(&mut time[0..2], second / 3600);
            two_digits(&mut time[3..5], second / 60 % 60);
            two_digits(&mut time[6..8], second % 60);
            two_digits(&mut time[9..11], since / 10_000 % 100);
            two_digits(&mut time[11..13], since / 100 % 100);
            two_digits(&mut time[13..15], since % 100);
        } else {
            self.text = rfc3339(microseconds)?.into_bytes();
            self.day = Some(day);
        }
        Some(&self.text)
    }
}

fn two_digits(to: &mut [u8], number: u64) {
    for (place, divisor) in to.iter_mut().zip([10, 1]) {
        *place = b"0123456789"[usize::try_from(number / divisor % 10).unwrap_or(0)];
    }
}

/// A number of bytes: `812 B`, `1.2 MB`.
#[inline]
pub fn size(bytes: u64) -> Digits {
    const UNITS: [&[u8; 3]; 5] = [b" kB", b" MB", b" GB", b" TB", b" PB"];
    if bytes < 1000 {
        return Digits::new().text(*b" B").number(bytes);
    }
    let mut tenths = bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    Digits::new()
        .text(*UNITS[unit])
        .number(tenths % 10)
        .text(*b".")
        .number(tenths / 10)
}

#[cfg(test)]
mod tests {
    use camctl_shared::clock::ManualClock;

    use super::*;

    fn times() -> (Times, i64) {
        let now: Timestamp = "2026-11-20T11:12:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        (
            Times::fixed(Box::new(ManualClock::new(now)), zone),
            now.as_microsecond(),
        )
    }

    #[test]
    fn times_are_local_and_carry_the_date_when_not_today() {
        let (times, now) = times();
        let hour = 3_600_000_000;
        let cases = [
            (now, "since 12:12 (just now)"),
            (now - 40_000_000, "since 12:11 (40 s ago)"),
            (now - 2 * hour, "since 10:12 (2 h ago)"),
            (now - 12 * hour, "since 00:12 (12 h ago)"),
            (now - 13 * hour, "since 2026-11-19 23:12 (13 h ago)"),
            (now - 72 * hour, "since 2026-11-17 12:12 (3 d ago)"),
            (now + hour, "since 13:12"),
            (i64::MAX, "since an unknown time"),
        ];
        for (at, text) in cases {
            assert_eq!(times.since(at), text);
        }
        assert_eq!(times.to_the_second(now + 7_000_000), "12:12:07");
    }

    #[test]
    fn json_has_one_form_of_time() {
        assert_eq!(
            rfc3339(1_795_172_400_000_001).unwrap(),
            "2026-11-20T11:00:00.000001Z"
        );
        assert_eq!(
            rfc3339(1_795_172_400_000_000).unwrap(),
            "2026-11-20T11:00:00.000000Z"
        );
        assert_eq!(rfc3339(i64::MIN), None);
    }

    #[test]
    fn many_times_have_the_same_form_as_one() {
        let mut stamps = Stamps::default();
        let noon = 1_795_172_400_000_001;
        let day = 86_400_000_000;
        let times = [
            noon,
            noon + 1_234_567,
            noon - day,
            noon,
            -1,
            -day,
            0,
            day - 1,
            i64::MIN,
            day - 1,
        ];
        for at in times {
            let stamp = stamps
                .rfc3339(at)
                .map(|stamp| str::from_utf8(stamp).unwrap().to_owned());
            assert_eq!(stamp, rfc3339(at), "{at}");
        }
    }

    #[test]
    fn sizes_and_spans_use_their_largest_unit() {
        let sizes = [
            (0, "0 B"),
            (7, "7 B"),
            (40, "40 B"),
            (105, "105 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1_048_576, "1.0 MB"),
            (999_999, "999.9 kB"),
            (12_345_678_901, "12.3 GB"),
            (u64::MAX, "18446.7 PB"),
        ];
        for (bytes, text) in sizes {
            assert_eq!(size(bytes).to_string(), text);
        }
        let spans = [
            (340, "340 ms"),
            (59_000, "59 s"),
            (60_000, "1 min"),
            (7_200_000, "2 h"),
            (172_800_000, "2 d"),
        ];
        for (ms, text) in spans {
            assert_eq!(span(Duration::from_millis(ms)), text);
        }
    }
}
