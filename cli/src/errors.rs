//! What can go wrong, worded once: what, which file, who, since when; then what to do.
//!
//! Everything that fails becomes a [`Failure`]; [`Failure::wording`] turns it into the text for people, the code for
//! scripts and the exit code. No other file words an error.

mod fault;

use std::time::Duration;

use camctl_shared::ipc::message::{EndedInfo, Fault, LockInfo};

use crate::exit::Exit;
use crate::output::clean::clean;
use crate::output::quote::command;
use crate::output::time::{Times, span};

/// What a failure is about: the words for it in the message, and in the commands that the message offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// The command that failed: `checkout`, `list`, …
    pub verb: &'static str,
    /// How the file or folder is called: its name in the repository when that is known, else as it was typed.
    pub name: String,
    /// As it was typed, so that a command that holds it works where the person stands.
    pub typed: String,
    /// The repository's folder, when it is known.
    pub repository: Option<String>,
}

impl About {
    /// A file or folder that is only known by what was typed.
    pub fn typed(verb: &'static str, typed: &str) -> Self {
        Self {
            verb,
            name: typed.to_owned(),
            typed: typed.to_owned(),
            repository: None,
        }
    }

    /// The command as a whole.
    pub fn command(verb: &'static str) -> Self {
        Self {
            verb,
            ..Self::default()
        }
    }
}

/// Why a command, or its part about one file, failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The agent said no.
    Fault {
        /// About what.
        about: About,
        /// Why.
        fault: Box<Fault>,
    },
    /// The command was not understood; nothing was asked of the agent.
    Usage {
        /// What is wrong, with what would be right.
        problem: String,
    },
    /// No agent listens, and none was to be started.
    NoAgent,
    /// The agent was started, and did not come up.
    NotStarted {
        /// What happened.
        problem: String,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// The agent cannot be talked to.
    Agent {
        /// What happened.
        problem: String,
    },
    /// The agent speaks another version of the protocol.
    Protocol {
        /// What happened, with both versions.
        problem: String,
    },
    /// The agent went away, or fell silent, after it was asked: whether it was done is not known.
    Unknown {
        /// About what.
        about: About,
        /// What happened.
        problem: String,
    },
    /// Something on this machine, outside the repositories: standard output, a folder for manual pages.
    Local {
        /// What was tried, with the system's own words.
        problem: String,
    },
    /// The program that was to be run is not there, or cannot be run.
    Program {
        /// Which, and why.
        problem: String,
        /// It is not there.
        missing: bool,
    },
    /// Several files failed; each was reported.
    Batch {
        /// How many.
        failed: usize,
        /// Of how many.
        of: usize,
        /// The code that all share, when all failed alike.
        alike: Option<(&'static str, Exit)>,
    },
    /// `doctor` found errors that stand.
    Unhealthy {
        /// How many.
        errors: usize,
        /// Mending was tried.
        fix: bool,
    },
    /// A step of the demonstration did not go as it should.
    Demo {
        /// Which, and how.
        problem: String,
    },
}

/// One thing to do about a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What it does.
    pub text: String,
    /// The command, when there is one.
    pub command: Option<String>,
}

impl Hint {
    fn run(text: &str, command: String) -> Self {
        Self {
            text: text.to_owned(),
            command: Some(command),
        }
    }

    fn tell(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: None,
        }
    }
}

/// What a script may want to know beyond the code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// The lock that stands.
    pub lock: Option<LockInfo>,
    /// The place in the queue one would have.
    pub place: Option<u32>,
    /// How one's own lock ended.
    pub ended: Option<EndedInfo>,
    /// Who ended it.
    pub by: Option<String>,
    /// How long it was waited for.
    pub waited_ms: Option<u64>,
    /// How long the owner's session has been silent.
    pub silent_ms: Option<u64>,
    /// How long it must be silent.
    pub stale_after_ms: Option<u64>,
    /// Who may end a live lock.
    pub administrators: Vec<String>,
    /// It was sent, and whether it was done is not known yet.
    pub unsettled: bool,
}

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The word for scripts; never changes its meaning.
    pub code: &'static str,
    /// The exit code.
    pub exit: Exit,
    /// What, which, who, since: one line.
    pub text: String,
    /// What to do.
    pub hints: Vec<Hint>,
    /// The data.
    pub detail: Detail,
}

impl Wording {
    fn new(code: &'static str, exit: Exit, text: impl Into<String>) -> Self {
        Self {
            code,
            exit,
            text: text.into(),
            hints: Vec::new(),
            detail: Detail::default(),
        }
    }

    fn hint(mut self, text: &str, command: String) -> Self {
        self.hints.push(Hint::run(text, command));
        self
    }

    fn tell(mut self, text: impl Into<String>) -> Self {
        self.hints.push(Hint::tell(text));
        self
    }

    fn lock(mut self, lock: Option<&LockInfo>) -> Self {
        self.detail.lock = lock.cloned();
        self
    }
}

impl Failure {
    /// The agent's fault about a file or a command.
    pub fn fault(about: About, fault: Fault) -> Self {
        Self::Fault {
            about,
            fault: Box::new(fault),
        }
    }

