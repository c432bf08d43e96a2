//! Where everything lies below the repository's folder.

/// The folder that camctl keeps for itself.
pub(super) const OWN: &str = ".camctl";
/// Policy, for people to edit.
pub(super) const POLICY: &str = ".camctl/repo.toml";
/// The newest commit's number; a hint.
pub(super) const HEAD: &str = ".camctl/head";
/// Where writers queue, politely.
pub(super) const MUTEX: &str = ".camctl/mutex";
/// The truth.
pub(super) const LOG: &str = ".camctl/log";
/// Signs of life.
pub(super) const SESSIONS: &str = ".camctl/sessions";
/// Files on their way into the log.
pub(super) const TEMPORARY: &str = ".camctl/tmp";
/// Pruned folders on their way out.
pub(super) const TRASH: &str = ".camctl/trash";

/// The folder of the log that is number `folder`.
pub(super) fn log_folder(folder: u64) -> String {
    format!("{LOG}/{folder}")
}

/// Commit `n`, in a log whose folders hold `size` commits each.
pub(super) fn commit(n: u64, size: u64) -> String {
    format!("{LOG}/{}/{n}.json", n / size)
}

/// The number of the commit that a file name of the log stands for.
pub(super) fn commit_number(name: &str) -> Option<u64> {
    plain_number(name.strip_suffix(".json")?)
}

/// A number written as this module writes it: no sign, no leading zeros.
pub(super) fn plain_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The sign of life of one session.
pub(super) fn session(session: &crate::model::SessionId) -> String {
    format!("{SESSIONS}/{session}.json")
}

/// A name that nobody else has, for a file on its way into the log.
pub(super) fn temporary() -> String {
    format!("{TEMPORARY}/{}", crate::random::uuid().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_lie_a_thousand_to_a_folder() {
        assert_eq!(commit(0, 1000), ".camctl/log/0/0.json");
        assert_eq!(commit(999, 1000), ".camctl/log/0/999.json");
        assert_eq!(commit(1000, 1000), ".camctl/log/1/1000.json");
    }

    #[test]
    fn only_names_that_were_written_here_are_commits() {
        assert_eq!(commit_number("17.json"), Some(17));
        for other in [
            "017.json", "+17.json", "17", "x.json", "17.json~", "-1.json", ".json",
        ] {
            assert_eq!(commit_number(other), None, "{other}");
        }
    }
}
