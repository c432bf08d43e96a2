//! Windows: the Run key of this user.

use std::path::Path;

use super::{State, Way, Whom};
use crate::agent_start::{PROGRAM, WINDOWLESS};
use crate::registry;

const WAY: Way = Way {
    word: "run_key",
    text: "by the Run key of the registry",
};
const KEY: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
const VALUE: &str = "camctl";

/// What the Run key says. The agent itself is a program of the console: it would open one.
fn line(whom: &Whom) -> String {
    let windowless = Path::new(&whom.program).with_file_name(WINDOWLESS);
    if windowless.is_file() {
        format!("\"{}\" agent start", windowless.display())
    } else {
        format!("\"{}\"", whom.program)
    }
}

fn is_ours(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.contains(PROGRAM) || line.contains(WINDOWLESS)
}

pub(super) fn state(whom: &Whom) -> Result<State, String> {
    Ok(match registry::read(KEY, VALUE)? {
        Some(found) if is_ours(&found) => State {
            way: Some(WAY),
            place: Some(format!(r"HKEY_CURRENT_USER\{KEY}\{VALUE}")),
            problem: (found != line(whom)).then(|| {
                "it starts another agent than this camctl's; \"camctl agent enable\" mends it".to_owned()
            }),
        },
        _ => State::default(),
    })
}

pub(super) fn enable(whom: &Whom) -> Result<State, String> {
    if registry::read(KEY, VALUE)?.is_some_and(|found| !is_ours(&found)) {
        return Err(format!(
            r"HKEY_CURRENT_USER\{KEY} has a value {VALUE} that was not written by camctl, and is left as it is"
        ));
    }
    registry::write(KEY, VALUE, &line(whom))?;
    state(whom)
}

pub(super) fn disable() -> Result<bool, String> {
    if !registry::read(KEY, VALUE)?.is_some_and(|found| is_ours(&found)) {
        return Ok(false);
    }
    registry::remove(KEY, VALUE)?;
    Ok(true)
}

/// The Run key is read at login alone.
pub(super) fn start(_whom: &Whom) -> bool {
    false
}
