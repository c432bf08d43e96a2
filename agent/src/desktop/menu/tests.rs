use std::sync::Arc;

use camctl_shared::clock::Timestamp;
use camctl_shared::model::{Case, Owner};

use super::*;

fn file(name: &str) -> FileName {
    FileName::parse(name, Case::Sensitive).unwrap()
}

fn owner(user: &str) -> Arc<Owner> {
    Arc::new(Owner {
        user: user.into(),
        machine: Some("CAM-03".into()),
        session: None,
    })
}

fn mine(name: &str, token: u64) -> Mine {
    Mine {
        file: file(name),
        token: Some(token),
        since: Timestamp::UNIX_EPOCH,
    }
}

fn repository(folder: &str, mine: Vec<Mine>) -> RepositoryView {
    RepositoryView {
        folder: folder.to_owned(),
        mine,
        ..RepositoryView::default()
    }
}

fn view(repositories: Vec<RepositoryView>) -> View {
    View { repositories }
}

fn question() -> Question {
    Question {
        file: file("parts/a.mcam"),
        token: Some(3),
        from: owner("bob"),
        at: Timestamp::UNIX_EPOCH,
        message: "now,\nplease".into(),
        guarded: false,
    }
}

/// The menu as lines of text, indented.
fn text(entries: &[Entry]) -> String {
    fn lines(entries: &[Entry], depth: usize) -> Vec<String> {
        let mut all = Vec::new();
        for entry in entries {
            let (line, inner) = match entry {
                Entry::Line => ("---".to_owned(), &[][..]),
                Entry::Text(label) => (label.clone(), &[][..]),
                Entry::Item(label, _) => (format!("[{label}]"), &[][..]),
                Entry::Sub(label, entries) => (format!("{label} >"), &entries[..]),
            };
            all.push(format!("{}{line}\n", "  ".repeat(depth)));
            all.extend(lines(inner, depth + 1));
        }
        all
    }
    lines(entries, 0).concat()
}

fn items(entries: &[Entry]) -> Vec<(String, Act)> {
    let each = |entry: &Entry| match entry {
        Entry::Item(label, act) => vec![(label.clone(), act.clone())],
        Entry::Sub(_, entries) => items(entries),
        Entry::Line | Entry::Text(_) => Vec::new(),
    };
    entries.iter().flat_map(each).collect()
}

#[test]
fn without_anything_there_is_little_to_do() {
    let face = face(&View::default(), false);
    assert_eq!(
        text(&face.menu),
        "Nothing checked out\n---\n---\n[Pause notifications for an hour]\n[Quit]\n"
    );
    assert_eq!(
        (face.state, face.tooltip.as_str()),
        (State::Idle, "camctl: nothing checked out")
    );
}

#[test]
fn everything_that_matters_is_in_the_menu() {
    let mut one = repository("/mnt/cam", vec![mine("a.mcam", 3), mine("parts/b.mcam", 4)]);
    one.awaited = vec![
        Awaited {
            file: file("c.mcam"),
            place: Some(2),
            holder: Some(owner("bob")),
        },
        Awaited {
            file: file("d.mcam"),
            place: None,
            holder: None,
        },
    ];
    one.questions = vec![question()];
    let face = face(&view(vec![one]), true);
    let expected = "\
2 files checked out
---
My checkouts (2) >
  a.mcam >
    [Check in]
    [Open folder]
  parts/b.mcam >
    [Check in]
    [Open folder]
Waiting for (2) >
  c.mcam >
    number 2 in line after bob on CAM-03
    [Ask for it]
    [Leave the line]
    [Open folder]
  d.mcam >
    free
    [Check out]
    [Do not tell me]
    [Open folder]
Requests (1) >
  bob asks for a.mcam >
    now, please
    [Yes, check in now]
    [In 10 minutes]
    [No]
Repositories (1) >
  cam >
    /mnt/cam
    [Open folder]
Check in all… >
  a.mcam
  parts/b.mcam
  ---
  [Check in these 2 files]
---
[Show notifications again]
[Quit (checkouts are kept)]
";
    assert_eq!(text(&face.menu), expected);
}

