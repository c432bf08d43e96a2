//! Somebody needs a file: the owner answers by a button, and whoever asked is told.

use testkit::{LONG, Machine, Repository, Sandbox, wait_until};

use super::{Desktop, command, held_by, seated};

/// alice and bob at their desks; she has `a.mcam`.
fn scene(sandbox: &Sandbox) -> (Machine, Machine, Repository) {
    let repository = sandbox.repository().file("a.mcam").init();
    let (alice, bob) = (
        seated(sandbox, "alice", "CAM-03"),
        seated(sandbox, "bob", "CNC-1"),
    );
    alice.start();
    bob.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    (alice, bob, repository)
}

const ASKS: &str = "bob on CNC-1 asks for a.mcam";
const ANSWERS: &str = "alice on CAM-03 answers about a.mcam";

/// How many notifications have this title.
fn count(desktop: &Desktop, summary: &str) -> usize {
    let all = desktop.notifications.all();
    all.iter().filter(|one| one.summary == summary).count()
}

/// Given alice's file, when bob asks for it from his tray, then she answers "in 10 minutes" by a button and he is told; asked
/// again, she checks it in by another button, and he takes it by one of his.
#[test]
fn the_owner_answers_by_a_button_and_the_asker_is_told() {
    let sandbox = Sandbox::new();
    let (alice, bob, repository) = scene(&sandbox);
    let (hers, his) = (Desktop::of(&alice), Desktop::of(&bob));
    command(&bob, &repository, &["checkout", "a.mcam"]).exits(11);
    let ask = his.panel.entry(&["Waiting for (1)", "a.mcam", "Ask for it"]);
    his.panel.click(&ask);
    his.notifications.titled("alice on CAM-03 is asked for a.mcam");
    let asked = hers.notifications.titled(ASKS);
    hers.panel.entry(&["Requests (1)", "bob asks for a.mcam", "No"]);
    hers.notifications
        .press(&asked, "In 10 minutes", || count(&his, ANSWERS) == 1);
    let told = his.notifications.titled(ANSWERS);
    assert!(told.body.starts_with("Later: in 10 minutes\n"), "{told:?}");

    command(
        &bob,
        &repository,
        &["request", "a.mcam", "-m", "machine 3 <stands>"],
    )
    .succeeds();
    wait_until(LONG, "she is asked again", || count(&hers, ASKS) == 2);
    let again = hers.notifications.all();
    let again = again.iter().rfind(|one| one.summary == ASKS).unwrap();
    assert!(again.body.contains("machine 3 &lt;stands&gt;"), "{again:?}");
    hers.notifications
        .press(again, "Check in now", || held_by(&repository, "a.mcam").is_none());
    let free = his.notifications.titled("a.mcam is free");
    his.notifications.press(&free, "Check out", || {
        held_by(&repository, "a.mcam").as_deref() == Some("bob")
    });
}

/// Given bob's request that stands open, when the file goes round without it, then its button does nothing any more, and says so.
#[test]
fn a_question_that_is_over_is_answered_by_no_button() {
    let sandbox = Sandbox::new();
    let (alice, bob, repository) = scene(&sandbox);
    let hers = Desktop::of(&alice);
    command(&bob, &repository, &["request", "a.mcam"]).succeeds();
    let asked = hers.notifications.titled(ASKS);
    command(&alice, &repository, &["checkin", "a.mcam"]).succeeds();
    command(&bob, &repository, &["checkout", "a.mcam"]).succeeds();
    let late = "Nobody was answered about a.mcam";
    hers.notifications
        .press(&asked, "Check in now", || count(&hers, late) > 0);
    command(&bob, &repository, &["checkin", "a.mcam"]).succeeds();
}

/// Given bob's request, when the agents of both are off and start again between the question, the answer and the end, then
/// each is told everything, and nothing twice.
#[test]
fn questions_and_answers_outlive_the_agents_and_are_told_once() {
    let sandbox = Sandbox::new();
    let (alice, bob, repository) = scene(&sandbox);
    let (hers, his) = (Desktop::of(&alice), Desktop::of(&bob));
    let restart = |machine: &Machine| {
        machine.camctl(["agent", "restart"]).run().succeeds();
    };
    alice.stop();
    command(&bob, &repository, &["request", "a.mcam", "-m", "Op 30"]).succeeds();
    bob.stop();
    alice.start();
    let asked = hers.notifications.titled(ASKS);
    assert!(asked.body.starts_with("\"Op 30\"\n"), "{asked:?}");
    restart(&alice);
    let no = hers.panel.entry(&["Requests (1)", "bob asks for a.mcam", "No"]);
    hers.panel.click(&no);
    wait_until(LONG, "it is answered", || {
        let table = repository.projection();
        table.is_some_and(|table| table["a.mcam"]["requests"][0]["answer"] == "no")
    });
    bob.start();
    let told = his.notifications.titled(ANSWERS);
    assert!(told.body.starts_with("No\n"), "{told:?}");
    restart(&bob);
    restart(&alice);
    command(&alice, &repository, &["checkin", "a.mcam"]).succeeds();
    his.notifications.titled("a.mcam is free");
    assert_eq!((count(&hers, ASKS), count(&his, ANSWERS)), (1, 1));
}

/// Given a file that was taken for a short time, when that is nearly over, then its owner is told, and keeps it by a button.
#[test]
fn a_lease_that_ends_is_kept_by_a_button() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").init();
    let alice = seated(&sandbox, "alice", "CAM-03");
    let hers = Desktop::of(&alice);
    alice.start();
    command(&alice, &repository, &["checkout", "a.mcam", "--for", "10s"]).succeeds();
    wait_until(LONG, "she is told", || {
        let all = hers.notifications.all();
        all.iter()
            .any(|one| one.summary.starts_with("Your checkout of a.mcam ends"))
    });
    let told = hers.notifications.all().remove(0);
    let kept = "a.mcam is yours for another 10 s";
    hers.notifications
        .press(&told, "Keep it", || count(&hers, kept) > 0);
}
