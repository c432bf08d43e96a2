//! Walks over real folders, and lists made from them.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::model::ShareErrorKind::{NotFound, Unknown};
use crate::model::{Case, SessionId};
use crate::share::DiskShare;

const EXTENSIONS: &[&str] = &["mcam", "vnc"];

struct Repository(TempDir);

impl Repository {
    fn with(files: &[&str]) -> Self {
        let repository = Self(TempDir::new().unwrap());
        for file in files {
            repository.put(file);
        }
        repository
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.0.path().join(file)
    }

    fn put(&self, file: &str) {
        let path = self.path(file);
        let mut missing: Vec<&Path> = path
            .ancestors()
            .skip(1)
            .take_while(|above| !above.exists())
            .collect();
        while let Some(folder) = missing.pop() {
            fs::create_dir(folder).unwrap();
        }
        fs::write(path, file).unwrap();
    }

    fn walk_as(&self, folder: &str, case: Case) -> Result<Walk, WalkError> {
        let extensions: Vec<String> = EXTENSIONS.iter().map(|&extension| extension.into()).collect();
        let scope = Scope {
            folder,
            extensions: &extensions,
            case,
            locks_file: "locks.json",
        };
        let share = DiskShare::open(self.0.path()).unwrap();
        walk(&share, scope, &mut |_| ControlFlow::Continue(()))
    }

    fn walk(&self) -> Walk {
        self.walk_as("", Case::Sensitive).unwrap()
    }
}

fn names(walk: &Walk) -> Vec<&str> {
    walk.files.iter().map(|file| file.name.as_str()).collect()
}

fn reason<'a>(walk: &'a Walk, path: &str) -> &'a str {
    let found = walk.skipped.iter().find(|skipped| skipped.path == path);
    &found
        .unwrap_or_else(|| panic!("{path} is not in {:?}", walk.skipped))
        .why
}

#[test]
fn files_are_found_in_sub_folders_and_in_any_case_sorted() {
    let repository = Repository::with(&[
        "b.mcam",
        "a/x/deep.VNC",
        "a.mcam",
        "a/y.McAm",
        "readme.txt",
        "mcam",
        ".mcam",
        ".hidden/z.mcam",
    ]);
    let walk = repository.walk();
    assert_eq!(
        names(&walk),
        [".hidden/z.mcam", "a.mcam", "a/x/deep.VNC", "a/y.McAm", "b.mcam"]
    );
    assert_eq!(walk.files[2].size, "a/x/deep.VNC".len() as u64);
    assert!(walk.files[2].modified.is_some());
    assert!(walk.skipped.is_empty(), "{:?}", walk.skipped);

    let below = repository.walk_as("a", Case::Sensitive).unwrap();
    assert_eq!(
        names(&below),
        ["a/x/deep.VNC", "a/y.McAm"],
        "named from the repository"
    );
}

