//! The end of the day: once, the person is told what they still hold. Pure, from the time on their wall.

use std::time::Duration;

use jiff::Zoned;
use jiff::civil::{Date, Time};

/// The clock is looked at again after so long at most: it may be set, and the machine may sleep without a word.
const LONGEST: Duration = Duration::from_mins(15);

/// See the module.
#[derive(Debug)]
pub struct Reminder {
    at: Time,
    told: Option<Date>,
}

impl Reminder {
    /// At this time of each day, but not again on the day on which that was done last.
    pub fn new(at: Time, told: Option<Date>) -> Self {
        Self { at, told }
    }

    /// The day, when the person is to be told now. It is over then, whether there is anything to tell or not: what is checked
    /// out later in the evening is on their mind.
    pub fn is_due(&mut self, now: &Zoned) -> Option<Date> {
        let today = now.date();
        let due = now.time() >= self.at && self.told != Some(today);
        due.then(|| *self.told.insert(today))
    }

    /// How long until it is worth a look.
    pub fn wait(&self, now: &Zoned) -> Duration {
        let today = now.date();
        let day = if now.time() < self.at {
            Some(today)
        } else {
            today.tomorrow().ok()
        };
        let next = day.and_then(|day| now.time_zone().to_timestamp(day.to_datetime(self.at)).ok());
        let left = next.map(|next| next.duration_since(now.timestamp()));
        left.and_then(|left| Duration::try_from(left).ok())
            .map_or(LONGEST, |left| left.min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{TimeZone, offset};

    use super::*;

    fn on(day: i8, hour: i8, minute: i8) -> Zoned {
        let time = Date::new(2026, 11, day).unwrap().at(hour, minute, 0, 0);
        time.to_zoned(TimeZone::fixed(offset(2))).unwrap()
    }

    fn half_past_five(told: Option<i8>) -> Reminder {
        let day = |day| Date::new(2026, 11, day).unwrap();
        Reminder::new(Time::new(17, 30, 0, 0).unwrap(), told.map(day))
    }

    #[test]
    fn once_a_day_from_that_time_on() {
        let mut reminder = half_past_five(None);
        let mut told = Vec::new();
        for (day, hour, minute) in [
            (20, 9, 0),
            (20, 17, 29),
            (20, 17, 30),
            (20, 17, 31),
            (20, 23, 59),
            (21, 0, 0),
            (21, 17, 0),
            // The machine slept over the time.
            (21, 20, 0),
            // And over a whole evening, which is not made up for in the morning.
            (23, 8, 0),
            (23, 18, 0),
        ] {
            if let Some(date) = reminder.is_due(&on(day, hour, minute)) {
                assert_eq!(date.day(), day);
                told.push((day, hour, minute));
            }
        }
        assert_eq!(told, [(20, 17, 30), (21, 20, 0), (23, 18, 0)]);
    }

    #[test]
    fn what_was_told_is_not_told_again_by_the_next_agent() {
        assert_eq!(half_past_five(Some(20)).is_due(&on(20, 18, 0)), None);
        assert!(half_past_five(Some(19)).is_due(&on(20, 18, 0)).is_some());
    }

    #[test]
    fn it_sleeps_until_then_but_not_without_a_look_at_the_clock() {
        let reminder = half_past_five(None);
        let wait = |hour, minute| reminder.wait(&on(20, hour, minute));
        assert_eq!(wait(17, 29), Duration::from_mins(1));
        assert_eq!(wait(9, 0), LONGEST);
        assert_eq!(wait(17, 30), LONGEST, "tomorrow");
    }
}