#[test]
fn an_entry_carries_the_file_and_the_lock_that_were_shown() {
    let face = face(
        &view(vec![
            repository("/one", vec![mine("a.mcam", 3)]),
            repository("/two", vec![mine("a.mcam", 5)]),
        ]),
        false,
    );
    let held = |folder: &str, token| Held {
        place: Place {
            folder: folder.to_owned(),
            file: file("a.mcam"),
        },
        token: Some(token),
    };
    let checkins: Vec<_> = items(&face.menu)
        .into_iter()
        .filter(|(_, act)| matches!(act, Act::Checkin(_)))
        .collect();
    assert_eq!(
        checkins,
        [
            ("Check in".to_owned(), Act::Checkin(vec![held("/one", 3)])),
            ("Check in".to_owned(), Act::Checkin(vec![held("/two", 5)])),
            (
                "Check in these 2 files".to_owned(),
                Act::Checkin(vec![held("/one", 3), held("/two", 5)])
            ),
        ]
    );
    assert!(
        text(&face.menu).contains("  a.mcam (one) >"),
        "with several repositories each file says which is its own"
    );
}

#[test]
fn the_icon_says_what_matters_most() {
    let held = || repository("/cam", vec![mine("a.mcam", 3)]);
    let away = || RepositoryView {
        problem: Some("gone".to_owned()),
        ..held()
    };
    let asked = || RepositoryView {
        questions: vec![question()],
        ..held()
    };
    let not_safe = || RepositoryView {
        is_unsafe: true,
        ..away()
    };
    let cases = [
        (vec![], State::Idle),
        (vec![repository("/cam", vec![])], State::Idle),
        (vec![repository("/cam", vec![]), held()], State::Holding),
        (vec![held(), away()], State::Away),
        (vec![away(), asked()], State::Attention),
        (vec![not_safe()], State::Attention),
    ];
    for (repositories, expected) in cases {
        assert_eq!(state(&view(repositories.clone())), expected, "{repositories:?}");
    }
    let menu = text(&face(&view(vec![not_safe(), away()]), false).menu);
    assert!(
        menu.starts_with(
            "2 files checked out\ncam: your checkouts may not be safe\ncam cannot be used\n---\n"
        ),
        "{menu}"
    );
}

#[test]
fn long_menus_are_cut_and_check_in_all_still_means_all() {
    let many = |count: usize| {
        let files = (0..count).map(|n| mine(&format!("{n}.mcam"), 1)).collect();
        face(&view(vec![repository("/cam", files)]), false).menu
    };
    let menu = many(MOST + 7);
    assert!(text(&menu).contains("My checkouts (27) >"));
    assert_eq!(text(&menu).matches("  … 7 more\n").count(), 2);
    let all = items(&menu)
        .into_iter()
        .find(|(label, _)| label == "Check in these 27 files");
    let Some((_, Act::Checkin(held))) = all else {
        panic!("{}", text(&menu))
    };
    assert_eq!(held.len(), MOST + 7);
    assert!(
        !text(&many(MOST + 1)).contains("more"),
        "the remark takes no less room than the one entry"
    );
}

#[test]
fn names_that_would_break_a_menu_are_made_harmless() {
    let long = format!("{}.mcam", "x".repeat(200));
    let mut one = repository("/mnt/cam", vec![mine("gnp.\u{202e}macm", 1), mine(&long, 2)]);
    one.problem = Some("two\nlines".to_owned());
    let menu = text(&face(&view(vec![one]), false).menu);
    assert!(menu.contains("gnp.\\u{202e}macm >"), "{menu}");
    assert!(
        menu.lines().all(|line| line.chars().count() < WIDEST + 8),
        "{menu}"
    );
    assert!(menu.contains("    two lines\n"), "{menu}");
}
