//! The agent's faults in words.

mod contents;

use camctl_shared::ipc::message::{EndedInfo, Fault, LockInfo, Presence, Whose};

use super::{About, Wording, time};
use crate::exit::Exit;
use crate::output::clean::clean;
use crate::output::quote::command;
use crate::output::text::{held, holder};
use crate::output::time::Times;

/// The word for scripts and the exit code.
pub fn code(fault: &Fault) -> (&'static str, Exit) {
    match fault {
        Fault::Held { .. } => ("held", Exit::Held),
        Fault::Guarded { .. } => ("guarded", Exit::Held),
        Fault::Alive { .. } => ("alive", Exit::Held),
        Fault::Yours { .. } => ("yours", Exit::Failed),
        Fault::NotWaiting { .. } => ("not_waiting", Exit::NotYours),
        Fault::NotAsked { .. } => ("not_asked", Exit::Failed),
        Fault::Crowded { .. } => ("crowded", Exit::Failed),
        Fault::NotHeld => ("not_held", Exit::NotYours),
        Fault::NotYours { .. } => ("not_yours", Exit::NotYours),
        Fault::OldToken { .. } => ("old_token", Exit::Lost),
        Fault::Lost { .. } => ("lost", Exit::Lost),
        Fault::NoReason => ("no_reason", Exit::Usage),
        Fault::TimedOut { .. } => ("timed_out", Exit::TimedOut),
        Fault::NoSuchFile => ("no_such_file", Exit::Failed),
        Fault::NotAFile => ("not_a_file", Exit::Failed),
        Fault::BadName { .. } => ("bad_name", Exit::Failed),
        Fault::NoRepository { .. } => ("no_repository", Exit::Failed),
        Fault::Share { .. } => ("share", Exit::Unreachable),
        Fault::NoAnswer { .. } => ("no_answer", Exit::Unreachable),
        Fault::Table { .. } => ("table", Exit::Failed),
        Fault::CannotInit { .. } => ("cannot_init", Exit::Failed),
        Fault::BadRequest { .. } => ("bad_request", Exit::Failed),
        Fault::Stopping => ("stopping", Exit::Unreachable),
        Fault::Internal { .. } => ("internal", Exit::Failed),
        Fault::Elsewhere { .. } => ("elsewhere", Exit::Failed),
        Fault::Changing { .. } => ("changing", Exit::Failed),
        Fault::InUse { .. } => ("in_use", Exit::Failed),
        Fault::Torn { .. } => ("torn", Exit::Failed),
    }
}

/// The fault in words.
pub fn wording(about: &About, fault: &Fault, times: &Times) -> Wording {
    match fault {
        Fault::Held { lock, .. } | Fault::Guarded { lock } if about.verb == "run" => {
            let (code, exit) = code(fault);
            let text = format!("{} is {}", clean(&about.name), held(lock, times));
            ways_to_run(Wording::new(code, exit, text), lock, &about.typed)
        }
        _ => usual(about, fault, times),
    }
}