#[test]
fn what_belongs_to_camctl_is_in_no_list() {
    let repository = Repository::with(&[
        "a.mcam",
        ".camctl/old.mcam",
        ".camctl-1f.mcam",
        "x/locks.json",
        "LOCKS.json",
    ]);
    repository.put("locks.json");
    let share = DiskShare::open(repository.0.path()).unwrap();
    let everything = |case| {
        let scope = Scope {
            folder: "",
            extensions: &[],
            case,
            locks_file: "locks.json",
        };
        walk(&share, scope, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    assert_eq!(names(&everything(Case::Insensitive)), ["a.mcam", "x/locks.json"]);
    if cfg!(target_os = "linux") {
        assert_eq!(
            names(&everything(Case::Sensitive)),
            ["LOCKS.json", "a.mcam", "x/locks.json"]
        );
    }
}

#[test]
fn a_repository_inside_answers_for_itself() {
    let repository = Repository::with(&[
        "a.mcam",
        "inner/b.mcam",
        "inner/sub/c.mcam",
        "inner/.camctl/repo.toml",
        "z/d.mcam",
    ]);
    let walk = repository.walk();
    assert_eq!(names(&walk), ["a.mcam", "z/d.mcam"]);
    assert_eq!(walk.skipped.len(), 1);
    assert_eq!(reason(&walk, "inner"), "it is a repository of its own");
}

#[cfg(unix)]
#[test]
fn links_are_skipped_and_said() {
    use std::os::unix::fs::symlink;
    let repository = Repository::with(&["a/x.mcam"]);
    let outside = Repository::with(&["secret.mcam"]);
    symlink("a/x.mcam", repository.path("link.mcam")).unwrap();
    symlink(outside.0.path(), repository.path("out")).unwrap();
    symlink("..", repository.path("a/loop")).unwrap();
    let walk = repository.walk();
    assert_eq!(names(&walk), ["a/x.mcam"]);
    assert_eq!(walk.skipped.len(), 3);
    for link in ["link.mcam", "out", "a/loop"] {
        assert!(reason(&walk, link).contains("a link"), "{link}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_cannot_be_keys_are_said() {
    use std::os::unix::ffi::OsStrExt;
    let repository = Repository::with(&[
        "ok.mcam",
        "a:b.mcam",
        "con.mcam",
        "end./x.mcam",
        "a:b.txt",
        "Bu\u{308}chse.mcam",
    ]);
    let odd = std::ffi::OsStr::from_bytes(b"\xff.mcam");
    fs::write(repository.0.path().join(odd), "").unwrap();
    let walk = repository.walk();
    assert_eq!(names(&walk), ["ok.mcam"]);
    assert!(reason(&walk, "a:b.mcam").contains("':'"));
    assert!(reason(&walk, "con.mcam").contains("device"));
    assert!(reason(&walk, "end.").contains("dot"));
    assert!(reason(&walk, "\u{fffd}.mcam").contains("Unicode"));
    assert!(reason(&walk, "Bu\u{308}chse.mcam").contains("NFC"));
    assert_eq!(
        walk.skipped.len(),
        5,
        "nobody looks for a text file: {:?}",
        walk.skipped
    );
}

#[cfg(target_os = "linux")]
#[test]
fn two_spellings_of_one_name_are_one_file_and_said() {
    let repository = Repository::with(&["a.mcam", "A.mcam", "b.mcam"]);
    assert_eq!(repository.walk().files.len(), 3);
    let walk = repository.walk_as("", Case::Insensitive).unwrap();
    assert_eq!(walk.files.len(), 2);
    assert_eq!(walk.skipped.len(), 1);
    assert!(walk.skipped[0].why.contains("the same as"), "{:?}", walk.skipped);
}

#[test]
fn a_folder_that_is_not_there_is_an_error_and_no_empty_list() {
    let repository = Repository::with(&["a.mcam"]);
    let share = |error| match error {
        WalkError::Share(error) => error.kind,
        other => panic!("{other}"),
    };
    assert_eq!(
        share(repository.walk_as("gone", Case::Sensitive).unwrap_err()),
        NotFound
    );
    let file = share(repository.walk_as("a.mcam", Case::Sensitive).unwrap_err());
    assert!(matches!(file, Unknown | NotFound));
    for bad in ["..", "/etc", ".camctl/log"] {
        let error = repository.walk_as(bad, Case::Sensitive).unwrap_err();
        assert!(matches!(error, WalkError::Name { .. }), "{bad}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_sub_folder_without_permission_is_said() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: root may read everything");
        return;
    }
    let repository = Repository::with(&["a.mcam", "private/b.mcam"]);
    let set =
        |mode| fs::set_permissions(repository.path("private"), PermissionsExt::from_mode(mode)).unwrap();
    set(0o000);
    let walk = repository.walk();
    set(0o700);
    assert_eq!(names(&walk), ["a.mcam"]);
    assert!(reason(&walk, "private").contains("denied"));
}

#[test]
fn the_caller_hears_how_far_it_is_and_can_end_it() {
    let repository = Repository::with(&[]);
    for n in 0..600 {
        repository.put(&format!("{n}.mcam"));
    }
    let share = DiskShare::open(repository.0.path()).unwrap();
    let scope = Scope {
        folder: "",
        extensions: &[],
        case: Case::Sensitive,
        locks_file: "locks.json",
    };
    let mut told = Vec::new();
    let all = walk(&share, scope, &mut |files| {
        told.push(files);
        ControlFlow::Continue(())
    });
    assert_eq!(all.unwrap().files.len(), 600);
    assert_eq!(told, [255, 511]);
    let ended = walk(&share, scope, &mut |_| ControlFlow::Break(()));
    assert_eq!(ended, Err(WalkError::Cancelled));
}

fn owner(user: &str, machine: &str) -> Owner {
    Owner::new(user, machine, SessionId::random())
}

fn lock(owner: &Owner) -> Arc<Lock> {
    Arc::new(Lock::new(Arc::new(owner.clone()), Timestamp::UNIX_EPOCH, 1))
}

fn found(name: &str, case: Case) -> Found {
    Found {
        name: FileName::parse(name, case).unwrap(),
        size: 7,
        modified: None,
    }
}

/// What a list shows: names, with `!` where there is a lock and `?` where there is no file.
fn shown(files: &[Found], locks: &BTreeMap<FileName, Arc<Lock>>, selection: Selection<'_>) -> String {
    let mark = |status: Status<'_>| {
        let locked = if status.lock.is_some() { "!" } else { "" };
        let gone = if status.found.is_none() { "?" } else { "" };
        format!("{}{locked}{gone}", status.name)
    };
    status(files, locks, selection)
        .map(mark)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn files_and_locks_are_paired_and_filtered() {
    let (alice, bob) = (owner("alice", "CAM-1"), owner("bob", "CAM-2"));
    let alice_elsewhere = owner("alice", "CAM-9");
    let files =
        ["a.mcam", "f.mcam", "f/1.vnc", "f/2.MCAM", "g.mcam"].map(|name| found(name, Case::Sensitive));
    let locks: BTreeMap<_, _> = [
        ("f/1.vnc", &alice),
        ("f/9.mcam", &bob),
        ("g.mcam", &bob),
        ("z.txt", &alice_elsewhere),
    ]
    .map(|(name, owner)| (FileName::parse(name, Case::Sensitive).unwrap(), lock(owner)))
    .into();
    let folder = FileName::parse("f", Case::Sensitive).unwrap();
    let vnc = ["vnc".to_owned()];
    let mcam = ["mcam".to_owned()];
    let all = Selection::default();
    let cases = [
        (all, "a.mcam f.mcam f/1.vnc! f/2.MCAM f/9.mcam!? g.mcam! z.txt!?"),
        (
            Selection {
                which: Which::Locked,
                ..all
            },
            "f/1.vnc! f/9.mcam!? g.mcam! z.txt!?",
        ),
        (
            Selection {
                which: Which::Free,
                ..all
            },
            "a.mcam f.mcam f/2.MCAM",
        ),
        (
            Selection {
                which: Which::Mine(&alice),
                ..all
            },
            "f/1.vnc!",
        ),
        (
            Selection {
                folder: Some(&folder),
                ..all
            },
            "f/1.vnc! f/2.MCAM f/9.mcam!?",
        ),
        (
            Selection {
                extensions: &vnc,
                ..all
            },
            "f/1.vnc!",
        ),
        (
            Selection {
                which: Which::Locked,
                folder: Some(&folder),
                extensions: &mcam,
            },
            "f/9.mcam!?",
        ),
    ];
    for (selection, expected) in cases {
        assert_eq!(shown(&files, &locks, selection), expected, "{selection:?}");
    }
    assert_eq!(shown(&[], &BTreeMap::new(), all), "");
}

#[test]
fn a_lock_finds_its_file_in_another_spelling() {
    let files = [found("Fixtures/A.mcam", Case::Insensitive)];
    let name = FileName::parse("fixtures/a.MCAM", Case::Insensitive).unwrap();
    let locks = BTreeMap::from([(name, lock(&owner("alice", "CAM-1")))]);
    let folder = FileName::parse("FIXTURES", Case::Insensitive).unwrap();
    let selection = Selection {
        folder: Some(&folder),
        ..Selection::default()
    };
    assert_eq!(shown(&files, &locks, selection), "Fixtures/A.mcam!");
}
