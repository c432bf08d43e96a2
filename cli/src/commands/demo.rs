//! `camctl demo`

mod run;
mod stage;
mod story;

use clap::Args;

use crate::app::App;
use crate::args::Verb;
use crate::errors::Failure;
use crate::exit::Exit;
use crate::output::json::agent::DemoShape;
use stage::Stage;

/// See camctl at work: two people, one folder, in a few seconds
///
/// Two real agents, of alice on CAM-03 and bob on CNC-1, work on a scratch folder of this
/// machine: checkout, refusal, waiting in line, hand-over, a killed agent and its recovery.
/// Each command is shown with its answer, and checked; when one does not go as it should, the
/// exit code is 1. Needs no network, and leaves nothing behind.
///
/// Examples:
///   camctl demo
///   camctl demo --keep                          leave the folder, to look around in it
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Demo {
    /// Leave the scratch folder
    #[arg(long)]
    keep: bool,
}

impl Verb for Demo {
    const NAME: &'static str = "demo";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let mut stage = Stage::build(self.keep)?;
        let played = story::play(app, &mut stage);
        let kept = stage.folder().to_string_lossy().into_owned();
        let steps = std::mem::take(&mut stage.steps);
        let ended = stage.clear();
        let failure = played.and(ended).err();
        if failure.is_none() {
            app.out
                .say(&format!("all {} commands answered as they should", steps.len()));
        }
        if self.keep {
            app.out.say(&format!("the folder is {kept}"));
        }
        let folder = self.keep.then_some(kept);
        app.out
            .answer(Self::NAME, DemoShape { folder, steps }, failure.as_ref());
        Ok(match failure {
            None => Exit::Done,
            Some(failure) => {
                app.out.error(&failure);
                failure.code().1
            }
        })
    }
}
