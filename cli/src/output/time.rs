//! Times and sizes, as people read them.
//!
//! The time zone is only looked up when a time is printed: most commands print none.

use std::cell::OnceCell;
use std::time::Duration;

use camctl_shared::clock::{Clock, Timestamp};
use camctl_shared::model::parse_duration;
pub use camctl_shared::text::span;
use jiff::tz::TimeZone;

use super::digits::Digits;
use crate::errors::Failure;

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

    /// Now, in microseconds of Unix time.
    pub fn now(&self) -> i64 {
        self.clock.wall().as_microsecond()
    }

    /// The day of a moment, where the person is: `2026-11-19`.
    pub fn day(&self, microseconds: i64) -> String {
        let time = Timestamp::from_microsecond(microseconds).unwrap_or_default();
        time.to_zoned(self.zone().clone()).date().to_string()
    }

    /// `2026-11-19 09:12`, whatever day it is: for what is read later.
    pub fn full(&self, microseconds: i64) -> String {
        let time = Timestamp::from_microsecond(microseconds).unwrap_or_default();
        let local = time.to_zoned(self.zone().clone());
        format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
    }

    /// The days from one moment to another, where the person is, both included; the last ten years of them at most.
    pub fn days(&self, from: i64, until: i64) -> Vec<String> {
        const MOST: usize = 3653;
        let date = |at: i64| {
            let time = Timestamp::from_microsecond(at).unwrap_or_default();
            time.to_zoned(self.zone().clone()).date()
        };
        let (first, mut day) = (date(from), date(until));
        let mut days = Vec::new();
        while day >= first && days.len() < MOST {
            days.push(day.to_string());
            let Ok(before) = day.yesterday() else { break };
            day = before;
        }
        days.reverse();
        days
    }

    /// When a person says that something is to begin: so long ago (`30d`), or at the beginning of a day (`2026-01-01`), or
    /// at a time of it (`2026-01-01 09:30`), where the person is.
    ///
    /// # Errors
    /// When it is neither.
    pub fn since_when(&self, text: Option<&str>) -> Result<Option<i64>, Failure> {
        let Some(text) = text else { return Ok(None) };
        if let Ok(ago) = parse_duration(text) {
            let ago = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
            return Ok(Some(self.now().saturating_sub(ago)));
        }
        let time = text.parse::<Timestamp>().ok();
        let civil = || {
            let at: jiff::civil::DateTime = text.parse().ok()?;
            Some(at.to_zoned(self.zone().clone()).ok()?.timestamp())
        };
        match time.or_else(civil) {
            Some(time) => Ok(Some(time.as_microsecond())),
            None => Err(Failure::Usage {
                problem: format!(
                    "{text:?} is no time; write how long ago, such as 12h or 30d, or a date, such as 2026-01-01"
                ),
            }),
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

/// A length of time with as much as one wants to compare: `40 s`, `12 min`, `1.5 h`, `3.4 d`.
pub fn about(ms: u64) -> String {
    const HOUR: u64 = 3_600_000;
    const DAY: u64 = 24 * HOUR;
    let tenths = |unit: u64| {
        let tenths = ms / (unit / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match ms {
        ..60_000 => format!("{} s", ms / 1000),
        60_000..HOUR => format!("{} min", ms / 60_000),
        HOUR..172_800_000 => format!("{} h", tenths(HOUR)),
        _ => format!("{} d", tenths(DAY)),
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
    fn a_beginning_is_a_length_of_time_ago_or_a_local_time() {
        let (times, now) = times();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let cases = [
            ("30d", now - 30 * 86_400_000_000),
            ("12h", now - 12 * 3_600_000_000),
            ("2026-01-01", at("2025-12-31T23:00:00Z")),
            ("2026-01-01 09:30", at("2026-01-01T08:30:00Z")),
            ("2026-01-01T09:30:00Z", at("2026-01-01T09:30:00Z")),
        ];
        for (text, expected) in cases {
            assert_eq!(times.since_when(Some(text)), Ok(Some(expected)), "{text}");
        }
        assert_eq!(times.since_when(None), Ok(None));
        assert_eq!(
            times.days(now - 2 * 86_400_000_000, now),
            ["2026-11-18", "2026-11-19", "2026-11-20"]
        );
        assert_eq!(
            (
                times.days(now, now).len(),
                times.days(now, now - 86_400_000_000).len()
            ),
            (1, 0)
        );
        assert_eq!(times.days(0, now).len(), 3653);
        for wrong in ["yesterday", "2026-13-01", "30", "01.01.2026"] {
            assert!(times.since_when(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_that_are_compared_have_a_digit_more() {
        let cases = [
            (999, "0 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (3_599_999, "59 min"),
            (3_600_000, "1.0 h"),
            (5_400_000, "1.5 h"),
            (172_799_999, "47.9 h"),
            (172_800_000, "2.0 d"),
            (8_640_000_000, "100.0 d"),
        ];
        for (ms, text) in cases {
            assert_eq!(about(ms), text);
        }
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
