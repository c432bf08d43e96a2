//! Linux and its like: a script that lies beside the program puts an extension into Nautilus, Nemo and Caja, and menus
//! into Dolphin and Thunar; here is said where it is. The file managers have no interface of their own for that but files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::State;

/// From the folder above the program's.
const SCRIPT: &str = "share/camctl/file-managers/install.sh";

pub(super) fn state(own: &Path) -> Result<State, String> {
    let Ok(script) = script(own) else {
        return Ok(State::default());
    };
    Ok(State {
        places: lines(&run(&script, &["places"])?.0),
        ..State::default()
    })
}

pub(super) fn put(own: &Path, _extensions: &[String]) -> Result<State, String> {
    let own = own
        .to_str()
        .ok_or_else(|| format!("the path of {} is not valid Unicode", own.display()))?;
    let script = script(Path::new(own))?;
    let notes = lines(&run(&script, &["enable", own])?.1);
    Ok(State {
        notes,
        ..state(Path::new(own))?
    })
}

pub(super) fn take_away(own: &Path) -> Result<bool, String> {
    let was = !state(own)?.places.is_empty();
    run(&script(own)?, &["disable"])?;
    Ok(was)
}

fn script(own: &Path) -> Result<PathBuf, String> {
    let prefix = own.parent().and_then(Path::parent);
    let script = prefix.map(|prefix| prefix.join(SCRIPT)).unwrap_or_default();
    if script.is_file() {
        return Ok(script);
    }
    Err(format!(
        "the file managers' parts were not installed with this camctl: there is no {}",
        script.display()
    ))
}

/// What it prints, and what it says to people.
fn run(script: &Path, words: &[&str]) -> Result<(String, String), String> {
    let output = Command::new(script).args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start {}: {error}", script.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr);
    if output.status.success() {
        return Ok((text(&output.stdout), said));
    }
    Err(format!("{} failed: {}", script.display(), said.trim_end()))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
