use camctl_shared::ipc::message::{InLine, Request};
use camctl_shared::rules::Checkout;

use super::*;
use crate::server::tests::Site;

/// Given a program in line whose verdict lies unread, because another share hangs, when its person leaves the line,
/// then the program ends, and does not join anew.
#[tokio::test]
async fn a_place_that_was_left_before_its_verdict_was_read_is_not_taken_anew() {
    let site = Site::new();
    let (alice, bob) = (site.agent("alice").await, site.agent("bob").await);
    let file = site.file("a.mcam");
    alice.takes(file.clone()).await;
    let (repository, path) = bob.agent.registry.find(&file).await.unwrap();
    let _attending = repository.attend();
    let intent = Intent::Queue(Queue::Join(Checkout::default()));
    let item = Item {
        path: path.clone(),
        intent: intent.clone(),
    };
    let verdict = repository.ask(vec![item], Unread::GiveBack).await.remove(0);
    assert!(has_to_wait(&verdict), "{verdict:?}");
    let leave = Request::Queue {
        files: vec![file.clone()],
        wish: InLine::Leave,
    };
    bob.all(leave).await;
    let target = Target {
        asked: file,
        repository: Arc::clone(&repository),
        path,
    };
    let now = repository.board.clock.moment();
    let until = Some(now.after(Duration::from_secs(20)));
    let place = Place::new(target, intent, now, until, &verdict);
    let (_, verdict) = place.wait(verdict).await;
    assert!(
        matches!(&verdict.result, Err(Problem::Refused(Refusal::NotWaiting { .. }))),
        "{verdict:?}"
    );
}
