//! The command line's grammar.
//!
//! The verbs stand in one table. Building the definitions of all of them costs more than a whole checkout should, so
//! that only the one that is called is built; help, errors and completions get all of them.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use camctl_shared::model::parse_duration;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::app::App;
use crate::commands;
use crate::errors::Failure;
use crate::exit::Exit;

/// What every command takes.
#[derive(Debug, Clone, Copy, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches are")]
pub struct Global {
    /// Answer in JSON
    #[arg(long, global = true, help_heading = "Every command")]
    pub json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true, help_heading = "Every command")]
    pub quiet: bool,
    /// Do not start an agent when none is running (also CAMCTL_NO_AGENT_START=1)
    #[arg(long, global = true, help_heading = "Every command")]
    pub no_start: bool,
    /// Show problems in a window, and ask there what to do: for menus and shortcuts
    #[arg(long, global = true, conflicts_with = "json", help_heading = "Every command")]
    pub gui: bool,
}

/// A subcommand: its doc comment is its help.
pub trait Verb: Args {
    /// The word that calls it; also the name of its file here, in the agent, in the rules and in the tests.
    const NAME: &'static str;
    /// Other words for it.
    const ALIASES: &'static [&'static str] = &[];

    /// Does it. What fails about single files is reported on the way and is in the exit code alone.
    ///
    /// # Errors
    /// What failed as a whole, not reported yet.
    fn run(self, app: &mut App) -> Result<Exit, Failure>;
}

/// One line of the table of verbs.
pub struct Entry {
    /// The word that calls it.
    pub name: &'static str,
    aliases: &'static [&'static str],
    build: fn(Command) -> Command,
    run: fn(&ArgMatches, &mut App) -> Result<Exit, Failure>,
}

impl Entry {
    const fn of<V: Verb>() -> Self {
        Self {
            name: V::NAME,
            aliases: V::ALIASES,
            build: |command| V::augment_args(command),
            run: |matches, app| match V::from_arg_matches(matches) {
                Ok(verb) => verb.run(app),
                Err(error) => Err(Failure::Usage {
                    problem: error.to_string(),
                }),
            },
        }
    }

    fn is_called(&self, word: &OsStr) -> bool {
        word == self.name || self.aliases.iter().any(|alias| word == *alias)
    }

    fn command(&self) -> Command {
        let command = Command::new(self.name).visible_aliases(self.aliases.iter().copied());
        (self.build)(command)
    }
}

/// Every verb, in the order of the help.
pub const VERBS: &[Entry] = &[
    Entry::of::<commands::init::Init>(),
    Entry::of::<commands::checkout::Checkout>(),
    Entry::of::<commands::checkin::Checkin>(),
    Entry::of::<commands::status::Status>(),
    Entry::of::<commands::list::List>(),
    Entry::of::<commands::wait::Wait>(),
    Entry::of::<commands::queue::Queue>(),
    Entry::of::<commands::run::Run>(),
    Entry::of::<commands::notify::Notify>(),
    Entry::of::<commands::request::Request>(),
    Entry::of::<commands::answer::Answer>(),
    Entry::of::<commands::r#break::Break>(),
    Entry::of::<commands::history::History>(),
    Entry::of::<commands::stats::Stats>(),
    Entry::of::<commands::get::Get>(),
    Entry::of::<commands::put::Put>(),
    Entry::of::<commands::watch::Watch>(),
    Entry::of::<commands::agent::Agent>(),
    Entry::of::<commands::integrate::Integrate>(),
    Entry::of::<commands::doctor::Doctor>(),
    Entry::of::<commands::demo::Demo>(),
    Entry::of::<commands::bridge::Bridge>(),
    Entry::of::<commands::completions::Completions>(),
    Entry::of::<commands::man::Man>(),
];

const ABOUT: &str = "Check files in and out of a shared folder, one editor at a time";

const AFTER_HELP: &str = "\
Exit codes:
   0  done
   1  failed for another reason
   2  wrong usage
   3  part of a batch failed
  11  held by somebody else
  12  not yours to release
  13  timed out
  14  the lock was lost
  15  the share or the agent cannot be reached

Examples:
  camctl init /mnt/cam                          make a shared folder a repository
  camctl checkout 4801247.mcam -m \"revision C\"  take the file; nobody else gets it
  camctl checkin 4801247.mcam                   give it back
  camctl list --locked                          who has what
  camctl demo                                   see all of it at work, on a scratch folder";

fn root() -> Command {
    // The arguments first: they bring the words of their own documentation along.
    Global::augment_args(Command::new("camctl"))
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(AFTER_HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
}

/// The whole command line.
pub fn command() -> Command {
    root().subcommands(VERBS.iter().map(Entry::command))
}

/// What is to be done.
pub struct Parsed {
    /// Which verb.
    pub verb: &'static Entry,
    /// What every command takes.
    pub global: Global,
    matches: ArgMatches,
}

impl Parsed {
    /// Does it.
    ///
    /// # Errors
    /// See [`Verb::run`].
    pub fn run(&self, app: &mut App) -> Result<Exit, Failure> {
        (self.verb.run)(&self.matches, app)
    }
}

/// Understands the command line, the program's name in front.
///
/// # Errors
/// What clap says about wrong usage; also help and the version, which are no errors to a person.
pub fn parse(words: &[OsString]) -> Result<Parsed, clap::Error> {
    let command = match called(words) {
        Some(verb) => root().subcommand(verb.command()),
        None => command(),
    };
    let mut matches = command.try_get_matches_from(words)?;
    let global = Global::from_arg_matches(&matches)?;
    let Some((name, matches)) = matches.remove_subcommand() else {
        return Err(clap::Error::new(clap::error::ErrorKind::MissingSubcommand));
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        return Err(clap::Error::new(clap::error::ErrorKind::InvalidSubcommand));
    };
    Ok(Parsed {
        verb,
        global,
        matches,
    })
}

/// The verb that these words call, if they are understood so far.
pub fn called(words: &[OsString]) -> Option<&'static Entry> {
    let word = words.get(1)?;
    VERBS.iter().find(|verb| verb.is_called(word))
}

/// Reads a length of time on the command line.
pub fn time(text: &str) -> Result<Duration, String> {
    parse_duration(text)
}

/// Reads a text that must say something.
pub fn words(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("it must say something".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// Milliseconds, as the protocol counts.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
