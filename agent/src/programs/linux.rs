//! Linux: `/proc`.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::Life;

/// The kernel's name for this run of it, and the space of process numbers: containers have their own.
pub fn boot() -> Option<String> {
    let run = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", run.trim(), space.display()))
}

pub fn look(pid: u32) -> Life {
    let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Life::Dead;
    };
    // `/proc` may hide the programs of others; the number itself is no secret.
    if let Err(Errno::SRCH) = test_kill_process(number) {
        return Life::Dead;
    }
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => parse(&stat).unwrap_or(Life::Unknown),
        // It may have ended between the two looks; the next one will tell.
        Err(_) => Life::Unknown,
    }
}

/// The program's name, in parentheses, may hold anything; the state is the first word after it, the start the twentieth.
fn parse(stat: &str) -> Option<Life> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_ascii_whitespace();
    let state = words.next()?;
    // A program whose first thread has ended has that state too, and runs on in its others.
    let threads = words.clone().nth(16).and_then(|count| count.parse::<u32>().ok());
    if matches!(state, "X" | "x") || state == "Z" && threads.is_none_or(|count| count <= 1) {
        // It has ended, and only its parent has not looked yet.
        return Some(Life::Dead);
    }
    let started = words.nth(18)?.parse().ok()?;
    Some(Life::Lives { started })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_the_rest_change_nothing() {
        let rest = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 1 18 4242 20";
        assert_eq!(
            parse(&format!("5 (a) Z (b) S {rest}")),
            Some(Life::Lives { started: 4242 })
        );
        assert_eq!(parse(&format!("5 (a) R 1) Z {rest}")), Some(Life::Dead));
        assert_eq!(parse("5 (a) S 1 2"), None);
    }
}
