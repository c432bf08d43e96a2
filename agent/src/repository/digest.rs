//! What a commit means for this desk: which locks it has now, which it lost, and what its person has to be told.

use std::sync::Arc;

use camctl_shared::model::{Change, Commit, Ended, How, Kind, Owner};
use camctl_shared::store::SharedTable;

use super::board::{Board, Loss, News, State, held};
use crate::desktop::{Desktop, Notice, What};
use crate::state::Kept;

/// Passes commits on: to the board, to those who watch, and to the person where their own locks are concerned.
pub fn digest(board: &Board, desktop: &dyn Desktop, news: &[Arc<Commit>]) {
    if news.is_empty() {
        return;
    }
    let mut notices = Vec::new();
    let mut stirred = false;
    let mut leases = false;
    {
        let mut state = board.state();
        for commit in news {
            tracing::debug!(folder = %board.folder, n = commit.n, author = %commit.author, "learnt of a commit");
            for change in &commit.draft.changes {
                let before = notices.len();
                stirred |= take(&mut state, &board.me, change, &mut notices) || notices.len() > before;
                leases |= change.lock.as_ref().is_some_and(|lock| lock.kind == Kind::Lease);
            }
        }
    }
    if leases && let Some(table) = board.table() {
        let now = board.clock.moment();
        board.observer().see_leases(now, &table.read());
    }
    for commit in news {
        board.announce(News::Commit(Arc::clone(commit)));
    }
    board.bump();
    for what in notices {
        let folder = board.folder.clone();
        desktop.tell(Notice { folder, what });
    }
    if stirred {
        board.stirred.notify_one();
    }
}

/// Takes one change over. Returns whether what this desk holds is different now.
fn take(state: &mut State, me: &Owner, change: &Change, notices: &mut Vec<What>) -> bool {
    let by_us = change.by.same_desk(me);
    if let Some(ended) = &change.ended
        && ended.owner.same_desk(me)
        && !by_us
    {
        notices.push(What::LockEnded {
            file: change.file.clone(),
            ended: ended.clone(),
            by: Arc::clone(&change.by),
        });
        // Released from another machine by the same person: told, but nothing was lost.
        if ended.how != How::Released {
            let loss = Loss {
                ended: ended.clone(),
                by: Arc::clone(&change.by),
            };
            state.lose(change.file.clone(), loss);
        }
    }
    match &change.lock {
        Some(lock) if lock.owner.same_desk(me) => {
            state.lost.remove(&change.file);
            state.mine.insert(change.file.clone(), held(lock)) != Some(held(lock))
        }
        _ => state.mine.remove(&change.file).is_some(),
    }
}

/// Compares what this desk held when the agent was last seen with the table as it is now, and tells what is gone.
pub fn find_gone(board: &Board, desktop: &dyn Desktop, table: &SharedTable, kept: &mut Kept) {
    let table = table.read();
    let mut state = board.state();
    for (name, loss) in std::mem::take(&mut kept.lost) {
        if let Some(file) = kept_name(&name, &table) {
            state.lose(file, loss);
        }
    }
    for (name, was) in std::mem::take(&mut kept.held) {
        let Some(file) = kept_name(&name, &table) else {
            continue;
        };
        let now = table.locks.get(&file);
        let still_ours = now.is_some_and(|lock| {
            lock.owner.same_desk(&board.me) && (lock.token == was.token || was.token.is_none())
        });
        if still_ours {
            continue;
        }
        let holder = now.map(|lock| Arc::clone(&lock.owner));
        if holder.as_ref().is_some_and(|holder| holder.same_desk(&board.me)) {
            continue;
        }
        // Who ended it stands in a commit that is not read again; whoever has the file now is the likely one.
        let nobody = || {
            Arc::new(Owner {
                user: "somebody".into(),
                machine: None,
                session: None,
            })
        };
        let ended = Ended {
            owner: Arc::clone(&board.me),
            token: was.token,
            since: was.since,
            how: How::Broken,
            reason: None,
        };
        let by = holder.clone().unwrap_or_else(nobody);
        state.lose(file.clone(), Loss { ended, by });
        let folder = board.folder.clone();
        desktop.tell(Notice {
            folder,
            what: What::LockGone { file, holder },
        });
    }
}

fn kept_name(name: &str, table: &camctl_shared::model::Table) -> Option<camctl_shared::model::FileName> {
    camctl_shared::model::FileName::parse(name, table.case).ok()
}
