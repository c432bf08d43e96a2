//! Whatever a client sends, or does not send: it costs that client its connection, and nobody else anything.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};
use camctl_shared::ipc::client::Limits;
use camctl_shared::ipc::codec::MAX_FRAME;
use camctl_shared::ipc::message::{Outcome, Reply, Request};
use camctl_shared::ipc::version::PROTOCOL;
use testkit::talk::Checkout;
use testkit::{Chance, LONG, Machine, Sandbox, wait_until};

use self::raw::{connect, frames, hello, request, say};
use crate::stage::{Stage, file};

#[path = "bad_input/careless.rs"]
mod careless;
#[path = "bad_input/raw.rs"]
mod raw;

/// What the agent's memory may grow by, in KiB: what the system's allocator keeps for next time, and no more.
const FEW_MEGABYTES: u64 = 6 << 10;

/// The agent's resident memory, in KiB.
fn memory(machine: &Machine) -> u64 {
    let pid = machine.agent(|agent| agent.pid());
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Does something to alice's agent while she goes on working, and looks that it lives, that she is always served, and
/// that its memory is what it was. `torture` is given her machine, and a way to wait until she was served some more.
fn torment(stage: &Stage, what: &str, torture: impl Fn(&Machine, &dyn Fn()) + Sync) {
    let pid = stage.alice.agent(|agent| agent.pid());
    let path = stage.repository.path("a.mcam").to_str().unwrap().to_owned();
    let work = |talk: &mut testkit::talk::Talk| {
        let granted = talk.checkout(&path, Checkout::default()).unwrap();
        assert!(matches!(granted, Outcome::Granted { .. }), "{what}: {granted:?}");
        let released = talk.checkin(&path).unwrap();
        assert!(
            matches!(released, Outcome::Released { .. }),
            "{what}: {released:?}"
        );
    };
    // Everything that is made once is made.
    for _ in 0..50 {
        work(&mut stage.alice.talk(Limits::default()));
    }
    torture(&stage.alice, &|| work(&mut stage.alice.talk(Limits::default())));
    let before = memory(&stage.alice);
    let (done, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _done = Ring(&done);
            let some_more = || {
                let start = served.load(Ordering::Relaxed);
                wait_until(LONG, &format!("{what}: she is served meanwhile"), || {
                    served.load(Ordering::Relaxed) > start + 2
                });
            };
            torture(&stage.alice, &some_more);
            torture(&stage.alice, &some_more);
        });
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let start = SystemClock.moment();
                // A connection of its own each time: new clients are served too.
                work(&mut stage.alice.talk(Limits::default()));
                let took = SystemClock.moment().since(start);
                assert!(took < LONG, "{what}: served within {took:?}");
                served.fetch_add(1, Ordering::Relaxed);
            }
        });
    });
    assert!(
        served.load(Ordering::Relaxed) > 0,
        "{what}: she was served meanwhile"
    );
    stage.alice(&["status", "a.mcam"]).run().succeeds();
    let mut now = 0;
    wait_until(
        LONG,
        &format!("{what}: what it cost is given back ({before} KiB before)"),
        || {
            now = memory(&stage.alice);
            now < before + FEW_MEGABYTES
        },
    );
    assert!(!stage.alice.agent(testkit::Agent::has_ended), "{what}: it lives");
    assert_eq!(stage.alice.agent(|agent| agent.pid()), pid);
}

/// Rings also when the test fails, so that nobody waits for ever.
struct Ring<'a>(&'a AtomicBool);

