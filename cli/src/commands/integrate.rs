//! `camctl integrate`

use clap::{Args, ValueEnum};

use crate::app::App;
use crate::args::Verb;
use crate::errors::Failure;
use crate::exit::Exit;
use crate::file_managers::State;
use crate::output::clean::clean;
use crate::output::json::agent::MenusShape;

/// Put camctl into the menus of your file managers, or take it out
///
/// In Windows Explorer: check out, check in, wait in line, tell me when it is free, who has it; in
/// Windows 11 under "Show more options". On Linux: emblems, a column and a menu in Nautilus,
/// Nemo and Caja, menus in Dolphin and Thunar, for those that are there. Nothing but this person's own
/// settings is changed. Run it again after camctl was moved.
///
/// Examples:
///   camctl integrate                            whether it is there, and where
///   camctl integrate on
///   camctl integrate on --ext mcam,vnc          Windows: only on files of two kinds
///   camctl integrate off
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Integrate {
    /// Put it there or take it away; without: say how it stands
    #[arg(value_enum)]
    action: Option<Action>,
    /// Windows: only on files with these extensions [default: all files]
    #[arg(long, value_name = "EXT,…", value_delimiter = ',', value_parser = extension, requires = "action")]
    ext: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    On,
    Off,
}

impl Verb for Integrate {
    const NAME: &'static str = "integrate";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        match self.action {
            None => {
                let state = app.menus.state();
                show(app, &state);
            }
            Some(Action::On) => {
                let state = app.menus.put(&self.ext)?;
                show(app, &state);
            }
            Some(Action::Off) if !self.ext.is_empty() => {
                return Err(Failure::Usage {
                    problem: "--ext belongs to \"on\"".into(),
                });
            }
            Some(Action::Off) => {
                let was = app.menus.take_away()?;
                app.out.say(if was {
                    "camctl is no longer in the file managers' menus"
                } else {
                    "camctl was not in the file managers' menus"
                });
                app.out.answer(Self::NAME, MenusShape::default(), None);
            }
        }
        Ok(Exit::Done)
    }
}

fn show(app: &mut App, state: &State) {
    app.out.say(if state.places.is_empty() {
        "camctl is not in the file managers' menus (camctl integrate on)"
    } else {
        "camctl is in the file managers' menus:"
    });
    for line in state.places.iter().chain(&state.notes) {
        app.out.say(&format!("  {}", clean(line)));
    }
    if let Some(problem) = &state.problem {
        app.out.warn("warning:", &clean(problem));
    }
    app.out.answer(Integrate::NAME, MenusShape::from(state), None);
}

/// With or without its dot. It becomes a part of a search, in which quotes and the like have a meaning.
fn extension(text: &str) -> Result<String, String> {
    let extension = text.strip_prefix('.').unwrap_or(text);
    let odd = |c: char| c.is_control() || r#""\/:*?<>|"#.contains(c);
    if extension.is_empty() || extension.chars().any(odd) {
        return Err("it must be the end of a file's name, like mcam".to_owned());
    }
    Ok(extension.to_owned())
}
