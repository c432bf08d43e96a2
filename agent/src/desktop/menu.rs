//! The tray as plain data, made from how things stand by pure functions: what its icon says, and its menu.

use camctl_shared::model::{FileName, Said};
use camctl_shared::text::{clean, shorten};

use super::act::{Act, Held, Place};
use super::words::{base, count, folder_name, one_line};
use super::{Awaited, Mine, Question, RepositoryView, View};

/// So many entries a sub-menu has at most; what is left out is counted.
const MOST: usize = 20;
/// So many columns an entry takes at most.
const WIDEST: usize = 60;

/// What the icon says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Nothing is checked out here.
    #[default]
    Idle,
    /// Something is.
    Holding,
    /// A person has to look: locks are not safe, or somebody asks.
    Attention,
    /// A share cannot be reached, or not be used.
    Away,
}

/// One entry of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A line between two groups.
    Line,
    /// Something to read.
    Text(String),
    /// Something to do.
    Item(String, Act),
    /// A menu of its own.
    Sub(String, Vec<Entry>),
}

/// The tray.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Face {
    /// For the icon.
    pub state: State,
    /// One line on how things stand.
    pub tooltip: String,
    /// The menu.
    pub menu: Vec<Entry>,
}

/// What the tray shows.
pub fn face(view: &View, paused: bool) -> Face {
    let held: usize = view.repositories.iter().map(|one| one.mine.len()).sum();
    let headline = match held {
        0 => "Nothing checked out".to_owned(),
        _ => format!("{} checked out", count(held, "file")),
    };
    let mut menu = vec![Entry::Text(headline.clone())];
    menu.extend(problems(view));
    menu.push(Entry::Line);
    let several = view.repositories.len() > 1;
    let each = |entries: fn(&RepositoryView, bool) -> Vec<Entry>| -> Vec<Entry> {
        view.repositories
            .iter()
            .flat_map(|one| entries(one, several))
            .collect()
    };
    let subs = [
        ("My checkouts", each(checkouts)),
        ("Waiting for", each(waiting)),
        ("Requests", each(requests)),
        ("Repositories", view.repositories.iter().map(repository).collect()),
    ];
    for (label, entries) in subs {
        if !entries.is_empty() {
            let label = format!("{label} ({})", entries.len());
            menu.push(Entry::Sub(label, cut(entries)));
        }
    }
    if held > 0 {
        menu.push(Entry::Sub("Check in all…".to_owned(), confirm(view, several)));
    }
    menu.push(Entry::Line);
    menu.push(if paused {
        Entry::Item("Show notifications again".to_owned(), Act::Resume)
    } else {
        Entry::Item("Pause notifications for an hour".to_owned(), Act::Pause)
    });
    let quit = if held > 0 {
        "Quit (checkouts are kept)"
    } else {
        "Quit"
    };
    menu.push(Entry::Item(quit.to_owned(), Act::Quit));
    Face {
        state: state(view),
        tooltip: format!("camctl: {}", headline.to_lowercase()),
        menu,
    }
}

/// What the icon says. What a person can do something about goes before what they can only wait for.
pub fn state(view: &View) -> State {
    let any = |what: fn(&RepositoryView) -> bool| view.repositories.iter().any(what);
    if any(|one| one.is_unsafe || !one.questions.is_empty()) {
        State::Attention
    } else if any(|one| one.problem.is_some()) {
        State::Away
    } else if any(|one| !one.mine.is_empty()) {
        State::Holding
    } else {
        State::Idle
    }
}

/// What is not well, to be read at a glance.
fn problems(view: &View) -> impl Iterator<Item = Entry> + '_ {
    view.repositories.iter().filter_map(|one| {
        let name = folder_name(&one.folder);
        let text = match &one.problem {
            _ if one.is_unsafe => format!("{name}: your checkouts may not be safe"),
            Some(_) => format!("{name} cannot be used"),
            None => return None,
        };
        Some(Entry::Text(label(&text)))
    })
}

fn label(text: &str) -> String {
    shorten(&clean(text), WIDEST).into_owned()
}

/// A file's name as an entry shows it; with its repository where there are several.
fn file_label(one: &RepositoryView, file: &FileName, several: bool) -> String {
    if several {
        label(&format!("{file} ({})", folder_name(&one.folder)))
    } else {
        label(file.as_str())
    }
}

fn place(one: &RepositoryView, file: &FileName) -> Place {
    Place {
        folder: one.folder.clone(),
        file: file.clone(),
    }
}

