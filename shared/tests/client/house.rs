//! A folder for an agent and its client, and what both say.

use std::io::Read;
use std::thread::JoinHandle;
use std::time::Duration;

use camctl_shared::ipc::client::{Client, Limits};
use camctl_shared::ipc::codec;
use camctl_shared::ipc::endpoint::Endpoint;
use camctl_shared::ipc::message::{Hello, Reply};
use camctl_shared::ipc::version::PROTOCOL;
use camctl_shared::paths::{Env, Paths};
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{Listener, Stream};
use tempfile::TempDir;

/// Short enough for a test that waits for it, long enough for a machine that is busy.
pub const SHORT: Duration = Duration::from_millis(200);

pub const LIMITS: Limits = Limits {
    connect: Duration::from_secs(20),
    hello: Duration::from_secs(20),
    send: Duration::from_secs(20),
    reply: Some(Duration::from_secs(20)),
};

pub struct House {
    pub endpoint: Endpoint,
    _home: TempDir,
}

pub fn house() -> House {
    let home = tempfile::tempdir().unwrap();
    let env = Env {
        home: Some(home.path().to_owned()),
        temporary: home.path().join("short"),
        user_mark: "me".into(),
        ..Env::default()
    };
    let paths = Paths::resolve(&env).unwrap();
    House {
        endpoint: Endpoint::resolve(&paths).unwrap(),
        _home: home,
    }
}

impl House {
    pub fn listen(&self) -> Listener {
        self.endpoint.prepare().unwrap();
        self.endpoint.listener_options().unwrap().create_sync().unwrap()
    }

    /// An agent for one client, who gets `script`'s conversation.
    pub fn agent<T: Send + 'static>(
        &self,
        script: impl FnOnce(&mut Stream) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let listener = self.listen();
        std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap();
            script(&mut stream)
        })
    }

    pub fn client(&self) -> Client {
        Client::connect(&self.endpoint, LIMITS).unwrap()
    }
}

pub fn hello(protocol: u32) -> Hello {
    Hello {
        protocol,
        version: "9.9.9".into(),
        capabilities: vec![],
    }
}

pub fn receive<T: serde::de::DeserializeOwned>(stream: &mut Stream) -> T {
    let mut buffer = Vec::new();
    codec::read_frame(stream, &mut buffer).unwrap();
    codec::decode(&buffer).unwrap()
}

pub fn answer(stream: &mut Stream, replies: &[Reply]) {
    let mut bytes = codec::encode(&hello(PROTOCOL)).unwrap();
    for reply in replies {
        codec::encode_into(reply, &mut bytes).unwrap();
    }
    codec::write_frame(stream, &bytes).unwrap();
}

pub fn progress(done: u64) -> Reply {
    Reply::Progress {
        what: "listing".into(),
        done,
        total: None,
    }
}

/// Reads until the client hangs up.
pub fn until_it_leaves(stream: &mut Stream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
}
