//! Ten thousand watched paths, and a day's worth of events within seconds.

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use camctl_shared::clock::{Clock as _, SystemClock};
use camctl_shared::ipc::message::{EventKind, Outcome, Reply, Request};
use testkit::talk::{Checkout, Talk};
use testkit::{LONG, Machine, Repository, Sandbox, wait_until};

use super::gauge::Gauge;
use super::{Over, patient};

/// Clients that watch single files …
const CAREFUL: usize = 100;
/// … so many each: ten thousand in all.
const PATHS: usize = 100;
/// Clients that watch everything.
const CURIOUS: usize = 80;
/// Clients that connect and say nothing.
const SILENT: usize = 40;
/// Fifty people who take 24 files each in a day, and give them back.
const EVENTS: usize = 2400;
/// How far those who read may be behind: less than the agent keeps for them.
const BEHIND: usize = 100;
/// How many of the watched files there are.
const FILES_EACH: usize = 4;

/// Event number `number`: the file, and whether it is given back.
fn event(number: usize) -> (String, bool) {
    let turn = number / 2;
    let (group, file) = (turn * 37 % CAREFUL, turn % FILES_EACH);
    (name(group, file), number % 2 == 1)
}

fn name(group: usize, file: usize) -> String {
    format!("{group}/{file}.mcam")
}

/// Reads events until all of `wanted` have come, in this order and no others; counts them.
fn read(talk: &mut Talk, wanted: &[(String, bool)], seen: &AtomicUsize) {
    let mut last = 0;
    for (file, back) in wanted {
        let event = loop {
            match talk.reply().unwrap() {
                Reply::Event(event) if matches!(event.what, EventKind::Session { .. }) => {}
                Reply::Event(event) => break event,
                reply => panic!("a watcher was told {reply:?}"),
            }
        };
        let EventKind::File { file: told, verb, .. } = &event.what else {
            panic!("instead of {file}: {event:?}");
        };
        let verb_wanted = if *back { "checkin" } else { "checkout" };
        assert_eq!((told, verb.as_str()), (file, verb_wanted));
        let commit = event.commit.unwrap();
        assert!(commit > last, "commit {commit} after {last}");
        last = commit;
        seen.fetch_add(1, Ordering::Release);
    }
}

fn watch(machine: &Machine, paths: Vec<String>) -> Talk {
    let mut talk = machine.talk(patient());
    talk.send(&Request::Watch { paths });
    let reply = talk.reply().unwrap();
    assert!(matches!(reply, Reply::Watching { .. }), "{reply:?}");
    talk
}

/// Makes all events happen, none before everybody who reads has seen all but the last few.
fn storm(bob: &Machine, repository: &Repository, seen: &[AtomicUsize], over: &AtomicBool) {
    let mut talk = bob.talk(patient());
    for number in 0..EVENTS {
        let near = || {
            seen.iter()
                .all(|seen| seen.load(Ordering::Acquire) + BEHIND > number)
        };
        wait_until(LONG * 3, "those who read have read", || {
            near() || over.load(Ordering::Relaxed)
        });
        let (file, back) = event(number);
        let path = repository.path(&file).display().to_string();
        let done = if back {
            talk.checkin(&path)
        } else {
            talk.checkout(&path, Checkout::default())
        };
        let done = done.unwrap();
        assert!(
            matches!(done, Outcome::Granted { .. } | Outcome::Released { .. }),
            "{done:?}"
        );
    }
}

/// What somebody hears who did not read while all that happened: every commit, or how many were missed.
fn wake_up(mut talk: Talk, newest: u64) -> (u64, u64) {
    let (mut heard, mut missed) = (0, 0);
    let mut next = 1;
    while next <= newest {
        let Reply::Event(event) = talk.reply().unwrap() else {
            panic!("a watcher was told something else")
        };
        if let EventKind::Missed { count } = event.what {
            missed += count;
            next += count;
        } else {
            assert_eq!(
                event.commit,
                Some(next),
                "the next one, or it was said how many were missed"
            );
            heard += 1;
            next += 1;
        }
    }
    (heard, missed)
}

/// Given 100 clients that watch 100 files each, 80 that watch everything, one that watches everything and never reads, and
/// 40 that say nothing, when a day's worth of events happens on another machine as fast as those who read keep up,
/// then each is told exactly what it watches, in order, and nothing is missed; the one that did not read is told how much it
/// missed once it reads; and the agent's memory stays small.
#[test]
fn ten_thousand_watches_are_told_a_days_events_in_order_and_none_is_lost() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().init();
    for group in 0..CAREFUL {
        for file in 0..FILES_EACH {
            repository.write(&name(group, file), "");
        }
    }
    let (alice, bob) = (
        sandbox.machine("alice", "CAM-03"),
        sandbox.machine("bob", "CNC-1"),
    );
    alice.start();
    bob.start();
    let root = repository.folder().display().to_string();
    let deaf = watch(&alice, vec![root.clone()]);
    let gauge = Gauge::of(&alice);
    let silent: Vec<UnixStream> = (0..SILENT)
        .map(|_| UnixStream::connect(alice.home().join("runtime/v1.sock")).unwrap())
        .collect();
    let everything: Vec<_> = (0..EVENTS).map(event).collect();
    let seen: Vec<AtomicUsize> = (0..CURIOUS).map(|_| AtomicUsize::new(0)).collect();
    let (over, ready) = (AtomicBool::new(false), AtomicUsize::new(0));
    let began = SystemClock.moment();
    thread::scope(|scope| {
        for seen in &seen {
            let (alice, root, everything, ready, over) = (&alice, &root, &everything, &ready, &over);
            scope.spawn(move || {
                let _whatever_happens = Over(over);
                let mut talk = watch(alice, vec![root.clone()]);
                ready.fetch_add(1, Ordering::Relaxed);
                read(&mut talk, everything, seen);
            });
        }
        for group in 0..CAREFUL {
            let (alice, repository, everything, ready) = (&alice, &repository, &everything, &ready);
            scope.spawn(move || {
                let path = |file| repository.path(&name(group, file)).display().to_string();
                let mut talk = watch(alice, (0..PATHS).map(path).collect());
                ready.fetch_add(1, Ordering::Relaxed);
                let mine = format!("{group}/");
                let is_mine = |(file, _): &&(String, bool)| file.starts_with(&mine);
                let wanted: Vec<_> = everything.iter().filter(is_mine).cloned().collect();
                assert!(!wanted.is_empty());
                read(&mut talk, &wanted, &AtomicUsize::new(0));
            });
        }
        wait_until(LONG * 3, "all watch", || {
            ready.load(Ordering::Relaxed) == CAREFUL + CURIOUS
        });
        storm(&bob, &repository, &seen, &over);
    });
    let took = SystemClock.moment().since(began);
    println!("{EVENTS} events in {took:.1?} to {CURIOUS} and {CAREFUL} clients; {gauge}");
    gauge.peak_is_within(20 << 10);
    let newest = repository.log_numbers().into_iter().max().unwrap();
    let (heard, missed) = wake_up(deaf, newest);
    println!("the one that did not read: {heard} heard, {missed} missed");
    assert_eq!(heard + missed, newest, "told, or told that it was missed");
    assert!(missed > 0, "it was not deaf for long enough to show anything");
    drop(silent);
    gauge.everything_was_given_back();
}
