//! `camctl list`

use std::ffi::OsString;

use camctl_shared::ipc::message::{Filter, FilterState, ListedFile, Presence, Reply, Request, Whose};
use clap::Args;

use super::watch::Stream;
use crate::app::{ANSWER_LIMIT, App, out_of_place};
use crate::args::{Verb, words};
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::clean::clean;
use crate::output::json::{ListEnd, ListedShape};
use crate::output::style::Paint;
use crate::output::table::{Cell, Table};
use crate::output::text::holder;
use crate::output::time::size;

/// The files of a folder, and who has which
///
/// Lists the files with the repository's extensions, in the folder and below it, sorted by
/// name. A repository that cannot be read is an error, never an empty list: exit code 15 when
/// the share cannot be reached, 1 when its lock table is damaged.
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
    table: Option<Table<6>>,
    begun: bool,
    files: usize,
}

impl Listing {
    fn new(app: &App) -> Self {
        let header = ["STATE", "FILE", "OWNER", "SINCE", "SIZE", "MESSAGE"];
        Self {
            table: app.out.is_human().then(|| app.out.table(header)),
            begun: false,
            files: 0,
        }
    }

    fn receive(&mut self, app: &mut App, about: &About) -> Result<(), Failure> {
        while let Some(reply) = app.next(about, Some(ANSWER_LIMIT))? {
            let Reply::Files(files) = reply else {
                return Err(out_of_place(about, &reply));
            };
            self.page(app, &files);
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
            app.out.json_part(&ListEnd::begin());
        }
    }

    fn page(&mut self, app: &mut App, files: &[ListedFile]) {
        if files.is_empty() {
            return;
        }
        self.begin(app);
        if let Some(table) = &mut self.table {
            let page = table.page(files, |file, row| fill(app, file, row));
            app.out.page(&page);
        } else if app.out.is_json() {
            let mut part = String::new();
            for (index, file) in files.iter().enumerate() {
                if self.files + index > 0 {
                    part.push(',');
                }
                ListedShape::from(file).write(&mut part);
            }
            app.out.json_part(&part);
        }
        self.files += files.len();
    }

    fn close(&mut self, app: &mut App, failure: Option<&Failure>) {
        if self.begun && app.out.is_json() {
            let end = ListEnd::end(failure, app.out.times());
            app.out.json_part(&end);
        } else if failure.is_none() && self.files == 0 {
            app.out.note("no such files");
        }
    }
}

fn fill<'a>(app: &App, file: &'a ListedFile, row: &mut [Cell<'a>; 6]) {
    let [state, name, owner, since, bytes, message] = row;
    *name = Cell::plain(clean(&file.name));
    let Some(lock) = file.lock.as_deref() else {
        *state = Cell::painted("free", Paint::Good);
        *bytes = Cell::number(file.size.map(size).unwrap_or_default());
        return;
    };
    *state = match lock.presence {
        Presence::Stale => Cell::painted("stale", Paint::Warning),
        Presence::Parked => Cell::painted("away", Paint::Warning),
        Presence::Expired => Cell::painted("over", Paint::Warning),
        Presence::Unsafe => Cell::painted("unsure", Paint::Error),
        Presence::Alive | Presence::Unknown => match lock.whose {
            Whose::Mine => Cell::painted("mine", Paint::Command),
            Whose::MineElsewhere | Whose::Theirs => Cell::painted("locked", Paint::Error),
        },
    };
    *owner = Cell::plain(holder(lock));
    *since = Cell::plain(app.out.times().at(lock.since_us));
    *bytes = Cell::number(file.size.map_or_else(|| "missing".to_owned(), size));
    *message = Cell::plain(clean(&lock.message));
}
