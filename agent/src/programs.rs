//! Which programs run on this machine: what a guard's protection depends on.
//!
//! A process number alone says nothing, for it is used again; so a program is known by its number and by when it started.
//! Both mean something only within one run of the system (and, on Linux, within one space of process numbers), which
//! [`Programs::boot`] names. Whatever cannot be told is unknown, and unknown means that the program runs.

#[cfg(target_os = "linux")]
#[path = "programs/linux.rs"]
mod platform;
#[cfg(target_os = "macos")]
#[path = "programs/macos.rs"]
mod platform;
#[cfg(windows)]
#[path = "programs/windows.rs"]
mod platform;

use camctl_shared::model::{Agent, Extra, Lock, Owner, Process};

/// What is known of a process number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// A program that started then has it.
    Lives {
        /// As this system counts.
        started: u64,
    },
    /// Nobody has it.
    Dead,
    /// The system does not say.
    Unknown,
}

/// The programs of this machine.
pub trait Programs: Send + Sync {
    /// Names the run of the system: `<run>/<space of process numbers>`. `None` where that cannot be told.
    fn boot(&self) -> Option<&str>;
    /// Who has this process number.
    fn look(&self, pid: u32) -> Life;
    /// This process.
    fn own_pid(&self) -> u32;
}

/// The programs of the machine that this agent runs on.
#[derive(Debug, Default)]
pub struct Here;

impl Programs for Here {
    fn boot(&self) -> Option<&str> {
        static BOOT: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
        BOOT.get_or_init(platform::boot).as_deref()
    }

    fn look(&self, pid: u32) -> Life {
        platform::look(pid)
    }

    fn own_pid(&self) -> u32 {
        std::process::id()
    }
}

/// The program that has this number now, as it is written down with a guard; `None` when none is known to.
pub fn describe(programs: &dyn Programs, pid: u32) -> Option<Process> {
    let Life::Lives { started } = programs.look(pid) else {
        return None;
    };
    let agent = match programs.look(programs.own_pid()) {
        Life::Lives { started } => Some(Agent {
            pid: programs.own_pid(),
            started,
        }),
        Life::Dead | Life::Unknown => None,
    };
    Some(Process {
        pid,
        started,
        boot: programs.boot().map(Into::into),
        agent,
        extra: Extra::new(),
    })
}

/// Whether the program of a guard runs: `Some(false)` when the guard is over, because neither its program nor the agent
/// that took it does; `None` when that is not for `me` to say.
pub fn runs(programs: &dyn Programs, lock: &Lock, me: &Owner) -> Option<bool> {
    let process = lock.process.as_ref()?;
    if lock.owner.same_desk(me) {
        // Its agent is this one, or one before it.
        let own = lock.owner.session == me.session;
        return match (process.boot.as_deref(), programs.boot()) {
            (was, is) if was == is => lives(programs, process.pid, process.started),
            // The machine was started again since: nothing is left of what ran then.
            (Some(was), Some(is)) if own && run(was) != run(is) => Some(false),
            _ => None,
        };
    }
    // Of somebody else at this machine. Two machines of one name do not have the same run of the system.
    let here = process.boot.is_some() && process.boot.as_deref() == programs.boot();
    if !here || lock.owner.machine != me.machine {
        return None;
    }
    if lives(programs, process.pid, process.started)? {
        return Some(true);
    }
    // As long as its agent is there, that sees to it.
    let agent = process.agent?;
    (!lives(programs, agent.pid, agent.started)?).then_some(false)
}

fn lives(programs: &dyn Programs, pid: u32, when: u64) -> Option<bool> {
    match programs.look(pid) {
        Life::Lives { started } => Some(started == when),
        Life::Dead => Some(false),
        Life::Unknown => None,
    }
}

