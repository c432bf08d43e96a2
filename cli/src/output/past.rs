//! The past in words.

pub mod stats;

use camctl_shared::ipc::message::{EpisodeEnd, EpisodeInfo};

use super::clean::clean;
use super::style::Paint;
use super::table::{Cell, Table};
use super::text::person;
use super::time::{Times, about};

/// The headings of a history.
pub const HEADER: [&str; COLUMNS] = ["TAKEN", "HELD", "OWNER", "FILE", "END", "WHY"];
const COLUMNS: usize = 6;

/// The lines of a history.
pub fn history(table: &mut Table<COLUMNS>, episodes: &[EpisodeInfo], times: &Times) -> Vec<u8> {
    table.page(episodes, |episode, row| {
        *row = [
            Cell::plain(times.at(episode.taken_us)),
            Cell::number(about(held(episode, times))),
            Cell::plain(person(&episode.user, episode.machine.as_deref())),
            Cell::plain(clean(&episode.file)),
            end(episode),
            Cell::plain(why(episode)),
        ];
    })
}

/// For how long it was held, or has been so far, in milliseconds.
pub fn held(episode: &EpisodeInfo, times: &Times) -> u64 {
    let until = episode.end.as_ref().map_or_else(|| times.now(), |end| end.at_us);
    u64::try_from(until.saturating_sub(episode.taken_us)).unwrap_or(0) / 1000
}

fn end(episode: &EpisodeInfo) -> Cell<'static> {
    let Some(end) = &episode.end else {
        return Cell::painted("held", Paint::Command);
    };
    let by = || by(end);
    let mut text = match end.how.as_deref() {
        Some("released") if end.by_user.as_ref() == Some(&episode.user) => "given back".to_owned(),
        Some("released") => format!("given back by {}", by()),
        Some("broken") => format!("broken by {}", by()),
        Some("forced") => format!("forced by {}", by()),
        Some("expired") => "ran out".to_owned(),
        Some(other) => clean(other).into_owned(),
        None => "not known".to_owned(),
    };
    if let Some(next) = end
        .next_user
        .as_ref()
        .filter(|next| end.by_user.as_ref() != Some(next))
    {
        text.push_str(", to ");
        text.push_str(&person(next, end.next_machine.as_deref()));
    }
    match end.how.as_deref() {
        Some("broken" | "forced") => Cell::painted(text, Paint::Warning),
        _ => Cell::plain(text),
    }
}

/// Who ended it.
pub fn by(end: &EpisodeEnd) -> String {
    let user = end.by_user.as_deref().unwrap_or("somebody");
    person(user, end.by_machine.as_deref())
}

/// What it was for, and in parentheses why it ended.
fn why(episode: &EpisodeInfo) -> String {
    let reason = episode.end.as_ref().map_or("", |end| &end.reason);
    let message = clean(&episode.message);
    match (message.is_empty(), reason.is_empty()) {
        (_, true) => message.into_owned(),
        (true, false) => format!("({})", clean(reason)),
        (false, false) => format!("{message} ({})", clean(reason)),
    }
}
