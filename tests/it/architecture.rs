//! The shape of the house, checked by reading the sources: who may use whom, and what may stand where.
//!
//! Each rule says why when it is broken. A rule that has become wrong is changed here, in its own commit.

mod source;
mod verbs;

use source::{Source, manifest, sources, workspace};

/// The longest file, in lines: longer ones have a second subject.
const LONGEST: usize = 420;

/// Where the product may touch files itself, and why there.
const MAY_USE_FILES: [(&str, &str); 15] = [
    (
        "shared/src/share/",
        "it is the only code that touches the shared folder",
    ),
    (
        "shared/src/paths",
        "it makes and replaces this user's local state",
    ),
    ("shared/src/config", "it reads this user's settings"),
    (
        "shared/src/ipc/endpoint/unix.rs",
        "it makes the socket's folder and looks whose socket it is",
    ),
    (
        "agent/src/state.rs",
        "it reads what an earlier run of the agent left",
    ),
    (
        "agent/src/repository/history/file.rs",
        "it keeps the digest of the log on this machine's disk",
    ),
    (
        "cli/src/commands/stats.rs",
        "it writes the page of numbers where it is told to",
    ),
    ("agent/src/programs/", "it looks which programs run"),
    ("cli/src/agent_log.rs", "it shows the end of the agent's log"),
    (
        "cli/src/agent_start.rs",
        "it finds and starts the agent's program",
    ),
    ("cli/src/commands/put.rs", "it keeps standard input for the agent"),
    ("cli/src/login/", "it writes what starts the agent at login"),
    (
        "cli/src/commands/demo/",
        "it plays in a scratch folder of its own",
    ),
    (
        "cli/src/commands/man.rs",
        "it writes manual pages where it is told to",
    ),
    (
        "cli/src/output/zone/unix.rs",
        "it reads the system's file of the time zone",
    ),
];

/// Packages that are no longer developed, and the one file that may know each.
const ONE_FILE_EACH: [(&str, &str); 2] = [
    ("bincode", "shared/src/ipc/codec.rs"),
    ("fs2", "shared/src/share/lock.rs"),
];

#[track_caller]
fn no_complaints(why: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{}\n\nwhy: {why}\n", complaints.join("\n"));
}

fn complain(complaints: &mut Vec<String>, source: &Source, problem: &str) {
    complaints.push(format!("{}: {problem}", source.path));
}

/// The modules of `shared`, in the order in which its first page lists them.
fn order_of_shared(all: &[Source]) -> Vec<String> {
    let first_page = all
        .iter()
        .find(|source| source.path == "shared/src/lib.rs")
        .unwrap();
    let listed = first_page
        .raw
        .lines()
        .filter_map(|line| line.strip_prefix("//! - ")?.split_once(": "));
    let names = listed.flat_map(|(names, _)| names.split(", "));
    names
        .map(|name| name.trim_matches(['[', ']', '`']).to_owned())
        .collect()
}

#[test]
fn in_shared_a_module_uses_only_modules_above_it() {
    let all = sources();
    let order = order_of_shared(&all);
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut complaints = Vec::new();
    for source in all.iter().filter(|source| source.path.starts_with("shared/src/")) {
        let module = source.module();
        let Some(top) = module.first() else {
            let unlisted = source
                .code
                .lines()
                .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
            for name in unlisted.filter(|name| place(name).is_none()) {
                complain(
                    &mut complaints,
                    source,
                    &format!("`{name}` is missing in the list of modules"),
                );
            }
            continue;
        };
        let own = place(top).unwrap_or_else(|| panic!("{} belongs to no listed module", source.path));
        for path in source.paths("crate").into_iter().chain(source.paths_to_root()) {
            if let Some(used) = path.first().and_then(|name| place(name))
                && used > own
            {
                complain(
                    &mut complaints,
                    source,
                    &format!("`{top}` uses `{}`, which stands below it", path.join("::")),
                );
            }
        }
    }
    no_complaints(
        "dependencies run downwards only, so that each layer can be read and tested without those above",
        &complaints,
    );
}

#[test]
fn the_command_line_asks_the_agent_and_never_opens_the_share() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("cli/")) {
        for path in source.paths("camctl_shared") {
            if ["store", "share", "files", "rules", "*"].contains(&path[0].as_str()) {
                complain(
                    &mut complaints,
                    source,
                    &format!("it uses `camctl_shared::{}`", path.join("::")),
                );
            }
        }
        if source.code.contains("camctl_shared as ") {
            complain(
                &mut complaints,
                source,
                "it renames `camctl_shared`, so that its uses cannot be read",
            );
        }
    }
    no_complaints(
        "two programs that write one table must follow one set of rules: the agent's",
        &complaints,
    );
}

