//! The server on a real socket, with repositories in a scratch folder. Clients are the real ones, and worse.

mod clients;
mod memory;
mod verbs;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use camctl_shared::clock::SystemClock;
use camctl_shared::ipc::client::{Client, Limits as ClientLimits};
use camctl_shared::ipc::endpoint::{Deadline, Endpoint};
use camctl_shared::ipc::message::{Fault, FileReport, Outcome, Reply, Request};
use camctl_shared::model::{Owner, SessionId};
use camctl_shared::paths::{Env, Paths};
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Agent, Limits};
use crate::desktop::fake::FakeDesktop;
use crate::registry::{House, Registry};

/// A scratch folder with a repository in it, and agents around it.
pub(super) struct Site {
    folder: TempDir,
}

impl Site {
    pub(super) fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(site.root()).unwrap();
        for file in ["a.mcam", "b.mcam", "c.vnc"] {
            std::fs::write(site.root().join(file), file).unwrap();
        }
        site
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("cam")
    }

    pub(super) fn file(&self, name: &str) -> String {
        self.root().join(name).display().to_string()
    }

    /// Starts an agent; its repository polls often.
    pub(super) async fn agent(&self, user: &str) -> Running {
        self.agent_with(user, Limits::default()).await
    }

    async fn agent_with(&self, user: &str, limits: Limits) -> Running {
        let home = self
            .folder
            .path()
            .canonicalize()
            .unwrap()
            .join(format!("home-{user}"));
        let env = Env {
            home: Some(home),
            temporary: self.folder.path().to_owned(),
            user_mark: user.to_owned(),
            ..Env::default()
        };
        let endpoint = Endpoint::resolve(&Paths::resolve(&env).unwrap()).unwrap();
        endpoint.prepare().unwrap();
        let listener = endpoint.listener_options().unwrap().create_tokio().unwrap();
        let registry = Registry::new(House {
            me: Arc::new(Owner::new(user, &format!("DESK-{user}"), SessionId::random())),
            clock: Arc::new(SystemClock),
            desktop: Arc::new(FakeDesktop::default()),
            patience: Duration::from_secs(12),
            paths: None,
            stirred: Arc::default(),
            remember: tokio::sync::mpsc::unbounded_channel().0,
        });
        let agent = Arc::new(Agent::new(registry, limits, "nowhere".into()));
        let task = tokio::spawn(super::listen(listener, Arc::clone(&agent)));
        let running = Running {
            agent,
            endpoint,
            task,
        };
        let made = running.one(init(&self.root())).await;
        assert!(matches!(made, Reply::Initialised(_)), "{made:?}");
        running
    }
}

pub(super) struct Running {
    pub(super) agent: Arc<Agent>,
    endpoint: Endpoint,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        // Windows deletes no folder that somebody watches: the workers end before the scratch folder goes.
        for repository in self.agent.registry.all() {
            repository.retire();
        }
    }
}

impl Running {
    /// All replies to one request, the last included; progress left out.
    pub(super) async fn all(&self, request: Request) -> Vec<Reply> {
        let endpoint = self.endpoint.clone();
        let replies = spawn_blocking(move || {
            let mut client = Client::connect(&endpoint, ClientLimits::default()).unwrap();
            client
                .request(&request)
                .collect::<Result<Vec<Reply>, _>>()
                .unwrap()
        });
        let mut replies = replies.await.unwrap();
        replies.retain(|reply| !matches!(reply, Reply::Progress { .. }));
        replies
    }

    /// The first reply to one request.
    async fn one(&self, request: Request) -> Reply {
        self.all(request).await.remove(0)
    }

    /// What became of the first file of a request.
    async fn outcome(&self, request: Request) -> Outcome {
        match self.one(request).await {
            Reply::File(FileReport { outcome, .. }) => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// Checks a file out that is free.
    pub(super) async fn takes(&self, file: String) {
        let outcome = self.outcome(checkout(file)).await;
        assert!(matches!(outcome, Outcome::Granted { .. }), "{outcome:?}");
    }

    /// Sends raw bytes, and returns everything that comes back until the agent closes the connection.
    async fn raw(&self, bytes: Vec<u8>) -> Vec<u8> {
        let endpoint = self.endpoint.clone();
        let answer = spawn_blocking(move || {
            let mut connection = endpoint.connect(Duration::from_secs(2)).unwrap();
            let until = Deadline::within(Duration::from_secs(20));
            // The agent may have closed it before everything was sent.
            let _ = connection.write_all(&bytes, until);
            let (mut answer, mut part) = (Vec::new(), [0; 4096]);
            while let Ok(count @ 1..) = connection.read(&mut part, Some(until)) {
                answer.extend_from_slice(&part[..count]);
            }
            assert!(!until.left().is_zero(), "the agent never closed the connection");
            answer
        });
        answer.await.unwrap()
    }
}

fn init(root: &Path) -> Request {
    Request::Init {
        folder: root.display().to_string(),
        extensions: Vec::new(),
        locks_file: None,
        administrators: Vec::new(),
    }
}

fn checkout(file: String) -> Request {
    Request::Checkout {
        files: vec![file],
        message: Some("for the test".into()),
        wait: None,
        lease_ms: None,
        steal: None,
    }
}

fn checkin(file: String) -> Request {
    Request::Checkin {
        files: vec![file],
        all: false,
        message: None,
    }
}

fn status(file: String) -> Request {
    Request::Status { files: vec![file] }
}

fn holder(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Stands { lock: Some(lock), .. } | Outcome::Failed(Fault::Held { lock, .. }) => {
            Some(&lock.user)
        }
        _ => None,
    }
}

/// Waits until `seen` holds; fails loudly when it never does.
async fn until(what: &str, mut seen: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if seen().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never seen: {what}");
}
