//! Clients that leave in the middle, and clients that never read.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use camctl_shared::ipc::message::{Filter, Patience, Reply, Request};
use camctl_shared::ipc::version::PROTOCOL;
use testkit::holds_for;

use super::raw::{connect, frames, hello, request};
use super::torment;
use crate::stage::{Stage, file};

/// Given an agent, when clients vanish in the middle of a request, of its answer, of a wait, or of a watch,
/// then it forgets them, and nothing that they asked for in vain is left: who waited for a file does not get it.
#[test]
fn clients_that_vanish_leave_nothing_behind() {
    let stage = Stage::new();
    let path = |name: &str| stage.repository.path(name).to_str().unwrap().to_owned();
    let root = stage.repository.folder().to_str().unwrap().to_owned();
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
    let list = request(&Request::List {
        folder: root.clone(),
        filter: Filter::default(),
    });
    let waits = request(&Request::Checkout {
        files: vec![path("b.mcam")],
        message: None,
        wait: Some(Patience { at_most_ms: None }),
        lease_ms: None,
        steal: None,
    });
    let watch = request(&Request::Watch {
        paths: vec![root.clone()],
    });
    let vanishing = |request: &[u8], read: usize| {
        let mut socket = connect(&stage.alice);
        socket.write_all(&[&hello(PROTOCOL), request].concat()).unwrap();
        if read > 0 {
            // A part of what comes; there may be less.
            let _ = socket.read(&mut vec![0; read]);
        }
    };
    torment(&stage, "vanishing clients", |_, some_more| {
        some_more();
        for _ in 0..20 {
            for whole in [&list, &waits, &watch] {
                for read in [0, 1, 40] {
                    vanishing(whole, read);
                }
                vanishing(&whole[..whole.len() / 2], 1);
            }
        }
    });
    // Nobody waits for bob's file any more: when he gives it back, it is free, and stays so.
    stage.bob(&["checkin", "b.mcam"]).run().succeeds();
    holds_for(Duration::from_millis(500), "b.mcam is free", || {
        file(&stage.bob(&["status", "b.mcam", "--json"]).run().succeeds())["lock"].is_null()
    });
    stage.bob(&["checkout", "b.mcam"]).run().succeeds();
}

/// Given an agent with clients that ask and never read (answers, lists, events),
/// when a lot happens, then others are served as ever and its memory stays what it was; and a watcher that begins to
/// read at last is told what happened, or how much it missed.
#[test]
fn clients_that_never_read_cost_nothing() {
    let stage = Stage::new();
    let root = stage.repository.folder().to_str().unwrap().to_owned();
    for number in 0..500 {
        stage.repository.write(
            &format!("many/{number:04} a name of some length, as people have them.mcam"),
            "x",
        );
    }
    let list = request(&Request::List {
        folder: root.clone(),
        filter: Filter::default(),
    });
    let watch = request(&Request::Watch { paths: vec![root] });
    let mut watcher = connect(&stage.alice);
    watcher
        .write_all(&[hello(PROTOCOL), watch.clone()].concat())
        .unwrap();
    torment(&stage, "clients that never read", |machine, some_more| {
        let mut deaf: Vec<UnixStream> = (0..8).map(|_| connect(machine)).collect();
        for socket in &mut deaf {
            socket
                .set_write_timeout(Some(Duration::from_millis(200)))
                .unwrap();
            socket
                .write_all(&[hello(PROTOCOL), watch.clone()].concat())
                .unwrap();
        }
        for socket in deaf.iter_mut().take(4) {
            // What a client sends ahead while it is answered has an end: writing stops, and that is all.
            for _ in 0..2000 {
                if socket.write_all(&list).is_err() {
                    break;
                }
            }
        }
        let mut lists = connect(machine);
        lists.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let _ = lists.write_all(&hello(PROTOCOL));
        for _ in 0..2000 {
            if lists.write_all(&list).is_err() {
                break;
            }
        }
        some_more();
    });
    // The watcher wakes up: what it is told is whole.
    watcher.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut told = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        match watcher.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => told.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    let (_, replies) = frames(&told);
    assert!(
        matches!(replies.first(), Some(Reply::Watching { .. })),
        "{:?}",
        replies.first()
    );
    let events = replies
        .iter()
        .filter(|reply| matches!(reply, Reply::Event(_)))
        .count();
    assert!(
        events > 50 && events + 1 == replies.len(),
        "{events} events of {}",
        replies.len()
    );
}