fn held(one: &RepositoryView, mine: &Mine) -> Held {
    Held {
        place: place(one, &mine.file),
        token: mine.token,
    }
}

fn open(one: &RepositoryView, file: Option<&FileName>) -> Entry {
    let act = Act::Open {
        folder: one.folder.clone(),
        file: file.cloned(),
    };
    Entry::Item("Open folder".to_owned(), act)
}

fn checkouts(one: &RepositoryView, several: bool) -> Vec<Entry> {
    let entry = |mine: &Mine| {
        let entries = vec![
            Entry::Item("Check in".to_owned(), Act::Checkin(vec![held(one, mine)])),
            open(one, Some(&mine.file)),
        ];
        Entry::Sub(file_label(one, &mine.file, several), entries)
    };
    one.mine.iter().map(entry).collect()
}

fn waiting(one: &RepositoryView, several: bool) -> Vec<Entry> {
    let entry = |awaited: &Awaited| {
        let file = || place(one, &awaited.file);
        let (text, leave) = match (awaited.place, &awaited.holder) {
            (Some(1), Some(holder)) => (format!("next in line after {holder}"), "Leave the line"),
            (Some(number), Some(holder)) => (
                format!("number {number} in line after {holder}"),
                "Leave the line",
            ),
            (Some(_), None) => ("in line".to_owned(), "Leave the line"),
            (None, Some(holder)) => (format!("checked out by {holder}"), "Do not tell me"),
            (None, None) => ("free".to_owned(), "Do not tell me"),
        };
        let mut entries = vec![Entry::Text(label(&text))];
        if awaited.holder.is_none() {
            entries.push(Entry::Item("Check out".to_owned(), Act::Checkout(file())));
        }
        if awaited.holder.is_some() {
            entries.push(Entry::Item("Ask for it".to_owned(), Act::Ask(file())));
        }
        entries.push(Entry::Item(leave.to_owned(), Act::Leave(file())));
        entries.push(open(one, Some(&awaited.file)));
        Entry::Sub(file_label(one, &awaited.file, several), entries)
    };
    one.awaited.iter().map(entry).collect()
}

fn requests(one: &RepositoryView, several: bool) -> Vec<Entry> {
    let entry = |question: &Question| {
        let answer = |said| Act::Answer {
            held: Held {
                place: place(one, &question.file),
                token: question.token,
            },
            from: question.from.clone(),
            at: question.at,
            said,
        };
        let mut entries = Vec::new();
        if !question.message.trim().is_empty() {
            entries.push(Entry::Text(label(&one_line(&question.message))));
        }
        if !question.guarded {
            entries.push(Entry::Item("Yes, check in now".to_owned(), answer(Said::Yes)));
        }
        entries.extend([
            Entry::Item("In 10 minutes".to_owned(), answer(Said::Later)),
            Entry::Item("No".to_owned(), answer(Said::No)),
        ]);
        let file = if several {
            file_label(one, &question.file, several)
        } else {
            base(question.file.as_str()).into_owned()
        };
        Entry::Sub(label(&format!("{} asks for {file}", question.from.user)), entries)
    };
    one.questions.iter().map(entry).collect()
}

fn repository(one: &RepositoryView) -> Entry {
    let how = match &one.problem {
        None => one.folder.clone(),
        Some(problem) => one_line(problem),
    };
    Entry::Sub(
        label(&folder_name(&one.folder)),
        vec![Entry::Text(label(&how)), open(one, None)],
    )
}

/// "Check in all…" opens this question: a menu needs no notification server, and works on every system.
fn confirm(view: &View, several: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut all = Vec::new();
    for one in &view.repositories {
        for mine in &one.mine {
            entries.push(Entry::Text(file_label(one, &mine.file, several)));
            all.push(held(one, mine));
        }
    }
    let label = match all.len() {
        1 => "Check in this file".to_owned(),
        n => format!("Check in these {n} files"),
    };
    let mut entries = cut(entries);
    entries.extend([Entry::Line, Entry::Item(label, Act::Checkin(all))]);
    entries
}

fn cut(mut entries: Vec<Entry>) -> Vec<Entry> {
    // One that is left out takes the place of the remark on it.
    if entries.len() > MOST + 1 {
        let more = entries.len() - MOST;
        entries.truncate(MOST);
        entries.push(Entry::Text(format!("… {more} more")));
    }
    entries
}

#[cfg(test)]
mod tests;
