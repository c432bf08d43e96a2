//! A checkout that was forgotten: its owner is warned, and then it is given back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use testkit::{LONG, Sandbox, holds_for, wait_until};
use zbus::blocking::Connection;

use super::bus::Bus;
use super::{Desktop, command, held_by, seated};

/// Whoever saves the screen, and knows for how long nobody was there, in milliseconds.
struct ScreenSaver(Arc<AtomicU32>);

#[zbus::interface(name = "org.freedesktop.ScreenSaver")]
impl ScreenSaver {
    fn get_session_idle_time(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

fn screen_saver(bus: &Bus) -> (Connection, Arc<AtomicU32>) {
    let idle = Arc::new(AtomicU32::new(0));
    let connection = bus.build(|builder| {
        let saver = ScreenSaver(Arc::clone(&idle));
        let builder = builder.serve_at("/org/freedesktop/ScreenSaver", saver).unwrap();
        builder.name("org.freedesktop.ScreenSaver").unwrap()
    });
    (connection, idle)
}

/// Given two checkouts, one of a file that was changed, when nobody touches anything, then the owner of the other is warned, and it
/// is given back; the one that was changed stays.
#[test]
fn who_forgets_a_file_is_warned_and_then_it_is_given_back() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam").file("b.mcam");
    let repository = repository.policy("idle_release", "\"2s\"").init();
    let alice = seated(&sandbox, "alice", "CAM-03");
    let desktop = Desktop::of(&alice);
    let (_saver, idle) = screen_saver(&desktop.bus);
    alice.start();
    command(&alice, &repository, &["checkout", "a.mcam", "b.mcam"]).succeeds();
    repository.write("b.mcam", "she has worked on it");
    wait_until(LONG, "the table shows it", || {
        held_by(&repository, "a.mcam").is_some()
    });
    holds_for(Duration::from_millis(2500), "somebody is there", || {
        held_by(&repository, "a.mcam").is_some()
    });
    assert_eq!(desktop.notifications.all().len(), 0);
    idle.store(3_600_000, Ordering::Relaxed);
    let told = desktop.notifications.titled("a.mcam will be checked in");
    assert!(
        told.body
            .starts_with("It has not changed, and you have touched nothing for 2 s."),
        "{told:?}"
    );
    desktop.notifications.titled("a.mcam was checked in");
    assert_eq!(held_by(&repository, "a.mcam"), None);
    assert_eq!(held_by(&repository, "b.mcam").as_deref(), Some("alice"));
}

/// Given a warning, when its owner wants to keep the file, then it is kept beyond the end that
/// was announced, although nobody touches anything.
#[test]
fn who_wants_to_keep_it_keeps_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().file("a.mcam");
    let repository = repository.policy("idle_release", "\"12s\"").init();
    let alice = seated(&sandbox, "alice", "CAM-03");
    let desktop = Desktop::of(&alice);
    let (_saver, idle) = screen_saver(&desktop.bus);
    idle.store(3_600_000, Ordering::Relaxed);
    alice.start();
    command(&alice, &repository, &["checkout", "a.mcam"]).succeeds();
    let told = desktop.notifications.titled("a.mcam will be checked in");
    desktop
        .notifications
        .press(&told, "Keep it", || alice.log().contains("clicked act=Keep"));
    wait_until(LONG, "the table shows it", || {
        held_by(&repository, "a.mcam").is_some()
    });
    holds_for(Duration::from_secs(5), "she has it", || {
        held_by(&repository, "a.mcam").as_deref() == Some("alice")
    });
    assert_eq!(
        desktop.notifications.all().len(),
        1,
        "{:?}",
        desktop.notifications.all()
    );
}
