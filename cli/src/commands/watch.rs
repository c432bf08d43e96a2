//! `camctl watch`

use std::ffi::OsString;

use camctl_shared::ipc::message::{Event, Reply, Request};
use clap::Args;

use crate::app::{App, Start, Talk, out_of_place};
use crate::args::Verb;
use crate::errors::{About, Failure};
use crate::exit::Exit;
use crate::files::Asked;
use crate::output::clean::clean;
use crate::output::json::events::{EventLine, EventShape, WatchingShape};
use crate::output::text;

/// Show events as they happen, one line each, until Ctrl-C
///
/// With --json: one JSON object per line, the first of them with the repositories that are
/// watched.
///
/// Examples:
///   camctl watch                                all repositories that you have used
///   camctl watch /mnt/cam/fixtures              one folder
///   camctl watch --json | jq .event
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Watch {
    /// Repositories, folders or files
    #[arg(value_name = "PATH")]
    paths: Vec<OsString>,
}

impl Verb for Watch {
    const NAME: &'static str = "watch";

    fn run(self, app: &mut App) -> Result<Exit, Failure> {
        let asked: Result<Vec<Asked>, Failure> = self
            .paths
            .iter()
            .map(|path| Asked::new(Self::NAME, path))
            .collect();
        let asked = asked?;
        let about = match asked.as_slice() {
            [one] => one.about(Self::NAME),
            _ => About::command(Self::NAME),
        };
        let paths = asked.into_iter().map(|asked| asked.absolute).collect();
        let mut stream = Stream::open(app, paths, about)?;
        let watching: Vec<_> = stream.watching.iter().map(|folder| clean(folder)).collect();
        if watching.is_empty() {
            app.out.note("watching; no repository is known yet");
        } else {
            app.out.note(&format!("watching {}", watching.join(", ")));
        }
        let body = WatchingShape {
            watching: stream.watching.clone(),
        };
        app.out.answer(Self::NAME, body, None);
        stream.show(app, Self::NAME)
    }
}

/// Events on a connection of their own.
pub struct Stream {
    talk: Box<dyn Talk>,
    about: About,
    /// The repositories' folders.
    pub watching: Vec<String>,
}

impl Stream {
    /// Watches `paths`; from here on no event is missed.
    ///
    /// # Errors
    /// When the agent cannot be reached, or a path is in no repository.
    pub fn open(app: &mut App, paths: Vec<String>, about: About) -> Result<Self, Failure> {
        let mut talk = app.open(Start::IfNeeded)?;
        talk.send(&Request::Watch { paths })?;
        let mut stream = Self {
            talk,
            about,
            watching: Vec::new(),
        };
        match stream.next()? {
            Reply::Watching { repositories } => stream.watching = repositories,
            other => return Err(out_of_place(&stream.about, &other)),
        }
        Ok(stream)
    }

    fn next(&mut self) -> Result<Reply, Failure> {
        loop {
            match self
                .talk
                .receive(None)
                .map_err(|failure| failure.with_about(&self.about))?
            {
                Reply::Failed(fault) => return Err(Failure::fault(self.about.clone(), fault)),
                Reply::Progress { .. } => {}
                reply => return Ok(reply),
            }
        }
    }

    fn event(&mut self) -> Result<Option<Event>, Failure> {
        match self.next()? {
            Reply::Event(event) => Ok(Some(event)),
            Reply::Done => Ok(None),
            other => Err(out_of_place(&self.about, &other)),
        }
    }

    /// Shows events until the agent or the reader goes away.
    ///
    /// # Errors
    /// When the agent goes away without a word.
    pub fn show(&mut self, app: &mut App, command: &str) -> Result<Exit, Failure> {
        while let Some(event) = self.event()? {
            if app.out.is_human() {
                let line = text::event(&event, app.out.times());
                app.out.say(&line);
            }
            app.out.answer(
                command,
                EventLine {
                    event: EventShape::from(&event),
                },
                None,
            );
            if app.out.is_broken() {
                break;
            }
        }
        Ok(Exit::Done)
    }
}
