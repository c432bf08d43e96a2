//! Sentences about locks and files. Pure: what is known, and the time, go in; text comes out.

mod copied;

use std::collections::BTreeMap;

use camctl_shared::ipc::message::{
    EndedInfo, Event, EventKind, LeftOut, LockInfo, NoteInfo, Outcome, Presence, WaiterInfo, Whose,
};

use super::clean::clean;
use super::time::{Times, size};

/// So many paths are named in one line.
const NAMED: usize = 3;

/// `alice on CAM-03`; `alice` alone for a record of an older tool.
pub fn person(user: &str, machine: Option<&str>) -> String {
    match machine {
        Some(machine) => format!("{} on {}", clean(user), clean(machine)),
        None => clean(user).into_owned(),
    }
}

/// Who holds it, from the reader's point of view: `you`, `you on CAM-04`, `alice on CAM-03`.
pub fn holder(lock: &LockInfo) -> String {
    match (lock.whose, &lock.machine) {
        (Whose::Mine, _) | (Whose::MineElsewhere, None) => "you".to_owned(),
        (Whose::MineElsewhere, Some(machine)) => format!("you on {}", clean(machine)),
        (Whose::Theirs, _) => person(&lock.user, lock.machine.as_deref()),
    }
}

/// `: "Working on revisions"`, or nothing.
fn because(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": \"{}\"", clean(message))
    }
}

/// What is special about the owner's presence, as a part of a sentence; empty for the usual.
fn presence(lock: &LockInfo, times: &Times) -> String {
    match lock.presence {
        Presence::Alive => String::new(),
        Presence::Stale => ", no sign of life from there".to_owned(),
        Presence::Parked => match lock.parked_us {
            Some(at) => format!(", away {}", times.since(at)),
            None => ", away".to_owned(),
        },
        Presence::Expired => ", a lease that is over".to_owned(),
        Presence::Unknown => ", recorded by an older tool".to_owned(),
        Presence::Unsafe => ", not confirmed by the share at the moment".to_owned(),
    }
}

/// `checked out by alice on CAM-03 since 09:12 (2 h ago): "Working on revisions"`.
pub fn held(lock: &LockInfo, times: &Times) -> String {
    let who = holder(lock);
    let how = match lock.kind.as_str() {
        "checkout" | "lease" => format!("checked out by {who}"),
        "guard" => format!("held for a running program by {who}"),
        other => format!("held ({}) by {who}", clean(other)),
    };
    let until = lock
        .expires_us
        .map(|at| format!(" until {}", times.at(at)))
        .unwrap_or_default();
    format!(
        "{how} {}{until}{}{}",
        times.since(lock.since_us),
        presence(lock, times),
        because(&lock.message)
    )
}

/// `the lock of alice on CAM-03, held since 09:12 (2 h ago), was broken: "gone home"`.
pub fn ended(ended: &EndedInfo, times: &Times) -> String {
    let how = match ended.how.as_str() {
        "released" => "was given back",
        "broken" => "was broken",
        "forced" => "was ended by force",
        "expired" => "was over",
        _ => "ended",
    };
    let reason = ended.reason.as_deref().map(because).unwrap_or_default();
    let who = person(&ended.user, ended.machine.as_deref());
    format!(
        "the lock of {who}, held {}, {how}{reason}",
        times.since(ended.since_us)
    )
}

fn next_in_line(next: Option<&LockInfo>) -> String {
    match next {
        None => String::new(),
        Some(lock) if lock.whose == Whose::Theirs => format!("; {} has it now", holder(lock)),
        Some(lock) => format!("; {} have it now", holder(lock)),
    }
}

