//! The client against agents that do what they should, and against those that do not.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "client/house.rs"]
mod house;

use std::io::{ErrorKind, Write};

use camctl_shared::clock::{Clock, SystemClock};
use camctl_shared::ipc::client::{Client, ClientError, Limits, Stage};
use camctl_shared::ipc::codec::{self, CodecError, MAX_FRAME, PREFIX};
use camctl_shared::ipc::endpoint::{EndpointError, peer_is_us};
use camctl_shared::ipc::message::{Fault, Hello, Reply, Request};
use camctl_shared::ipc::version::PROTOCOL;
use house::{LIMITS, SHORT, answer, hello, house, progress, receive, until_it_leaves};
use interprocess::local_socket::Stream;
use interprocess::local_socket::prelude::*;

#[test]
fn a_conversation() {
    let house = house();
    let agent = house.agent(|stream| {
        let hello: Hello = receive(stream);
        let first: Request = receive(stream);
        answer(stream, &[progress(1), progress(2), Reply::Done]);
        let second: Request = receive(stream);
        let stopping = codec::encode(&Reply::Failed(Fault::Stopping)).unwrap();
        codec::write_frame(stream, &stopping).unwrap();
        (hello, first, second)
    });
    let mut client = house.client();
    assert_eq!(client.agent(), None);
    let status = Request::Status { files: vec![] };
    let replies: Vec<Reply> = client.request(&status).map(Result::unwrap).collect();
    assert_eq!(replies, [progress(1), progress(2), Reply::Done]);
    assert_eq!(client.agent().unwrap().version, "9.9.9");
    let replies: Vec<Reply> = client.request(&Request::AgentStop).map(Result::unwrap).collect();
    assert_eq!(replies, [Reply::Failed(Fault::Stopping)]);
    let (hello, first, second) = agent.join().unwrap();
    assert_eq!(hello.protocol, PROTOCOL);
    assert_eq!((first, second), (status, Request::AgentStop));
}

#[test]
fn both_ends_know_that_they_are_the_same_user() {
    let house = house();
    let agent = house.agent(|stream| {
        let ours = peer_is_us(stream.peer_creds().unwrap()).unwrap();
        answer(stream, &[Reply::Done]);
        until_it_leaves(stream);
        ours
    });
    // `connect` asks the same question of the agent's end. Who leaves without a word may not be noticed at all.
    let mut client = house.client();
    assert_eq!(
        client.request(&Request::AgentStatus).next().unwrap().unwrap(),
        Reply::Done
    );
    drop(client);
    assert!(agent.join().unwrap());
}

#[test]
fn nobody_there() {
    let house = house();
    let error = Client::connect(&house.endpoint, LIMITS).unwrap_err();
    assert!(matches!(error, ClientError::NoAgent { .. }), "{error:?}");
    let listener = house.listen();
    drop(listener);
    let error = Client::connect(&house.endpoint, LIMITS).unwrap_err();
    assert!(matches!(error, ClientError::NoAgent { .. }), "{error:?}");
}

#[test]
fn an_agent_of_another_protocol() {
    for (theirs, older) in [
        (PROTOCOL + 1, "this camctl is older"),
        (PROTOCOL - 1, "the agent is older"),
    ] {
        let house = house();
        let agent = house.agent(move |stream| {
            let _: Hello = receive(stream);
            let mut bytes = codec::encode(&hello(theirs)).unwrap();
            bytes.extend_from_slice(b"\x05\0\0\0words that this version does not know");
            codec::write_frame(stream, &bytes).unwrap();
            until_it_leaves(stream);
        });
        let error = house
            .client()
            .request(&Request::AgentStatus)
            .next()
            .unwrap()
            .unwrap_err();
        match &error {
            ClientError::Protocol {
                ours,
                theirs: said,
                their_version,
            } => assert_eq!(
                (*ours, *said, their_version.as_str()),
                (PROTOCOL, theirs, "9.9.9")
            ),
            other => panic!("{other:?}"),
        }
        assert!(error.to_string().ends_with(older), "{error}");
        agent.join().unwrap();
    }
}

