//! Several notices in the words of one notification.

use camctl_shared::clock::Timestamp;
use camctl_shared::model::FileName;

use super::{Toast, Urgency, base, count, folder_name, toast};
use crate::desktop::act::{Act, Held, Place};
use crate::desktop::fold::{Batch, Kind, kind};
use crate::desktop::{Notice, What};

/// So many names stand in one line.
const NAMES: usize = 4;

/// What a person reads of what is shown as one.
pub fn batch(batch: &Batch, now: Timestamp) -> Option<Toast> {
    match batch {
        Batch::Same(notices) => same(notices, now),
        Batch::Missed(notices, more) => Some(missed(notices, *more)),
    }
}

fn same(notices: &[Notice], now: Timestamp) -> Option<Toast> {
    let [first, _, ..] = notices else {
        return notices.first().map(|one| toast(one, now));
    };
    let urgency = match kind(&first.what) {
        Kind::Gone | Kind::Share(0) => Urgency::Critical,
        Kind::Share(1 | 3) => Urgency::Low,
        _ => Urgency::Normal,
    };
    let mut body = names(notices);
    if kind(&first.what) == Kind::Asked {
        body += "\nThe menu of camctl has them all, to be answered.";
    }
    let toast = Toast::new(urgency, headline(notices), body);
    let kept: Vec<Held> = notices.iter().filter_map(forgotten).collect();
    Some(if kept.is_empty() {
        toast
    } else {
        toast.button("Keep them", Act::Keep(kept))
    })
}

/// The lock that will be given back if nobody says no.
fn forgotten(notice: &Notice) -> Option<Held> {
    let What::Forgotten { file, token, .. } = &notice.what else {
        return None;
    };
    let place = Place {
        folder: notice.folder.clone(),
        file: file.clone(),
    };
    Some(Held { place, token: *token })
}

/// "7 files are free"; `notices` are of one kind.
fn headline(notices: &[Notice]) -> String {
    let number = notices.len();
    let Some(first) = notices.first() else {
        return String::new();
    };
    let (files, be) = (count(number, "file"), if number == 1 { "is" } else { "are" });
    match kind(&first.what) {
        Kind::Gone => format!("{} of yours ended", count(number, "checkout")),
        Kind::Got => format!("{files} {be} yours now"),
        Kind::Free => format!("{files} {be} free"),
        Kind::OutOfLine => format!("You are no longer in line for {files}"),
        Kind::Asked => format!("{} for your files", count(number, "request")),
        Kind::Answered => format!("{} to your requests", count(number, "answer")),
        Kind::Ending => format!("{} of yours will soon end", count(number, "checkout")),
        Kind::Forgotten => format!("{files} will be checked in"),
        Kind::GivenBack if number == 1 => format!("{files} was checked in"),
        Kind::GivenBack => format!("{files} were checked in"),
        Kind::StillHeld => format!("{files} {be} still checked out to you"),
        Kind::Share(0) => "Your checkouts may not be safe".to_owned(),
        Kind::Share(1) => "Your checkouts are safe".to_owned(),
        Kind::Share(2) => format!("{} cannot be reached", count(number, "share")),
        Kind::Share(3) => format!("{} can be reached again", count(number, "share")),
        Kind::Share(_) => format!("{} about your shares", count(number, "remark")),
    }
}

/// "a.mcam, b.mcam, c.mcam, d.mcam and 3 more"; each name once.
fn names(notices: &[Notice]) -> String {
    let mut names: Vec<String> = Vec::new();
    for notice in notices {
        let name = match file(&notice.what) {
            Some(file) => base(file.as_str()).into_owned(),
            None => folder_name(&notice.folder).into_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(NAMES);
    // One that is left out takes the place of the remark on it.
    if more > 1 {
        names.truncate(NAMES);
        format!("{} and {more} more", names.join(", "))
    } else {
        names.join(", ")
    }
}

fn file(what: &What) -> Option<&FileName> {
    match what {
        What::LockEnded { file, .. }
        | What::LockGone { file, .. }
        | What::GrantedLate { file }
        | What::Free { file, .. }
        | What::Yours { file, .. }
        | What::OutOfLine { file, .. }
        | What::Asked { file, .. }
        | What::Answered { file, .. }
        | What::Ending { file, .. }
        | What::Forgotten { file, .. }
        | What::GivenBack { file }
        | What::StillHeld { file, .. } => Some(file),
        What::Unsafe { .. } | What::SafeAgain { .. } | What::Away { .. } | What::Back | What::Remark(_) => {
            None
        }
    }
}

/// A line for each kind: it is in the past by now, so nothing can be pressed.
fn missed(notices: &[Notice], more: usize) -> Toast {
    let mut kinds: Vec<Vec<Notice>> = Vec::new();
    for notice in notices {
        let same = |group: &&mut Vec<Notice>| {
            group
                .first()
                .is_some_and(|one| kind(&one.what) == kind(&notice.what))
        };
        match kinds.iter_mut().find(same) {
            Some(group) => group.push(notice.clone()),
            None => kinds.push(vec![notice.clone()]),
        }
    }
    let mut lines: Vec<String> = kinds
        .iter()
        .map(|group| format!("{}: {}", headline(group), names(group)))
        .collect();
    if more > 0 {
        lines.push(format!("and {more} more before that"));
    }
    Toast::new(
        Urgency::Normal,
        format!(
            "{} while notifications were paused",
            count(notices.len() + more, "message")
        ),
        lines.join("\n"),
    )
}
