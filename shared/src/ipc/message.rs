//! The messages, in the order of the conversation. Types of their own: the model may change, these may only grow.
//!
//! A change here is a new [`super::version::PROTOCOL`] and new golden frames in `tests/data/ipc/`. Times are
//! microseconds of Unix time (`_us`), durations milliseconds (`_ms`).

mod event;
mod fault;
mod file;
mod menu;
mod page;
mod past;
mod report;

use serde::{Deserialize, Serialize};

pub use event::{Event, EventKind};
pub use fault::Fault;
pub use file::{EndedInfo, FileReport, LeftOut, LockInfo, NoteInfo, Outcome, Presence, WaiterInfo, Whose};
pub use menu::{FileState, MenuEntry, Standing};
pub use page::{Files, ListedFile, Page};
pub use past::{
    EndedCount, EpisodeEnd, EpisodeInfo, HistoryPage, SlotInfo, SpreadInfo, StatsReport, TallyInfo,
};
pub use report::{AgentReport, Finding, Initialised, RepositoryReport};

/// The first frame each way, within 2 s. Its form is the same in every version of the protocol, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`super::version::PROTOCOL`] of whoever speaks.
    pub protocol: u32,
    /// The program's version, for messages.
    pub version: String,
    /// What it can do beyond the protocol; unknown words are ignored.
    pub capabilities: Vec<String>,
}

/// What a client wants. All paths are absolute, in the form of the client's system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Make a folder a repository. Answered by [`Reply::Initialised`].
    Init {
        /// The folder.
        folder: String,
        /// Which files are listed; empty: the default.
        extensions: Vec<String>,
        /// Where the table for people lies, relative to the folder.
        locks_file: Option<String>,
        /// Who may end live locks.
        administrators: Vec<String>,
    },
    /// Take locks. One [`Reply::File`] each, then [`Reply::Done`].
    Checkout {
        /// Which files.
        files: Vec<String>,
        /// Why.
        message: Option<String>,
        /// Wait in line while somebody else has it: at most so long (`None` inside: without end), and as long as this client
        /// stays.
        wait: Option<Patience>,
        /// As a lease of this length.
        lease_ms: Option<u64>,
        /// Break or force, with this reason.
        steal: Option<String>,
    },
    /// Give locks back. One [`Reply::File`] each, then [`Reply::Done`].
    Checkin {
        /// Which files.
        files: Vec<String>,
        /// Everything that this session's user holds on this machine, in all repositories (or below `files`, if there are any).
        all: bool,
        /// What was done.
        message: Option<String>,
    },
    /// What I hold and what I wait for, or all about these files. One [`Reply::File`] each, then [`Reply::Done`].
    Status {
        /// Which files; empty: everything I hold ([`Outcome::Stands`]) and wait for ([`Outcome::Awaited`]).
        files: Vec<String>,
    },
    /// The files of a folder with their locks. [`Reply::Files`] pages, [`Reply::LeftOut`] if there is a need, then
    /// [`Reply::Done`].
    List {
        /// A repository or a folder in one.
        folder: String,
        /// Which files to leave out.
        filter: Filter,
    },
    /// Wait until files are free, without taking them. One [`Reply::File`] each as it becomes free, then `Done`.
    Wait {
        /// Which files.
        files: Vec<String>,
        /// How long; `None`: without end.
        timeout_ms: Option<u64>,
    },
    /// End somebody else's locks. One [`Reply::File`] each, then [`Reply::Done`].
    Break {
        /// Which files.
        files: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Events, as they happen, until the client leaves: [`Reply::Watching`] once, then [`Reply::Event`]s.
    Watch {
        /// Repositories, folders or files; empty: every repository the agent knows.
        paths: Vec<String>,
    },
    /// About the agent. Answered by [`Reply::Agent`].
    AgentStatus,
    /// Stop: park, then end. Answered by [`Reply::Done`] once the locks are parked (or could not be).
    AgentStop,
    /// Look for what is wrong. [`Reply::Finding`]s, then [`Reply::Done`].
    Doctor {
        /// A folder; `None`: the agent and every repository it knows.
        folder: Option<String>,
        /// Mend what can be mended safely.
        fix: bool,
    },
    /// Be told when files are free, or do not. One [`Reply::File`] each, then [`Reply::Done`].
    Notify {
        /// Which files.
        files: Vec<String>,
        /// Whether to be told.
        on: bool,
    },
    /// How files stand as far as the agent remembers: no share is looked at, and the answer comes at once. One
    /// [`Reply::Standing`] each, in their order, then [`Reply::Done`].
    StatusAtOnce {
        /// Which files, or folders.
        files: Vec<String>,
        /// With what can be done with each.
        menus: bool,
    },
    /// What can be done with files that were chosen together. Answered at once, by [`Reply::Menu`].
    Menu {
        /// Which files.
        files: Vec<String>,
    },
    /// The lines for files. One [`Reply::File`] each, then [`Reply::Done`].
    Queue {
        /// Which files.
        files: Vec<String>,
        /// What is wanted of them.
        wish: InLine,
    },
    /// Ask the owners for files. One [`Reply::File`] each, then [`Reply::Done`].
    Request {
        /// Which files.
        files: Vec<String>,
        /// Why; `None` keeps what was said before.
        message: Option<String>,
    },
    /// Answer those who ask for one's files. One [`Reply::File`] each, then [`Reply::Done`].
    Answer {
        /// Which files.
        files: Vec<String>,
        /// What is said.
        said: Said,
        /// The words for it.
        message: Option<String>,
        /// These users, also those who were answered before; empty: all who still wait for a word.
        to: Vec<String>,
    },
    /// Locks of the past, the newest first. [`Reply::History`] pages, at least one for each repository, then
    /// [`Reply::Done`].
    History {
        /// Which files, also such as are gone; a folder, or a repository, stands for all below it.
        paths: Vec<String>,
        /// Only those that stand, or ended at or after this.
        since_us: Option<i64>,
        /// Only those of this person, or ended by them.
        user: Option<String>,
        /// At most so many of each repository.
        limit: u64,
    },
    /// The past in numbers. [`Reply::Stats`], [`Reply::Slots`] in the order of time, then [`Reply::Done`].
    Stats {
        /// A repository or a folder in one.
        folder: String,
        /// Only what ended, or began, at or after this; what stands counts.
        since_us: Option<i64>,
    },
    /// A guard on a file, for a program that is about to run. One [`Reply::File`] each time something about it is new:
    /// [`Outcome::Awaited`] while one waits in line, [`Outcome::Granted`] when it is had, [`Outcome::Stands`] when it is no
    /// longer known to stand, or is again; and [`Outcome::Failed`] when it is not to be had, or is lost. Then
    /// [`Reply::Done`]. When the client leaves, the guard ends with the program.
    Run {
        /// The file.
        file: String,
        /// What the program does.
        message: Option<String>,
        /// As with [`Request::Checkout`].
        wait: Option<Patience>,
        /// The program's process on this machine. It may be one that waits to be let run.
        pid: u32,
        /// The guard is had, by this token, and the agent was lost from sight: nothing is taken.
        token: Option<u64>,
    },
    /// The program has ended, and its guard with it, if it is still that one. One [`Reply::File`], then [`Reply::Done`].
    RunOver {
        /// The file.
        file: String,
        /// The guard's token.
        token: u64,
    },
    /// A copy of a file's content. One [`Reply::File`], then [`Reply::Done`].
    Get {
        /// Which file.
        file: String,
        /// Where to: a file, which is replaced, or a folder.
        to: String,
    },
    /// A new content for a file that one has. One [`Reply::File`], then [`Reply::Done`].
    Put {
        /// Which file.
        file: String,
        /// The file that has the new content.
        from: String,
    },
}