/// What became of one file; `name` is how the file is called.
///
/// No time is looked up for the common outcomes: they are on the path that is measured.
pub fn outcome(name: &str, outcome: &Outcome, times: &Times) -> String {
    let name = clean(name);
    match outcome {
        Outcome::Granted { lock, after } => {
            let until = lock
                .expires_us
                .map(|at| format!(" until {}", times.at(at)))
                .unwrap_or_default();
            let after = after
                .as_ref()
                .map(|over| format!("; {}", ended(over, times)))
                .unwrap_or_default();
            format!("checked out {name}{until}{after}")
        }
        Outcome::Renewed { lock } => {
            let until = lock
                .expires_us
                .map(|at| format!(", now until {}", times.at(at)))
                .unwrap_or_default();
            format!("{name} was yours already{until}{}", because(&lock.message))
        }
        Outcome::Released { changed, next, .. } => {
            let change = match changed {
                Some(true) => " (changed)",
                Some(false) => " (not changed)",
                None => "",
            };
            format!("checked in {name}{change}{}", next_in_line(next.as_ref()))
        }
        Outcome::Broken {
            ended: over, next, ..
        } => {
            format!("{name}: {}{}", ended(over, times), next_in_line(next.as_ref()))
        }
        Outcome::Stands {
            lock,
            size: bytes,
            exists,
            line,
            requests,
            notify,
        } => {
            let state = standing(lock.as_ref(), times);
            let there = match (exists, bytes) {
                (Some(false), _) => "; the file is not there".to_owned(),
                (_, Some(bytes)) => format!("; {}", size(*bytes)),
                (_, None) => String::new(),
            };
            let waiting = in_line(lock.as_ref(), line);
            let (asked, told) = (asked_for(requests), told(*notify));
            format!("{name}: {state}{there}{waiting}{asked}{told}")
        }
        Outcome::Free => format!("{name} is free"),
        Outcome::Awaited { lock, line, notify } => {
            let state = standing(lock.as_ref(), times);
            let waiting = match in_line(lock.as_ref(), line) {
                nobody if nobody.is_empty() => "; nobody waits".to_owned(),
                line => line,
            };
            format!("{name}: {state}{waiting}{}", told(*notify))
        }
        Outcome::Got { .. } | Outcome::Replaced { .. } => copied::outcome(&name, outcome, times),
        Outcome::Left { .. } => format!("you do not wait in line for {name} any more"),
        Outcome::Noted { on: false, .. } => format!("you will not be told when {name} is free"),
        Outcome::Noted { lock, on: true } => {
            let state = lock.as_ref().map(|lock| format!("; it is {}", held(lock, times)));
            format!(
                "you will be told when {name} is free{}",
                state.unwrap_or_default()
            )
        }
        Outcome::Requested { lock, .. } => {
            let there = match presence(lock, times) {
                usual if usual.is_empty() => usual,
                special => format!("{special},"),
            };
            let who = holder(lock);
            format!("asked {who}{there} for {name}; you will be told the answer, and when it is free")
        }
        Outcome::Answered { notes, .. } => {
            let named: Vec<String> = notes.iter().take(NAMED).map(asker).collect();
            let more = match notes.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let answer = notes.first().and_then(|note| note.answer.as_deref());
            let to = named.join(", ");
            format!(
                "you keep {name}; answered {to}{more}{}",
                because(answer.unwrap_or_default())
            )
        }
        // Failures are worded in `errors`; nothing that reaches this function holds one.
        Outcome::Failed(fault) => format!("{name}: {fault:?}"),
    }
}

/// Whether what is called so may have given the file to somebody.
fn is_new(verb: &str) -> bool {
    !matches!(verb, "join" | "leave" | "take" | "request" | "answer")
}

fn standing(lock: Option<&LockInfo>, times: &Times) -> String {
    lock.map_or_else(|| "free".to_owned(), |lock| held(lock, times))
}

fn told(notify: bool) -> &'static str {
    if notify {
        "; you will be told when it is free"
    } else {
        ""
    }
}

/// Who waits, as a part of a sentence: `; you are number 2 of 3 in line, after carol on CNC-2`.
fn in_line(lock: Option<&LockInfo>, line: &[WaiterInfo]) -> String {
    let count = lock.map_or(0, |lock| lock.waiting);
    let names = |of: &[WaiterInfo], count: u32| {
        let named: Vec<String> = of.iter().take(NAMED).map(waiter).collect();
        let more = u64::from(count).saturating_sub(named.len() as u64);
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        format!("{}{more}", named.join(", "))
    };
    match (lock.and_then(|lock| lock.place), count) {
        (_, 0) => String::new(),
        (Some(1), 1) => "; you are the first in line".to_owned(),
        (Some(1), count) => format!("; you are the first of {count} in line"),
        (Some(place), count) => {
            let before = line.iter().take_while(|waiter| waiter.whose != Whose::Mine);
            let before: Vec<WaiterInfo> = before.cloned().collect();
            let after = names(&before, place.saturating_sub(1));
            format!("; you are number {place} of {count} in line, after {after}")
        }
        (None, count) if line.is_empty() => format!("; {count} waiting"),
        (None, count) => format!("; {count} waiting: {}", names(line, count)),
    }
}

fn waiter(waiter: &WaiterInfo) -> String {
    let name = match waiter.whose {
        Whose::Mine => "you".to_owned(),
        Whose::MineElsewhere | Whose::Theirs => person(&waiter.user, waiter.machine.as_deref()),
    };
    match waiter.presence {
        Presence::Parked => format!("{name} (away)"),
        Presence::Stale => format!("{name} (no sign of life)"),
        _ => name,
    }
}

/// What was asked of the owner, as a part of a sentence.
fn asked_for(requests: &[NoteInfo]) -> String {
    let one = |note: &NoteInfo| match (&note.answer, note.whose) {
        (Some(answer), Whose::Mine) => format!("; you asked for it; the answer is \"{}\"", clean(answer)),
        (None, Whose::Mine) => "; you asked for it".to_owned(),
        (Some(_), _) => String::new(),
        (None, _) => format!("; {} needs it{}", asker(note), because(&note.message)),
    };
    requests.iter().map(one).collect()
}