#[test]
fn programs_do_not_depend_on_each_other() {
    let mut complaints = Vec::new();
    let forbidden = [
        (
            "shared",
            ["camctl-agent", "camctl", "camctl-tests", "tokio", "clap"].as_slice(),
            "it serves both sides",
        ),
        (
            "agent",
            &["camctl", "camctl-tests"],
            "it must not need a command line",
        ),
        (
            "cli",
            &["camctl-agent", "camctl-tests", "tokio", "fs2", "bincode"],
            "it starts in a tenth of a millisecond and asks the agent",
        ),
    ];
    for (folder, packages, why) in forbidden {
        let found = manifest(folder)
            .into_iter()
            .filter(|package| packages.contains(&package.as_str()));
        complaints
            .extend(found.map(|package| format!("{folder}/Cargo.toml depends on {package}, but {why}")));
    }
    no_complaints("one-way dependencies", &complaints);
}

#[test]
fn packages_that_nobody_develops_stay_behind_one_file() {
    let mut complaints = Vec::new();
    for source in sources() {
        for (package, home) in ONE_FILE_EACH {
            if source.path != home && !source.paths(package).is_empty() {
                complain(
                    &mut complaints,
                    &source,
                    &format!("it uses `{package}`, which only {home} may"),
                );
            }
        }
    }
    no_complaints(
        "replacing such a package must stay an afternoon's work",
        &complaints,
    );
}

#[test]
fn files_are_touched_only_where_it_is_known_how() {
    let all = sources();
    let mut complaints = Vec::new();
    for source in all.iter().filter(|source| source.is_product()) {
        if MAY_USE_FILES
            .iter()
            .any(|(place, _)| source.path.starts_with(place))
        {
            continue;
        }
        let touches = |path: &Vec<String>| path[0] == "fs";
        if source
            .product_paths("std")
            .iter()
            .chain(&source.product_paths("tokio"))
            .any(touches)
        {
            complain(&mut complaints, source, "it uses `std::fs`");
        }
    }
    for (place, _) in MAY_USE_FILES {
        if !all.iter().any(|source| source.path.starts_with(place)) {
            complaints.push(format!(
                "{place} may use files, but is not there: the list in this test is out of date"
            ));
        }
    }
    let places = MAY_USE_FILES
        .map(|(place, why)| format!("{place} ({why})"))
        .join(", ");
    no_complaints(
        &format!("on the share only some operations mean what they say; files are used by {places}"),
        &complaints,
    );
}

#[test]
fn model_and_rules_are_pure() {
    let mut complaints = Vec::new();
    let effects = ["fs", "net", "process", "thread", "env", "io"];
    let pure = |source: &&Source| {
        ["shared/src/model/", "shared/src/rules/"]
            .iter()
            .any(|place| source.path.starts_with(place))
    };
    for source in sources().iter().filter(pure) {
        for path in source.product_paths("std") {
            if effects.contains(&path[0].as_str()) {
                complain(
                    &mut complaints,
                    source,
                    &format!("it uses `std::{}`", path.join("::")),
                );
            }
        }
        if source.product().contains("SystemClock") {
            complain(&mut complaints, source, "it asks a clock");
        }
    }
    no_complaints(
        "a decision that depends on nothing but its arguments can be tested, and made again",
        &complaints,
    );
}

#[test]
fn no_file_is_too_long() {
    let mut complaints = Vec::new();
    for source in sources() {
        let lines = source.raw.lines().count();
        if lines > LONGEST {
            complain(
                &mut complaints,
                &source,
                &format!("it has {lines} lines; {LONGEST} are the limit"),
            );
        }
    }
    no_complaints(
        "a file that is too long has a second subject; give that one a file of its own",
        &complaints,
    );
}

#[test]
fn the_scanner_finds_what_it_looks_for() {
    let text = r##"
        //! use crate::not_in_comments;
        use crate::{clock::Clock, model::{self, FileName}, ipc};
        /* crate::nor::here /* nested */ */
        fn f<'a>() -> &'a str { crate::share::disk::open("crate::nor::in_strings", r#"crate::x "y" crate::z"#, '"') }
        #[cfg(test)]
        mod tests { use crate::store::memory; fn g() { std::fs::read("x"); } }
        use super::super::files;
    "##;
    let source = Source::new("shared/src/rules/deep.rs", text);
    let first: Vec<_> = source
        .paths("crate")
        .into_iter()
        .map(|path| path[0].clone())
        .collect();
    assert_eq!(first, ["clock", "model", "model", "ipc", "share", "store"]);
    assert_eq!(source.paths_to_root(), [["files"]]);
    assert!(source.paths("std").len() == 1 && source.product_paths("std").is_empty());
    assert_eq!(source.module(), ["rules", "deep"]);
    assert!(workspace().join("Cargo.toml").is_file());
    assert!(manifest("shared").contains(&"bincode".to_owned()));
}