fn usual(about: &About, fault: &Fault, times: &Times) -> Wording {
    let words = |text: String| {
        let (code, exit) = code(fault);
        Wording::new(code, exit, text)
    };
    let name = clean(&about.name);
    let file = about.typed.as_str();
    match fault {
        Fault::Held { lock, place } => ways_to_get(
            words(format!("{name} is {}", held(lock, times))),
            lock,
            file,
            *place,
        ),
        Fault::Guarded { lock } => until_free(words(format!("{name} is {}", held(lock, times))), lock, file),
        Fault::NotHeld => not_held(words(format!("{name} is not checked out by anybody")), about),
        Fault::NotYours { lock } => {
            let what = not_yours_to(about);
            let text = format!("{name} is {}; it is not yours to {what}", held(lock, times));
            until_free(words(text), lock, file)
        }
        Fault::OldToken { lock } => over(words, about, lock.as_ref(), times),
        Fault::Lost { ended, by, lock } => {
            let text = format!(
                "{}; {}",
                lost(&name, ended, by, times),
                stands(lock.as_ref(), times)
            );
            let mut words = words(text);
            words.detail.ended = Some(ended.clone());
            words.detail.by = Some(by.clone());
            after_a_loss(words, lock.as_ref(), file, about.verb == "run")
        }
        Fault::Alive { .. } => alive(words, about, fault, times),
        Fault::Yours { lock } => yours(
            words(format!("{name} is {}; it is yours already", held(lock, times))),
            lock,
            file,
        ),
        Fault::NotWaiting { lock } => words(not_waiting(&name, lock.as_ref(), times)).lock(lock.as_ref()),
        Fault::NotAsked { lock } => not_asked(words, lock, &name, file),
        Fault::Crowded { lock } => {
            let text = format!(
                "{name} is {}; too many have asked for it already",
                held(lock, times)
            );
            until_free(words(text), lock, file)
        }
        Fault::NoReason => no_reason(words, about),
        Fault::TimedOut { lock, waited_ms } => {
            let (waited, stands) = (time(*waited_ms), stands(lock.as_ref(), times));
            let text = format!("{name} did not become free within {waited}; {stands}");
            timed_out(words(text), about, lock.as_ref(), *waited_ms)
        }
        Fault::NoSuchFile => no_such_file(words, about),
        Fault::NotAFile => words(format!("{name} is not a file; only files have locks"))
            .hint("to see the files in it:", command("list", file)),
        Fault::BadName { problem } => words(format!("{name} cannot be used: {}", clean(problem))),
        Fault::NoRepository { path } => no_repository(words, about, path),
        Fault::Share { problem, passing } => {
            let text = format!("the share does not answer as it should: {}", clean(problem));
            share(words(text), about, *passing)
        }
        Fault::NoAnswer {
            repository,
            waited_ms,
            unsettled,
        } => {
            let (share, waited) = (clean(repository), time(*waited_ms));
            let text = format!("the share {share} has not answered for {waited}");
            no_answer(words, about, text, *waited_ms, *unsettled)
        }
        Fault::Table { problem } => words(format!("the lock table cannot be used: {}", clean(problem)))
            .hint("to look for the cause:", doctor(about)),
        Fault::CannotInit { problem } => {
            words(format!("{name} cannot be made a repository: {}", clean(problem)))
        }
        Fault::BadRequest { problem } => words(format!(
            "the agent did not accept the request: {}",
            clean(problem)
        )),
        Fault::Stopping => words("the agent is stopping; nothing was done".to_owned())
            .hint("to start it again:", "camctl agent start".to_owned()),
        Fault::Elsewhere { .. } | Fault::Changing { .. } | Fault::InUse { .. } | Fault::Torn { .. } => {
            contents::wording(words, about, fault)
        }
        Fault::Internal { problem } => {
            words(format!("something went wrong in the agent: {}", clean(problem)))
                .hint("to see its log:", "camctl agent logs".to_owned())
        }
    }
}

fn doctor(about: &About) -> String {
    match &about.repository {
        Some(folder) => command("doctor", folder),
        None => "camctl doctor".to_owned(),
    }
}

fn yours(words: Wording, lock: &LockInfo, file: &str) -> Wording {
    words
        .lock(Some(lock))
        .hint("to give it back:", command("checkin", file))
}

fn until_free(words: Wording, lock: &LockInfo, file: &str) -> Wording {
    words
        .lock(Some(lock))
        .hint("to know when it is free:", command("wait", file))
}

fn ways_to_get(mut words: Wording, lock: &LockInfo, file: &str, place: u32) -> Wording {
    words.detail.place = Some(place);
    if lock.whose == Whose::MineElsewhere {
        return words
            .lock(Some(lock))
            .hint("to give it back from here:", command("checkin", file))
            .hint("to wait for it:", command("checkout --wait", file));
    }
    let in_line = match place {
        0 | 1 => "to wait in line:".to_owned(),
        place => format!("to wait in line, as number {place}:"),
    };
    let words = words
        .lock(Some(lock))
        .tell("you will be told when it is free")
        .hint(&in_line, command("checkout --wait", file));
    match lock.presence {
        Presence::Stale | Presence::Expired => words.hint(
            "to take it over:",
            command("checkout --steal --reason \"…\"", file),
        ),
        _ => words.hint("to ask for it:", command("request -m \"…\"", file)),
    }
}

