//! What a commit means for this desk: which locks it has now, which it lost, and what its person has to be told.

use std::collections::BTreeSet;
use std::sync::Arc;

use camctl_shared::model::{Change, Commit, Ended, FileName, How, Kind, Owner, Table, Verb};

use super::board::{Board, Held, Loss, News, State, find_guards, held};
use super::courtesy::Freed;
use super::questions;
use crate::desktop::{Desktop, Notice, What};
use crate::state::Kept;

/// Passes commits on: to the board, to those who watch, and to the person where their own locks are concerned.
pub fn digest(board: &Board, desktop: &dyn Desktop, news: &[Arc<Commit>]) {
    if has_gap(board, news)
        && let Some(table) = board.table()
    {
        // Pruned while this machine was away, or set back: as after a restart, the table tells what became of one's own locks.
        resume(board, desktop, &table.read(), kept(board), news);
        return board.bump();
    }
    pass_on(board, desktop, news);
    if !news.is_empty()
        && let Some(table) = board.table()
    {
        let changes = news.iter().flat_map(|commit| &commit.draft.changes);
        let files: BTreeSet<&FileName> = changes.map(|change| &change.file).collect();
        let table = table.read();
        follow_leases(board, &table, files.iter().copied());
        questions::tell(board, desktop, &table, files);
    }
}

/// Whether the table has taken commits in that nobody has told of, or is not the one any more that they were told of.
fn has_gap(board: &Board, news: &[Arc<Commit>]) -> bool {
    let (Some(table), Some(seen)) = (board.table(), board.state().digested) else {
        return false;
    };
    let n = table.read().n;
    let set_back = n < seen || news.first().is_some_and(|first| first.n <= seen);
    set_back || seen.saturating_add(news.len() as u64) < n
}

fn pass_on(board: &Board, desktop: &dyn Desktop, news: &[Arc<Commit>]) {
    if news.is_empty() {
        return;
    }
    let mut notices = Vec::new();
    let mut stirred = false;
    let mut leases = false;
    {
        let mut state = board.state();
        let mut freed = Freed::new();
        let mut given = Vec::new();
        for commit in news {
            tracing::debug!(folder = %board.folder, n = commit.n, author = %commit.author, "learnt of a commit");
            state.digested = Some(commit.n);
            for change in &commit.draft.changes {
                let before = notices.len();
                stirred |= take(&mut state, &board.me, change, &mut notices) || notices.len() > before;
                stirred |= state.courtesy.take(change, &board.me, &mut notices, &mut freed);
                stirred |= state.questions.take(change, &board.me, &mut notices, &mut given);
                stirred |= wish(&mut state, change, board);
                leases |= change.lock.as_ref().is_some_and(|lock| lock.kind == Kind::Lease);
            }
        }
        let free = state.courtesy.fulfil(freed, board.clock.wall());
        notices.extend(questions::untold(given, &free));
        notices.extend(free);
    }
    if leases && let Some(table) = board.table() {
        let now = board.clock.moment();
        let table = table.read();
        board.observer().see_leases(now, &table);
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

/// Knows from now on which of these files this desk has on lease.
fn follow_leases<'a>(board: &Board, table: &Table, files: impl IntoIterator<Item = &'a FileName>) {
    let mut state = board.state();
    for file in files {
        let lock = table.locks.get(file).map(AsRef::as_ref);
        state.endings.look(file, lock, &board.me);
    }
}

/// Whoever asks for a file is told when it is free, however long that takes. Returns whether this desk does.
fn wish(state: &mut State, change: &Change, board: &Board) -> bool {
    let mine = change.verb == Verb::REQUEST && change.by.same_desk(&board.me);
    let lock = change.lock.as_ref().filter(|_| mine);
    if let Some(lock) = lock {
        let now = board.clock.wall();
        state.courtesy.wish(change.file.clone(), lock, true, now);
    }
    lock.is_some()
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
        Some(lock) if lock.kind == Kind::Guard && lock.owner.same_desk(me) => {
            state.guards.insert(change.file.clone());
        }
        _ => drop(state.guards.remove(&change.file)),
    }
    match &change.lock {
        Some(lock) if lock.owner.same_desk(me) => {
            state.lost.remove(&change.file);
            state.mine.insert(change.file.clone(), held(lock)) != Some(held(lock))
        }
        _ => state.mine.remove(&change.file).is_some(),
    }
}

