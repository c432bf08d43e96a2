//! What one person was told of requests: everything once, whatever happens to their agent.

use std::collections::{BTreeMap, BTreeSet};

use camctl_agent::simulation::{Board, What};

use crate::law::Law;
use crate::law::asked::Answer;

/// What was told: about which file, by whom, when it was asked or what was answered.
type Word = (String, String, String);

/// See the module.
#[derive(Debug, Default)]
pub struct Heard {
    /// Told, and written down by the agent.
    kept: BTreeSet<Word>,
    /// Told since it wrote something down the last time.
    fresh: BTreeSet<Word>,
    /// Answers that were ever told: about which file, and what.
    answers: BTreeSet<(String, String)>,
    /// On which lock each question was told last: one that went to another desk of its owner and came back is another lock,
    /// with the same question.
    locks: BTreeMap<Word, Option<u64>>,
    /// Up to which commit this run of the agent has been found to tell every answer.
    judged: Option<u64>,
}

impl Heard {
    /// The agent has written down what it goes on with.
    pub fn saved(&mut self) {
        self.kept.append(&mut self.fresh);
    }

    /// The agent is gone: what it had not written down it tells again.
    pub fn ended(&mut self) {
        self.fresh.clear();
        self.judged = None;
    }

    /// What the agent had written down is lost.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes in what the person was told. What a server lost with its power may be asked again.
    pub fn hear(&mut self, law: &mut Law, what: &What) {
        let word = match what {
            What::Asked { file, from, at, .. } => (file.to_string(), from.to_string(), at.to_string()),
            What::Answered { file, by, answer } if !answer.starts_with("yes") => {
                (file.to_string(), by.to_string(), answer.to_string())
            }
            _ => return,
        };
        law.told += 1;
        let lock = match what {
            What::Asked { token, .. } => *token,
            _ => None,
        };
        let same_lock = self
            .locks
            .insert(word.clone(), lock)
            .is_none_or(|before| before == lock);
        if let What::Answered { file, answer, .. } = what {
            self.answers.insert((file.to_string(), answer.to_string()));
        }
        let known = self.kept.contains(&word) || !self.fresh.insert(word);
        if known && same_lock && law.losses == 0 {
            law.breaks(format!("somebody was told twice: {what:?}"));
        }
    }

    /// Whatever their agent knows to be asked of them, they were told; and every answer that it has read, whatever became of
    /// the lock since.
    pub fn look(&mut self, law: &mut Law, board: &Board) {
        let Some(table) = board.table() else { return };
        let table = table.read();
        let state = board.state();
        if law.losses > 0 || state.digested != Some(table.n) {
            return;
        }
        if let Some(from) = self.judged.replace(table.n) {
            let mine = |one: &&Answer| {
                let asker = (one.asker.user.as_str(), Some(one.asker.machine.as_str()));
                from < one.n && one.n <= table.n && asker == (&*board.me.user, board.me.machine.as_deref())
            };
            let untold = |one: &&Answer| !self.answers.contains(&(one.file.clone(), one.said.clone()));
            let missed = law.answers.iter().filter(mine).find(untold);
            let missed = missed.map(|one| format!("{:?} about {} by commit {}", one.said, one.file, one.n));
            if let Some(missed) = missed {
                law.breaks(format!("{} was never told {missed}", board.me.user));
            }
        }
        let mine = state
            .mine
            .keys()
            .filter_map(|file| Some((file, table.locks.get(file)?)));
        for (file, lock) in mine.filter(|(_, lock)| lock.owner.same_desk(&board.me)) {
            for note in lock.requests.iter().filter(|note| note.answer.is_none()) {
                let word = (file.to_string(), note.from.to_string(), note.at.to_string());
                if !self.kept.contains(&word) && !self.fresh.contains(&word) {
                    law.breaks(format!("{} was never told that {word:?} is asked", board.me.user));
                }
            }
        }
    }
}
