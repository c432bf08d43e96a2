//! `camctl agent`

use std::path::PathBuf;

use camctl_shared::ipc::message::{AgentReport, Reply, Request};
use clap::{Args, Subcommand};

use crate::agent_log;
use crate::app::{ANSWER_LIMIT, App, Start, Talk, out_of_place};
use crate::args::Verb;
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::login;
use crate::output::clean::clean;
use crate::output::json::agent::{AgentShape, DisabledShape, LoginOnlyShape, StoppedShape};
use crate::output::style::Paint;
use crate::output::table::Cell;

/// Start, stop or ask the agent, which holds your locks
///
/// There is one agent for each person and machine. The first command that needs it starts it;
/// `enable` has it started at login. When it stops, checkouts are kept and shown to others as
/// "away".
///
/// Examples:
///   camctl agent status
///   camctl agent enable                         start it at every login
///   camctl agent restart                        after an update
///   camctl agent logs -f                        follow its log
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Agent {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start the agent, when none is running
    Start,
    /// Stop the agent; checkouts are kept, shown as "away"
    Stop,
    /// Stop the agent and start it again
    Restart,
    /// Who it works for, which repositories it looks after, whether it is started at login
    ///
    /// Never starts an agent: exit code 15 when none is running.
    Status,
    /// Have the agent started at every login
    ///
    /// By systemd's user manager where there is one (also over SSH), else by the desktop's autostart;
    /// on Windows by the Run key, on macOS by launchd. Takes effect at the next login; run it again
    /// after camctl was moved.
    Enable,
    /// Have the agent started at login no more; one that runs goes on
    Disable,
    /// Show the end of its newest log; also when it does not run
    ///
    /// Examples:
    ///   camctl agent logs -n 200
    ///   camctl agent logs -f
    #[command(verbatim_doc_comment)]
    Logs {
        /// Go on with what is added, until Ctrl-C
        #[arg(long, short)]
        follow: bool,
        /// How many lines
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
        lines: usize,
    },
}

impl Verb for Agent {
    const NAME: &'static str = "agent";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        match self.action {
            Action::Start => start(app, "agent start"),
            Action::Stop => {
                let was_running = stop(app)?;
                app.out.say(if was_running {
                    "the agent has stopped"
                } else {
                    "no agent was running"
                });
                app.out.answer("agent stop", StoppedShape { was_running }, None);
                Ok(Exit::Done)
            }
            Action::Restart => {
                stop(app)?;
                start(app, "agent restart")
            }
            Action::Status => Ok(status(app)),
            Action::Enable => {
                let state = app.login.enable()?;
                show_login(app, &state);
                let shape = LoginOnlyShape::new(&state);
                app.out.answer("agent enable", shape, None);
                Ok(Exit::Done)
            }
            Action::Disable => {
                let was_enabled = app.login.disable()?;
                app.out.say(if was_enabled {
                    "the agent is no longer started at login"
                } else {
                    "the agent was not started at login"
                });
                app.out
                    .answer("agent disable", DisabledShape { was_enabled }, None);
                Ok(Exit::Done)
            }
            Action::Logs { follow, lines } => logs(app, follow, lines),
        }
    }
}

fn start(app: &mut App, command: &'static str) -> Result<Exit, Failure> {
    let mut talk = app.open(Start::IfNeeded)?;
    let report = report(&mut *talk, command)?;
    app.out.say(&format!("the agent runs (process {})", report.pid));
    app.out.answer(command, AgentShape::from(&report), None);
    Ok(Exit::Done)
}

/// The start at login is told also when no agent runs.
fn status(app: &mut App) -> Exit {
    const COMMAND: &str = "agent status";
    let login = app.login.state();
    let report = app
        .open(Start::Never)
        .and_then(|mut talk| report(&mut *talk, COMMAND));
    match report {
        Ok(report) => {
            show(app, &report, &login);
            let shape = AgentShape::from(&report).with_login(&login);
            app.out.answer(COMMAND, shape, None);
            Exit::Done
        }
        Err(failure) => {
            show_login(app, &login);
            app.out.error(&failure);
            app.out
                .answer(COMMAND, LoginOnlyShape::new(&login), Some(&failure));
            failure.code().1
        }
    }
}