/// What is answered to somebody who needs a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// Yes: it is checked in at once.
    Yes,
    /// Not now.
    Later,
    /// No.
    No,
}

/// What is wanted of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum InLine {
    /// To see it.
    Show,
    /// A place in it, or the file itself when it is free. Kept until the file was had or the place is left, also while no
    /// client and no agent runs; an agent tells its person when it is their turn.
    Join {
        /// What for.
        message: Option<String>,
    },
    /// To have no place any more. A client that waits along learns that.
    Leave,
}

/// How long somebody is willing to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// `None`: without end.
    pub at_most_ms: Option<u64>,
}

/// Which files of a list to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Filter {
    /// All, or only some.
    pub state: FilterState,
    /// Only these extensions; empty: the repository's own.
    pub extensions: Vec<String>,
}

/// Which states to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FilterState {
    /// All.
    #[default]
    All,
    /// Those that somebody holds.
    Locked,
    /// Those that nobody holds.
    Free,
    /// Those that this user holds on this machine.
    Mine,
}

/// What the agent answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The request is done; nothing more comes.
    Done,
    /// The request as a whole failed; nothing more comes.
    Failed(Fault),
    /// A repository was made, or was there already.
    Initialised(Initialised),
    /// What became of one file.
    File(FileReport),
    /// A page of a list.
    Files(Page),
    /// What follows are events from here on.
    Watching {
        /// The repositories' folders.
        repositories: Vec<String>,
    },
    /// Something happened.
    Event(Event),
    /// About the agent.
    Agent(AgentReport),
    /// One thing that `doctor` looked at.
    Finding(Finding),
    /// Still at it; for requests that take long. `done` of `total`, when known.
    Progress {
        /// What is being done.
        what: String,
        /// How much is done.
        done: u64,
        /// Of how much.
        total: Option<u64>,
    },
    /// What is not on the pages although somebody may look for it. A held file is on them all the same.
    LeftOut {
        /// The first of it, sorted by path.
        what: Vec<LeftOut>,
        /// How much more there is.
        more: u64,
    },
    /// How one file stands, as far as the agent remembers.
    Standing(Standing),
    /// What can be done, in the order of a menu; empty when none of the files is known to be in a repository.
    Menu(Vec<MenuEntry>),
    /// Some locks of the past.
    History(HistoryPage),
    /// The past in numbers.
    Stats(Box<StatsReport>),
    /// What began when.
    Slots(Vec<SlotInfo>),
}

impl Reply {
    /// Whether the request is over with this reply.
    pub fn is_last(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed(_) | Self::Initialised(_) | Self::Agent(_) | Self::Menu(_)
        )
    }
}