/// What to do about a file that a program cannot have to itself.
fn ways_to_run(words: Wording, lock: &LockInfo, file: &str) -> Wording {
    let words = match (lock.whose, lock.kind.as_str()) {
        (Whose::Mine | Whose::MineElsewhere, "guard") => words.tell("it runs already: close it there first"),
        (Whose::Mine, _) => words.hint("to check it in first:", command("checkin", file)),
        (Whose::MineElsewhere, _) => words.hint("to give it back from here:", command("checkin", file)),
        (Whose::Theirs, "guard") => {
            words.tell("wait until they have closed their program, or ask them to close it")
        }
        (Whose::Theirs, _) => words.tell("wait until they have checked it in, or ask them to"),
    };
    let again = command("run --wait --lock", file) + " -- …";
    words
        .lock(Some(lock))
        .hint("to have it started as soon as it is free:", again)
}

fn not_waiting(name: &str, lock: Option<&LockInfo>, times: &Times) -> String {
    format!("you are not in line for {name}; {}", stands(lock, times))
}

fn not_asked(words: impl Fn(String) -> Wording, lock: &LockInfo, name: &str, file: &str) -> Wording {
    words(format!(
        "there is no such request for {name}, or it was answered already"
    ))
    .lock(Some(lock))
    .hint("to see who has asked:", command("status", file))
    .hint("to give it back:", command("checkin", file))
}

fn not_yours_to(about: &About) -> &'static str {
    match about.verb {
        "answer" => "answer for",
        "put" => "replace",
        _ => "check in",
    }
}

fn not_held(words: Wording, about: &About) -> Wording {
    match about.verb {
        "checkin" => words.tell("there is nothing to check in"),
        "answer" => words.tell("there is nothing to answer"),
        "put" => words.hint(
            "to replace its content, check it out first:",
            command("checkout", &about.typed),
        ),
        "break" | "request" | "ask" => words.hint("to check it out:", command("checkout", &about.typed)),
        _ => words,
    }
}

/// How the file stands, after a semicolon.
fn stands(lock: Option<&LockInfo>, times: &Times) -> String {
    match lock {
        Some(lock) => format!("it is {}", held(lock, times)),
        None => "it is free now".to_owned(),
    }
}

fn lost(name: &str, ended: &EndedInfo, by: &str, times: &Times) -> String {
    let by = clean(by);
    let how = match ended.how.as_str() {
        "broken" => format!("was broken by {by}"),
        "forced" => format!("was ended by {by}, an administrator"),
        "expired" => "was a lease, and is over".to_owned(),
        "released" => format!("was given back by {by}"),
        _ => format!("was ended by {by}"),
    };
    let reason = match ended.reason.as_deref() {
        Some(reason) if !reason.is_empty() => format!(" (\"{}\")", clean(reason)),
        _ => String::new(),
    };
    format!(
        "your lock on {name}, held {}, {how}{reason}",
        times.since(ended.since_us)
    )
}

fn over(words: impl Fn(String) -> Wording, about: &About, lock: Option<&LockInfo>, times: &Times) -> Wording {
    let text = format!(
        "your lock on {} is over; {}",
        clean(&about.name),
        stands(lock, times)
    );
    after_a_loss(words(text), lock, &about.typed, about.verb == "run")
}

fn after_a_loss(words: Wording, lock: Option<&LockInfo>, file: &str, about_run: bool) -> Wording {
    let words = words
        .lock(lock)
        .tell("keep a copy of your changes: somebody else may have changed the file since");
    if about_run {
        return words.tell("close the program, and look whether its changes are still wanted");
    }
    match lock {
        Some(_) => words.hint("to wait in line again:", command("checkout --wait", file)),
        None => words.hint("to check it out again:", command("checkout", file)),
    }
}

