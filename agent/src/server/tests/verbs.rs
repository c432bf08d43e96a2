//! The verbs, through the socket.

use camctl_shared::ipc::message::{EventKind, Filter, FilterState, Patience, Presence};

use super::*;

fn wait_for(file: String, at_most: Duration) -> Request {
    Request::Checkout {
        files: vec![file],
        message: None,
        wait: Some(Patience {
            at_most_ms: Some(u64::try_from(at_most.as_millis()).unwrap()),
        }),
        lease_ms: None,
        steal: None,
    }
}

fn list(folder: &Path, state: FilterState) -> Request {
    Request::List {
        folder: folder.display().to_string(),
        filter: Filter {
            state,
            extensions: Vec::new(),
        },
    }
}

/// Names, and how sure it is that their owners are there.
fn listed(replies: Vec<Reply>) -> Vec<(String, Option<Presence>)> {
    let mut files = Vec::new();
    for reply in replies {
        match reply {
            Reply::Files(page) => files.extend(page.files().map(|file| {
                let presence = file.lock.map(|lock| lock.presence);
                (file.name.to_owned(), presence)
            })),
            Reply::Done => {}
            other => panic!("{other:?}"),
        }
    }
    files
}

#[tokio::test]
async fn a_file_goes_from_hand_to_hand() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let bob = site.agent("bob").await;
    let file = || site.file("a.mcam");
    alice.takes(file()).await;
    assert_eq!(holder(&bob.outcome(checkout(file())).await), Some("alice"));
    assert!(matches!(
        bob.outcome(checkin(file())).await,
        Outcome::Failed(Fault::NotYours { .. })
    ));
    let waiting = bob.outcome(wait_for(file(), Duration::from_secs(20)));
    let handing_over = async {
        let (repository, _) = bob.agent.registry.find(&file()).await.unwrap();
        until("bob waits", async || {
            repository
                .board
                .waiters
                .load(std::sync::atomic::Ordering::Relaxed)
                == 1
        })
        .await;
        alice.outcome(checkin(file())).await
    };
    let (got, given) = tokio::join!(waiting, handing_over);
    assert!(
        matches!(
            given,
            Outcome::Released {
                changed: Some(false),
                ..
            }
        ),
        "{given:?}"
    );
    assert!(matches!(got, Outcome::Granted { .. }), "{got:?}");
}

#[tokio::test]
async fn patience_has_an_end() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let bob = site.agent("bob").await;
    alice.takes(site.file("a.mcam")).await;
    let outcome = bob
        .outcome(wait_for(site.file("a.mcam"), Duration::from_millis(100)))
        .await;
    assert!(
        matches!(&outcome, Outcome::Failed(Fault::TimedOut { lock: Some(lock), .. }) if lock.user == "alice"),
        "{outcome:?}"
    );
    let wait = Request::Wait {
        files: vec![site.file("a.mcam")],
        timeout_ms: Some(100),
    };
    let outcome = bob.outcome(wait).await;
    assert!(
        matches!(outcome, Outcome::Failed(Fault::TimedOut { lock: Some(_), .. })),
        "{outcome:?}"
    );
    let wait = Request::Wait {
        files: vec![site.file("b.mcam")],
        timeout_ms: None,
    };
    assert_eq!(bob.outcome(wait).await, Outcome::Free);
}

/// The folder above all others: a path, and in no repository.
const NOWHERE: &str = if cfg!(windows) { "C:\\" } else { "/" };

