//! What is answered at once, from memory alone.

use camctl_shared::ipc::message::FileState;

use super::*;

async fn at_once(agent: &Running, files: Vec<String>) -> Vec<(FileState, Option<String>)> {
    let mut replies = agent.all(Request::StatusAtOnce { files, menus: true }).await;
    assert_eq!(replies.pop(), Some(Reply::Done));
    let shown = replies.into_iter().map(|reply| match reply {
        Reply::Standing(standing) => {
            assert_eq!(
                standing.menu.is_empty(),
                standing.repository.is_none(),
                "{standing:?}"
            );
            (standing.state, standing.lock.map(|lock| lock.user))
        }
        other => panic!("{other:?}"),
    });
    shown.collect()
}

#[tokio::test]
async fn files_are_shown_as_they_are_remembered() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let bob = site.agent("bob").await;
    alice.takes(site.file("a.mcam")).await;
    let files = || {
        let names = [
            "a.mcam",
            "c.vnc",
            "locks.json",
            ".camctl/head",
            "../elsewhere.mcam",
            "",
        ];
        names.map(|name| site.file(name)).to_vec()
    };
    let held = |state| (state, Some("alice".to_owned()));
    let nobody = |state| (state, None);
    let rest = [(); 4].map(|()| nobody(FileState::Unknown));
    let alice_sees = [held(FileState::Mine), nobody(FileState::Free)];
    let bob_sees = [held(FileState::Theirs), nobody(FileState::Free)];
    assert_eq!(at_once(&alice, files()).await, [&alice_sees[..], &rest].concat());
    until("bob's agent has seen it", async || {
        at_once(&bob, files()).await == [&bob_sees[..], &rest].concat()
    })
    .await;
    let Reply::Menu(menu) = bob.one(Request::Menu { files: files() }).await else {
        panic!("no menu")
    };
    let enabled: Vec<_> = menu.iter().filter(|entry| entry.enabled).collect();
    assert!(
        enabled
            .iter()
            .any(|entry| entry.command == "checkout" && entry.files == [1])
    );
}