    /// Something that should not happen in the agent, seen from here.
    pub fn unexpected(about: About, problem: impl Into<String>) -> Self {
        Self::fault(
            about,
            Fault::Internal {
                problem: problem.into(),
            },
        )
    }

    /// The same, told of `about` where nothing was known yet.
    #[must_use]
    pub fn with_about(self, about: &About) -> Self {
        match self {
            Self::Unknown {
                about: nothing,
                problem,
            } if nothing == About::default() => Self::Unknown {
                about: about.clone(),
                problem,
            },
            other => other,
        }
    }

    /// The failure of a whole request, told of one of its files.
    #[must_use]
    pub fn for_file(self, about: &About) -> Self {
        match self {
            Self::Fault { fault, .. } => Self::Fault {
                about: about.clone(),
                fault,
            },
            Self::Unknown { problem, .. } => Self::Unknown {
                about: about.clone(),
                problem,
            },
            other => other,
        }
    }

    /// The word for scripts and the exit code, without the text.
    pub fn code(&self) -> (&'static str, Exit) {
        match self {
            Self::Fault { fault, .. } => fault::code(fault),
            Self::Usage { .. } => ("usage", Exit::Usage),
            Self::NoAgent => ("no_agent", Exit::Unreachable),
            Self::NotStarted { .. } => ("not_started", Exit::Unreachable),
            Self::Agent { .. } => ("agent", Exit::Unreachable),
            Self::Protocol { .. } => ("protocol", Exit::Unreachable),
            Self::Unknown { .. } => ("unknown", Exit::Unreachable),
            Self::Local { .. } => ("local", Exit::Failed),
            // As shells have it.
            Self::Program { missing: true, .. } => ("no_program", Exit::Program(127)),
            Self::Program { .. } => ("cannot_run", Exit::Program(126)),
            Self::Batch {
                alike: Some(alike), ..
            } => *alike,
            Self::Batch { failed, of, .. } if failed < of => ("partial", Exit::Part),
            Self::Batch { .. } => ("failed", Exit::Failed),
            Self::Unhealthy { .. } => ("unhealthy", Exit::Failed),
            Self::Demo { .. } => ("demo", Exit::Failed),
        }
    }

    /// The failure in words.
    pub fn wording(&self, times: &Times) -> Wording {
        let (code, exit) = self.code();
        let plain = |text: String| Wording::new(code, exit, text);
        match self {
            Self::Fault { about, fault } => fault::wording(about, fault, times),
            Self::Usage { problem } | Self::Local { problem } | Self::Program { problem, .. } => plain(clean(problem).into_owned()),
            Self::NoAgent => plain("no agent is running for you on this machine".to_owned())
                .hint("to start one:", "camctl agent start".to_owned()),
            Self::NotStarted { problem, log } => {
                let words = plain(format!("the agent could not be started: {}", clean(problem)));
                let words = log.iter().fold(words, |words, line| {
                    words.tell(format!("its log: {}", clean(line)))
                });
                if log.is_empty() {
                    words
                } else {
                    words.hint("to see all of its log:", "camctl agent logs".to_owned())
                }
            }
            Self::Agent { problem } => plain(format!("the agent cannot be reached: {}", clean(problem)))
                .hint("to start it anew:", "camctl agent restart".to_owned()),
            Self::Protocol { problem } => plain(format!(
                "the agent and this camctl do not fit together: {}",
                clean(problem)
            ))
            .tell("end the older one: an agent with the camctl that it came with, or by its process camctl-agent")
                    .hint("then start the installed agent:", "camctl agent start".to_owned()),
            Self::Unknown { about, problem } => unknown(about, problem, plain),
            Self::Batch {
                failed,
                of,
                alike: None,
            } if failed < of => plain(format!("{failed} of {of} files failed; the others are done")),
            Self::Batch { of, .. } => plain(format!("all {of} files failed")),
            Self::Unhealthy { errors, fix } => {
                let words = plain(match errors {
                    1 => "one thing is wrong".to_owned(),
                    count => format!("{count} things are wrong"),
                });
                match fix {
                    true => words.tell("what is left needs a person; the hints above say what to do"),
                    false => words.hint(
                        "to mend what can be mended safely:",
                        "camctl doctor --fix".to_owned(),
                    ),
                }
            }
            Self::Demo { problem } => plain(format!("the demonstration failed: {}", clean(problem))),
        }
    }
}

fn unknown(about: &About, problem: &str, plain: impl Fn(String) -> Wording) -> Wording {
    if about.name.is_empty() {
        return plain(format!(
            "the agent did not finish its answer to `camctl {}`: {}",
            about.verb,
            clean(problem)
        ))
        .hint("to see what it says:", "camctl agent logs".to_owned());
    }
    plain(format!(
        "whether {} of {} was done is not known: {}",
        about.verb,
        clean(&about.name),
        clean(problem)
    ))
    .hint("to see how it stands:", command("status", &about.typed))
}

/// How long, from a number of milliseconds.
fn time(milliseconds: u64) -> String {
    span(Duration::from_millis(milliseconds))
}
