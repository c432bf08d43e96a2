//! What a repository's log adds up to, worked out from the files alone: none of the product's code is asked.
//!
//! A [`Ledger`] takes one commit after the other and panics at the first that breaks a promise: a gap, a commit that does
//! not name its predecessor, a request that was applied twice, a grant of a file that was not free, a token that is not
//! its commit's number or not larger than all before it, an end of a lock that did not stand, a checkpoint that differs
//! from the sum of what came before it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use camctl_shared::clock::Timestamp;
use serde_json::Value;

use crate::Repository;

/// Who holds a lock: a person at a machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Desk {
    /// The person.
    pub user: String,
    /// The machine; empty for an older tool's record.
    pub machine: String,
}

/// A lock that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which one.
    pub token: u64,
    /// Whose.
    pub desk: Desk,
}

/// The end of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The commit that ended it.
    pub commit: u64,
    /// "released", "broken", "forced" or "expired".
    pub how: String,
    /// Whose lock it was.
    pub desk: Desk,
    /// Who ended it.
    pub by: Desk,
    /// For how long its owner's session had committed nothing, by the times in the log: of use where all wall clocks are
    /// one. `None` where it never had.
    pub silent: Option<Duration>,
}

/// A file and the token of one of its locks.
pub type LockKey = (String, u64);

/// See the module.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    size: u64,
    newest: Option<u64>,
    nonce: String,
    requests: BTreeSet<String>,
    table: BTreeMap<String, Standing>,
    tokens: BTreeMap<String, u64>,
    grants: BTreeMap<LockKey, Desk>,
    ends: BTreeMap<LockKey, End>,
    signs: BTreeMap<String, Timestamp>,
}

impl Ledger {
    /// The ledger of `repository`; nothing is read yet.
    pub fn new(repository: &Repository) -> Self {
        Self::of(repository.log_folder())
    }

    /// One that is told every commit by [`Ledger::take`].
    pub fn empty() -> Self {
        Self::of(PathBuf::new())
    }

    fn of(folder: PathBuf) -> Self {
        Self {
            folder,
            size: 0,
            newest: None,
            nonce: String::new(),
            requests: BTreeSet::new(),
            table: BTreeMap::new(),
            tokens: BTreeMap::new(),
            grants: BTreeMap::new(),
            ends: BTreeMap::new(),
            signs: BTreeMap::new(),
        }
    }

    /// The ledger of `repository` with every commit that is there now.
    ///
    /// # Panics
    /// When the log breaks a promise.
    #[track_caller]
    pub fn read(repository: &Repository) -> Self {
        let mut ledger = Self::new(repository);
        ledger.catch_up();
        ledger
    }

    /// Takes every commit that has come since.
    ///
    /// # Panics
    /// When the log breaks a promise.
    #[track_caller]
    pub fn catch_up(&mut self) {
        while let Some(commit) = self.next() {
            self.take(&commit);
        }
    }