fn life(silent_ms: Option<u64>, stale_after_ms: u64) -> String {
    match silent_ms {
        Some(silent) => format!(
            "the last sign of life is {} old, and a lock may be broken after {} of silence",
            time(silent),
            time(stale_after_ms)
        ),
        None => "its owner may be at work".to_owned(),
    }
}

fn alive(words: impl Fn(String) -> Wording, about: &About, fault: &Fault, times: &Times) -> Wording {
    let name = clean(&about.name);
    let Fault::Alive {
        lock,
        silent_ms,
        stale_after_ms,
        administrators,
    } = fault
    else {
        return words(format!("{name}: {fault:?}"));
    };
    let life = life(*silent_ms, *stale_after_ms);
    let mut words = words(format!("{name} is {}; {life}", held(lock, times)));
    words.detail.silent_ms = *silent_ms;
    words.detail.stale_after_ms = Some(*stale_after_ms);
    words.detail.administrators.clone_from(administrators);
    until_free(words.tell(whom_to_ask(lock, administrators)), lock, &about.typed)
}

fn whom_to_ask(lock: &LockInfo, administrators: &[String]) -> String {
    if administrators.is_empty() {
        return format!(
            "ask {}; .camctl/repo.toml names nobody as an administrator",
            holder(lock)
        );
    }
    let names: Vec<_> = administrators.iter().map(|name| clean(name)).collect();
    format!("ask {}, or an administrator: {}", holder(lock), names.join(", "))
}

fn no_reason(words: impl Fn(String) -> Wording, about: &About) -> Wording {
    let verb = match about.verb {
        "checkout" => "checkout --steal --reason \"…\"",
        _ => "break --reason \"…\"",
    };
    words(format!(
        "a reason is needed to end somebody else's lock on {}",
        clean(&about.name)
    ))
    .hint("to give one:", command(verb, &about.typed))
}

fn timed_out(words: Wording, about: &About, lock: Option<&LockInfo>, waited_ms: u64) -> Wording {
    let mut words = words.lock(lock);
    words.detail.waited_ms = Some(waited_ms);
    let verb = match about.verb {
        "checkout" => "checkout --wait",
        "run" => "run --wait --lock",
        _ => "wait",
    };
    let rest = if about.verb == "run" { " -- …" } else { "" };
    words.hint(
        "to go on waiting, without end:",
        command(verb, &about.typed) + rest,
    )
}

fn no_such_file(words: impl Fn(String) -> Wording, about: &About) -> Wording {
    let name = clean(&about.name);
    match &about.repository {
        Some(repository) => words(format!("{name} does not exist in {}", clean(repository)))
            .hint("to see the files:", command("list", repository)),
        None => words(format!("{name} does not exist")),
    }
}

fn no_repository(words: impl Fn(String) -> Wording, about: &About, path: &str) -> Wording {
    let what = if about.name.is_empty() { path } else { &about.name };
    words(format!(
        "{} is in no repository: no folder above it holds .camctl",
        clean(what)
    ))
    .tell("if the folder is on a network drive, look whether the drive is connected")
    .hint("to make a folder a repository:", "camctl init FOLDER".to_owned())
}

fn share(words: Wording, about: &About, passing: bool) -> Wording {
    let words = if passing {
        words.tell("trying again may help")
    } else {
        words
    };
    words.hint("to look for the cause:", doctor(about))
}

fn no_answer(
    words: impl Fn(String) -> Wording,
    about: &About,
    text: String,
    waited_ms: u64,
    unsettled: bool,
) -> Wording {
    let settled = "; whether it was done is not known yet, and is being settled";
    let mut words = words(if unsettled { text + settled } else { text });
    words.detail.waited_ms = Some(waited_ms);
    words.detail.unsettled = unsettled;
    if unsettled && !about.typed.is_empty() {
        words = words.hint("to see how it stands:", command("status", &about.typed));
    }
    words.hint("to look for the cause:", doctor(about))
}
