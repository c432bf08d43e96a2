use super::*;

#[test]
fn an_empty_file_gives_the_defaults() {
    assert_eq!(Policy::parse("").unwrap(), Policy::default());
}

#[test]
fn every_key_can_be_set() {
    let text = r#"
format = 1
extensions = ["mcam", ".NC"]
locks_file = "../locks.json"
case = "insensitive"
heartbeat = "100ms"
stale_after = "300ms"
poll_busy = "10ms"
poll_calm = "20ms"
poll_idle = "30ms"
park_limit = "1d"
on_exit = "release"
lease = "1h"
idle_release = "2h"
protect = "readonly"
administrators = ["boss"]
keep_history = "1y"
keep_versions = 3
"#;
    let policy = Policy::parse(text).unwrap();
    assert_eq!(policy.extensions, ["mcam", "NC"]);
    assert_eq!(policy.locks_file, "../locks.json");
    assert_eq!(policy.case, Some(Case::Insensitive));
    assert_eq!(policy.stale_after, Duration::from_millis(300));
    assert_eq!(policy.owner_gives_up(), Duration::from_millis(225));
    assert_eq!(policy.on_exit, OnExit::Release);
    assert_eq!(policy.idle_release, Some(Duration::from_hours(2)));
    assert!(policy.is_administrator("boss") && !policy.is_administrator("Boss"));
    assert_eq!(policy.warnings, Vec::<String>::new());
}

#[test]
fn unknown_keys_warn_and_wrong_values_name_their_line() {
    let policy = Policy::parse("colour = \"red\"\n[future]\na = 1\n").unwrap();
    assert_eq!(
        policy.warnings,
        [
            "unknown key \"colour\" in repo.toml",
            "unknown key \"future\" in repo.toml"
        ]
    );
    let cases = [
        ("\nheartbeat = \"soon\"", 2, "is not a time"),
        ("\n\nheartbeat = \"0s\"", 3, "longer than zero"),
        ("heartbeat = 30", 1, "invalid type"),
        ("stale_after = \"31s\"", 1, "three times heartbeat"),
        ("case = \"odd\"", 1, "\"sensitive\" or \"insensitive\""),
        ("keep_history = \"2d\"", 1, "at least \"30d\""),
        ("format = 2", 1, "newer camctl"),
        ("extensions = []", 1, "a list such as"),
        ("locks_file = \"../../x\"", 1, "leads out"),
        ("locks_file = \".camctl/head\"", 1, "belongs to camctl"),
        ("x = ", 1, ""),
    ];
    for (text, line, part) in cases {
        let error = Policy::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text:?}: {error}");
        assert!(error.problem.contains(part), "{text:?}: {error}");
    }
}

#[test]
fn durations_are_read_and_written_alike() {
    for text in ["300ms", "30s", "5m", "2h", "7d", "1500ms"] {
        assert_eq!(show_duration(parse_duration(text).unwrap()), text);
    }
    assert_eq!(parse_duration("5 min").unwrap(), Duration::from_mins(5));
    for bad in [
        "",
        "5",
        "m",
        "-5m",
        "5.5m",
        "5 parsecs",
        "99999999999999999999s",
        "9999999999y",
    ] {
        assert!(parse_duration(bad).is_err(), "{bad:?}");
    }
}
