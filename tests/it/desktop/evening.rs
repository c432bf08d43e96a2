//! The end of the day: what is still held is said once.

use std::fs;

use camctl_shared::clock::{Clock as _, SystemClock};
use testkit::{LONG, Sandbox, wait_until};

use super::{Desktop, command, home, seated};

/// How many seconds the wall clock has to be set forward to show `time` (seconds of the day) in UTC.
fn forward_to(time: i64) -> i64 {
    let now = SystemClock.wall().as_second();
    (time - now).rem_euclid(24 * 3600)
}

/// Given a checkout, when it is half past five where she is, then alice is told of it, may check it in by a button, and no other
/// agent tells her again on that day.
#[test]
fn what_is_still_held_is_said_once_a_day_where_one_wants_that() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").file("b.mcam").init();
    // Nine hours ahead of everybody else: it is her time that counts.
    let half_past_eight = 8 * 3600 + 30 * 60;
    let offset = forward_to(half_past_eight - 4);
    let alice = seated(&sandbox, "alice", "CAM-03")
        .env("TZ", "JST-9")
        .clock_off_by(&format!("+{offset}"));
    let settings = home(&alice).join("config/config.toml");
    fs::write(settings, "[desktop]\nremind_at = \"17:30\"\n").unwrap();
    let desktop = Desktop::of(&alice);
    alice.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    let told = desktop.notifications.titled("a.mcam is still checked out to you");
    let state = home(&alice).join("data/session-CAM-03.json");
    wait_until(LONG, "the day is noted", || {
        fs::read_to_string(&state).is_ok_and(|text| text.contains("\"reminded\": \""))
    });

    alice.stop();
    let items = desktop.panel.items();
    alice.start();
    wait_until(LONG, "the tray is there again", || desktop.panel.items() > items);
    desktop.panel.entry(&["My checkouts (1)", "a.mcam"]);
    command(&alice, &repository, &["checkout", "b.mcam"]).succeeds();
    desktop.panel.entry(&["My checkouts (2)", "b.mcam"]);
    assert_eq!(
        desktop.notifications.all().len(),
        1,
        "{:?}",
        desktop.notifications.all()
    );
    assert_eq!(told.buttons.len(), 1, "{told:?}");
}
