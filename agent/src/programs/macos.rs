//! macOS: what `ps` and `sysctl` say; both belong to the system.

use std::process::{Command, Stdio};

use super::Life;

/// The kernel's name for this run of it; there is one space of process numbers.
pub fn boot() -> Option<String> {
    let run = said("/usr/sbin/sysctl", &["-n", "kern.bootsessionuuid"])?;
    Some(format!("{run}/1"))
}

pub fn look(pid: u32) -> Life {
    let pid = pid.to_string();
    match said("/bin/ps", &["-o", "stat=,lstart=", "-p", &pid]) {
        // It says nothing of a number that nobody has.
        Some(line) if line.is_empty() => Life::Dead,
        Some(line) if line.starts_with('Z') => Life::Dead,
        Some(line) => parse(&line).unwrap_or(Life::Unknown),
        None => Life::Unknown,
    }
}

/// `Ss   Thu Nov 20 09:12:00 2026`: the seconds of Unix time, by a clock in UTC.
fn parse(line: &str) -> Option<Life> {
    let (_, when) = line.split_once(char::is_whitespace)?;
    let when = when.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    // Only equality counts, so the text itself will do as a number.
    let number = |sum: u64, byte: u8| sum.wrapping_mul(0x0000_0100_0000_01b3) ^ u64::from(byte);
    let started = when.bytes().fold(0xcbf2_9ce4_8422_2325, number);
    Some(Life::Lives { started })
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
