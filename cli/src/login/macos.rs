//! macOS: a LaunchAgent, which launchd loads at login.

use std::env;
use std::path::PathBuf;

use super::files::{self, Found};
use super::{State, Way, Whom, plist};

const WAY: Way = Way {
    word: "launch_agent",
    text: "by launchd",
};

fn place() -> Result<PathBuf, String> {
    let home = env::var_os("HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_absolute());
    let home = home.ok_or("this user has no home folder; set HOME")?;
    Ok(home.join(format!("Library/LaunchAgents/{}.plist", plist::LABEL)))
}

pub(super) fn state(whom: &Whom) -> Result<State, String> {
    let place = place()?;
    let Found::Ours(text) = files::look(&place) else {
        return Ok(State::default());
    };
    let problem = "it starts another agent than this camctl's, or with other settings; \"camctl agent enable\" mends it";
    Ok(State {
        way: Some(WAY),
        place: Some(place.display().to_string()),
        problem: (text != plist::text(whom)?).then(|| problem.to_owned()),
    })
}

pub(super) fn enable(whom: &Whom) -> Result<State, String> {
    files::write(&place()?, &plist::text(whom)?)?;
    state(whom)
}

pub(super) fn disable() -> Result<bool, String> {
    files::remove(&place()?)
}

/// launchd has loaded what was there at login, and nothing since.
pub(super) fn start(_whom: &Whom) -> bool {
    false
}
