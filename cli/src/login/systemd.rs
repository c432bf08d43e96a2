//! The unit of systemd's user manager, and the manager itself.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};

use super::files::{self, MARK};
use super::{Way, Whom};

pub(super) const WAY: Way = Way {
    word: "systemd",
    text: "by systemd's user manager",
};

const UNIT: &str = "camctl-agent.service";
/// The target that every login reaches, with a desktop or over SSH.
const TARGET: &str = "default.target";
/// How long the manager may take: one that does not answer must not keep a command.
const LIMIT: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(5);

/// The text of the unit. `%` begins a specifier wherever it stands, `$` a variable in arguments alone: not in the
/// program's own name. The agent parks within 10 s when it is told to stop.
pub(super) fn unit(whom: &Whom) -> Result<String, String> {
    files::one_line(&[&whom.program])?;
    let mut environment = String::new();
    for (name, value) in &whom.variables {
        files::one_line(&[value])?;
        let _ = writeln!(environment, "Environment={}", quote(&format!("{name}={value}")));
    }
    Ok(format!(
        "# {MARK}\n\
         [Unit]\n\
         Description=camctl agent: keeps what you have checked out on this machine\n\
         ConditionFileIsExecutable={condition}\n\
         StartLimitIntervalSec=300\n\
         StartLimitBurst=5\n\
         \n\
         [Service]\n\
         Type=exec\n\
         ExecStart={program}\n\
         {environment}\
         Restart=on-failure\n\
         RestartSec=2\n\
         TimeoutStopSec=20\n\
         # What a person has opened from the tray stays open.\n\
         KillMode=process\n\
         \n\
         [Install]\n\
         WantedBy={TARGET}\n",
        condition = whom.program.replace('%', "%%"),
        program = quote(&whom.program),
    ))
}

fn quote(word: &str) -> String {
    let word = word.replace('\\', r"\\").replace('"', r#"\""#).replace('%', "%%");
    format!("\"{word}\"")
}

/// Where this user's manager looks for the unit.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The unit's file.
    pub(super) unit: PathBuf,
    /// The link by which the target wants it.
    pub(super) wanted: PathBuf,
}

impl Places {
    pub(super) fn below(config: &Path) -> Self {
        let folder = config.join("systemd/user");
        Self {
            unit: folder.join(UNIT),
            wanted: folder.join(format!("{TARGET}.wants")).join(UNIT),
        }
    }

    /// Whether the target wants it; a link that leads nowhere is one all the same.
    pub(super) fn is_wanted(&self) -> bool {
        fs::symlink_metadata(&self.wanted).is_ok()
    }
}

/// Whether there is a manager that answers.
pub(super) fn answers() -> bool {
    call(&["show", "--property=Version"])
}

/// Has the unit started at every login.
pub(super) fn enable(places: &Places) -> bool {
    call(&["daemon-reload"]) && call(&["enable", UNIT]) && places.is_wanted()
}

/// Takes the link back, and has the unit forgotten, whose file is gone already; where no manager `answers` there is none
/// that would remember.
pub(super) fn forget(places: &Places, answers: bool) {
    let _ = fs::remove_file(&places.wanted);
    if let Some(folder) = places.wanted.parent() {
        // Only when it is empty.
        let _ = fs::remove_dir(folder);
    }
    if answers {
        call(&["daemon-reload"]);
    }
}

/// Starts the unit; `true` when its program runs.
pub(super) fn start() -> bool {
    call(&["start", UNIT])
}

/// `systemctl --user …`, silently and for a limited time; whether it succeeded.
fn call(words: &[&str]) -> bool {
    let child = Command::new(systemctl())
        .args(["--user", "--quiet", "--no-pager", "--no-ask-password"])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let begin = SystemClock.moment();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if SystemClock.moment().since(begin) < LIMIT => thread::sleep(LOOK),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// The first in an absolute folder of PATH: nobody means one that lies in the folder where they stand.
fn systemctl() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("systemctl"))
        .find(|program| program.is_file());
    found.unwrap_or_else(|| PathBuf::from("/usr/bin/systemctl"))
}
