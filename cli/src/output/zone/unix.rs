//! Zones on Unix: one file each, in the form of RFC 9636.

use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};

use jiff::tz::TimeZone;

const SYSTEM: &str = "/etc/localtime";
const ZONES: &str = "/usr/share/zoneinfo";

/// The zone, when one file says it; else whoever knows more ways has to be asked.
pub(super) fn from_one_file() -> Option<TimeZone> {
    let variable = env::var_os("TZ");
    let path = match &variable {
        None => PathBuf::from(SYSTEM),
        Some(value) => named(value.to_str()?)?,
    };
    let bytes = fs::read(path).ok()?;
    TimeZone::tzif("local", &bytes).ok()
}

/// The file that a value of `TZ` names; none for a rule such as `CET-1CEST`, which names itself.
fn named(value: &str) -> Option<PathBuf> {
    let name = Path::new(value.strip_prefix(':').unwrap_or(value));
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if name.is_absolute() {
        return Some(name.to_owned());
    }
    (!value.is_empty() && name.components().all(plain)).then(|| Path::new(ZONES).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_tz_names_a_file() {
        let cases = [
            ("Europe/Berlin", Some("/usr/share/zoneinfo/Europe/Berlin")),
            (":Europe/Berlin", Some("/usr/share/zoneinfo/Europe/Berlin")),
            ("/etc/localtime", Some("/etc/localtime")),
            (":/etc/localtime", Some("/etc/localtime")),
            ("../../secret", None),
            ("", None),
        ];
        for (value, file) in cases {
            assert_eq!(named(value).as_deref(), file.map(Path::new), "{value:?}");
        }
    }
}
