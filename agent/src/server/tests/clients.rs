//! Clients that send rubbish, stall, vanish, or speak another version.

use camctl_shared::ipc::codec::{MAX_FRAME, PREFIX, decode, encode};
use camctl_shared::ipc::message::{Hello, Patience};
use camctl_shared::ipc::version::PROTOCOL;

use super::*;
use crate::server::conversation::Replies;
use crate::server::handlers;

fn hello(protocol: u32) -> Vec<u8> {
    encode(&Hello {
        protocol,
        version: "9.9.9".into(),
        capabilities: vec!["unheard-of".into()],
    })
    .unwrap()
}

/// The messages that an answer consists of: the agent's `Hello`, and its replies.
fn messages(mut answer: &[u8]) -> (Hello, Vec<Reply>) {
    let mut frames = Vec::new();
    while !answer.is_empty() {
        let length = u32::from_le_bytes(answer[..PREFIX].try_into().unwrap()) as usize;
        frames.push(&answer[PREFIX..PREFIX + length]);
        answer = &answer[PREFIX + length..];
    }
    let hello = decode(frames.remove(0)).unwrap();
    (
        hello,
        frames.into_iter().map(|frame| decode(frame).unwrap()).collect(),
    )
}

fn short() -> Limits {
    Limits {
        hello: Duration::from_millis(200),
        frame: Duration::from_millis(200),
        idle: Duration::from_millis(400),
        ..Limits::default()
    }
}

async fn lives(agent: &Running) {
    assert!(matches!(agent.one(Request::AgentStatus).await, Reply::Agent(_)));
}

#[tokio::test]
async fn rubbish_costs_the_connection_and_nothing_else() {
    let site = Site::new();
    let agent = site.agent("alice").await;
    let rubbish: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[0xff; 4096],
        &[0, 0, 0, 0],
        &[1, 0, 0, 0, 200],
    ];
    for bytes in rubbish {
        assert_eq!(agent.raw(bytes.to_vec()).await, b"", "{bytes:?}");
    }
    lives(&agent).await;
}

#[tokio::test]
async fn rubbish_behind_a_good_hello_is_answered_with_an_error() {
    let site = Site::new();
    let agent = site.agent("alice").await;
    let too_long = u32::try_from(MAX_FRAME + 1).unwrap().to_le_bytes().to_vec();
    let no_request = vec![2, 0, 0, 0, 200, 1];
    for bytes in [too_long, no_request] {
        let answer = agent.raw([hello(PROTOCOL), bytes].concat()).await;
        let (_, replies) = messages(&answer);
        assert!(
            matches!(replies.as_slice(), [Reply::Failed(Fault::BadRequest { .. })]),
            "{replies:?}"
        );
    }
    lives(&agent).await;
}