#[test]
fn an_agent_that_says_nothing_and_one_that_drips() {
    let silent = |stream: &mut Stream| until_it_leaves(stream);
    let dripping = |stream: &mut Stream| {
        // A byte now and then never makes a Hello: each must not start the client's limit anew.
        for byte in codec::encode(&hello(PROTOCOL)).unwrap().iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            std::thread::sleep(SHORT / 8);
        }
    };
    let agents: [fn(&mut Stream); 2] = [silent, dripping];
    for (index, script) in agents.into_iter().enumerate() {
        let house = house();
        // The length says 1 MiB, so that the dripping one can go on for hours.
        let agent = house.agent(move |stream| {
            if index == 1 {
                let announced = u32::try_from(MAX_FRAME).unwrap().to_le_bytes();
                stream.write_all(&announced).unwrap();
            }
            script(stream);
        });
        let limits = Limits {
            hello: SHORT,
            ..LIMITS
        };
        let mut client = Client::connect(&house.endpoint, limits).unwrap();
        let before = SystemClock.moment();
        let error = client.request(&Request::AgentStatus).next().unwrap().unwrap_err();
        let waited = SystemClock.moment().since(before);
        assert!(
            matches!(error, ClientError::TimedOut { stage: Stage::Hello, limit } if limit == SHORT),
            "{error:?}"
        );
        assert!(waited >= SHORT && waited < 20 * SHORT, "{waited:?}");
        drop(client);
        agent.join().unwrap();
    }
}

#[test]
fn each_reply_has_its_limit_and_no_limit_means_none() {
    let house = house();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let agent = house.agent(move |stream| {
        answer(stream, &[progress(1)]);
        wait.recv().unwrap();
        codec::write_frame(stream, &codec::encode(&Reply::Done).unwrap()).unwrap();
        until_it_leaves(stream);
    });
    let mut client = house.client();
    client.send(&Request::AgentStatus).unwrap();
    assert_eq!(client.next_reply().unwrap(), progress(1));
    client.set_reply_limit(Some(SHORT));
    let error = client.next_reply().unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::TimedOut {
                stage: Stage::Reply,
                ..
            }
        ),
        "{error:?}"
    );
    // The limit of the last read is still set in the kernel; it must not end one without a limit.
    client.set_reply_limit(None);
    let waiting = std::thread::spawn(move || client.next_reply().map(|reply| (reply, client)));
    std::thread::sleep(2 * SHORT);
    assert!(
        !waiting.is_finished(),
        "nothing was said yet, and there is no limit"
    );
    go.send(()).unwrap();
    let (reply, client) = waiting.join().unwrap().unwrap();
    assert_eq!(reply, Reply::Done);
    drop(client);
    agent.join().unwrap();
}

#[test]
fn an_agent_that_talks_rubbish_or_dies() {
    type Expected = fn(&CodecError) -> bool;

    let whole = codec::encode(&hello(PROTOCOL)).unwrap();
    let cut = whole[..whole.len() - 1].to_vec();
    let mut wrong = whole.clone();
    wrong.extend_from_slice(&[2, 0, 0, 0, 250, 250]);
    let cases: [(&str, Vec<u8>, Stage, Expected); 6] = [
        ("nothing", vec![], Stage::Hello, |e| {
            matches!(e, CodecError::Closed)
        }),
        ("half a length", vec![7, 0], Stage::Hello, |e| {
            matches!(e, CodecError::Truncated { .. })
        }),
        ("half a hello", cut, Stage::Hello, |e| {
            matches!(e, CodecError::Truncated { .. })
        }),
        (
            "another program",
            b"SSH-2.0-OpenSSH\r\n".to_vec(),
            Stage::Hello,
            |e| matches!(e, CodecError::TooLarge { .. }),
        ),
        ("no reply", whole, Stage::Reply, |e| {
            matches!(e, CodecError::Closed)
        }),
        ("a wrong reply", wrong, Stage::Reply, |e| {
            matches!(e, CodecError::Rubbish { .. })
        }),
    ];
    for (name, bytes, at, expected) in cases {
        let house = house();
        let agent = house.agent(move |stream| {
            // The request is read, so that hanging up is no reset.
            let _: (Hello, Request) = (receive(stream), receive(stream));
            stream.write_all(&bytes).unwrap();
        });
        let mut client = house.client();
        let mut replies = client.request(&Request::AgentStatus);
        match replies.next().unwrap().unwrap_err() {
            ClientError::Broken { stage, problem } => {
                assert!(stage == at && expected(&problem), "{name}: {stage:?} {problem:?}");
            }
            other => panic!("{name}: {other:?}"),
        }
        assert!(replies.next().is_none(), "{name}: nothing comes after an error");
        agent.join().unwrap();
    }
}

