//! Tells the person in time that their locks are no longer safe, also while the share's own thread hangs in a call.

use std::sync::Arc;

use tokio::time::sleep;

use super::board::{Board, Health};
use crate::desktop::{Desktop, Notice, What};

/// Watches over one board until its worker has stopped. Sleeps until the last sign of life would be too old; every
/// heartbeat that gets through moves that on.
pub async fn watch_over(board: Arc<Board>, desktop: Arc<dyn Desktop>) {
    let mut changes = board.changes();
    loop {
        let wait = {
            let state = board.state();
            if matches!(state.health, Health::Stopped) {
                return;
            }
            let guarded = !state.mine.is_empty() && !state.told_unsafe;
            guarded.then(|| state.life.left(board.clock.moment())).flatten()
        };
        match wait {
            // Nothing to lose, or told already.
            None => {
                if changes.changed().await.is_err() {
                    return;
                }
            }
            Some(left) if left.is_zero() => tell_if_unsafe(&board, desktop.as_ref()),
            Some(left) => sleep(left).await,
        }
    }
}

/// Tells the person, once, when one's own locks are no longer safe.
pub fn tell_if_unsafe(board: &Board, desktop: &dyn Desktop) {
    let locks = {
        let now = board.clock.moment();
        let mut state = board.state();
        let too_late = state.life.left(now).is_some_and(|left| left.is_zero());
        if !too_late || state.told_unsafe || state.mine.is_empty() {
            return;
        }
        state.told_unsafe = true;
        state.mine.len()
    };
    desktop.tell(Notice {
        folder: board.folder.clone(),
        what: What::Unsafe { locks },
    });
    board.stirred.notify_one();
}
