//! What a client says to its agent, and what it may conclude from the answer: over the socket, or by the real `camctl`.

use camctl_shared::ipc::message::{Fault, LockInfo, Outcome, Presence};
use serde_json::Value;
use testkit::talk::{Checkout, Silence, Talk};
use testkit::{Machine, Run};

/// What a client knows after it has asked.
#[derive(Debug)]
pub enum Heard {
    /// It has the file now.
    Granted(Lock),
    /// It (or its desk) had it already.
    Renewed(Lock),
    /// It gave this lock back.
    Released(u64),
    /// Somebody else has it.
    Held,
    /// What was to be given back is over: somebody else has it, or nobody.
    Over,
    /// Nothing was done.
    NotDone(String),
    /// It may have been done, or may be done later.
    Unknown(String),
}

/// A lock that an answer names.
#[derive(Debug)]
pub struct Lock {
    /// Which.
    pub token: u64,
    /// Whether the agent is sure that it stands: it is not when it has been silent for too long itself.
    pub sure: bool,
}

/// A way to ask an agent.
pub trait Voice {
    /// Takes the file at `path`; waits so many milliseconds for it.
    fn checkout(&mut self, path: &str, wait_ms: Option<u64>) -> Heard;
    /// Gives it back.
    fn checkin(&mut self, path: &str) -> Heard;
}

impl Voice for Talk {
    fn checkout(&mut self, path: &str, wait_ms: Option<u64>) -> Heard {
        let more = Checkout {
            wait_ms,
            ..Checkout::default()
        };
        heard(Talk::checkout(self, path, more))
    }

    fn checkin(&mut self, path: &str) -> Heard {
        heard(Talk::checkin(self, path))
    }
}

fn heard(answer: Result<Outcome, Silence>) -> Heard {
    let lock = |lock: &LockInfo| Lock {
        token: lock.token.unwrap(),
        sure: lock.presence == Presence::Alive,
    };
    match answer {
        Err(Silence::NotAsked(error)) => Heard::NotDone(error.to_string()),
        Err(Silence::Unknown(error)) => Heard::Unknown(error.to_string()),
        Ok(Outcome::Granted { lock: new, .. }) => Heard::Granted(lock(&new)),
        Ok(Outcome::Renewed { lock: old }) => Heard::Renewed(lock(&old)),
        Ok(Outcome::Released { was, .. }) => Heard::Released(was.token.unwrap()),
        Ok(Outcome::Failed(fault)) => match fault {
            Fault::Held { .. } | Fault::TimedOut { .. } => Heard::Held,
            Fault::NotHeld | Fault::NotYours { .. } | Fault::OldToken { .. } | Fault::Lost { .. } => {
                Heard::Over
            }
            Fault::NoAnswer { unsettled: true, .. } => Heard::Unknown(format!("{fault:?}")),
            Fault::NoAnswer { .. } | Fault::Stopping | Fault::Share { passing: true, .. } => {
                Heard::NotDone(format!("{fault:?}"))
            }
            fault => panic!("nobody expects {fault:?}"),
        },
        Ok(outcome) => panic!("nobody asked for {outcome:?}"),
    }
}

/// The real command line of one machine.
pub struct CommandLine<'a>(pub &'a Machine);

impl CommandLine<'_> {
    fn run(&self, arguments: &[&str]) -> Heard {
        let run = self.0.camctl(arguments).arguments(["--json"]).run();
        let file = crate::stage::file(&run);
        let lock = |lock: &Value| Lock {
            token: lock["token"].as_u64().unwrap(),
            sure: lock["presence"] == "alive",
        };
        match file["result"].as_str() {
            Some("granted") => Heard::Granted(lock(&file["lock"])),
            Some("renewed") => Heard::Renewed(lock(&file["lock"])),
            Some("released") => Heard::Released(file["was"]["token"].as_u64().unwrap()),
            Some("failed") => failed(&run),
            _ => panic!("nobody asked for {file}"),
        }
    }
}

fn failed(run: &Run) -> Heard {
    match run.code {
        Some(11 | 13) => Heard::Held,
        Some(12 | 14) => Heard::Over,
        Some(15) => Heard::Unknown(run.err.clone()),
        _ => panic!("nobody expects {run:?}"),
    }
}

impl Voice for CommandLine<'_> {
    fn checkout(&mut self, path: &str, wait_ms: Option<u64>) -> Heard {
        let wait = wait_ms.map(|ms| format!("--wait={ms}ms"));
        let arguments: Vec<&str> = ["checkout", path].into_iter().chain(wait.as_deref()).collect();
        self.run(&arguments)
    }

    fn checkin(&mut self, path: &str) -> Heard {
        self.run(&["checkin", path])
    }
}
