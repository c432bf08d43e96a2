//! Long requests of many clients at once: what the agent keeps of them, it keeps for all together.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use camctl_shared::ipc::message::{Fault, Reply, Request};
use testkit::talk::{Checkout, Talk};
use testkit::{LONG, Machine, wait_until};

use super::gauge::Gauge;
use super::{FRAME, patient};
use crate::stage::Stage;

/// So many clients, each with a request of nearly a megabyte, that lasts as long as the client.
const CROWD: usize = 32;
/// What fits of them into the 8 MiB that they share.
const FIT: usize = 9;

/// A watch of nearly a megabyte.
fn long(stage: &Stage) -> Request {
    let path = |n: usize| stage.repository.path(&format!("{n:0200}")).display().to_string();
    let one = path(0).len() + 3;
    Request::Watch {
        paths: (0..(900 << 10) / one).map(path).collect(),
    }
}

/// Whether the agent took the request up; otherwise it has said why not.
fn is_taken(talk: &mut Talk) -> bool {
    match talk.reply().unwrap() {
        Reply::Watching { .. } => true,
        Reply::Failed(Fault::BadRequest { problem }) => {
            assert!(problem.contains("other programs"), "{problem}");
            false
        }
        reply => panic!("a watcher was told {reply:?}"),
    }
}

fn work(machine: &Machine, path: &str) {
    let mut talk = machine.talk(patient());
    talk.checkout(path, Checkout::default()).unwrap();
    talk.checkin(path).unwrap();
}

/// Given 32 clients with requests of nearly a megabyte that last, when they ask all at once,
/// then as many are served as fit into what they share, the others are told so, short requests are served all the while, and
/// when the first have left there is room again.
#[test]
fn long_requests_of_a_crowd_share_a_few_megabytes_as_long_as_they_last() {
    let stage = Stage::new();
    let path = stage.repository.path("a.mcam").display().to_string();
    work(&stage.alice, &path);
    let request = long(&stage);
    let gauge = Gauge::of(&stage.alice);
    let (taken, turned_away) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..CROWD {
            scope.spawn(|| {
                let mut talk = stage.alice.talk(patient());
                talk.send(&request);
                if is_taken(&mut talk) {
                    taken.lock().unwrap().push(talk);
                } else {
                    turned_away.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                work(&stage.alice, &path);
            }
        });
        let _whatever_happens = super::Over(&done);
        wait_until(LONG + FRAME, "all have their answers", || {
            taken.lock().unwrap().len() + turned_away.load(Ordering::Relaxed) == CROWD
        });
    });
    let taken = taken.into_inner().unwrap();
    println!("{} of {CROWD} at a time; {gauge}", taken.len());
    assert_eq!(taken.len(), FIT);
    gauge.peak_is_within(36 << 10);
    drop(taken);
    wait_until(LONG, "there is room again", || {
        let mut talk = stage.alice.talk(patient());
        talk.send(&request);
        is_taken(&mut talk)
    });
    gauge.everything_was_given_back();
}