impl Drop for Ring<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Given an agent, when clients send what is no message, too long, or not whole, at every point of the conversation,
/// then it hangs up on each, with a word where it can, and does nothing of what was half said.
#[test]
fn rubbish_costs_the_connection_and_nothing_else() {
    let stage = Stage::new();
    let seed = Chance::seed();
    let path = stage.repository.path("b.mcam").to_str().unwrap().to_owned();
    let checkout = request(&Request::Checkout {
        files: vec![path],
        message: Some("half said".into()),
        wait: None,
        lease_ms: None,
        steal: None,
    });
    let too_long = u32::try_from(MAX_FRAME + 1).unwrap().to_le_bytes();
    let before = file(&stage.alice(&["status", "b.mcam", "--json"]).run().succeeds());
    torment(
        &stage,
        &format!("rubbish (CAMCTL_TEST_SEED={seed})"),
        |machine, _| {
            let good = hello(PROTOCOL);
            let unheard: [&[u8]; 7] = [
                b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"\r\n\r\n\r\n\r\n",
                &[0; 64],
                &[0xff; 4096],
                &too_long,
                &[1, 0, 0, 0, 200],
                &u32::MAX.to_le_bytes(),
            ];
            for bytes in unheard {
                assert_eq!(say(machine, bytes), b"", "{bytes:?}");
            }
            let answered: [&[u8]; 6] = [
                &too_long,
                &u32::MAX.to_le_bytes(),
                // No such request; a request with something behind it; lengths beyond everything; no text.
                &[2, 0, 0, 0, 200, 1],
                &[2, 0, 0, 0, 8, 8],
                &[10, 0, 0, 0, 3, 253, 255, 255, 255, 255, 255, 255, 255, 127],
                &[6, 0, 0, 0, 3, 1, 3, 0xc3, 0x28, 0x00],
            ];
            for bytes in answered {
                let (theirs, replies) = frames(&say(machine, &[&good, bytes].concat()));
                assert_eq!(theirs.unwrap().protocol, PROTOCOL);
                let refused = matches!(replies.as_slice(), [Reply::Failed(_)]);
                assert!(refused, "{bytes:?}: {replies:?}");
            }
            // A conversation that ends anywhere.
            let whole = [good, checkout.clone()].concat();
            for end in (0..whole.len()).step_by(3) {
                let mut socket = connect(machine);
                socket.write_all(&whole[..end]).unwrap();
            }
            // Whatever chance makes of a good one.
            let mut chance = Chance::new(seed, 1);
            for _ in 0..100 {
                let mut bytes = whole.clone();
                for _ in 0..chance.number(1..8) {
                    let at = usize::try_from(chance.number(0..bytes.len() as u64)).unwrap();
                    bytes[at] = u8::try_from(chance.number(0..256)).unwrap();
                }
                let mut socket = connect(machine);
                // It may have hung up by then.
                let _ = socket.write_all(&bytes);
                let _ = socket.shutdown(std::net::Shutdown::Write);
                let _ = socket.read_to_end(&mut Vec::new());
            }
        },
    );
    // What chance made may have been a request; but nobody holds what was only half said: so it is hers, or free.
    let after = file(&stage.alice(&["status", "b.mcam", "--json"]).run().succeeds());
    let holder = &after["lock"]["user"];
    assert!(after == before || holder == "alice", "{after}");
}

/// Sends `bytes` one at a time, with a pause after each, until the agent hangs up; returns how many it took, and how
/// long that was.
fn dribble(socket: &mut UnixStream, bytes: &[u8], pause: Duration) -> (usize, Duration) {
    let start = SystemClock.moment();
    // Waiting for an answer is the pause.
    socket.set_read_timeout(Some(pause)).unwrap();
    let mut sent = 0;
    loop {
        let taken = SystemClock.moment().since(start);
        assert!(taken < LONG, "it still listens after {taken:?}");
        if let Some(byte) = bytes.get(sent) {
            if socket.write_all(&[*byte]).is_err() {
                return (sent, taken);
            }
            sent += 1;
        }
        match socket.read(&mut [0; 512]) {
            Ok(0) => return (sent, taken),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return (sent, taken),
            // The agent's `Hello`, or nothing.
            Ok(_) | Err(_) => {}
        }
    }
}

