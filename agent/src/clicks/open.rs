//! Shows a folder in the system's file manager. It may take its time, and its share may hang: nobody waits for it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tokio::task::spawn_blocking;

/// Shows the folder `path`, or the folder of the file `path`.
///
/// # Errors
/// When there is no program for it.
pub async fn folder(path: PathBuf, is_file: bool) -> Result<(), String> {
    let mut command = command(path, is_file);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = move || command.status();
    match spawn_blocking(start).await {
        // Explorer always ends as if it had failed.
        Ok(Ok(status)) if status.success() || cfg!(windows) => Ok(()),
        Ok(Ok(_)) => Err(format!("there is no program {OPENER}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// The shell ends at once and leaves the program to the system, so that no dead one is left behind.
#[cfg(not(windows))]
fn command(path: PathBuf, is_file: bool) -> Command {
    let folder = match path.parent() {
        Some(parent) if is_file => parent.to_owned(),
        _ => path,
    };
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"command -v "$0" >/dev/null && { "$0" "$1" & }"#, OPENER])
        .arg(folder);
    command
}

/// Explorer passes on to the one that runs, and ends.
#[cfg(windows)]
fn command(path: PathBuf, is_file: bool) -> Command {
    let mut command = Command::new("explorer.exe");
    if is_file {
        let mut select = std::ffi::OsString::from("/select,");
        select.push(path);
        command.arg(select);
    } else {
        command.arg(path);
    }
    command
}
