//! What every command works with: the output, and the way to the agent.

use std::time::Duration;

use camctl_shared::ipc::message::{Reply, Request};

use crate::errors::{About, Failure};
use crate::file_managers::Menus;
use crate::gui::Windows;
use crate::login::AtLogin;
use crate::output::Output;

/// Whether an agent is started when none is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Yes, unless the person said no.
    IfNeeded,
    /// No: the command is about whether one is running.
    Never,
}

/// The longest time between two replies, unless a command waits for people. The agent itself gives up on a share
/// after 12 s; more than this means that the agent hangs.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A conversation with the agent.
pub trait Talk: Send {
    /// Sends one request.
    ///
    /// # Errors
    /// When the agent cannot be reached any more; nothing was done then.
    fn send(&mut self, request: &Request) -> Result<(), Failure>;

    /// The next reply; `limit` is the longest time to wait for it, `None` means for ever.
    ///
    /// # Errors
    /// [`Failure::Unknown`] when the agent went away or fell silent.
    fn receive(&mut self, limit: Option<Duration>) -> Result<Reply, Failure>;

    /// The next reply to a request that has no end; `None` when nothing came within `limit`.
    ///
    /// # Errors
    /// As [`Talk::receive`], but for the silence.
    fn poll(&mut self, limit: Duration) -> Result<Option<Reply>, Failure>;

    /// Waits until the agent has hung up, as it does when its process ends.
    ///
    /// # Errors
    /// When it has not after `limit`.
    fn wait_for_end(&mut self, limit: Duration) -> Result<(), Failure>;
}

/// The way to the agent: real in the product, a script in tests.
pub trait Link {
    /// Opens a conversation.
    ///
    /// # Errors
    /// When no agent can be reached or started.
    fn open(&mut self, start: Start) -> Result<Box<dyn Talk>, Failure>;

    /// Whether agents may be started.
    fn may_start(&self) -> bool;
}

/// What every command works with.
pub struct App {
    /// Where answers go.
    pub out: Output,
    /// The start at login.
    pub login: Box<dyn AtLogin>,
    /// The menus of file managers.
    pub menus: Box<dyn Menus>,
    /// Where problems are shown in a window too, if that was asked for.
    pub windows: Option<Box<dyn Windows>>,
    link: Box<dyn Link>,
    talk: Option<Box<dyn Talk>>,
}

impl App {
    /// Nothing is connected until the first request.
    pub fn new(
        mut out: Output,
        link: Box<dyn Link>,
        login: Box<dyn AtLogin>,
        menus: Box<dyn Menus>,
        windows: Option<Box<dyn Windows>>,
    ) -> Self {
        if windows.is_some() {
            out.keep_complaints();
        }
        Self {
            out,
            login,
            menus,
            windows,
            link,
            talk: None,
        }
    }

    /// A conversation of its own, for a command that needs two.
    ///
    /// # Errors
    /// When no agent can be reached or started.
    pub fn open(&mut self, start: Start) -> Result<Box<dyn Talk>, Failure> {
        self.link.open(start)
    }

    /// Whether agents may be started, for a command that opens its own ways to them.
    pub fn may_start(&self) -> bool {
        self.link.may_start()
    }

    /// Sends a request on the command's conversation, which the first request opens.
    ///
    /// # Errors
    /// When no agent can be reached or started.
    pub fn send(&mut self, request: &Request) -> Result<(), Failure> {
        let talk = match &mut self.talk {
            Some(talk) => talk,
            None => self.talk.insert(self.link.open(Start::IfNeeded)?),
        };
        talk.send(request)
    }

    /// The next reply that is not mere progress, which is shown; `Ok(None)` after [`Reply::Done`].
    ///
    /// # Errors
    /// The agent's [`Reply::Failed`], and everything that ends the conversation.
    pub fn next(&mut self, about: &About, limit: Option<Duration>) -> Result<Option<Reply>, Failure> {
        loop {
            let Some(talk) = &mut self.talk else {
                return Err(Failure::unexpected(about.clone(), "nothing was asked"));
            };
            let reply = talk.receive(limit);
            match reply.map_err(|failure| failure.with_about(about))? {
                Reply::Done => return Ok(None),
                Reply::Failed(fault) => return Err(Failure::fault(about.clone(), fault)),
                Reply::Progress { what, done, total } => self.out.progress(&progress(&what, done, total)),
                reply => return Ok(Some(reply)),
            }
        }
    }

    /// A request with a single reply.
    ///
    /// # Errors
    /// As [`App::send`] and [`App::next`].
    pub fn ask(&mut self, request: &Request, about: &About) -> Result<Option<Reply>, Failure> {
        self.send(request)?;
        self.next(about, Some(ANSWER_LIMIT))
    }
}

/// The agent answered with something that does not belong to the request.
pub fn out_of_place(about: &About, reply: &Reply) -> Failure {
    let word = format!("{reply:?}");
    let word = word.split([' ', '(', '{']).next().unwrap_or_default();
    Failure::unexpected(
        about.clone(),
        format!("an answer that does not belong here ({word})"),
    )
}

fn progress(what: &str, done: u64, total: Option<u64>) -> String {
    let what = crate::output::clean::clean(what);
    match total {
        Some(total) => format!("{what}: {done} of {total}"),
        None if done > 0 => format!("{what}: {done}"),
        None => what.into_owned(),
    }
}
