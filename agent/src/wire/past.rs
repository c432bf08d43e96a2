//! The past, as people are shown it.

use camctl_shared::history::{Desk, Ending, Episode, Names};
use camctl_shared::ipc::message::{EpisodeEnd, EpisodeInfo};
use camctl_shared::model::How;

use super::shortened;

/// A lock of the past.
pub fn episode(episode: &Episode, names: &Names) -> EpisodeInfo {
    let (user, machine) = desk(episode.owner, names);
    EpisodeInfo {
        file: names.text(episode.file).to_owned(),
        user,
        machine,
        kind: episode.kind.map(|kind| names.text(kind).to_owned()),
        message: shortened(&episode.message).to_owned(),
        token: episode.token,
        taken_us: episode.taken,
        waited_ms: episode.waited.map(|waited| waited / 1000),
        end: episode.ending.as_ref().map(|ending| end(ending, names)),
    }
}

fn end(ending: &Ending, names: &Names) -> EpisodeEnd {
    let desk = |of: Option<Desk>| of.map(|one| desk(one, names)).unzip();
    let ((by_user, by_machine), (next_user, next_machine)) = (desk(ending.by), desk(ending.next));
    EpisodeEnd {
        at_us: ending.at,
        how: ending.how.map(|how| How::as_str(how).to_owned()),
        by_user,
        by_machine: by_machine.flatten(),
        reason: shortened(&ending.reason).to_owned(),
        next_user,
        next_machine: next_machine.flatten(),
    }
}

fn desk(desk: Desk, names: &Names) -> (String, Option<String>) {
    let text = |name| names.text(name).to_owned();
    (text(desk.user), desk.machine.map(text))
}
