//! Repositories with many locks and many files, and clients that stay connected.

use camctl_shared::ipc::client::{Client, Limits};
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::ipc::message::{Outcome, Reply, Request};
use camctl_shared::paths::{Env, Paths};
use testkit::{Machine, Repository, Sandbox};

/// How many locks there are already.
pub const LOCKS: [usize; 3] = [10, 1_000, 10_000];

/// The files of a request at once: a frame holds many more.
const BATCH: usize = 1_000;

/// A repository in which somebody who is away holds `locks` files, with `free` files that nobody holds.
pub fn repository(sandbox: &Sandbox, name: &str, locks: usize, free: usize) -> Repository {
    let held = (0..locks).map(|n| format!("held/{n:06}.mcam"));
    let builder = held.chain((0..free).map(free_file)).fold(
        sandbox.repository().at(name).default_timings(),
        |builder, file| builder.file(&file),
    );
    let repository = builder.init();
    let owner = sandbox.machine("owner", "CNC-1");
    owner.start();
    let mut client = connect(&owner);
    let all: Vec<_> = (0..locks)
        .map(|n| repository.path(&format!("held/{n:06}.mcam")))
        .collect();
    for batch in all.chunks(BATCH) {
        let files = batch
            .iter()
            .map(|path| path.to_str().unwrap().to_owned())
            .collect();
        checkout(&mut client, files);
    }
    drop(client);
    owner.stop();
    repository
}

/// The name of a file that nobody holds.
pub fn free_file(n: usize) -> String {
    format!("free-{n}.mcam")
}

/// A connection to the agent of `machine`, as the command line has one.
pub fn connect(machine: &Machine) -> Client {
    let env = Env {
        home: Some(machine.home().to_owned()),
        temporary: "/tmp".into(),
        ..Env::default()
    };
    let endpoint = Endpoint::resolve(&Paths::resolve(&env).unwrap()).unwrap();
    Client::connect(&endpoint, Limits::default()).unwrap()
}

/// Takes locks; panics when one is refused.
pub fn checkout(client: &mut Client, files: Vec<String>) {
    let message = Some("Working on revisions".to_owned());
    settle(
        client,
        &Request::Checkout {
            files,
            message,
            wait: None,
            lease_ms: None,
            steal: None,
        },
    );
}

/// Gives locks back; panics when one is refused.
pub fn checkin(client: &mut Client, files: Vec<String>) {
    settle(
        client,
        &Request::Checkin {
            files,
            all: false,
            message: None,
        },
    );
}

fn settle(client: &mut Client, request: &Request) {
    client.send(request).unwrap();
    loop {
        let reply = client.next_reply().unwrap();
        let failed = match &reply {
            Reply::File(report) => matches!(report.outcome, Outcome::Failed(_)),
            other => matches!(other, Reply::Failed(_)),
        };
        assert!(!failed, "{reply:?}");
        if reply.is_last() {
            return;
        }
    }
}
