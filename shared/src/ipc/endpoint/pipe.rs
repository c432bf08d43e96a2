//! Names and access rights of pipes: plain text, so that every system's tests can read it.

use crate::paths::short_hash;

/// What every pipe's name begins with.
pub(super) const PREFIX: &str = r"\\.\pipe\";

/// The pipe of the user with that SID; `home` is the `CAMCTL_HOME` of an agent that lives beside others.
///
/// Windows' paths differ in case and in their separators and are still one folder; so does the hash.
pub fn pipe_name(sid: &str, home: Option<&str>) -> String {
    let plain = format!("{PREFIX}camctl-v1-{sid}");
    match home {
        None => plain,
        Some(home) => {
            let folder = home.replace('/', "\\").to_lowercase();
            let folder = folder.trim_end_matches('\\');
            format!("{plain}-{}", short_hash(folder.as_bytes()))
        }
    }
}

/// The pipe that `CAMCTL_SOCKET` names, with or without [`PREFIX`]; never one of another machine.
#[cfg(any(windows, test))]
pub(super) fn given_name(value: &str) -> Result<String, String> {
    let own = value.strip_prefix(PREFIX).unwrap_or(value);
    let fits = !own.is_empty()
        && own
            .chars()
            .all(|letter| letter != '\\' && letter != '/' && !letter.is_control());
    if fits && PREFIX.len() + own.len() <= 256 {
        Ok(format!("{PREFIX}{own}"))
    } else {
        Err(format!(
            "it must be the name of a pipe on this machine, such as {PREFIX}camctl-test"
        ))
    }
}

/// Who may use the pipe: nobody over the network, and on this machine the user with that SID alone. Protected, so
/// that nothing is inherited.
pub fn sddl(sid: &str) -> String {
    format!("D:P(D;;GA;;;NU)(A;;GA;;;{sid})")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "S-1-5-21-1-2-3-1001";

    #[test]
    fn a_pipe_is_named_after_its_user() {
        assert_eq!(pipe_name(SID, None), r"\\.\pipe\camctl-v1-S-1-5-21-1-2-3-1001");
    }

    #[test]
    fn agents_with_homes_of_their_own_have_pipes_of_their_own() {
        let name = pipe_name(SID, Some(r"C:\tests\a"));
        assert_eq!(name, pipe_name(SID, Some(r"c:/Tests/A\")));
        assert_ne!(name, pipe_name(SID, Some(r"C:\tests\b")));
        assert_ne!(name, pipe_name(SID, None));
        assert!(name.len() < 256, "Windows allows no longer names");
    }

    #[test]
    fn a_given_pipe_is_on_this_machine() {
        assert_eq!(given_name("mine").unwrap(), r"\\.\pipe\mine");
        assert_eq!(given_name(r"\\.\pipe\mine").unwrap(), r"\\.\pipe\mine");
        for bad in [
            "",
            r"\\.\pipe\",
            r"\\server\pipe\mine",
            r"C:\v1.sock",
            "/tmp/v1.sock",
            "a\nb",
            &"x".repeat(300),
        ] {
            assert!(given_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_the_user_may_use_the_pipe_and_nobody_from_elsewhere() {
        assert_eq!(sddl(SID), "D:P(D;;GA;;;NU)(A;;GA;;;S-1-5-21-1-2-3-1001)");
    }
}
