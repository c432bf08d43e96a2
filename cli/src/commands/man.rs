//! `camctl man`

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use clap::{Args, Command};
use clap_mangen::Man as Page;

use crate::app::App;
use crate::args::{Verb, command};
use crate::errors::Failure;
use crate::exit::Exit;
use crate::output::clean::clean;
use crate::output::json::agent::WrittenShape;

/// Print the manual page, or write the pages of all commands into a folder
///
/// Examples:
///   camctl man | man -l -
///   camctl man ~/.local/share/man/man1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Man {
    /// A folder; made when it does not exist
    #[arg(value_name = "DIR")]
    dir: Option<OsString>,
}

impl Verb for Man {
    const NAME: &'static str = "man";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let mut root = command();
        root.build();
        let Some(dir) = &self.dir else {
            let page = render(&root)?;
            app.out.deliver(Self::NAME, &page);
            return Ok(Exit::Done);
        };
        let dir = Path::new(dir);
        match fs::create_dir(dir) {
            Err(error) if !dir.is_dir() => return Err(failed("make the folder", dir, &error)),
            _ => {}
        }
        let mut written = Vec::new();
        write(&root, "camctl", dir, &mut written)?;
        app.out.say(&format!(
            "wrote {} pages to {}",
            written.len(),
            clean(&dir.to_string_lossy())
        ));
        app.out.answer(Self::NAME, WrittenShape { written }, None);
        Ok(Exit::Done)
    }
}

fn write(command: &Command, name: &str, dir: &Path, written: &mut Vec<String>) -> Result<(), Failure> {
    let path = dir.join(format!("{name}.1"));
    let page = render(&command.clone().display_name(name.to_owned()))?;
    fs::write(&path, page).map_err(|error| failed("write", &path, &error))?;
    written.push(path.to_string_lossy().into_owned());
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        write(sub, &format!("{name}-{}", sub.get_name()), dir, written)?;
    }
    Ok(())
}

fn render(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    Page::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::Local {
            problem: format!("cannot render the page: {error}"),
        })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn failed(action: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Local {
        problem: format!("cannot {action} {}: {error}", path.display()),
    }
}