#[tokio::test]
async fn a_batch_reports_every_file() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let request = Request::Checkout {
        files: vec![
            site.file("a.mcam"),
            site.file("missing.mcam"),
            NOWHERE.into(),
            "relative.mcam".into(),
            site.file(""),
            site.file("../cam/b.mcam"),
            site.file(".camctl/head"),
        ],
        message: None,
        wait: None,
        lease_ms: None,
        steal: None,
    };
    let mut outcomes = std::collections::BTreeMap::new();
    for reply in alice.all(request).await {
        if let Reply::File(report) = reply {
            outcomes.insert(report.asked, report.outcome);
        }
    }
    assert_eq!(outcomes.len(), 7, "{outcomes:?}");
    assert!(matches!(outcomes[&site.file("a.mcam")], Outcome::Granted { .. }));
    assert!(matches!(
        outcomes[&site.file("../cam/b.mcam")],
        Outcome::Granted { .. }
    ));
    assert_eq!(
        outcomes[&site.file("missing.mcam")],
        Outcome::Failed(Fault::NoSuchFile)
    );
    assert!(matches!(
        outcomes[NOWHERE],
        Outcome::Failed(Fault::NoRepository { .. })
    ));
    assert!(matches!(
        outcomes["relative.mcam"],
        Outcome::Failed(Fault::BadRequest { .. })
    ));
    assert_eq!(outcomes[&site.file("")], Outcome::Failed(Fault::NotAFile));
    assert!(matches!(
        outcomes[&site.file(".camctl/head")],
        Outcome::Failed(Fault::BadName { .. })
    ));
}

#[tokio::test]
async fn lists_show_files_and_locks_as_they_are_now() {
    let site = Site::new();
    std::fs::create_dir(site.root().join("deep")).unwrap();
    for n in 0..3000 {
        std::fs::write(site.root().join(format!("deep/{n:04}.mcam")), "x").unwrap();
    }
    std::fs::write(site.root().join("readme.txt"), "x").unwrap();
    let alice = site.agent("alice").await;
    let all = listed(alice.all(list(&site.root(), FilterState::All)).await);
    assert_eq!(all.len(), 3003);
    assert!(all.is_sorted_by(|a, b| a.0 < b.0));
    alice.takes(site.file("deep/0007.mcam")).await;
    // The walk is a second old; the lock is not.
    for state in [FilterState::Locked, FilterState::Mine] {
        let files = listed(alice.all(list(&site.root(), state)).await);
        assert_eq!(files, [("deep/0007.mcam".to_owned(), Some(Presence::Alive))]);
    }
    let below = listed(
        alice
            .all(list(&site.root().join("deep"), FilterState::Free))
            .await,
    );
    assert_eq!(below.len(), 2999);
    let missing = alice
        .one(list(&site.root().join("missing"), FilterState::All))
        .await;
    assert!(matches!(missing, Reply::Failed(_)), "{missing:?}");
}

#[tokio::test]
async fn whoever_watches_sees_what_happens() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let bob = site.agent("bob").await;
    let endpoint = alice.endpoint.clone();
    let watch = Request::Watch {
        paths: vec![site.file("a.mcam")],
    };
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let watching = spawn_blocking(move || {
        let limits = ClientLimits::default();
        let mut client = Client::connect(&endpoint, limits).unwrap();
        for reply in client.request(&watch) {
            if sender.send(reply.unwrap()).is_err() {
                return;
            }
        }
    });
    assert!(matches!(events.recv().await, Some(Reply::Watching { repositories }) if repositories.len() == 1));
    for file in ["b.mcam", "a.mcam"] {
        bob.takes(site.file(file)).await;
    }
    let event = loop {
        match events.recv().await {
            Some(Reply::Event(event)) => break event,
            Some(_) => {}
            None => panic!("the watch ended"),
        }
    };
    match event.what {
        EventKind::File {
            file, verb, by_user, ..
        } => {
            assert_eq!(
                (file.as_str(), verb.as_str(), by_user.as_str()),
                ("a.mcam", "checkout", "bob")
            );
        }
        other => panic!("{other:?}"),
    }
    drop(events);
    assert!(matches!(
        bob.outcome(checkin(site.file("a.mcam"))).await,
        Outcome::Released { .. }
    ));
    watching.await.unwrap();
}

