//! `camctl run`
//!
//! - `find`: whether there is such a program, before anything is taken for it.
//! - [`program`]: the program, from a process that waits for its lock to its exit status; what differs between systems.
//! - [`guard`]: one lock: taken, waited for, kept in sight over restarts of the agent, given back.
//! - [`watch`]: while the program runs.
//! - [`indicator`]: the file that shows others how it stands.

pub mod find;
pub mod guard;
pub mod indicator;
pub mod program;
pub mod watch;

use std::ffi::OsString;
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};
use clap::Args;

use self::guard::{Guard, Wish};
use self::indicator::Indicator;
use self::program::Program;
use self::watch::Watch;
use crate::app::App;
use crate::args::{Verb, time};
use crate::errors::Failure;
use crate::exit::Exit;
use crate::files::Asked;

/// How long a program gets to end by itself, and a lock in doubt to be confirmed, with --kill-on-loss.
const GRACE: &str = "10s";

/// Run a program that has a file to itself for as long as it runs
///
/// Nobody else can run a program for that file meanwhile, nor check it out; nor can you. The lock
/// is given back when the program ends, however it ends. Arguments, standard streams, signals and
/// exit status are passed through; the program finds the file in CAMCTL_LOCK_FILE and the lock's
/// token in CAMCTL_LOCK_TOKEN (with several: lists, as in PATH).
///
/// If the lock is lost while the program runs you are warned; only with --kill-on-loss the program
/// is stopped, and 14 returned. Before it starts, 11 means that somebody else has the file, 13 that
/// the wait was too long, 15 that the share or the agent cannot be reached, 126 and 127 that the
/// program cannot be run or is not there.
///
/// Where there is no terminal at all, problems are shown in a window, as with --gui.
///
/// Examples:
///   camctl run --lock data/wems.db -- wems --fullscreen
///   camctl run --lock data/wems.db --wait=10m -m "month's end" -- wems
///   camctl run --lock a.db --lock b.db --status-file ~/.wems-lock.json -- wems
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Run {
    /// The file that the program needs for itself; may be said several times
    #[arg(long = "lock", required = true, value_name = "FILE")]
    locks: Vec<OsString>,
    /// Wait in line while somebody else has it, at most for TIME ("30s", "5m", "2h")
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, value_parser = time)]
    #[expect(clippy::option_option, reason = "absent, without a time, with a time")]
    wait: Option<Option<Duration>>,
    /// Why, for those who find it taken
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Stop the program when the lock is lost, or can no longer be vouched for
    #[arg(long)]
    kill_on_loss: bool,
    /// How long the program gets to end by itself then, before it is killed
    #[arg(long, value_name = "TIME", default_value = GRACE, value_parser = time, requires = "kill_on_loss")]
    grace: Duration,
    /// Keep in this file how it stands, as JSON, for a program that shows it
    #[arg(long, value_name = "PATH")]
    status_file: Option<OsString>,
    /// The program and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM"
    )]
    program: Vec<OsString>,
}

impl Verb for Run {
    const NAME: &'static str = "run";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let found = find::find(&self.program)?;
        let files = files(&self.locks)?;
        let mut indicator = Indicator::new(self.status_file.as_deref(), &files)?;
        let mut program = Program::prepare(&found, &self.program)?;
        let mut guards = Vec::with_capacity(files.len());
        for file in files {
            match Guard::take(app, file, &self.wish(&program), &mut indicator) {
                Ok(guard) => guards.push(guard),
                Err(failure) => {
                    program.give_up();
                    give_back(app, &mut guards);
                    indicator.refused(app);
                    return Err(failure);
                }
            }
        }
        let environment = guard::environment(&guards);
        if let Err(failure) = program.start(&environment) {
            give_back(app, &mut guards);
            indicator.refused(app);
            return Err(failure);
        }
        let kill_on_loss = self.kill_on_loss.then_some(self.grace);
        let (code, stopped) =
            Watch::new(app, &mut guards, &mut program, &mut indicator, kill_on_loss).last()?;
        give_back(app, &mut guards);
        indicator.ended(app, code);
        // A program that was stopped in the middle of its work may end well all the same.
        Ok(if stopped { Exit::Lost } else { Exit::Program(code) })
    }
}

impl Run {
    fn wish(&self, program: &Program) -> Wish {
        let now = SystemClock.moment();
        Wish {
            message: self.message.clone(),
            wait: self.wait.map(|at_most| (now, at_most)),
            pid: program.pid(),
        }
    }
}

/// Always in the same order, so that two who want the same files never wait for each other.
fn files(typed: &[OsString]) -> Result<Vec<Asked>, Failure> {
    let mut files = Vec::with_capacity(typed.len());
    for typed in typed {
        files.push(Asked::new(Run::NAME, typed)?);
    }
    files.sort_by(|a, b| a.absolute.cmp(&b.absolute));
    files.dedup_by(|a, b| a.absolute == b.absolute);
    Ok(files)
}

fn give_back(app: &mut App, guards: &mut [Guard]) {
    for guard in guards {
        if let Err(failure) = guard.give_back(app) {
            // The program's exit status is the answer; the agent gives the lock back when it can.
            app.out.error(&failure);
        }
    }
}
