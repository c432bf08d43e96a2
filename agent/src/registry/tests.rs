//! Who finds a repository, and what has to be done before anybody does.

use camctl_shared::clock::SystemClock;
use camctl_shared::model::{Case, SessionId};
use camctl_shared::store::folder::{InitOptions, init};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;
use crate::desktop::fake::FakeDesktop;

/// For what takes milliseconds.
const LONG: Duration = Duration::from_secs(20);

/// An agent's registry, a repository that it does not know yet, and those who want to have that remembered.
struct Scene {
    folder: TempDir,
    registry: Registry,
    requests: UnboundedReceiver<oneshot::Sender<()>>,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (remember, requests) = mpsc::unbounded_channel();
        let house = House {
            me: Arc::new(Owner::new("alice", "CAM-03", SessionId::random())),
            clock: Arc::new(SystemClock),
            desktop: Arc::new(FakeDesktop::default()),
            patience: LONG,
            paths: None,
            stirred: Arc::default(),
            remember,
        };
        let share: Arc<dyn Share> = Arc::new(DiskShare::open(folder.path()).unwrap());
        let options = InitOptions::new(Case::Sensitive);
        init(&share, &house.me, &house.clock, &options).unwrap();
        Self {
            folder,
            registry: Registry::new(house),
            requests,
        }
    }

    fn path(&self) -> String {
        self.folder.path().join("a.mcam").display().to_string()
    }
}

impl Drop for Scene {
    /// Windows deletes no folder that somebody watches: the workers end before the scratch folder goes.
    fn drop(&mut self) {
        for repository in self.registry.all() {
            repository.retire();
        }
    }
}

/// Whether `future` is done by now; it goes on with the next call.
async fn is_done(future: &mut (impl Future + Unpin)) -> bool {
    tokio::select! {
        biased;
        _ = future => true,
        () = std::future::ready(()) => false,
    }
}

#[tokio::test]
async fn nobody_goes_on_before_a_new_repository_is_remembered() {
    let mut scene = Scene::new();
    let (registry, path) = (&scene.registry, scene.path());
    let mut first = Box::pin(registry.find(&path));
    let saving = tokio::select! {
        _ = &mut first => panic!("it was not remembered yet"),
        saving = scene.requests.recv() => saving.unwrap(),
    };
    let mut second = Box::pin(registry.find(&path));
    assert!(!is_done(&mut second).await, "it was not remembered yet");
    saving.send(()).unwrap();
    first.await.unwrap();
    second.await.unwrap();
    registry.find(&path).await.unwrap();
    assert!(scene.requests.try_recv().is_err(), "once is enough");
}

#[tokio::test]
async fn when_the_first_who_asks_leaves_the_next_has_it_remembered() {
    let mut scene = Scene::new();
    let (registry, path) = (&scene.registry, scene.path());
    let mut first = Box::pin(registry.find(&path));
    let _never_answered = tokio::select! {
        _ = &mut first => panic!("it was not remembered yet"),
        saving = scene.requests.recv() => saving.unwrap(),
    };
    let mut second = Box::pin(registry.find(&path));
    assert!(!is_done(&mut second).await);
    drop(first);
    let saving = tokio::select! {
        _ = &mut second => panic!("it was not remembered yet"),
        saving = scene.requests.recv() => saving.unwrap(),
    };
    saving.send(()).unwrap();
    second.await.unwrap();
}