#[tokio::test]
async fn init_says_what_was_there_and_refuses_a_repository_in_a_repository() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    assert!(matches!(alice.one(init(&site.root())).await, Reply::Initialised(made) if made.existed));
    let inner = site.root().join("inner");
    std::fs::create_dir(&inner).unwrap();
    for folder in [inner, site.root().join("missing")] {
        let refused = alice.one(init(&folder)).await;
        assert!(
            matches!(refused, Reply::Failed(Fault::CannotInit { .. })),
            "{refused:?}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_reached_by_two_paths_is_one_repository() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let link = site.root().with_file_name("link");
    std::os::unix::fs::symlink(site.root(), &link).unwrap();
    let (direct, _) = alice.agent.registry.find(&site.file("a.mcam")).await.unwrap();
    let path = link.join("a.mcam").display().to_string();
    let (linked, rest) = alice.agent.registry.find(&path).await.unwrap();
    assert!(Arc::ptr_eq(&direct, &linked));
    assert_eq!(rest, "a.mcam");
}

#[tokio::test]
async fn a_copy_of_a_repository_is_another_repository() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let copy = site.root().with_file_name("copy");
    copy_folder(&site.root(), &copy);
    let (original, _) = alice.agent.registry.find(&site.file("a.mcam")).await.unwrap();
    let path = copy.join("a.mcam").display().to_string();
    let (other, _) = alice.agent.registry.find(&path).await.unwrap();
    assert_eq!(original.board.id(), other.board.id());
    assert!(!Arc::ptr_eq(&original, &other));
    alice.takes(path).await;
    let status = alice.outcome(status(site.file("a.mcam"))).await;
    assert!(matches!(status, Outcome::Stands { lock: None, .. }), "{status:?}");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_doctor_finds_nothing_wrong_with_a_healthy_repository() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let replies = alice
        .all(Request::Doctor {
            folder: None,
            fix: false,
        })
        .await;
    let mut looked_at = Vec::new();
    for reply in replies {
        match reply {
            Reply::Finding(finding) => {
                assert_ne!(finding.grade, "error", "{finding:?}");
                looked_at.push(finding.what);
            }
            Reply::Done => {}
            other => panic!("{other:?}"),
        }
    }
    for what in [
        "agent",
        "log",
        "locks.json",
        "heartbeat",
        "sessions",
        "exclusive creation",
    ] {
        assert!(
            looked_at.iter().any(|one| one == what),
            "{what} was not looked at"
        );
    }
}

#[tokio::test]
async fn messages_and_leases_have_limits() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let with = |message: Option<String>, lease_ms| Request::Checkout {
        files: vec![site.file("a.mcam")],
        message,
        wait: None,
        lease_ms,
        steal: None,
    };
    for request in [
        with(Some("x".repeat(4001)), None),
        with(None, Some(1)),
        with(None, Some(u64::MAX)),
        Request::Checkin {
            files: Vec::new(),
            all: false,
            message: None,
        },
    ] {
        let reply = alice.one(request).await;
        assert!(
            matches!(reply, Reply::Failed(Fault::BadRequest { .. })),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn whoever_waits_is_told_when_the_agent_stops() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let bob = site.agent("bob").await;
    alice.takes(site.file("a.mcam")).await;
    let (repository, _) = bob.agent.registry.find(&site.file("a.mcam")).await.unwrap();
    let waiting = bob.outcome(wait_for(site.file("a.mcam"), Duration::from_secs(20)));
    let stopping = async {
        until("bob waits", async || {
            repository
                .board
                .waiters
                .load(std::sync::atomic::Ordering::Relaxed)
                == 1
        })
        .await;
        bob.agent.registry.park(Duration::from_secs(5)).await;
        bob.agent.all_have_left().await;
    };
    let (outcome, ()) = tokio::join!(waiting, stopping);
    assert_eq!(outcome, Outcome::Failed(Fault::Stopping));
    let status = alice.outcome(status(site.file("a.mcam"))).await;
    assert_eq!(holder(&status), Some("alice"));
}