fn show_login(app: &mut App, state: &login::State) {
    match &state.way {
        Some(way) => {
            let place = state.place.as_deref().map(clean).unwrap_or_default();
            app.out
                .say(&format!("it is started at login {} ({place})", way.text));
        }
        None => app.out.say("it is not started at login (camctl agent enable)"),
    }
    if let Some(problem) = &state.problem {
        app.out.warn("warning:", &clean(problem));
    }
}

fn report(talk: &mut dyn Talk, command: &'static str) -> Result<AgentReport, Failure> {
    let about = About::command(command);
    talk.send(&Request::AgentStatus)?;
    match talk
        .receive(Some(ANSWER_LIMIT))
        .map_err(|failure| failure.with_about(&about))?
    {
        Reply::Agent(report) => Ok(report),
        Reply::Failed(fault) => Err(Failure::fault(about, fault)),
        other => Err(out_of_place(&about, &other)),
    }
}

/// Stops the agent, and returns when its process is gone; `false` when none was running.
fn stop(app: &mut App) -> Result<bool, Failure> {
    let about = About::command("agent stop");
    let mut talk = match app.open(Start::Never) {
        Ok(talk) => talk,
        Err(Failure::NoAgent) => return Ok(false),
        Err(failure) => return Err(failure),
    };
    talk.send(&Request::AgentStop)?;
    loop {
        match talk
            .receive(Some(ANSWER_LIMIT))
            .map_err(|failure| failure.with_about(&about))?
        {
            Reply::Done => break,
            Reply::Progress { what, .. } => app.out.progress(&clean(&what)),
            Reply::Failed(fault) => return Err(Failure::fault(about, fault)),
            other => return Err(out_of_place(&about, &other)),
        }
    }
    talk.wait_for_end(ANSWER_LIMIT)
        .map_err(|failure| failure.with_about(&about))?;
    Ok(true)
}

fn show(app: &mut App, agent: &AgentReport, login: &login::State) {
    if !app.out.is_human() {
        return;
    }
    let since = app.out.times().since(agent.started_us);
    app.out.say(&format!(
        "the agent of {} on {} runs {since}: process {}, version {}",
        clean(&agent.user),
        clean(&agent.machine),
        agent.pid,
        clean(&agent.version)
    ));
    app.out.say(&format!("its log is in {}", clean(&agent.log)));
    show_login(app, login);
    if agent.repositories.is_empty() {
        app.out.say("it looks after no repository yet");
        return;
    }
    let mut table = app.out.table(["STATE", "REPOSITORY", "LOCKS", "MINE", "PROBLEM"]);
    let page = table.page(&agent.repositories, |repository, row| {
        let paint = if repository.state == "ok" {
            Paint::Good
        } else {
            Paint::Error
        };
        *row = [
            Cell::painted(clean(&repository.state), paint),
            Cell::plain(clean(&repository.folder)),
            Cell::number(repository.locks.to_string()),
            Cell::number(repository.mine.to_string()),
            Cell::plain(repository.problem.as_deref().map(clean).unwrap_or_default()),
        ];
    });
    app.out.page(&page);
}

fn logs(app: &mut App, follow: bool, lines: usize) -> Result<Exit, Failure> {
    const COMMAND: &str = "agent logs";
    let folder: PathBuf = agent_log::folder()?;
    let mut log = agent_log::Newest::open(&folder)?;
    let text = log.tail(lines)?;
    app.out.deliver(COMMAND, &text);
    while follow && !app.out.is_broken() {
        let text = log.more()?;
        if !text.is_empty() {
            app.out.deliver(COMMAND, &text);
        }
    }
    Ok(Exit::Done)
}
