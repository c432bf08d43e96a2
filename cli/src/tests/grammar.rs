//! The command line's grammar.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::args::{VERBS, command, parse};

fn words(line: &[&str]) -> Vec<OsString> {
    std::iter::once("camctl")
        .chain(line.iter().copied())
        .map(OsString::from)
        .collect()
}

fn refusal(line: &[&str]) -> clap::Error {
    parse(&words(line))
        .err()
        .unwrap_or_else(|| panic!("{line:?} was understood"))
}

#[test]
fn the_grammar_holds_together() {
    command().debug_assert();
}

#[test]
fn wrong_usage_is_refused_before_anything_is_asked() {
    let cases: &[&[&str]] = &[
        &[],
        &["no-such-verb"],
        &["checkout"],
        &["checkout", "a", "--nix"],
        &["checkout", "a", "--wait=soon"],
        &["checkout", "a", "--wait=0s"],
        &["checkout", "a", "--for"],
        &["checkout", "a", "--for", "5"],
        &["checkout", "a", "--steal"],
        &["checkout", "a", "--reason", "because"],
        &["checkout", "a", "--steal", "--reason", "  "],
        &["checkout", "a", "--steal", "--reason", "x", "--wait"],
        &["checkin"],
        &["wait"],
        &["wait", "a", "--timeout", "-5s"],
        &["queue"],
        &["queue", "a", "--join", "--leave"],
        &["queue", "a", "-m", "x"],
        &["notify"],
        &["notify", "--off"],
        &["break", "a"],
        &["break", "a", "--reason", ""],
        &["break", "--reason", "x"],
        &["list", "a", "b"],
        &["get"],
        &["get", "a", "b", "c"],
        &["put"],
        &["list", "--locked", "--free"],
        &["list", "--free", "--mine"],
        &["list", "--ext", ""],
        &["history", "--limit", "many"],
        &["history", "--csv", "--json"],
        &["history", "--user", ""],
        &["stats", "a", "b"],
        &["stats", "--csv", "--json"],
        &["init", "a", "b"],
        &["init", "--locks-file", ""],
        &["init", "--admin"],
        &["agent"],
        &["integrate", "maybe"],
        &["integrate", "--ext", "mcam"],
        &["integrate", "on", "--ext", "a\""],
        &["agent", "dance"],
        &["agent", "logs", "-n", "many"],
        &["completions"],
        &["completions", "cmd"],
        &["doctor", "a", "b"],
        &["demo", "now"],
    ];
    for line in cases {
        let error = refusal(line);
        assert!(error.use_stderr(), "{line:?}: {error}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let cases: &[(&[&str], ErrorKind)] = &[
        (&["--help"], ErrorKind::DisplayHelp),
        (&["checkout", "--help"], ErrorKind::DisplayHelp),
        (&["help", "co"], ErrorKind::DisplayHelp),
        (&["agent", "logs", "--help"], ErrorKind::DisplayHelp),
        (&["--version"], ErrorKind::DisplayVersion),
    ];
    for (line, kind) in cases {
        let error = refusal(line);
        assert_eq!(error.kind(), *kind, "{line:?}");
        assert!(!error.use_stderr(), "{line:?}");
    }
}

#[test]
fn the_short_way_and_the_whole_grammar_say_the_same() {
    // A verb in the first place is understood without building the others; behind an option it is not.
    for verb in VERBS {
        let direct = refusal(&[verb.name, "--help"]).to_string();
        let whole = refusal(&["help", verb.name]).to_string();
        assert_eq!(direct, whole);
        let error = refusal(&[verb.name, "--no-such-option"]).to_string();
        let whole = refusal(&["--json", verb.name, "--no-such-option"]).to_string();
        assert_eq!(error, whole);
    }
    for line in [
        &["co", "a", "--json"],
        &["--json", "co", "a"],
        &["co", "--json", "a"],
    ] {
        let parsed = parse(&words(line)).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(parsed.verb.name, "checkout");
        assert!(parsed.global.json && !parsed.global.quiet);
    }
}

#[test]
fn every_verb_has_help_with_examples() {
    for verb in VERBS {
        let help = refusal(&[verb.name, "--help"]).to_string();
        let example = format!("\n  camctl {}", verb.name);
        let alias = ["co ", "ci ", "ls "]
            .iter()
            .any(|alias| help.contains(&format!("\n  camctl {alias}")));
        assert!(help.contains("Examples:\n"), "{}", verb.name);
        assert!(help.contains(&example) || alias, "{}", verb.name);
        for line in help
            .lines()
            .filter(|line| !line.contains("--no-start") && !line.contains("CAMCTL_"))
        {
            assert!(line.chars().count() <= 100, "{}: {line}", verb.name);
        }
    }
}

#[test]
fn the_help_is_as_it_was_reviewed() {
    insta::assert_snapshot!("help", refusal(&["--help"]).to_string());
    insta::assert_snapshot!("help_checkout", refusal(&["checkout", "--help"]).to_string());
}

#[test]
fn a_name_with_a_hyphen_follows_two() {
    let parsed = parse(&words(&["checkout", "--", "-odd.mcam"]));
    assert!(parsed.is_ok());
}
