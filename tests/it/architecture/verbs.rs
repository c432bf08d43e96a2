//! A verb has one name: in the command line, the agent, the rules and the tests.

use super::no_complaints;
use super::source::{Source, sources, workspace};

/// The variants of an enum, by its head, as words in lower case: `AgentStop` is a part of `agent`.
fn variants(all: &[Source], file: &str, head: &str) -> Vec<String> {
    let source = all.iter().find(|source| source.path == file).unwrap();
    let body = source.code.split_once(head).unwrap().1;
    let mut depth = 0;
    let mut names: Vec<String> = Vec::new();
    for line in body.lines().map(str::trim) {
        if depth == 1 && line.starts_with(char::is_uppercase) {
            let name: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
            let later_words = name[1..].find(char::is_uppercase).map_or(name.len(), |at| at + 1);
            names.push(name[..later_words].to_lowercase());
        }
        depth += line.matches('{').count();
        depth -= line.matches('}').count();
        if depth == 0 {
            break;
        }
    }
    names.dedup();
    assert!(names.len() > 2, "{file} has no {head} any more");
    names
}

/// What only other programs ask for: a part of `camctl bridge`, and of its tests.
const THROUGH_THE_BRIDGE: [&str; 1] = ["menu"];

#[test]
fn a_verb_has_the_same_name_everywhere() {
    let all = sources();
    let asked = variants(&all, "shared/src/ipc/message.rs", "pub enum Request ");
    let decided = variants(&all, "shared/src/rules/mod.rs", "pub enum Intent ");
    let mut complaints = Vec::new();
    let mut must_exist = |path: String| {
        if !all.iter().any(|source| source.path == path) {
            complaints.push(format!("{path} is missing"));
        }
    };
    for verb in &asked {
        must_exist(format!("agent/src/server/handlers/{verb}.rs"));
        let asked_by = if THROUGH_THE_BRIDGE.contains(&verb.as_str()) {
            "bridge"
        } else {
            verb
        };
        for place in ["cli/src/commands", "tests/it"] {
            must_exist(format!("{place}/{asked_by}.rs"));
        }
    }
    for verb in &decided {
        must_exist(format!("shared/src/rules/{verb}.rs"));
        assert!(
            asked.contains(verb),
            "the rules decide about `{verb}`, which nobody can ask for"
        );
    }
    no_complaints("who looks for a verb must find it without searching", &complaints);
}

#[test]
fn every_folder_says_what_lives_there() {
    let text = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let members = text
        .lines()
        .find_map(|line| line.strip_prefix("members = ["))
        .unwrap();
    let members = members
        .trim_end_matches(']')
        .split(", ")
        .map(|name| name.trim_matches('"'));
    let missing = members
        .chain(["installer", "."])
        .map(|folder| format!("{folder}/README.md"))
        .filter(|readme| !workspace().join(readme).is_file());
    let missing: Vec<_> = missing.map(|readme| format!("{readme} is missing")).collect();
    no_complaints(
        "a folder without a sentence about it collects everything",
        &missing,
    );
}
