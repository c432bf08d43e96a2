//! The lines: first come first served among those who live, in the commit that ends the lock.

use serde_json::Value;
use testkit::ledger::Desk;

use super::{Law, each};
use crate::requests::Kind;

impl Law {
    /// Takes in what commit `n` did to the line of `file`.
    pub(super) fn line(&mut self, n: u64, author: &str, file: &str, change: &Value) {
        let lock = &change["lock"];
        let before = self.lines.remove(file).unwrap_or_default();
        let after: Vec<(Desk, String)> = each(&lock["queue"]).map(person).collect();
        let by = person(&change["by"]).0;
        if change["verb"] == "join" {
            self.requests.allowed(&(by.clone(), file.to_owned(), Kind::Take));
        }
        let problem = if change["ended"].is_null() {
            changed(&before, &after, &by)
        } else if self.relearns {
            None
        } else {
            self.handed_over(author, change, &before, &after)
        };
        if let Some(problem) = problem {
            self.breaks(format!(
                "commit {n}: {problem} in the line for {file}: {before:?}, then {after:?}, by {author}: {change}"
            ));
        }
        if !after.is_empty() {
            self.lines.insert(file.to_owned(), after);
        }
    }

    /// A lock ended: whoever got the file was the first in line who lives, or had a right to pass.
    fn handed_over(
        &mut self,
        author: &str,
        change: &Value,
        before: &[(Desk, String)],
        after: &[(Desk, String)],
    ) -> Option<String> {
        let owner = (!change["lock"].is_null()).then(|| person(&change["lock"]).0);
        let was = person(&change["ended"]["owner"]).0;
        let passes = change["verb"] == "steal"
            && (author.starts_with("boss") || Some(&was.user) == owner.as_ref().map(|owner| &owner.user));
        let moved = change["verb"] == "checkout" && Some(&was) == owner.as_ref();
        let served = |one: &&(Desk, String)| Some(&one.0) == owner.as_ref();
        if before.iter().any(|one| served(&one)) {
            self.served += 1;
        }
        if !passes && !moved {
            for (desk, session) in before.iter().take_while(|one| !served(one)) {
                let stops = change["verb"] == "park" && session == author;
                let away = self.parked.contains_key(session) || stops;
                if !away && let Err(problem) = self.is_justified(author, session) {
                    return Some(format!("{} was passed, {problem},", desk.user));
                }
            }
        }
        if after.iter().any(|one| served(&one)) {
            return Some("whoever was served still stands".into());
        }
        let mut rest = before.iter();
        let ordered = after.iter().all(|one| rest.any(|known| known == one));
        (!ordered).then(|| "the order changed".into())
    }
}

/// While a lock stands, whoever comes stands behind, and nobody else's place changes.
fn changed(before: &[(Desk, String)], after: &[(Desk, String)], by: &Desk) -> Option<String> {
    let others = |line: &[(Desk, String)]| {
        let others = line.iter().filter(|one| one.0 != *by);
        others.cloned().collect::<Vec<_>>()
    };
    let place = |line: &[(Desk, String)]| line.iter().position(|one| one.0 == *by);
    match (place(before), place(after)) {
        _ if others(before) != others(after) => Some("somebody else's place changed".into()),
        (None, Some(place)) if place + 1 != after.len() => Some("somebody jumped".into()),
        (Some(before), Some(after)) if before != after => Some("somebody moved".into()),
        _ => None,
    }
}

fn person(value: &Value) -> (Desk, String) {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let desk = Desk {
        user: text("user"),
        machine: text("machine"),
    };
    (desk, text("session"))
}
