//! The person's time zone, found without a look at the whole data base of zones.
//!
//! `jiff` lists all folders of that data base before it looks up a name: more than a millisecond, ten times what the
//! rest of a `camctl status` costs. Usually one file says it all.

#[cfg(unix)]
#[path = "zone/unix.rs"]
mod platform;

use jiff::tz::TimeZone;

/// The zone of this process: `TZ` where it is set, else the system's.
pub fn local() -> TimeZone {
    #[cfg(unix)]
    if let Some(zone) = platform::from_one_file() {
        return zone;
    }
    TimeZone::system()
}
