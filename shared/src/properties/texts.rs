//! Names and settings: what people write.

use std::path::Path;
use std::time::Duration;

use crate::config::{Config, ConfigError};
use crate::model::{Case, FileName, Policy, parse_duration, show_duration, spellings};

/// A file name, under both rules of case.
pub(super) fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for case in [Case::Sensitive, Case::Insensitive] {
        match FileName::parse(text, case) {
            Ok(name) => is_a_key(text, &name, case),
            Err(why) => assert!(!why.to_string().is_empty()),
        }
    }
}

fn is_a_key(text: &str, name: &FileName, case: Case) {
    let shown = name.as_str();
    let again = FileName::parse(shown, case).expect("what is shown can be said");
    assert_eq!((again.as_str(), again.key()), (shown, name.key()), "said again");
    if case == Case::Sensitive {
        assert_eq!(name.key(), shown);
    }
    // Whoever spells it in another way, as other systems do, means the same file.
    for spelling in spellings(text) {
        if let Ok(other) = FileName::parse(&spelling, case) {
            assert_eq!(other, *name, "{spelling:?}");
        }
    }
    if let Ok(folded) = FileName::parse(name.key(), case) {
        assert_eq!(folded, *name, "the key's own spelling is the same file");
    }
    // It stays in the repository and out of `.camctl`, on every system.
    for part in shown.split('/') {
        assert!(!part.is_empty() && part != "." && part != "..");
        assert!(!part.contains(['\\', ':', '\0']) && !part.ends_with([' ', '.']));
    }
    assert!(!shown.to_lowercase().starts_with(".camctl/"));
    assert!(Path::new(shown).is_relative());
}

/// A `repo.toml`.
pub(super) fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Policy::parse(text) {
        Ok(policy) => keeps_its_invariants(&policy),
        Err(error) => names_its_line(text, error.line, &error.problem),
    }
    if let Ok(time) = parse_duration(text) {
        assert_eq!(parse_duration(&show_duration(time)), Ok(time));
    }
}

fn keeps_its_invariants(policy: &Policy) {
    let times = [
        policy.heartbeat,
        policy.stale_after,
        policy.poll_busy,
        policy.poll_calm,
        policy.poll_idle,
        policy.park_limit,
        policy.lease,
        policy.keep_history,
        policy.idle_release.unwrap_or(Duration::MAX),
    ];
    assert!(times.iter().all(|time| *time > Duration::ZERO));
    assert!(policy.heartbeat * 3 <= policy.stale_after);
    assert!(policy.watch_gap() < policy.stale_after, "or nobody ever is stale");
    assert!(policy.owner_gives_up() < policy.stale_after, "the owner first");
    assert!(policy.keep_history >= Duration::from_hours(30 * 24));
    assert!(!policy.extensions.is_empty());
    let inside = policy.locks_file.trim_start_matches("../");
    assert!(FileName::parse(inside, Case::Sensitive).is_ok());
}

/// The `config.toml` of a user.
pub(super) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Config::parse(text, Path::new("config.toml")) {
        Ok(config) => assert!(config.agent.log_keep > 0),
        Err(ConfigError::Wrong { line, problem, .. }) => names_its_line(text, line, &problem),
        Err(other) => panic!("nothing was read: {other}"),
    }
}

fn names_its_line(text: &str, line: usize, problem: &str) {
    let lines = text.matches('\n').count() + 1;
    assert!((1..=lines).contains(&line), "line {line} of {lines}");
    assert!(!problem.is_empty());
}
