//! What is not about files: the agent, a new repository, findings, text.

use camctl_shared::ipc::message::{AgentReport, Finding, Initialised, RepositoryReport};
use serde::Serialize;

use super::rfc3339;
use crate::file_managers::State as Menus;
use crate::login::State;

/// A repository that was made.
#[derive(Debug, Serialize)]
pub struct InitShape {
    folder: String,
    existed: bool,
    adopted: u64,
    exclusive: String,
    case: String,
    file_system: String,
    warnings: Vec<String>,
}

impl From<&Initialised> for InitShape {
    fn from(made: &Initialised) -> Self {
        Self {
            folder: made.folder.clone(),
            existed: made.existed,
            adopted: made.adopted,
            exclusive: made.exclusive.clone(),
            case: made.case.clone(),
            file_system: made.file_system.clone(),
            warnings: made.warnings.clone(),
        }
    }
}

/// About the agent.
#[derive(Debug, Serialize)]
pub struct AgentShape {
    running: bool,
    pid: u32,
    version: String,
    protocol: u32,
    user: String,
    machine: String,
    session: String,
    started: Option<String>,
    log: String,
    repositories: Vec<RepositoryShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<LoginShape>,
}

impl AgentShape {
    /// The same, with how it stands with the start at login.
    #[must_use]
    pub fn with_login(self, state: &State) -> Self {
        Self {
            login: Some(LoginShape::from(state)),
            ..self
        }
    }
}

/// The start at login.
#[derive(Debug, Serialize)]
struct LoginShape {
    way: Option<&'static str>,
    place: Option<String>,
    problem: Option<String>,
}

impl From<&State> for LoginShape {
    fn from(state: &State) -> Self {
        Self {
            way: state.way.map(|way| way.word),
            place: state.place.clone(),
            problem: state.problem.clone(),
        }
    }
}

/// `agent enable`, and `agent status` without an agent: how it stands with the start at login, and no more.
#[derive(Debug, Serialize)]
pub struct LoginOnlyShape {
    login: LoginShape,
}

impl LoginOnlyShape {
    /// How it stands.
    pub fn new(state: &State) -> Self {
        Self {
            login: LoginShape::from(state),
        }
    }
}

/// `integrate`: where camctl is in file managers' menus.
#[derive(Debug, Default, Serialize)]
pub struct MenusShape {
    places: Vec<String>,
    problem: Option<String>,
}

impl From<&Menus> for MenusShape {
    fn from(state: &Menus) -> Self {
        Self {
            places: state.places.clone(),
            problem: state.problem.clone(),
        }
    }
}

/// `agent disable`: whether there was anything to take back.
#[derive(Debug, Serialize)]
pub struct DisabledShape {
    /// Whether the agent was started at login.
    pub was_enabled: bool,
}

#[derive(Debug, Serialize)]
struct RepositoryShape {
    folder: String,
    state: String,
    problem: Option<String>,
    commit: u64,
    locks: u64,
    mine: u64,
    answered_ms_ago: Option<u64>,
}

impl From<&AgentReport> for AgentShape {
    fn from(agent: &AgentReport) -> Self {
        let repository = |report: &RepositoryReport| RepositoryShape {
            folder: report.folder.clone(),
            state: report.state.clone(),
            problem: report.problem.clone(),
            commit: report.commit,
            locks: report.locks,
            mine: report.mine,
            answered_ms_ago: report.answered_ms_ago,
        };
        Self {
            running: true,
            pid: agent.pid,
            version: agent.version.clone(),
            protocol: agent.protocol,
            user: agent.user.clone(),
            machine: agent.machine.clone(),
            session: agent.session.clone(),
            started: rfc3339(agent.started_us),
            log: agent.log.clone(),
            repositories: agent.repositories.iter().map(repository).collect(),
            login: None,
        }
    }
}

/// `agent stop`: whether there was one.
#[derive(Debug, Serialize)]
pub struct StoppedShape {
    /// Whether an agent was running.
    pub was_running: bool,
}

/// What `doctor` found.
#[derive(Debug, Serialize)]
pub struct FindingsShape {
    /// In the order they were looked at.
    pub findings: Vec<FindingShape>,
}

/// One thing that `doctor` looked at.
#[derive(Debug, Serialize)]
pub struct FindingShape {
    place: String,
    what: String,
    grade: String,
    text: String,
    hint: Option<String>,
}

impl From<&Finding> for FindingShape {
    fn from(finding: &Finding) -> Self {
        Self {
            place: finding.place.clone(),
            what: finding.what.clone(),
            grade: finding.grade.clone(),
            text: finding.text.clone(),
            hint: finding.hint.clone(),
        }
    }
}

/// Lines of text: a log, a script, a manual page.
#[derive(Debug, Serialize)]
pub struct TextShape {
    /// The text.
    pub text: String,
}

/// Files that were written.
#[derive(Debug, Serialize)]
pub struct WrittenShape {
    /// Their paths.
    pub written: Vec<String>,
}

/// What the demonstration did.
#[derive(Debug, Serialize)]
pub struct DemoShape {
    /// The scratch folder, with `--keep`.
    pub folder: Option<String>,
    /// Each command.
    pub steps: Vec<StepShape>,
}

/// One command of the demonstration.
#[derive(Debug, Clone, Serialize)]
pub struct StepShape {
    /// Who ran it.
    pub who: String,
    /// As it would be typed.
    pub command: String,
    /// Its exit code.
    pub exit: u8,
    /// What it printed.
    pub output: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}