/// `bob on CNC-1 asks you for 4801247.mcam: "the customer waits"`.
pub fn question(name: &str, note: &NoteInfo) -> String {
    let said = note
        .answer
        .as_deref()
        .map(|answer| format!(" (you said \"{}\")", clean(answer)));
    let (why, said) = (because(&note.message), said.unwrap_or_default());
    format!("{} asks you for {name}{why}{said}", asker(note))
}

/// `you asked alice on CAM-03 for 4801247.mcam: "the customer waits"; the answer is "no"`.
pub fn requested(name: &str, lock: &LockInfo, note: &NoteInfo) -> String {
    let answer = match &note.answer {
        Some(answer) => format!("; the answer is \"{}\"", clean(answer)),
        None => "; there is no answer yet".to_owned(),
    };
    format!(
        "you asked {} for {name}{}{answer}",
        holder(lock),
        because(&note.message)
    )
}

fn asker(note: &NoteInfo) -> String {
    person(&note.user, note.machine.as_deref())
}

/// One line about something that happened: `09:12:31  fixtures/4801247.mcam: checkout by alice on CAM-03`.
pub fn event(event: &Event, times: &Times) -> String {
    let what = match &event.what {
        EventKind::File {
            file,
            verb,
            by_user,
            by_machine,
            ended: over,
            lock,
        } => {
            let by = person(by_user, by_machine.as_deref());
            let ends = over
                .as_ref()
                .filter(|over| over.how != "released")
                .map(|over| format!("; {}", ended(over, times)))
                .unwrap_or_default();
            let now = match lock {
                // Whose it is was not changed.
                Some(lock) if over.is_none() && !is_new(verb) => match lock.waiting {
                    0 => String::new(),
                    count => format!("; {count} waiting"),
                },
                Some(lock) if lock.user == *by_user && lock.machine == *by_machine => because(&lock.message),
                Some(lock) => format!("; {} has it now", person(&lock.user, lock.machine.as_deref())),
                None => "; free now".to_owned(),
            };
            format!("{}: {} by {by}{ends}{now}", clean(file), clean(verb))
        }
        EventKind::Session {
            verb, user, machine, ..
        } => {
            let who = person(user, machine.as_deref());
            match verb.as_str() {
                "park" => format!("{who} went away and keeps the checkouts"),
                "revive" => format!("{who} is back"),
                other => format!("{who}: {}", clean(other)),
            }
        }
        EventKind::Away { cause } => {
            format!("{} cannot be reached: {}", clean(&event.repository), clean(cause))
        }
        EventKind::Back => format!("{} can be reached again", clean(&event.repository)),
        EventKind::Remark { text } => clean(text).into_owned(),
        EventKind::Missed { count } => {
            format!("{count} events were missed; `camctl list` shows how things stand")
        }
    };
    format!("{}  {what}", times.to_the_second(event.at_us))
}

/// What is missing from a list, one line for each reason: `2 folders, it may not be read: old, private`.
pub fn left_out(what: &[LeftOut], more: u64) -> Vec<String> {
    let mut by_reason: BTreeMap<(bool, &str), Vec<&str>> = BTreeMap::new();
    for one in what {
        let paths = by_reason.entry((!one.folder, &one.why)).or_default();
        paths.push(&one.path);
    }
    let line = |((file, why), paths): ((bool, &str), Vec<&str>)| {
        let kind = match (file, paths.len()) {
            (true, 1) => "file",
            (true, _) => "files",
            (false, 1) => "folder",
            (false, _) => "folders",
        };
        let named: Vec<_> = paths.iter().take(NAMED).map(|path| clean(path)).collect();
        let rest = match paths.len() - named.len() {
            0 => String::new(),
            rest => format!(", and {rest} more"),
        };
        let why = clean(why);
        format!("{} {kind}, {why}: {}{rest}", paths.len(), named.join(", "))
    };
    let mut lines: Vec<String> = by_reason.into_iter().map(line).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// For whom one waits in line, and where: on one line, for as long as that takes.
pub fn place(name: &str, lock: Option<&LockInfo>, times: &Times) -> String {
    let name = clean(name);
    let Some(lock) = lock else {
        return format!("waiting for {name}: it is free now");
    };
    let held = held(lock, times);
    match lock.place {
        Some(place) => format!("waiting for {name}, number {place} of {}: {held}", lock.waiting),
        None => format!("waiting for {name}: {held}"),
    }
}

/// Nobody can say whether the lock of a program that runs stands.
pub fn in_doubt(name: &str) -> String {
    format!(
        "the share has not confirmed the lock on {} for too long: somebody else may take it; save nothing there \
         before it is confirmed again",
        clean(name)
    )
}

/// It stands after all.
pub fn stands_again(name: &str) -> String {
    format!("the lock on {} stands again", clean(name))
}
