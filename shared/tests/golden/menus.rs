//! How files stand, and menus.

use camctl_shared::ipc::message::{FileState, MenuEntry, Reply, Standing};

use super::{lock, text};

fn menu() -> Vec<MenuEntry> {
    let entry = |command, label, files: &[u32]| MenuEntry {
        command: text(command),
        label: text(label),
        enabled: !files.is_empty(),
        files: files.to_vec(),
    };
    vec![
        entry("checkout", "Check out", &[]),
        entry("wait", "Wait in line", &[0, 70_000]),
    ]
}

pub fn standings() -> Vec<(&'static str, Reply)> {
    let standing = |state| Standing {
        asked: text("/mnt/cam/fixtures/4801247.mcam"),
        repository: Some(text("/mnt/cam")),
        file: Some(text("fixtures/4801247.mcam")),
        state,
        lock: Some(lock()),
        menu: vec![],
    };
    vec![
        (
            "standing-unknown",
            Reply::Standing(Standing {
                repository: None,
                file: None,
                lock: None,
                ..standing(FileState::Unknown)
            }),
        ),
        (
            "standing-free",
            Reply::Standing(Standing {
                lock: None,
                ..standing(FileState::Free)
            }),
        ),
        ("standing-mine", Reply::Standing(standing(FileState::Mine))),
        ("standing-theirs", Reply::Standing(standing(FileState::Theirs))),
        (
            "standing-waiting",
            Reply::Standing(Standing {
                menu: menu(),
                ..standing(FileState::Waiting)
            }),
        ),
        ("menu", Reply::Menu(menu())),
    ]
}
