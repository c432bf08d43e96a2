//! What cannot be a key, or is no file, is refused with the reason.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use super::{answer, ask, link};
use crate::stage::Stage;

/// Given a repository, when names are asked for that cannot be keys,
/// then each verb refuses each with the reason and exit code 1, and nothing is written.
#[test]
fn names_that_cannot_be_keys_are_refused_with_the_reason() {
    let stage = Stage::new();
    let outside = stage.sandbox.folder().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret.mcam"), "").unwrap();
    link(outside.join("secret.mcam"), stage.repository.path("out.mcam"));
    link(&outside, stage.repository.path("door"));
    link("../../outside", stage.repository.path("parts/back"));
    link("loop.mcam", stage.repository.path("loop.mcam"));
    link(".camctl/head", stage.repository.path("head.mcam"));
    let long = format!("{}x.mcam", "folder/".repeat(600));
    let outside_file = outside.join("secret.mcam").to_str().unwrap().to_owned();
    let cases: &[(&str, &str, &str)] = &[
        // Leaving the repository.
        ("../outside/secret.mcam", "no_repository", "in no repository"),
        (
            "parts/../../outside/secret.mcam",
            "no_repository",
            "in no repository",
        ),
        (&outside_file, "no_repository", "in no repository"),
        ("out.mcam", "bad_name", "leads out of the repository"),
        ("door/secret.mcam", "bad_name", "leads out of the repository"),
        (
            "parts/back/secret.mcam",
            "bad_name",
            "leads out of the repository",
        ),
        // What is camctl's own.
        (".camctl/head", "bad_name", "belongs to camctl"),
        (".camctl/log/0/0.json", "bad_name", "belongs to camctl"),
        (".CamCtl/new.mcam", "bad_name", "belongs to camctl"),
        ("parts/../.camctl/repo.toml", "bad_name", "belongs to camctl"),
        ("head.mcam", "bad_name", "belongs to camctl"),
        // What garbles lists, or means something else to Windows.
        ("a\u{1}b.mcam", "bad_name", "control character"),
        ("two\nlines.mcam", "bad_name", "control character"),
        ("\u{1b}[31mred.mcam", "bad_name", "control character"),
        ("del\u{7f}.mcam", "bad_name", "control character"),
        ("next\u{85}.mcam", "bad_name", "control character"),
        ("a:b.mcam", "bad_name", "':'"),
        ("what?.mcam", "bad_name", "'?'"),
        ("*.mcam", "bad_name", "'*'"),
        ("a\\b.mcam", "bad_name", "Windows does not allow"),
        ("\"a\".mcam", "bad_name", "Windows does not allow"),
        ("CON", "bad_name", "device"),
        ("nul.mcam", "bad_name", "device"),
        ("Com7.vnc", "bad_name", "device"),
        ("aux.old.mcam", "bad_name", "device"),
        ("LPT\u{b9}.mcam", "bad_name", "device"),
        ("prn/x.mcam", "bad_name", "device"),
        ("a.mcam.", "bad_name", "ends in a dot or a space"),
        ("a.mcam ", "bad_name", "ends in a dot or a space"),
        ("parts /c.vnc", "bad_name", "ends in a dot or a space"),
        (&long, "bad_name", "4096"),
    ];
    let before = stage.repository.log_numbers();
    let verbs: &[&[&str]] = &[
        &["checkout"],
        &["checkin"],
        &["status"],
        &["wait", "--timeout", "1s"],
        &["break", "--reason", "try"],
    ];
    for (name, code, why) in cases {
        for verb in verbs {
            let run = ask(&stage.alice, stage.repository.folder(), verb, name);
            assert_eq!(run.code, Some(1), "{verb:?} {name:?}: {run:?}");
            let error = answer(&run)["error"].clone();
            assert_eq!(error["code"], *code, "{verb:?} {name:?}: {run:?}");
            assert!(
                error["message"].as_str().unwrap().contains(why),
                "{verb:?} {name:?}: {error}"
            );
            // As people see it: no control character reaches a terminal.
            let seen = stage
                .alice
                .camctl(*verb)
                .arguments(["--", name])
                .in_folder(stage.repository.folder())
                .run();
            assert!(
                !seen
                    .err
                    .chars()
                    .any(|letter| letter.is_control() && letter != '\n'),
                "{seen:?}"
            );
        }
    }
    assert_eq!(stage.repository.log_numbers(), before, "nothing was written");
}

/// Given a repository, when what is no file of it is checked out (the table for people, a folder, nothing, a name that
/// is no Unicode, a link in a circle), then that is refused with the reason, and nothing is written.
#[test]
fn what_is_no_file_is_refused_with_the_reason() {
    let stage = Stage::new();
    link("loop.mcam", stage.repository.path("loop.mcam"));
    link("nowhere.mcam", stage.repository.path("dangling.mcam"));
    fs::create_dir(stage.repository.path("a folder.mcam")).unwrap();
    let before = stage.repository.log_numbers();
    let long = format!("{}.mcam", "x".repeat(300));
    let cases: [(&OsStr, &str, i32); 11] = [
        ("locks.json".as_ref(), "bad_name", 1),
        ("parts".as_ref(), "not_a_file", 1),
        ("a folder.mcam".as_ref(), "not_a_file", 1),
        (".".as_ref(), "not_a_file", 1),
        ("missing.mcam".as_ref(), "no_such_file", 1),
        ("parts/missing/c.vnc".as_ref(), "no_such_file", 1),
        ("a.mcam/below a file.mcam".as_ref(), "no_such_file", 1),
        ("dangling.mcam".as_ref(), "no_such_file", 1),
        (OsStr::from_bytes(b"bad\xff.mcam"), "bad_name", 1),
        ("".as_ref(), "bad_name", 1),
        (long.as_ref(), "no_such_file", 1),
    ];
    for (name, code, exit) in cases {
        let run = ask(&stage.alice, stage.repository.folder(), &["checkout"], name);
        assert_eq!(run.code, Some(exit), "{name:?}: {run:?}");
        assert_eq!(answer(&run)["error"]["code"], code, "{name:?}: {run:?}");
    }
    let run = ask(
        &stage.alice,
        stage.repository.folder(),
        &["checkout"],
        "loop.mcam",
    );
    assert!(matches!(run.code, Some(1 | 15)), "{run:?}");
    assert_eq!(stage.repository.log_numbers(), before, "nothing was written");
}
