//! How all repositories stand, for the desktop.

use camctl_shared::model::FileName;

use super::Registry;
use crate::desktop::{Awaited, Mine, RepositoryView, View};
use crate::repository::board::{Board, Health};
use crate::repository::questions;

impl Registry {
    /// How things stand, for the desktop.
    pub fn view(&self) -> View {
        View {
            repositories: self.all().iter().map(|one| view(&one.board)).collect(),
        }
    }
}

fn view(board: &Board) -> RepositoryView {
    let state = board.state();
    let mut view = RepositoryView {
        folder: board.folder.clone(),
        problem: match &state.health {
            Health::Away(error) | Health::Damaged(error) => Some(error.to_string()),
            Health::Opening | Health::Well | Health::Stopped => None,
        },
        is_unsafe: state.told_unsafe,
        mine: state
            .mine
            .iter()
            .map(|(file, held)| Mine {
                file: file.clone(),
                token: held.token,
                since: held.since,
            })
            .collect(),
        awaited: Vec::new(),
        questions: Vec::new(),
    };
    let awaited = state.courtesy.awaited();
    // Nobody waits for the table with the state in hand.
    drop(state);
    view.questions = questions::open(board);
    view.awaited = awaited.into_iter().map(|file| waits_for(board, file)).collect();
    view
}

fn waits_for(board: &Board, file: FileName) -> Awaited {
    let seen = board.see(|eyes| {
        let lock = eyes.table.locks.get(&file)?;
        Some((eyes.place(lock), std::sync::Arc::clone(&lock.owner)))
    });
    let (place, holder) = seen.flatten().unzip();
    Awaited {
        file,
        place: place.flatten(),
        holder,
    }
}