#[test]
fn an_agent_that_hangs_up_at_once_still_says_why() {
    let house = house();
    let agent = house.agent(|stream| {
        stream
            .write_all(&codec::encode(&hello(PROTOCOL + 1)).unwrap())
            .unwrap();
    });
    let mut client = house.client();
    agent.join().unwrap();
    let error = client.request(&Request::AgentStatus).next().unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Protocol { .. }), "{error:?}");
}

#[test]
fn a_request_that_is_too_long_is_not_sent() {
    let house = house();
    let agent = house.agent(|stream| {
        let _: Hello = receive(stream);
        let request: Request = receive(stream);
        answer(stream, &[Reply::Done]);
        request
    });
    let mut client = house.client();
    let long = Request::Status {
        files: vec!["x".repeat(MAX_FRAME)],
    };
    let error = client.request(&long).next().unwrap().unwrap_err();
    assert!(
        matches!(error, ClientError::TooLarge { length } if length > MAX_FRAME),
        "{error:?}"
    );
    let replies: Vec<_> = client
        .request(&Request::AgentStatus)
        .map(Result::unwrap)
        .collect();
    assert_eq!(replies, [Reply::Done]);
    assert_eq!(agent.join().unwrap(), Request::AgentStatus);
}

#[test]
fn an_agent_that_does_not_read_does_not_hold_the_client() {
    let house = house();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let agent = house.agent(move |_stream| wait.recv().unwrap());
    let limits = Limits {
        send: SHORT,
        ..LIMITS
    };
    let mut client = Client::connect(&house.endpoint, limits).unwrap();
    let long = Request::Status {
        files: vec!["x".repeat(MAX_FRAME - 100)],
    };
    let error = client.request(&long).next().unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::TimedOut {
                stage: Stage::Send,
                ..
            }
        ),
        "{error:?}"
    );
    go.send(()).unwrap();
    agent.join().unwrap();
}

#[test]
fn the_longest_frames_pass_both_ways() {
    let house = house();
    let files = vec!["x".repeat(MAX_FRAME - 100)];
    let sent = Request::Status { files: files.clone() };
    let expected = sent.clone();
    let agent = house.agent(move |stream| {
        let _: Hello = receive(stream);
        let request: Request = receive(stream);
        assert!(request == expected);
        answer(stream, &[Reply::Watching { repositories: files }, Reply::Done]);
    });
    let mut client = house.client();
    let sizes: Vec<usize> = client
        .request(&sent)
        .map(|reply| codec::encode(&reply.unwrap()).unwrap().len() - PREFIX)
        .collect();
    assert!(sizes[0] > MAX_FRAME - 200, "{sizes:?}");
    assert_eq!(sizes[1..], [1]);
    agent.join().unwrap();
}

#[test]
fn a_request_must_be_over_before_the_next() {
    let house = house();
    let agent = house.agent(|stream| {
        answer(stream, &[progress(1)]);
        until_it_leaves(stream);
    });
    let mut client = house.client();
    assert!(client.request(&Request::AgentStatus).next().unwrap().is_ok());
    let error = client.request(&Request::AgentStatus).next().unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Unfinished), "{error:?}");
    drop(client);
    agent.join().unwrap();
}

#[test]
fn whoever_listens_already_is_left_alone() {
    let house = house();
    let listener = house.listen();
    if cfg!(unix) {
        let error = house.endpoint.prepare().unwrap_err();
        assert!(matches!(error, EndpointError::Taken { .. }), "{error}");
    }
    if cfg!(windows) && std::path::Path::new(r"C:\windows\system32\winecfg.exe").exists() {
        println!("SKIPPED: Wine lets two processes have one pipe");
        return;
    }
    let second = house.endpoint.listener_options().unwrap().create_sync();
    assert!(
        matches!(
            second.unwrap_err().kind(),
            ErrorKind::AddrInUse | ErrorKind::PermissionDenied
        ),
        "an address is taken once"
    );
    drop(listener);
}
