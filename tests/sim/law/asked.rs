//! Requests: none is lost while its owner keeps the file, and nobody answers for another.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::ledger::Desk;

use super::{Law, each};

/// Who asks for which file, by desk: when, and what was answered.
pub type Asked = BTreeMap<String, BTreeMap<Desk, (String, Option<String>)>>;

/// "Later" or "no", said to somebody who asked.
pub struct Answer {
    /// By which commit.
    pub n: u64,
    pub file: String,
    pub asker: Desk,
    pub said: String,
}

impl Law {
    /// Takes in what commit `n` did to the requests for `file`.
    pub(super) fn asked(&mut self, n: u64, file: &str, by: &Desk, change: &Value) {
        let lock = &change["lock"];
        let before = self.asked.remove(file).unwrap_or_default();
        let after: BTreeMap<Desk, (String, Option<String>)> = each(&lock["requests"]).map(request).collect();
        let problem = if change["ended"].is_null() {
            before
                .keys()
                .chain(after.keys())
                .find_map(|asker| wrong(asker, before.get(asker), after.get(asker), by, change))
        } else if is_kept(change) {
            (after != before).then(|| "a request is lost with a lock that its owner moved".to_owned())
        } else {
            (!after.is_empty()).then(|| "a new lock has requests".to_owned())
        };
        if let Some(problem) = problem {
            self.breaks(format!(
                "commit {n}: {problem}, for {file}: {before:?}, then {change}"
            ));
        }
        for (asker, (_, said)) in &after {
            let known = before.get(asker).and_then(|before| before.1.as_ref());
            if let Some(said) = said.as_ref().filter(|said| known != Some(said)) {
                self.answers.push(Answer {
                    n,
                    file: file.to_owned(),
                    asker: asker.clone(),
                    said: said.clone(),
                });
            }
        }
        if !after.is_empty() {
            self.asked.insert(file.to_owned(), after);
        }
    }
}

/// Whether the owner has it still: on another machine, or after they were silent.
fn is_kept(change: &Value) -> bool {
    let takes = change["verb"] == "checkout" || change["verb"] == "steal";
    takes && change["ended"]["owner"]["user"] == change["lock"]["user"]
}

type Request = (String, Option<String>);

fn wrong(
    asker: &Desk,
    before: Option<&Request>,
    after: Option<&Request>,
    by: &Desk,
    change: &Value,
) -> Option<String> {
    let Some(after) = after else {
        return Some(format!("the request of {} is lost", asker.user));
    };
    if before == Some(after) {
        return None;
    }
    let owner = change["lock"]["user"].as_str().unwrap_or_default();
    let fine = if after.1.is_some() {
        let same = before.is_some_and(|before| before.0 == after.0);
        same && change["verb"] == "answer" && by.user == owner
    } else {
        change["verb"] == "request" && by == asker && asker.user != owner
    };
    (!fine).then(|| format!("{} does something to the request of {}", by.user, asker.user))
}

fn request(value: &Value) -> (Desk, Request) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let desk = Desk {
        user: text(&value["user"]),
        machine: text(&value["machine"]),
    };
    let answer = value["answer"].as_str().map(str::to_owned);
    (desk, (text(&value["at"]), answer))
}