#[tokio::test]
async fn another_version_gets_our_hello_and_nothing_else() {
    let site = Site::new();
    let agent = site.agent("alice").await;
    for protocol in [0, PROTOCOL + 1, u32::MAX] {
        let request = encode(&Request::AgentStatus).unwrap();
        let answer = agent.raw([hello(protocol), request].concat()).await;
        let (theirs, replies) = messages(&answer);
        assert_eq!((theirs.protocol, replies), (PROTOCOL, Vec::new()));
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_or_not_enough_is_let_go() {
    let site = Site::new();
    let agent = site.agent_with("alice", short()).await;
    assert_eq!(agent.raw(Vec::new()).await, b"");
    assert_eq!(agent.raw(hello(PROTOCOL)[..3].to_vec()).await, b"");
    let (_, replies) = messages(&agent.raw(hello(PROTOCOL)).await);
    assert_eq!(replies, [], "an idle connection is closed");
    let request = encode(&status(site.file("a.mcam"))).unwrap();
    let half = request[..request.len() / 2].to_vec();
    let (_, replies) = messages(&agent.raw([hello(PROTOCOL), half].concat()).await);
    assert_eq!(replies, [], "half a request is no request");
    lives(&agent).await;
}

#[tokio::test]
async fn requests_sent_together_are_answered_one_after_the_other() {
    let site = Site::new();
    let agent = site.agent_with("alice", short()).await;
    let request = encode(&Request::AgentStatus).unwrap();
    let answer = agent
        .raw([hello(PROTOCOL), request.clone(), request].concat())
        .await;
    let (_, replies) = messages(&answer);
    assert!(
        matches!(replies.as_slice(), [Reply::Agent(_), Reply::Agent(_)]),
        "{replies:?}"
    );
}

#[tokio::test]
async fn whoever_leaves_while_waiting_does_not_get_the_file() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let bob = site.agent("bob").await;
    bob.takes(site.file("a.mcam")).await;
    let wait = Request::Checkout {
        files: vec![site.file("a.mcam")],
        message: None,
        wait: Some(Patience { at_most_ms: None }),
        lease_ms: None,
        steal: None,
    };
    let (repository, _) = alice.agent.registry.find(&site.file("a.mcam")).await.unwrap();
    let waiters = || {
        repository
            .board
            .waiters
            .load(std::sync::atomic::Ordering::Relaxed)
    };

    let endpoint = alice.endpoint.clone();
    let bytes = [hello(PROTOCOL), encode(&wait).unwrap()].concat();
    let connection = spawn_blocking(move || {
        let mut connection = endpoint.connect(Duration::from_secs(2)).unwrap();
        connection
            .write_all(&bytes, Deadline::within(Duration::from_secs(2)))
            .unwrap();
        connection
    });
    let connection = connection.await.unwrap();
    until("alice waits", async || waiters() == 1).await;
    drop(connection);
    until("alice has left", async || waiters() == 0).await;

    assert!(matches!(
        bob.outcome(checkin(site.file("a.mcam"))).await,
        Outcome::Released { .. }
    ));
    until("alice's agent knows", async || {
        holder(&alice.outcome(status(site.file("a.mcam"))).await).is_none()
    })
    .await;
    bob.takes(site.file("a.mcam")).await;
}

/// Given a client that waits for two files and takes no answers, when it is granted them and leaves, then both are given
/// back: it never heard of them.
#[tokio::test]
async fn what_was_granted_to_somebody_who_was_not_told_is_given_back() {
    let site = Site::new();
    let alice = site.agent("alice").await;
    let bob = site.agent("bob").await;
    let files = || vec![site.file("a.mcam"), site.file("b.mcam")];
    for file in files() {
        bob.takes(file).await;
    }
    let wait = Request::Checkout {
        files: files(),
        message: None,
        wait: Some(Patience { at_most_ms: None }),
        lease_ms: None,
        steal: None,
    };
    // Room for less than an answer.
    let (to, _never_read) = tokio::io::duplex(1);
    let serving = tokio::spawn({
        let agent = Arc::clone(&alice.agent);
        async move {
            let mut replies = Replies::new(to, Duration::from_secs(60));
            handlers::handle(&agent, wait, &mut replies).await
        }
    });
    for file in files() {
        let (repository, _) = alice.agent.registry.find(&file).await.unwrap();
        until("alice waits", async || {
            let waiters = &repository.board.waiters;
            waiters.load(std::sync::atomic::Ordering::Relaxed) > 0
        })
        .await;
        bob.outcome(checkin(file.clone())).await;
        until("alice has it", async || {
            holder(&bob.outcome(status(file.clone())).await) == Some("alice")
        })
        .await;
    }
    serving.abort();
    for file in files() {
        until("it is free again", async || {
            holder(&bob.outcome(status(file.clone())).await).is_none()
        })
        .await;
    }
}

#[tokio::test]
async fn clients_that_say_nothing_make_room_for_others() {
    let site = Site::new();
    let slow = Limits {
        hello: Duration::from_secs(60),
        ..Limits::default()
    };
    let agent = site.agent_with("alice", slow).await;
    let endpoint = agent.endpoint.clone();
    let crowd = spawn_blocking(move || {
        let connect = |_| endpoint.connect(Duration::from_secs(2)).ok();
        (0..super::super::CONNECTIONS * 2)
            .filter_map(connect)
            .collect::<Vec<_>>()
    });
    let crowd = crowd.await.unwrap();
    lives(&agent).await;
    drop(crowd);
    lives(&agent).await;
}