fn run(boot: &str) -> &str {
    boot.split('/').next().unwrap_or(boot)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use camctl_shared::clock::Timestamp;
    use camctl_shared::model::{Kind, SessionId};

    use super::*;

    /// 4711 started at 99, 17 (an agent) at 3, and 8 belongs to somebody who does not say.
    struct Fake(Option<&'static str>);

    impl Programs for Fake {
        fn boot(&self) -> Option<&str> {
            self.0
        }

        fn look(&self, pid: u32) -> Life {
            match pid {
                4711 => Life::Lives { started: 99 },
                17 => Life::Lives { started: 3 },
                8 => Life::Unknown,
                _ => Life::Dead,
            }
        }

        fn own_pid(&self) -> u32 {
            17
        }
    }

    fn owner(user: &str, machine: &str, session: &str) -> Owner {
        Owner::new(user, machine, SessionId::parse(session).unwrap())
    }

    fn guard(owner: Owner, pid: u32, started: u64, boot: Option<&str>, agent: Option<Agent>) -> Lock {
        Lock {
            kind: Kind::Guard,
            process: Some(Process {
                pid,
                started,
                boot: boot.map(Into::into),
                agent,
                extra: Extra::new(),
            }),
            ..Lock::new(Arc::new(owner), Timestamp::UNIX_EPOCH, 7)
        }
    }

    #[test]
    fn who_runs_is_known_by_number_and_start_on_the_same_run_of_the_system() {
        let me = owner("alice", "CAM-03", "s1");
        let mine = || me.clone();
        let before = || owner("alice", "CAM-03", "s0");
        let (here, fake) = (Some("b1/1"), Fake(Some("b1/1")));
        let cases = [
            (guard(mine(), 4711, 99, here, None), Some(true)),
            (guard(mine(), 4711, 98, here, None), Some(false)),
            (guard(mine(), 4, 99, here, None), Some(false)),
            (guard(mine(), 8, 99, here, None), None),
            (guard(before(), 4711, 99, here, None), Some(true)),
            (guard(before(), 4, 99, here, None), Some(false)),
            // The machine was started again; whether the other session's machine is this one nobody knows.
            (guard(mine(), 4711, 99, Some("b0/1"), None), Some(false)),
            (guard(before(), 4711, 99, Some("b0/1"), None), None),
            // Another space of numbers.
            (guard(mine(), 4, 99, Some("b1/2"), None), None),
            (guard(mine(), 4, 99, None, None), None),
        ];
        for (lock, expected) in cases {
            assert_eq!(runs(&fake, &lock, &me), expected, "{lock:?}");
        }
        assert_eq!(
            runs(&Fake(None), &guard(mine(), 4, 99, None, None), &me),
            Some(false)
        );
    }

    #[test]
    fn a_neighbours_guard_is_over_when_program_and_agent_are_dead() {
        let me = owner("alice", "CAM-03", "s1");
        let bob = |machine| owner("bob", machine, "s2");
        let (here, fake) = (Some("b1/1"), Fake(Some("b1/1")));
        let dead = Some(Agent { pid: 5, started: 3 });
        let alive = Some(Agent { pid: 17, started: 3 });
        let reused = Some(Agent { pid: 17, started: 2 });
        let cases = [
            (guard(bob("CAM-03"), 4711, 99, here, dead), Some(true)),
            (guard(bob("CAM-03"), 4711, 98, here, dead), Some(false)),
            (guard(bob("CAM-03"), 4711, 98, here, reused), Some(false)),
            (guard(bob("CAM-03"), 4711, 98, here, alive), None),
            (guard(bob("CAM-03"), 4711, 98, here, None), None),
            (guard(bob("CAM-03"), 4711, 98, None, dead), None),
            (guard(bob("CAM-03"), 4711, 98, Some("b0/1"), dead), None),
            (guard(bob("CNC-1"), 4711, 98, here, dead), None),
        ];
        for (lock, expected) in cases {
            assert_eq!(runs(&fake, &lock, &me), expected, "{lock:?}");
        }
    }

    #[test]
    fn this_very_program_runs_and_one_that_has_ended_does_not() {
        let here = Here;
        let me = describe(&here, here.own_pid()).unwrap();
        assert_eq!(here.look(me.pid), Life::Lives { started: me.started });
        let program = if cfg!(windows) { "cmd" } else { "true" };
        let mut child = std::process::Command::new(program)
            .stdin(std::process::Stdio::null())
            .spawn()
            .unwrap();
        child.wait().unwrap();
        assert_eq!(here.look(child.id()), Life::Dead);
        assert_eq!(describe(&here, child.id()), None);
    }
}