    fn next(&self) -> Option<Value> {
        let n = self.newest.map_or(0, |newest| newest + 1);
        // Commit 0 says how many of them share a folder.
        let folder = n.checked_div(self.size).unwrap_or(0);
        let path = self.folder.join(folder.to_string()).join(format!("{n}.json"));
        match fs::read(&path) {
            Ok(text) => Some(serde_json::from_slice(&text).unwrap_or_else(|error| {
                panic!("{} is no commit: {error}", path.display());
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }

    /// Takes the next commit.
    ///
    /// # Panics
    /// When it breaks a promise.
    #[track_caller]
    pub fn take(&mut self, commit: &Value) {
        let n = self.newest.map_or(0, |newest| newest + 1);
        assert_eq!(commit["n"], n, "the number in commit {n}");
        if n > 0 {
            assert_eq!(commit["previous"], self.nonce, "the predecessor of commit {n}");
        }
        self.nonce = text(&commit["nonce"]);
        for request in array(&commit["requests"]) {
            let new = self.requests.insert(text(request));
            assert!(new, "commit {n} applies request {request} once more");
        }
        let time = text(&commit["time"]).parse();
        let time: Timestamp = time.unwrap_or_else(|error| panic!("the time of commit {n}: {error}"));
        let mut files = BTreeSet::new();
        for change in array(&commit["changes"]) {
            let file = text(&change["file"]);
            self.change(n, time, &file, change);
            assert!(files.insert(file), "commit {n} changes a file twice: {commit}");
        }
        self.signs.insert(text(&commit["author"]["session"]), time);
        self.newest = Some(n);
        if n == 0 {
            self.size = commit["table"]["folder_size"].as_u64().expect("commit 0 says it");
        }
        if n.is_multiple_of(self.size) {
            let kept = shown(&commit["table"]["locks"]);
            assert_eq!(kept, self.table, "the table in checkpoint {n}");
        }
    }

    fn change(&mut self, n: u64, time: Timestamp, file: &str, change: &Value) {
        let (ended, lock) = (&change["ended"], &change["lock"]);
        assert!(
            !(ended.is_null() && lock.is_null()),
            "commit {n} does nothing to {file}"
        );
        if !ended.is_null() {
            let stood = self.table.remove(file);
            let stood = stood.unwrap_or_else(|| panic!("commit {n} ends a lock on {file}, which was free"));
            let owner = desk(&ended["owner"]);
            assert_eq!(
                ended["token"], stood.token,
                "the lock on {file} that commit {n} ends"
            );
            assert_eq!(
                owner, stood.desk,
                "the owner of the lock on {file} that commit {n} ends"
            );
            let (how, by) = (text(&ended["how"]), desk(&change["by"]));
            assert!(how != "released" || by.user == owner.user, "commit {n}: {change}");
            let sign = ended["owner"]["session"]
                .as_str()
                .and_then(|session| self.signs.get(session));
            let end = End {
                commit: n,
                how,
                desk: owner,
                by,
                silent: sign.and_then(|sign| Duration::try_from(time.duration_since(*sign)).ok()),
            };
            self.ends.insert((file.to_owned(), stood.token), end);
        }
        if lock.is_null() {
            return;
        }
        let new = standing(lock);
        if new.token == n {
            let stood = self.table.insert(file.to_owned(), new.clone());
            assert_eq!(
                stood, None,
                "commit {n} grants {file}, which was not free: {change}"
            );
            let last = self.tokens.insert(file.to_owned(), n);
            assert!(last < Some(n), "the token {n} of {file} after {last:?}");
            self.grants.insert((file.to_owned(), n), new.desk);
        } else {
            let stood = self.table.get(file);
            assert_eq!(stood, Some(&new), "commit {n} renews a lock on {file}: {change}");
        }
    }

    /// The newest commit.
    ///
    /// # Panics
    /// When there is none.
    pub fn newest(&self) -> u64 {
        self.newest.expect("a repository has a commit 0")
    }

    /// Every lock that stands, by its file.
    pub fn table(&self) -> &BTreeMap<String, Standing> {
        &self.table
    }

    /// Whose lock `token` on `file` was, if there ever was one.
    pub fn grant(&self, file: &str, token: u64) -> Option<&Desk> {
        self.grants.get(&(file.to_owned(), token))
    }

    /// How lock `token` on `file` ended, if it has.
    pub fn end(&self, file: &str, token: u64) -> Option<&End> {
        self.ends.get(&(file.to_owned(), token))
    }

    /// Every lock that was ever granted, and to whom.
    pub fn grants(&self) -> &BTreeMap<LockKey, Desk> {
        &self.grants
    }

    /// Every lock that has ended, and how.
    pub fn ends(&self) -> &BTreeMap<LockKey, End> {
        &self.ends
    }
}

/// Locks as they are shown anywhere: a map from file to record.
fn shown(locks: &Value) -> BTreeMap<String, Standing> {
    let entries = locks.as_object().into_iter().flatten();
    entries
        .map(|(file, lock)| (file.clone(), standing(lock)))
        .collect()
}

fn standing(lock: &Value) -> Standing {
    let token = lock["token"].as_u64();
    Standing {
        token: token.unwrap_or_else(|| panic!("a lock without a token: {lock}")),
        desk: desk(lock),
    }
}

fn desk(owner: &Value) -> Desk {
    Desk {
        user: text(&owner["user"]),
        machine: owner["machine"].as_str().unwrap_or_default().to_owned(),
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| panic!("{value} should be text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sandbox;
    use serde_json::json;

    fn owner(user: &str) -> Value {
        json!({"user": user, "machine": "M", "session": user})
    }

    fn lock(user: &str, token: u64) -> Value {
        json!({"user": user, "machine": "M", "token": token})
    }

    /// A log of the given changes, one commit each, and what reading it comes to.
    fn read(changes: &[Value]) -> Result<Ledger, String> {
        let sandbox = Sandbox::new();
        fs::create_dir(sandbox.folder().join("0")).unwrap();
        let mut n = 0;
        let mut write = |change: Option<&Value>| {
            let by = change.map_or_else(|| owner("init"), |change| change["by"].clone());
            let commit = json!({
                "n": n, "author": {"session": by["user"]}, "time": format!("2026-11-20T08:00:0{n}Z"), "previous": format!("nonce {}", n - 1), "nonce": format!("nonce {n}"),
                "requests": [format!("request {}", n % 5)], "changes": change.into_iter().collect::<Vec<_>>(),
                "table": {"folder_size": 1000, "locks": {}},
            });
            fs::write(sandbox.folder().join(format!("0/{n}.json")), commit.to_string()).unwrap();
            n += 1_i64;
        };
        write(None);
        for change in changes {
            write(Some(change));
        }
        let read = std::panic::catch_unwind(|| {
            let mut ledger = Ledger::of(sandbox.folder().to_owned());
            ledger.catch_up();
            ledger
        });
        read.map_err(|panic| *panic.downcast::<String>().unwrap())
    }

    fn grant(user: &str, n: u64) -> Value {
        json!({"file": "a", "by": owner(user), "lock": lock(user, n)})
    }

    fn end(user: &str, token: u64, how: &str, by: &str) -> Value {
        json!({"file": "a", "by": owner(by), "ended": {"owner": owner(user), "token": token, "how": how}})
    }

    #[test]
    fn a_sound_log_adds_up() {
        let mut taken = grant("bob", 3);
        taken["ended"] = end("alice", 1, "broken", "bob")["ended"].clone();
        let ledger = read(&[grant("alice", 1), grant("alice", 1), taken]).unwrap();
        assert_eq!((ledger.newest(), ledger.grants().len()), (3, 2));
        assert_eq!(ledger.table()["a"], standing(&lock("bob", 3)));
        let end = ledger.end("a", 1).unwrap();
        assert_eq!(
            (end.how.as_str(), end.silent),
            ("broken", Some(Duration::from_secs(1)))
        );
        assert_eq!(ledger.end("a", 3), None);
    }

    #[test]
    fn what_breaks_a_promise_is_found() {
        let cases = [
            ("not free", vec![grant("alice", 1), grant("bob", 2)]),
            ("renews", vec![grant("bob", 7)]),
            ("was free", vec![end("alice", 1, "released", "alice")]),
            (
                "that commit 2 ends",
                vec![grant("alice", 1), end("alice", 2, "released", "alice")],
            ),
            (
                "commit 2",
                vec![grant("alice", 1), end("alice", 1, "released", "bob")],
            ),
            ("does nothing", vec![json!({"file": "a", "by": owner("alice")})]),
            (
                "once more",
                (1..6)
                    .map(|n| json!({"file": format!("{n}"), "by": owner("a"), "lock": lock("a", n)}))
                    .collect(),
            ),
        ];
        for (wanted, changes) in cases {
            let problem = read(&changes).unwrap_err();
            assert!(problem.contains(wanted), "{wanted}: {problem}");
        }
    }
}
