//! Who this user is, and what this machine is called: the names that the others read in the lock table.
//!
//! `CAMCTL_USER` and `CAMCTL_MACHINE` come first; else the system is asked. Two machines must not have one name, so
//! names that many machines have ("localhost") are not taken without something that tells them apart.

#[cfg(unix)]
#[path = "identity/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "identity/windows.rs"]
mod platform;

use thiserror::Error;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 255;

/// Why a name cannot be had; says which variable helps.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// The variable is set, and cannot be used.
    #[error("{variable} cannot be used: {problem}")]
    Bad {
        /// `CAMCTL_USER` or `CAMCTL_MACHINE`.
        variable: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The system's own answer cannot be used.
    #[error("{what} cannot be found out: {problem}; set {variable}")]
    Unknown {
        /// Which name.
        what: &'static str,
        /// What is wrong with the system's answer.
        problem: Box<str>,
        /// What to set.
        variable: &'static str,
    },
}

/// This user's account name, or `CAMCTL_USER`.
///
/// # Errors
/// When neither gives a name.
pub fn user() -> Result<Box<str>, IdentityError> {
    named("CAMCTL_USER", "the name of this user's account", platform::user)
}

/// This machine's host name, or `CAMCTL_MACHINE`.
///
/// # Errors
/// When neither gives a name.
pub fn machine() -> Result<Box<str>, IdentityError> {
    named("CAMCTL_MACHINE", "this machine's name", platform::machine)
}

fn named(
    variable: &'static str,
    what: &'static str,
    ask: impl FnOnce() -> Result<String, String>,
) -> Result<Box<str>, IdentityError> {
    if let Some(value) = super::variable(variable) {
        let problem = |problem| IdentityError::Bad { variable, problem };
        let text = value.to_str().ok_or(problem("it is not Unicode"))?;
        return clean(text).map_err(problem);
    }
    let unknown = |problem: Box<str>| IdentityError::Unknown {
        what,
        problem,
        variable,
    };
    let answer = ask().map_err(|problem| unknown(problem.into()))?;
    clean(&answer).map_err(|problem| unknown(problem.into()))
}

/// A name as it may stand in the table and on a terminal: without control characters, without space around it.
///
/// # Errors
/// With what is wrong, when nothing is left or it is longer than [`MAX_NAME`].
pub fn clean(name: &str) -> Result<Box<str>, &'static str> {
    let visible: String = name.chars().filter(|letter| !letter.is_control()).collect();
    match visible.trim() {
        "" => Err("it is empty"),
        long if long.len() > MAX_NAME => Err("it is longer than 255 bytes"),
        name => Ok(name.into()),
    }
}

/// A host name that tells this machine from others: names that many machines have get a part of `id`, which the
/// system gave this installation.
fn unmistakable(host: &str, id: Option<&str>) -> Result<String, String> {
    let short = host.split('.').next().unwrap_or_default();
    let common = matches!(short, "localhost" | "(none)" | "");
    let mark = id.map(str::trim).filter(|id| id.len() >= 8 && id.is_ascii());
    match (common, mark) {
        (false, _) => Ok(host.to_owned()),
        (true, Some(id)) => Ok(format!("localhost-{}", &id[..8])),
        (true, None) => Err(format!("its host name {host:?} is one that many machines have")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        let cases = [
            ("alice", Ok("alice")),
            ("  alice \n", Ok("alice")),
            ("al\u{1b}[31mice\u{7}", Ok("al[31mice")),
            ("Åsa Öberg", Ok("Åsa Öberg")),
            ("", Err("it is empty")),
            (" \t\u{0}\n ", Err("it is empty")),
        ];
        for (name, expected) in cases {
            assert_eq!(clean(name).as_deref(), expected.as_deref(), "{name:?}");
        }
        assert_eq!(clean(&"x".repeat(255)).unwrap().len(), 255);
        assert_eq!(clean(&"x".repeat(256)), Err("it is longer than 255 bytes"));
    }

    #[test]
    fn an_error_names_the_variable_to_set() {
        let error = named("CAMCTL_NO_SUCH", "this machine's name", || Ok("\n".into())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this machine's name cannot be found out: it is empty; set CAMCTL_NO_SUCH"
        );
    }

    #[test]
    fn a_name_that_many_machines_have_is_marked_or_refused() {
        let id = Some("0123456789abcdef0123456789abcdef\n");
        assert_eq!(unmistakable("CAM-03", None).unwrap(), "CAM-03");
        assert_eq!(
            unmistakable("CAM-03.shop.example", id).unwrap(),
            "CAM-03.shop.example"
        );
        assert_eq!(unmistakable("localhost", id).unwrap(), "localhost-01234567");
        assert_eq!(
            unmistakable("localhost.localdomain", id).unwrap(),
            "localhost-01234567"
        );
        for (host, id) in [("localhost", None), ("(none)", Some("short")), ("", Some(""))] {
            assert!(unmistakable(host, id).is_err(), "{host:?} {id:?}");
        }
    }

    #[test]
    fn this_machine_and_this_user_have_names() {
        assert!(!user().unwrap().is_empty());
        assert!(!machine().unwrap().is_empty());
    }
}
