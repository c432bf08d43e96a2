//! `camctl list` of many files: warm, and as the first command after the agent's start.

use std::fs::File;

use camctl_shared::ipc::codec;
use camctl_shared::ipc::message::{Filter, Request};
use testkit::{Machine, Repository, Sandbox};

use crate::measure::{Run, time};
use crate::peers::Floor;
use crate::stage;

const TURNS: usize = 7;

/// Sets `list N warm`, `list N cold`, `send N` and `walk N` for N files.
pub fn measure(run: &mut Run) {
    for files in [1_000, 100_000] {
        let sandbox = Sandbox::new();
        let repository = sandbox.repository().default_timings().init();
        for n in 0..files {
            File::create(repository.path(&format!("{n:06}.mcam"))).unwrap();
        }
        let alice = sandbox.machine("alice", "CAM-03");
        alice.start();
        let bytes = bytes_of_list(&alice, &repository, files);
        let floor = Floor::start(&sandbox, "floor", bytes);
        let list = || alice.camctl(["list"]).in_folder(repository.folder()).command();
        let (mut warm, mut cold, mut send, mut walk) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            send.push(time(&mut floor.ask("l")));
            walk.push(time(&mut Floor::walk(repository.folder())));
            alice.stop();
            alice.start();
            cold.push(time(&mut list()));
            warm.push(time(&mut list()));
        }
        run.set_time(format!("list {files} warm"), &mut warm);
        run.set_time(format!("list {files} cold"), &mut cold);
        run.set_time(format!("send {files}"), &mut send);
        run.set_time(format!("walk {files}"), &mut walk);
    }
}

/// What the agent sends for the whole list, in bytes; and that it is the whole list.
fn bytes_of_list(machine: &Machine, repository: &Repository, files: usize) -> usize {
    let folder = repository.folder().to_str().unwrap().to_owned();
    let mut client = stage::connect(machine);
    client
        .send(&Request::List {
            folder,
            filter: Filter::default(),
        })
        .unwrap();
    let (mut bytes, mut listed) = (0, 0);
    loop {
        let reply = client.next_reply().unwrap();
        bytes += codec::encode(&reply).unwrap().len();
        match &reply {
            camctl_shared::ipc::message::Reply::Files(page) => listed += page.len(),
            other => assert!(!format!("{other:?}").starts_with("Failed"), "{other:?}"),
        }
        if reply.is_last() {
            assert_eq!(listed, files, "the list has all files");
            return bytes;
        }
    }
}
