//! The processes that work in a sandbox: found and ended in each system's way.

use std::path::Path;

/// Ends a process as a power cut would. That it has ended already is all the same.
#[cfg(unix)]
pub fn kill(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Ends a process as a power cut would. That it has ended already is all the same.
///
/// # Panics
/// When Windows' own program for that cannot be started.
#[cfg(windows)]
pub fn kill(pid: u32) {
    let kill = crate::Script::new("taskkill").arguments(["/F", "/PID", &pid.to_string()]);
    let _ = kill.run();
}

/// Every process whose environment names a home in this sandbox. Only where the system has `/proc`; none elsewhere.
#[cfg(unix)]
pub(crate) fn living_in(sandbox: &Path) -> Vec<u32> {
    let wanted = format!("CAMCTL_HOME={}/", sandbox.display()).into_bytes();
    let lives_here = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry.starts_with(&wanted))
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(lives_here).collect()
}

/// Every agent that answers in one of the sandbox's homes: Windows shows nobody another process's environment.
#[cfg(windows)]
pub(crate) fn living_in(sandbox: &Path) -> Vec<u32> {
    use camctl_shared::ipc::message::{Reply, Request};
    let pid = |home: std::fs::DirEntry| {
        let machine = crate::Machine::new(home.path(), "", "");
        let mut talk = machine.talk(camctl_shared::ipc::client::Limits::default());
        match talk.ask(&Request::AgentStatus).ok()?.pop() {
            Some(Reply::Agent(report)) => Some(report.pid),
            _ => None,
        }
    };
    let homes = std::fs::read_dir(sandbox.join("home")).into_iter().flatten();
    homes.flatten().filter_map(pid).collect()
}

/// Whether this is an agent; on Windows no other processes are found in a sandbox.
pub(crate) fn is_agent(pid: u32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
    cfg!(windows) || name.is_ok_and(|name| name.starts_with("camctl-agent"))
}
