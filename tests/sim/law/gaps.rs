//! A server that loses its power under living clients, and with it commits that some of them have read.
//!
//! What those were shown and told before they notice was true once, and is not judged. What is judged: nobody is told that
//! something was done which stands over a gap, where nobody can read it; and in the end all is well, unless somebody has
//! taken the number of a vanished commit before what was built on it arrived.

use std::sync::Arc;

use serde_json::Value;

use super::Law;

impl Law {
    /// Whether somebody may still believe in what has vanished.
    pub fn is_lenient(&self) -> bool {
        self.vanished
    }

    /// Notes that a promise was broken, unless whoever broke it could not know better.
    pub fn doubts(&mut self, problem: impl Into<String>) {
        if !self.vanished {
            self.breaks(problem);
        }
    }

    /// A commit was published over a gap.
    pub(super) fn published_over_a_gap(&mut self, n: u64, bytes: Arc<[u8]>) {
        self.ahead.insert(n, bytes);
    }

    /// Those that stand on what was published just now.
    pub(super) fn catch_up(&mut self) {
        while let Some(bytes) = self.ahead.get(&self.len()).cloned() {
            let commit: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let stands_on = self.tables.last().map(|(_, nonce)| nonce.as_str());
            if commit["previous"].as_str() != stands_on {
                return;
            }
            self.ahead.remove(&self.len());
            self.take(bytes);
        }
    }

    /// What was published over a gap goes with the server's power as well.
    pub(super) fn forget_ahead(&mut self, stands: impl Fn(u64) -> bool) {
        self.ahead.retain(|n, _| stands(*n));
    }

    /// Whether there is a commit that nobody can read.
    pub fn is_torn(&self) -> bool {
        !self.ahead.is_empty()
    }
}
