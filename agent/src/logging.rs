//! The log: a file for each day, and the terminal with `--foreground`.

use std::io::Write as _;

use camctl_shared::config::AgentConfig;
use camctl_shared::paths::Paths;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

/// The first part of the log's name; the day follows.
const NAME: &str = "agent.log";

/// Starts logging, and returns where to.
///
/// # Errors
/// With a sentence, when the file cannot be made.
pub fn start(paths: &Paths, config: &AgentConfig, foreground: bool) -> Result<String, String> {
    let keep = usize::try_from(config.log_keep).unwrap_or(usize::MAX);
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(NAME)
        .max_log_files(keep)
        .build(&paths.log_dir)
        .map_err(|error| format!("cannot write the log to {}: {error}", paths.log_dir.display()))?;
    let base = fmt()
        .with_max_level(config.log_level)
        .with_ansi(false)
        .with_target(false);
    let started = if foreground {
        base.with_writer(file.and(std::io::stderr)).try_init()
    } else {
        base.with_writer(file).try_init()
    };
    started.map_err(|error| error.to_string())?;
    Ok(paths.log_dir.join(NAME).display().to_string())
}

/// Says why the agent does not run, to whoever started it.
pub fn say(problem: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "camctl-agent: {problem}");
}
