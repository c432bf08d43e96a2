//! `camctl agent`

use std::path::PathBuf;

use camctl_shared::ipc::message::{AgentReport, Reply, Request};
use clap::{Args, Subcommand};

use crate::agent_log;
use crate::app::{ANSWER_LIMIT, App, Start, Talk, out_of_place};
use crate::args::Verb;
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::output::clean::clean;
use crate::output::json::agent::{AgentShape, StoppedShape};
use crate::output::style::Paint;
use crate::output::table::Cell;

/// Start, stop or ask the agent, which holds your locks
///
/// There is one agent for each person and machine. The first command that needs it starts it.
/// When it stops, checkouts are kept and shown to others as "away".
///
/// Examples:
///   camctl agent status
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
    /// Who it works for, and which repositories it looks after
    ///
    /// Never starts an agent: exit code 15 when none is running.
    Status,
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
            Action::Status => {
                let mut talk = app.open(Start::Never)?;
                let report = report(&mut *talk, "agent status")?;
                show(app, &report);
                app.out.answer("agent status", AgentShape::from(&report), None);
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

fn show(app: &mut App, agent: &AgentReport) {
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
