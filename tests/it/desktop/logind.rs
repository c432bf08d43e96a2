//! A logind that says that the machine sleeps, and waits for those who asked it to.
#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the bus calls these methods, with all that the standard says"
)]

use std::io::{PipeReader, Read as _, pipe};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use testkit::{LONG, Machine, SYSTEM, wait_until};
use zbus::blocking::Connection;
use zbus::zvariant;

use super::bus::Bus;

const NAME: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";

/// For each lock that was given out: whether it was given back.
type Locks = Arc<Mutex<Vec<Arc<AtomicBool>>>>;

struct Manager(Locks);

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn inhibit(&self, what: String, _who: String, _why: String, mode: String) -> zvariant::OwnedFd {
        assert_eq!((what.as_str(), mode.as_str()), ("sleep:shutdown", "delay"));
        let (reader, writer) = pipe().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        self.0.lock().unwrap().push(Arc::clone(&over));
        thread::spawn(move || wait_for_end(reader, &over));
        zvariant::OwnedFd::from(OwnedFd::from(writer))
    }

    #[zbus(property, name = "InhibitDelayMaxUSec")]
    fn inhibit_delay_max_usec(&self) -> u64 {
        5_000_000
    }
}

fn wait_for_end(mut reader: PipeReader, over: &AtomicBool) {
    let _ = reader.read(&mut [0]);
    over.store(true, Ordering::Release);
}

/// The bus of a machine's system, without logind.
pub fn system_bus(machine: &Machine) -> Bus {
    let folder = machine.home().join(SYSTEM);
    #[expect(clippy::disallowed_methods, reason = "in the test's own folder")]
    std::fs::create_dir_all(&folder).unwrap();
    Bus::start(&folder)
}

/// Gone from the bus when dropped.
pub struct Logind {
    bus: Connection,
    locks: Locks,
}

impl Logind {
    pub fn start(bus: &Bus) -> Self {
        let locks = Locks::default();
        let bus = bus.build(|builder| {
            let manager = Manager(Arc::clone(&locks));
            builder.serve_at(PATH, manager).unwrap().name(NAME).unwrap()
        });
        Self { bus, locks }
    }

    /// Waits until somebody wants to be waited for: all that were told before have let go, one new lock is held.
    #[track_caller]
    pub fn is_held(&self) {
        wait_until(LONG, "logind is to wait for the agent", || self.held() == 1);
    }

    fn held(&self) -> usize {
        let locks = self.locks.lock().unwrap();
        locks.iter().filter(|over| !over.load(Ordering::Acquire)).count()
    }

    fn say(&self, what: &str, begins: bool) {
        self.bus
            .emit_signal(None::<&str>, PATH, MANAGER, what, &begins)
            .unwrap();
    }

    /// The machine would sleep; returns when nothing is to be waited for any more.
    #[track_caller]
    pub fn sleep(&self) {
        self.is_held();
        self.say("PrepareForSleep", true);
        wait_until(LONG, "the agent lets the machine sleep", || self.held() == 0);
    }

    /// It is awake.
    pub fn wake(&self) {
        self.say("PrepareForSleep", false);
    }

    /// It would shut down; returns as [`Logind::sleep`].
    #[track_caller]
    pub fn shut_down(&self) {
        self.is_held();
        self.say("PrepareForShutdown", true);
        wait_until(LONG, "the agent lets the machine shut down", || self.held() == 0);
    }

    /// It stays after all.
    pub fn stay(&self) {
        self.say("PrepareForShutdown", false);
    }
}
