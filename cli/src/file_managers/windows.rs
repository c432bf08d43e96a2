//! Windows: Explorer's menu, by the registry of this user.

use std::path::Path;

use super::State;
use super::explorer::{APPLIES_TO, KEY, MARK, Value, values};
use crate::agent_start::WINDOWLESS;
use crate::registry;

/// How a command line begins. Explorer would open a console for a program that has one.
fn program(own: &Path) -> String {
    let windowless = own.with_file_name(WINDOWLESS);
    if windowless.is_file() {
        format!("\"{}\"", windowless.display())
    } else {
        format!("\"{}\" --gui", own.display())
    }
}

fn is_ours() -> Result<bool, String> {
    Ok(registry::read(KEY, MARK.0)?.is_some())
}

/// Whether somebody has put something there: each entry of Explorer's has one of these.
fn is_taken() -> Result<bool, String> {
    for (key, value) in [(KEY, ""), (KEY, "MUIVerb"), (&format!(r"{KEY}\command"), "")] {
        if registry::read(key, value)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn state(own: &Path) -> Result<State, String> {
    if !is_ours()? {
        return Ok(State::default());
    }
    let narrowed = registry::read(KEY, APPLIES_TO)?;
    let expected = values(&program(own), &[]);
    let stands =
        |(key, name, text): &Value| Ok::<_, String>(registry::read(key, name)?.as_ref() == Some(text));
    let mut problem = None;
    for value in &expected {
        if !stands(value)? {
            problem = Some("it is not what this camctl writes; \"camctl integrate on\" mends it".to_owned());
        }
    }
    Ok(State {
        places: vec![format!(r"HKEY_CURRENT_USER\{KEY}")],
        notes: narrowed
            .map(|search| format!("on files with {search}"))
            .into_iter()
            .collect(),
        problem,
    })
}

pub(super) fn put(own: &Path, extensions: &[String]) -> Result<State, String> {
    if is_ours()? {
        // What an older version wrote, or for other extensions.
        registry::remove_tree(KEY)?;
    } else if is_taken()? {
        return Err(format!(
            r"HKEY_CURRENT_USER\{KEY} was not written by camctl, and is left as it is"
        ));
    }
    for (key, name, text) in values(&program(own), extensions) {
        registry::write(&key, name, &text)?;
    }
    state(own)
}

pub(super) fn take_away(_own: &Path) -> Result<bool, String> {
    if !is_ours()? {
        return Ok(false);
    }
    registry::remove_tree(KEY)?;
    // The keys above it that were made for it.
    for key in [r"Software\Classes\*\shell", r"Software\Classes\*"] {
        registry::remove_if_empty(key);
    }
    Ok(true)
}
