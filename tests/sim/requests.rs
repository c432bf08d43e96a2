//! What people asked for, what they were told, and whether the log agrees: what was acknowledged is there, what was said
//! to have failed is not, and nothing is done that nobody asked for.

use std::collections::BTreeMap;

use testkit::ledger::Desk;

/// What a person may ask of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Take,
    Give,
    Break,
    Leave,
    Ask,
    Answer,
}

/// Who, which file, what.
pub type Key = (Desk, String, Kind);

/// What became of a request, as far as its asker was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Certainly not done, and never will be.
    Failed,
    /// Nobody knows.
    Unknown,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    open: u32,
    done: u32,
    failed: u32,
    unknown: u32,
    committed: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Requests(BTreeMap<Key, Count>);

impl Requests {
    pub fn asked(&mut self, key: &Key) {
        self.0.entry(key.clone()).or_default().open += 1;
    }

    /// # Errors
    /// When the log says otherwise.
    pub fn told(&mut self, key: &Key, outcome: Outcome) -> Result<(), String> {
        let count = self.0.entry(key.clone()).or_default();
        count.open -= 1;
        match outcome {
            Outcome::Done => count.done += 1,
            Outcome::Failed => count.failed += 1,
            Outcome::Unknown => count.unknown += 1,
        }
        self.balance(key)
    }

    /// # Errors
    /// When nobody asked for it, or it was said to have failed, or it is done once more.
    pub fn committed(&mut self, key: &Key) -> Result<(), String> {
        self.0.entry(key.clone()).or_default().committed += 1;
        self.balance(key)
    }

    /// Whoever stands in line may be given the file once, without asking again.
    pub fn allowed(&mut self, key: &Key) {
        self.0.entry(key.clone()).or_default().unknown += 1;
    }

    /// Forgets what was committed: the log is learnt anew.
    pub fn forget_commits(&mut self) {
        for count in self.0.values_mut() {
            count.committed = 0;
        }
    }

    fn balance(&self, key: &Key) -> Result<(), String> {
        let count = self.0.get(key).copied().unwrap_or_default();
        if count.committed <= count.open + count.done + count.unknown {
            return Ok(());
        }
        let ((desk, file, kind), user) = (key, &key.0.user);
        let _ = desk;
        Err(format!(
            "{user}'s {kind:?} of {file} is in the log more often than it was asked for and not said to have failed: {count:?}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_to_have_failed_must_not_be_in_the_log() {
        let desk = Desk {
            user: "alice".into(),
            machine: "M".into(),
        };
        let key = (desk, "a".to_owned(), Kind::Take);
        let mut requests = Requests::default();
        assert!(requests.committed(&key).is_err(), "nobody asked");
        for (outcome, fine) in [
            (Outcome::Done, true),
            (Outcome::Unknown, true),
            (Outcome::Failed, false),
        ] {
            let mut requests = Requests::default();
            requests.asked(&key);
            assert!(requests.committed(&key).is_ok());
            assert_eq!(requests.told(&key, outcome).is_ok(), fine);
            assert!(requests.committed(&key).is_err(), "twice");
        }
    }
}
