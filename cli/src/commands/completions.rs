//! `camctl completions`

use clap::Args;
use clap_complete::Shell;

use crate::app::App;
use crate::args::{Verb, command};
use crate::errors::Failure;
use crate::exit::Exit;

/// Print a script that completes camctl's command line in a shell
///
/// Examples:
///   camctl completions bash > ~/.local/share/bash-completion/completions/camctl
///   camctl completions fish > ~/.config/fish/completions/camctl.fish
///   camctl completions powershell >> $PROFILE
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Completions {
    /// For which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Verb for Completions {
    const NAME: &'static str = "completions";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "camctl", &mut script);
        app.out.deliver(Self::NAME, &String::from_utf8_lossy(&script));
        Ok(Exit::Done)
    }
}
