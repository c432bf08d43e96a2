//! Signals and exit status are passed through.

use rustix::process::{Pid, Signal, kill_process};
use testkit::{LONG, Running, wait_until};

use super::{Door, alice, bob, lock, shell, stage, wait_until_free};

fn send(to: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(to).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// The state of a process, as the kernel has it: `S`, `T`, …
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn is_stopped(running: &Running) -> bool {
    state(running.pid()) == Some('T')
}

#[test]
fn what_ends_the_program_is_its_exit_status() {
    let stage = stage();
    let cases = [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
        (Signal::USR1, 138),
    ];
    for (signal, code) in cases {
        let door = Door::new(&stage, &format!("{code}"));
        let text = format!("ulimit -c 0; {}", door.program(0));
        let running = alice(&stage, &[], &shell(&text)).start();
        door.wait_until_inside();
        send(running.pid(), signal);
        running.finish(LONG).exits(code);
    }
    // One that makes something else of it.
    let door = Door::new(&stage, "trap");
    let text = format!("trap 'exit 5' TERM; {}", door.program(0));
    let running = alice(&stage, &[], &shell(&text)).start();
    door.wait_until_inside();
    send(running.pid(), Signal::TERM);
    running.finish(LONG).exits(5);
    // One that is killed by somebody else.
    let door = Door::new(&stage, "killed");
    let text = door.program(0);
    let running = alice(&stage, &[], &shell(&text)).start();
    testkit::kill(door.wait_until_inside());
    running.finish(LONG).exits(137);
    bob(&stage, &[], &shell("exit 0")).run().succeeds();
}

#[test]
fn stopping_and_going_on_are_passed_through() {
    let stage = stage();
    let door = Door::new(&stage, "door");
    let text = door.program(4);
    let running = alice(&stage, &[], &shell(&text)).start();
    let program = door.wait_until_inside();
    send(running.pid(), Signal::TSTP);
    wait_until(LONG, "both stand still", || {
        is_stopped(&running) && state(program) == Some('T')
    });
    // It has the file all the same.
    bob(&stage, &[], &shell("exit 0")).run().exits(11);
    send(running.pid(), Signal::CONT);
    wait_until(LONG, "both go on", || {
        !is_stopped(&running) && state(program) != Some('T')
    });
    door.open();
    running.finish(LONG).exits(4);
}

#[test]
fn who_is_ended_in_line_leaves_it() {
    let stage = stage();
    stage.alice(&["checkout", super::DB]).run().succeeds();
    let waiting = bob(&stage, &["--wait"], &shell("exit 0")).start();
    let waits = || lock(&stage.repository).is_some_and(|lock| lock["queue"][0]["user"] == "bob");
    wait_until(LONG, "bob waits", waits);
    send(waiting.pid(), Signal::INT);
    assert_eq!(waiting.finish(LONG).code, None, "ended by the signal");
    wait_until(LONG, "bob has left", || !waits());
    stage.alice(&["checkin", super::DB]).run().succeeds();
    wait_until_free(&stage);
}