/// Given an agent, when clients send their bytes one now and then, or nothing more after the first one,
/// then it lets them go once their time is up (2 s for `Hello`, 10 s for the rest of a frame), although each byte came
/// soon after the one before, and serves everybody else as ever.
#[test]
fn slow_clients_are_let_go() {
    let stage = Stage::new();
    let long = request(&Request::Status {
        files: vec!["/x".repeat(500)],
    });
    let cases: [(Vec<u8>, Vec<u8>, u64); 4] = [
        (Vec::new(), [hello(PROTOCOL), hello(PROTOCOL)].concat(), 2),
        (Vec::new(), hello(PROTOCOL)[..1].to_vec(), 2),
        (hello(PROTOCOL), long.clone(), 10),
        (hello(PROTOCOL), long[..1].to_vec(), 10),
    ];
    let slow = AtomicUsize::new(cases.len());
    std::thread::scope(|scope| {
        for (begin, rest, seconds) in &cases {
            let (stage, slow) = (&stage, &slow);
            scope.spawn(move || {
                let _done = Fewer(slow);
                let mut socket = connect(&stage.alice);
                socket.write_all(begin).unwrap();
                let (sent, took) = dribble(&mut socket, rest, Duration::from_millis(150));
                assert!(
                    sent < rest.len() || sent == 1,
                    "it was not waited for: {sent} bytes"
                );
                let limit = Duration::from_secs(*seconds);
                assert!(
                    took > limit / 2 && took < limit + Duration::from_secs(7),
                    "after {took:?}"
                );
            });
        }
        scope.spawn(|| {
            while slow.load(Ordering::Relaxed) > 0 {
                let run = stage.alice(&["status", "a.mcam"]).run().succeeds();
                assert!(
                    run.took < Duration::from_secs(5),
                    "others are served: {:?}",
                    run.took
                );
            }
        });
    });
}

/// One fewer when it ends, also when it fails.
struct Fewer<'a>(&'a AtomicUsize);

impl Drop for Fewer<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Given an agent, when a client of an older or newer protocol comes, then it gets our `Hello`, which says who is
/// older, and nothing else is read from it.
#[test]
fn clients_of_other_protocols_get_our_hello() {
    let stage = Stage::new();
    for protocol in [0, PROTOCOL + 1, 77, u32::MAX] {
        let stop = request(&Request::AgentStop);
        let (theirs, replies) = frames(&say(&stage.alice, &[hello(protocol), stop].concat()));
        assert_eq!(
            (theirs.unwrap().protocol, replies),
            (PROTOCOL, Vec::new()),
            "{protocol}"
        );
    }
    stage.alice(&["status"]).run().succeeds();
    assert!(
        !stage.alice.agent(testkit::Agent::has_ended),
        "nobody's request was read"
    );
}

/// Given an agent of an older or newer protocol, when `camctl` meets it,
/// then it says which of the two is older and what to do (15), and starts no second one.
#[test]
fn agents_of_other_protocols_are_named() {
    for (protocol, older) in [(0, "the agent is older"), (PROTOCOL + 1, "this camctl is older")] {
        let sandbox = Sandbox::new();
        let alice = sandbox.machine("alice", "CAM-03");
        alice.start();
        alice.stop();
        let listener = UnixListener::bind(alice.home().join("runtime/v1.sock")).unwrap();
        let agent = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            client.write_all(&hello(protocol)).unwrap();
            // Until it has read that and leaves.
            let _ = client.read_to_end(&mut Vec::new());
        });
        let run = alice.camctl(["status"]).run().exits(15);
        run.says(older).says("9.9.9").says("camctl agent start");
        agent.join().unwrap();
        assert!(sandbox.processes().is_empty(), "none was started");
    }
}

/// Given an agent, when thousands of clients connect and say nothing,
/// then others are served as ever.
#[test]
fn silent_crowds_keep_nobody_out() {
    let stage = Stage::new();
    torment(&stage, "a silent crowd", |machine, some_more| {
        // As many at a time as this process may have files open, nearly; and more and more of them.
        let mut crowd: Vec<UnixStream> = Vec::new();
        for number in 0..1500 {
            let mut socket = connect(machine);
            // Some have begun to say something, and some have said who they are. They may have been sent away by then.
            let said = match number % 3 {
                0 => Vec::new(),
                1 => vec![7, 0],
                _ => hello(PROTOCOL),
            };
            let _ = socket.write_all(&said);
            crowd.push(socket);
            if crowd.len() == 600 {
                some_more();
                crowd.drain(..300);
            }
        }
        some_more();
    });
}