/// Goes on waiting for what an earlier run of the agent waited for, as far as it was not for its programs. Before
/// [`resume`], once.
pub fn remember(board: &Board, table: &Table, kept: &Kept) {
    let name = |name: &String| FileName::parse(name, table.case).ok();
    let mut state = board.state();
    let courtesy = &mut state.courtesy;
    let wishes = kept.wishes.iter();
    courtesy.wishes = wishes
        .filter_map(|(file, wish)| Some((name(file)?, wish.clone())))
        .collect();
    let places = kept.places.iter();
    courtesy.places = places
        .filter_map(|(file, place)| Some((name(file)?, place.clone())))
        .collect();
    let questions = kept.questions.iter();
    state.questions.known = questions
        .filter_map(|(file, known)| Some((name(file)?, known.clone())))
        .collect();
    let endings = kept.endings.iter();
    state.endings.told = endings
        .filter_map(|(file, renewed)| Some((name(file)?, *renewed)))
        .collect();
}

/// Goes on from what an earlier run of the agent knew: what the log tells of the time between is told now, and what is
/// gone without a trace too, because the log was pruned or nobody knows how far the earlier run had read.
pub fn resume(board: &Board, desktop: &dyn Desktop, table: &Table, kept: Kept, news: &[Arc<Commit>]) {
    let name = |name: String| FileName::parse(&name, table.case).ok();
    {
        let mut state = board.state();
        state.mine = kept
            .held
            .into_iter()
            .filter_map(|(file, held)| Some((name(file)?, held)))
            .collect();
        state.lost = kept
            .lost
            .into_iter()
            .filter_map(|(file, loss)| Some((name(file)?, loss)))
            .collect();
    }
    // Where nothing was read before, nothing is new.
    let is_new = |commit: &&Arc<Commit>| kept.seen.is_some_and(|seen| commit.n > seen);
    let unseen: Vec<_> = news.iter().filter(is_new).cloned().collect();
    pass_on(board, desktop, &unseen);
    let mut state = board.state();
    state.digested = Some(table.n);
    let mine = Board::find_mine(&board.me, table);
    state.guards = find_guards(&board.me, table);
    // What ended in commits that a server lost with its power has not ended.
    state
        .lost
        .retain(|file, loss| mine.get(file).is_none_or(|held| held.token != loss.ended.token));
    let expected = std::mem::replace(&mut state.mine, mine);
    state.courtesy.find_forgotten(table, &board.me);
    for what in state.courtesy.find_handed(table, &board.me, &expected) {
        let folder = board.folder.clone();
        desktop.tell(Notice { folder, what });
    }
    for (file, was) in expected {
        if state.mine.contains_key(&file) {
            continue;
        }
        let holder = table.locks.get(&file).map(|lock| Arc::clone(&lock.owner));
        state.lose(file.clone(), without_trace(board, was, holder.clone()));
        let folder = board.folder.clone();
        let what = What::LockGone { file, holder };
        desktop.tell(Notice { folder, what });
    }
    for what in state.courtesy.compare(table, &board.me, board.clock.wall()) {
        let folder = board.folder.clone();
        desktop.tell(Notice { folder, what });
    }
    let known = state.endings.files();
    drop(state);
    follow_leases(board, table, known.iter().chain(table.locks.keys()));
    questions::tell_all(board, desktop, table);
}

/// What is to be kept over a restart: what `resume` goes on from.
pub fn kept(board: &Board) -> Kept {
    if board.table().is_none() {
        return board.unopened_kept();
    }
    let away = board.observer().away().clone();
    let state = board.state();
    Kept {
        root: board.root.clone(),
        doubtful: false,
        seen: state.digested,
        held: state
            .mine
            .iter()
            .map(|(file, held)| (file.as_str().to_owned(), *held))
            .collect(),
        lost: state
            .lost
            .iter()
            .map(|(file, loss)| (file.as_str().to_owned(), loss.clone()))
            .collect(),
        away,
        wishes: state
            .courtesy
            .wishes
            .iter()
            .map(|(file, wish)| (file.as_str().to_owned(), wish.clone()))
            .collect(),
        places: state
            .courtesy
            .places
            .iter()
            .map(|(file, place)| (file.as_str().to_owned(), place.kept_of()))
            .collect(),
        questions: state
            .questions
            .known
            .iter()
            .map(|(file, known)| (file.as_str().to_owned(), known.clone()))
            .collect(),
        endings: state
            .endings
            .told
            .iter()
            .map(|(file, renewed)| (file.as_str().to_owned(), *renewed))
            .collect(),
    }
}

/// Who ended it nobody can say any more; whoever has the file now is the likely one.
fn without_trace(board: &Board, was: Held, holder: Option<Arc<Owner>>) -> Loss {
    let nobody = || Owner {
        user: "somebody".into(),
        machine: None,
        session: None,
    };
    Loss {
        ended: Ended {
            owner: Arc::clone(&board.me),
            token: was.token,
            since: was.since,
            how: How::Broken,
            reason: None,
        },
        by: holder.unwrap_or_else(|| Arc::new(nobody())),
    }
}
