//! What goes into the bridge's decisions, and what comes out of them.

use std::time::Duration;

use camctl_shared::ipc::message::{Event, MenuEntry, Standing};

use super::ask::{Ask, Command, Refused};
use super::places::Found;
use super::say::Say;
use crate::batch::Entry;
use crate::errors::Failure;

/// What was heard.
#[derive(Debug)]
pub enum Input {
    /// A line of the other program.
    Line(Result<Ask, Refused>),
    /// A line that is too long.
    TooLong,
    /// Nothing more comes.
    End,
    /// The agent said how files stand.
    Standings(u64, Result<Vec<Standing>, Failure>),
    /// The agent said what can be done.
    Menu(u64, Result<Vec<MenuEntry>, Failure>),
    /// It was looked for the repository of a folder.
    Looked(String, Found),
    /// A repository is watched from now on.
    Watching(String),
    /// Something happened in it.
    Event(Box<Event>),
    /// It is not watched any more.
    Lost(String),
    /// Whether the agent was there.
    Knocked(bool),
    /// A command is over.
    Done(u64, Result<Vec<Entry>, Failure>),
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Say something.
    Say(Box<Say>),
    /// Ask the agent how files stand.
    Status {
        job: u64,
        paths: Vec<String>,
        menus: bool,
    },
    /// Ask it what can be done.
    Menu { job: u64, paths: Vec<String> },
    /// Have it look for the repository of a folder.
    Look(String),
    /// Watch a repository.
    Watch(String),
    /// Watch it no more.
    Leave(String),
    /// Look whether the agent is there, after a while.
    Knock(Duration),
    /// Have it do something.
    Command { job: u64, command: Command },
}
