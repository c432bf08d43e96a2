//! Linux and its like: systemd's user manager where there is one, else the desktop's autostart.

use std::env;
use std::path::{Path, PathBuf};

use super::files::{self, Found};
use super::systemd::{self, Places};
use super::{State, Way, Whom, xdg};

/// Where this user's settings lie, by the rules of freedesktop.org.
fn config() -> Result<PathBuf, String> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CONFIG_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".config")))
        .ok_or_else(|| "this user has no home folder; set HOME".to_owned())
}

pub(super) fn state(whom: &Whom) -> Result<State, String> {
    state_in(&config()?, whom)
}

fn state_in(config: &Path, whom: &Whom) -> Result<State, String> {
    let places = Places::below(config);
    let entry = config.join(xdg::NAME);
    let unit_text = systemd::unit(whom)?;
    let by_unit = places.is_wanted();
    Ok(match (files::look(&places.unit), files::look(&entry)) {
        (Found::Ours(text), other) if by_unit => {
            let twice = matches!(other, Found::Ours(_));
            active(systemd::WAY, &places.unit, text == unit_text, twice)
        }
        (unit, Found::Ours(text)) => {
            let half = matches!(unit, Found::Ours(_));
            active(xdg::WAY, &entry, text == xdg::entry(whom)?, half)
        }
        (Found::Ours(_), _) => State {
            problem: Some(format!(
                "{} is there, but not enabled; \"camctl agent enable\" does",
                places.unit.display()
            )),
            ..State::default()
        },
        _ => State::default(),
    })
}

fn active(way: Way, place: &Path, current: bool, twice: bool) -> State {
    let problem = if twice {
        Some("it is set up in two ways")
    } else if current {
        None
    } else {
        Some("it starts another agent than this camctl's, or with other settings")
    };
    State {
        way: Some(way),
        place: Some(place.display().to_string()),
        problem: problem.map(|problem| format!("{problem}; \"camctl agent enable\" mends it")),
    }
}

pub(super) fn enable(whom: &Whom) -> Result<State, String> {
    let config = config()?;
    let places = Places::below(&config);
    let entry = config.join(xdg::NAME);
    let (unit_text, entry_text) = (systemd::unit(whom)?, xdg::entry(whom)?);
    // Before anything is changed.
    files::refuse_foreign(&places.unit)?;
    files::refuse_foreign(&entry)?;
    let answers = systemd::answers();
    if answers {
        files::write(&places.unit, &unit_text)?;
        if systemd::enable(&places) {
            files::remove(&entry)?;
            return state_in(&config, whom);
        }
    }
    files::write(&entry, &entry_text)?;
    if files::remove(&places.unit)? {
        systemd::forget(&places, answers);
    }
    state_in(&config, whom)
}

pub(super) fn disable() -> Result<bool, String> {
    let config = config()?;
    let places = Places::below(&config);
    let entry = files::remove(&config.join(xdg::NAME))?;
    let unit = files::remove(&places.unit)?;
    if unit {
        systemd::forget(&places, true);
    }
    Ok(entry || unit)
}

pub(super) fn start(whom: &Whom) -> bool {
    let Ok(config) = config() else { return false };
    let ours = state_in(&config, whom);
    ours.is_ok_and(|state| state.way == Some(systemd::WAY) && state.problem.is_none()) && systemd::start()
}
