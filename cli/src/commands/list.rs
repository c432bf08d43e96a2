//! `camctl list`

use std::ffi::OsString;

use camctl_shared::ipc::message::{Filter, FilterState, LeftOut, Page, Reply, Request};
use clap::Args;

use super::watch::Stream;
use crate::app::{ANSWER_LIMIT, App, out_of_place};
use crate::args::{Verb, words};
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::json::listed::Listed;
use crate::output::listing;
use crate::output::text::left_out;

/// The files of a folder, and who has which
///
/// Lists the files with the repository's extensions, in the folder and below it, sorted by
/// name. A repository that cannot be read is an error, never an empty list: exit code 15 when
/// the share cannot be reached, 1 when its lock table is damaged. What cannot be listed, such as a
/// folder that may not be read, is named after the list; its files that somebody has are in it.
///
/// Examples:
///   camctl list                                 the current folder
///   camctl ls /mnt/cam --locked                 what somebody has
///   camctl ls --mine                            what I have on this machine
///   camctl ls --free --ext mcam                 what can be taken
///   camctl ls --watch                           and then every change, as it happens
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub struct List {
    /// A repository, or a folder in one
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: OsString,
    /// Only files that somebody has
    #[arg(long, group = "state")]
    locked: bool,
    /// Only files that nobody has
    #[arg(long, group = "state")]
    free: bool,
    /// Only files that you have on this machine
    #[arg(long, group = "state")]
    mine: bool,
    /// Only these extensions
    #[arg(long, value_name = "EXT,…", value_delimiter = ',', value_parser = words)]
    ext: Vec<String>,
    /// Go on with every change, as it happens, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

impl List {
    fn state(&self) -> FilterState {
        match (self.locked, self.free, self.mine) {
            (true, ..) => FilterState::Locked,
            (_, true, _) => FilterState::Free,
            (_, _, true) => FilterState::Mine,
            _ => FilterState::All,
        }
    }
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIASES: &'static [&'static str] = &["ls"];

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let asked = Asked::new(Self::NAME, &self.folder)?;
        let about = asked.about(Self::NAME);
        // Watching begins before the list is made: no change falls between the two.
        let stream = if self.watch {
            Some(Stream::open(app, vec![asked.absolute.clone()], about.clone())?)
        } else {
            None
        };
        let filter = Filter {
            state: self.state(),
            extensions: self.ext,
        };
        let request = Request::List {
            folder: asked.absolute,
            filter,
        };
        app.send(&request)?;
        let mut listing = Listing::new(app);
        let end = listing.receive(app, &about);
        listing.close(app, end.as_ref().err());
        match (end, stream) {
            (Ok(()), Some(mut stream)) => stream.show(app, Self::NAME),
            (Ok(()), None) => Ok(Exit::Done),
            // In JSON, the failure is a part of the answer that was begun.
            (Err(failure), _) if listing.begun && app.out.is_json() => Ok(failure.code().1),
            (Err(failure), _) => Err(failure),
        }
    }
}

/// A list that is shown page by page, as it comes. In JSON it is one object all the same.
struct Listing {
    table: Option<listing::Listing>,
    json: Listed,
    begun: bool,
    files: usize,
    left_out: Vec<LeftOut>,
    /// How much is left out beside these.
    more: u64,
}

impl Listing {
    fn new(app: &App) -> Self {
        let table = || listing::Listing::new(app.out.table(listing::HEADER));
        Self {
            table: app.out.is_human().then(table),
            json: Listed::default(),
            begun: false,
            files: 0,
            left_out: Vec::new(),
            more: 0,
        }
    }

    fn receive(&mut self, app: &mut App, about: &About) -> Result<(), Failure> {
        while let Some(reply) = app.next(about, Some(ANSWER_LIMIT))? {
            match reply {
                Reply::Files(page) => self.page(app, &page),
                Reply::LeftOut { what, more } => {
                    self.left_out.extend(what);
                    self.more += more;
                }
                other => return Err(out_of_place(about, &other)),
            }
            if app.out.is_broken() {
                return Ok(());
            }
        }
        // Only a list that came to its end may be an empty one.
        self.begin(app);
        Ok(())
    }

    fn begin(&mut self, app: &mut App) {
        if !self.begun {
            self.begun = true;
            app.out.json_part(Listed::begin().as_bytes());
        }
    }

    fn page(&mut self, app: &mut App, page: &Page) {
        if page.is_empty() {
            return;
        }
        self.begin(app);
        if let Some(table) = &mut self.table {
            let lines = table.page(page, app.out.times());
            app.out.page(lines);
        } else if app.out.is_json() {
            app.out.json_part(self.json.page(page));
        }
        self.files += page.len();
    }

    fn close(&mut self, app: &mut App, failure: Option<&Failure>) {
        if self.begun && app.out.is_json() {
            let end = match failure {
                Some(failure) => Err(failure),
                None => Ok((self.left_out.as_slice(), self.more)),
            };
            let end = Listed::end(end, app.out.times());
            app.out.json_part(end.as_bytes());
        }
        if failure.is_none() && self.files == 0 {
            app.out.note("no such files");
        }
        for text in left_out(&self.left_out, self.more) {
            app.out.warn("left out:", &text);
        }
    }
}
