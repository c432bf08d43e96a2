//! Who holds a lock.

use std::fmt;

/// One running agent, or one HTTP session: what holds locks and sends heartbeats.
///
/// Invariant: 1 to 64 ASCII letters, digits and hyphens, because it names a file in `.camctl/sessions/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// A new one that nobody else has: a version 7 UUID, so that listings sort by age.
    #[must_use]
    pub fn random() -> Self {
        Self(crate::random::uuid_by_age().to_string().into())
    }

    /// Takes `text` for a session id; `None` when it could not name a file.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len());
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (fits && plain).then(|| Self(text.into()))
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who holds a lock: a person, at a machine, through a session.
///
/// Records of older tools know only the user: both other parts are `None` then, and such a lock is never stale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The person's account name.
    pub user: Box<str>,
    /// The machine's host name.
    pub machine: Option<Box<str>>,
    /// The agent or HTTP session that answers for the lock.
    pub session: Option<SessionId>,
}

impl Owner {
    /// An owner with all three parts, as every camctl agent is one.
    pub fn new(user: &str, machine: &str, session: SessionId) -> Self {
        Self {
            user: user.into(),
            machine: Some(machine.into()),
            session: Some(session),
        }
    }

    /// Whether both are the same person at the same machine, through whatever session.
    pub fn same_desk(&self, other: &Self) -> bool {
        self.user == other.user && self.machine.is_some() && self.machine == other.machine
    }
}

/// "alice on CAM-03", or "alice" where no machine is known.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)?;
        match &self.machine {
            Some(machine) => write!(f, " on {machine}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_can_name_files() {
        assert!(SessionId::parse(SessionId::random().as_str()).is_some());
        for bad in ["", "..", "a/b", "a\\b", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(SessionId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_older_tools_owner_sits_at_no_desk() {
        let old = Owner {
            user: "alice".into(),
            machine: None,
            session: None,
        };
        assert!(
            !old.same_desk(&old),
            "without a machine nobody can say that it is the same"
        );
        assert_eq!(old.to_string(), "alice");
        let new = Owner::new("alice", "CAM-03", SessionId::random());
        assert!(new.same_desk(&Owner::new("alice", "CAM-03", SessionId::random())));
        assert!(!new.same_desk(&Owner::new("alice", "CAM-04", SessionId::random())));
        assert_eq!(new.to_string(), "alice on CAM-03");
    }
}
