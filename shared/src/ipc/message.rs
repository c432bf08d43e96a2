//! The messages, in the order of the conversation. Types of their own: the model may change, these may only grow.
//!
//! A change here is a new [`super::version::PROTOCOL`] and new golden frames in `tests/data/ipc/`. Times are
//! microseconds of Unix time (`_us`), durations milliseconds (`_ms`).

use serde::{Deserialize, Serialize};

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
        /// Wait while somebody else has it: at most so long (`None` inside: without end).
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
    /// What I hold, or all about these files. One [`Reply::File`] each, then [`Reply::Done`].
    Status {
        /// Which files; empty: everything I hold.
        files: Vec<String>,
    },
    /// The files of a folder with their locks. [`Reply::Files`] pages, then [`Reply::Done`].
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
    Files(Vec<ListedFile>),
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
}

impl Reply {
    /// Whether the request is over with this reply.
    pub fn is_last(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed(_) | Self::Initialised(_) | Self::Agent(_)
        )
    }
}

/// A repository that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initialised {
    /// Its folder.
    pub folder: String,
    /// It was a repository already, and nothing was changed.
    pub existed: bool,
    /// Locks taken over from an older tool's `locks.json`.
    pub adopted: u64,
    /// How names are created exclusively here: "hard link", "move without replacing".
    pub exclusive: String,
    /// Whether names differ by case.
    pub case: String,
    /// The file system's name.
    pub file_system: String,
    /// What is odd about it; each a sentence.
    pub warnings: Vec<String>,
}

/// What became of one file of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// As it was asked for.
    pub asked: String,
    /// The repository's folder, when it was found.
    pub repository: Option<String>,
    /// The name in the repository, when there is one.
    pub file: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// You have it now.
    Granted {
        /// Your lock.
        lock: LockInfo,
        /// The lock that had to end for it.
        after: Option<EndedInfo>,
    },
    /// You had it already; message or lease are renewed.
    Renewed {
        /// Your lock.
        lock: LockInfo,
    },
    /// It was given back.
    Released {
        /// The lock that was.
        was: LockInfo,
        /// Whether the file differs from what it was at checkout; `None` when that is not known.
        changed: Option<bool>,
        /// The next in line, who has it now.
        next: Option<LockInfo>,
    },
    /// The lock was ended for its owner.
    Broken {
        /// The lock that was.
        was: LockInfo,
        /// How.
        ended: EndedInfo,
        /// The next in line, who has it now.
        next: Option<LockInfo>,
    },
    /// This is how it stands; the file may be free (`lock` is `None`).
    Stands {
        /// Its lock.
        lock: Option<LockInfo>,
        /// Its size in bytes, when it was looked at.
        size: Option<u64>,
        /// Whether the file is there.
        exists: Option<bool>,
    },
    /// It is free now (the answer to `Wait`).
    Free,
    /// No.
    Failed(Fault),
}

/// Whose lock it is, from the asker's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    /// This user's, on this machine.
    Mine,
    /// This user's, on another machine.
    MineElsewhere,
    /// Somebody else's.
    Theirs,
}

/// How sure it is that the owner is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// The session is alive, or nobody can say otherwise.
    Alive,
    /// The session has been silent too long; the lock may be broken.
    Stale,
    /// The agent stopped cleanly; away since then.
    Parked,
    /// A lease that is over.
    Expired,
    /// A record of an older tool, without a session.
    Unknown,
    /// One's own lock, while the share is away: it may have been broken meanwhile.
    Unsafe,
}

/// A lock, as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockInfo {
    /// Who.
    pub user: String,
    /// Where; `None` for older tools' records.
    pub machine: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// Since when, by the owner's clock.
    pub since_us: i64,
    /// Why.
    pub message: String,
    /// "checkout", "guard", "lease".
    pub kind: String,
    /// The fencing token.
    pub token: Option<u64>,
    /// When a lease ends, by the owner's clock.
    pub expires_us: Option<i64>,
    /// Whose.
    pub whose: Whose,
    /// How sure.
    pub presence: Presence,
    /// Away since when, by the owner's clock.
    pub parked_us: Option<i64>,
    /// How many people are in line.
    pub waiting: u32,
}

/// The end of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedInfo {
    /// Whose it was.
    pub user: String,
    /// Where.
    pub machine: Option<String>,
    /// Which.
    pub token: Option<u64>,
    /// Since when.
    pub since_us: i64,
    /// "released", "broken", "forced", "expired".
    pub how: String,
    /// Why.
    pub reason: Option<String>,
}

/// One file of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its name in the repository.
    pub name: String,
    /// Bytes; `None` when it is gone and only its lock is left.
    pub size: Option<u64>,
    /// Last change, by the share's clock.
    pub modified_us: Option<i64>,
    /// Its lock.
    pub lock: Option<Box<LockInfo>>,
}

/// Something that happened in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The repository's folder.
    pub repository: String,
    /// When, by the author's clock.
    pub at_us: i64,
    /// The commit; `None` for what is not in the log.
    pub commit: Option<u64>,
    /// What.
    pub what: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every event is of the large kind, and none is kept"
)]
pub enum EventKind {
    /// A file's lock changed.
    File {
        /// Its name in the repository.
        file: String,
        /// "checkout", "checkin", "break", "steal", …
        verb: String,
        /// Who did it.
        by_user: String,
        /// Where.
        by_machine: Option<String>,
        /// The lock that ended.
        ended: Option<EndedInfo>,
        /// The lock that stands now.
        lock: Option<LockInfo>,
    },
    /// A session stopped cleanly or came back.
    Session {
        /// Which.
        session: String,
        /// "park" or "revive".
        verb: String,
        /// Who.
        user: String,
        /// Where.
        machine: Option<String>,
    },
    /// The share cannot be reached.
    Away {
        /// Why.
        cause: String,
    },
    /// It can be reached again.
    Back,
    /// Something a person should know.
    Remark {
        /// A sentence.
        text: String,
    },
    /// The client read too slowly and missed this many events; `list` shows how things stand.
    Missed {
        /// How many.
        count: u64,
    },
}

/// About the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentReport {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// Its protocol.
    pub protocol: u32,
    /// For whom it works.
    pub user: String,
    /// Where.
    pub machine: String,
    /// Its session.
    pub session: String,
    /// Since when it runs.
    pub started_us: i64,
    /// Where its log is.
    pub log: String,
    /// What it looks after.
    pub repositories: Vec<RepositoryReport>,
}

/// About one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryReport {
    /// Its folder.
    pub folder: String,
    /// "ok", "away", "damaged", "unsafe".
    pub state: String,
    /// Why it is not ok.
    pub problem: Option<String>,
    /// The newest commit that the agent has seen.
    pub commit: u64,
    /// Locks in the table.
    pub locks: u64,
    /// Of them mine.
    pub mine: u64,
    /// Since the share last answered.
    pub answered_ms_ago: Option<u64>,
}

/// One thing that `doctor` looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where: a folder, or "agent".
    pub place: String,
    /// What was looked at.
    pub what: String,
    /// "ok", "warning", "error", "mended".
    pub grade: String,
    /// What was found.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Why something failed; worded by the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Somebody else has the file.
    Held {
        /// The lock that stands.
        lock: LockInfo,
        /// The place one would have in the queue, counted from 1.
        place: u32,
    },
    /// It is held by oneself for a running program.
    Guarded {
        /// The lock that stands.
        lock: LockInfo,
    },
    /// Nobody holds it.
    NotHeld,
    /// Somebody else holds it, so it is not yours to release.
    NotYours {
        /// The lock that stands.
        lock: LockInfo,
    },
    /// The lock is over.
    OldToken {
        /// The lock that stands now.
        lock: Option<LockInfo>,
    },
    /// One's lock was lost: ended by somebody else.
    Lost {
        /// How it ended.
        ended: EndedInfo,
        /// By whom.
        by: String,
        /// The lock that stands now.
        lock: Option<LockInfo>,
    },
    /// The lock is alive, and you are no administrator.
    Alive {
        /// The lock that stands.
        lock: LockInfo,
        /// How long its session has been silent, as far as this agent has watched.
        silent_ms: Option<u64>,
        /// How long it must be silent.
        stale_after_ms: u64,
        /// Who may.
        administrators: Vec<String>,
    },
    /// A reason is needed.
    NoReason,
    /// The time is up.
    TimedOut {
        /// The lock that still stands.
        lock: Option<LockInfo>,
        /// How long one waited.
        waited_ms: u64,
    },
    /// There is no such file.
    NoSuchFile,
    /// It is a folder, or something else that is no file.
    NotAFile,
    /// The name cannot be used.
    BadName {
        /// Why.
        problem: String,
    },
    /// No folder above it is a repository.
    NoRepository {
        /// What was looked at.
        path: String,
    },
    /// The share does not answer, or not as it should.
    Share {
        /// What was tried.
        problem: String,
        /// Whether trying again may help.
        passing: bool,
    },
    /// The share has not answered in time.
    NoAnswer {
        /// The repository's folder.
        repository: String,
        /// How long it was waited for.
        waited_ms: u64,
        /// It was sent already: whether it was done is being settled.
        unsettled: bool,
    },
    /// The lock table is damaged, lost, or newer than this version.
    Table {
        /// What is wrong, with the file.
        problem: String,
    },
    /// The folder cannot be made a repository.
    CannotInit {
        /// Why.
        problem: String,
    },
    /// The request cannot be understood or is too large.
    BadRequest {
        /// Why.
        problem: String,
    },
    /// The agent is stopping.
    Stopping,
    /// Something that should not happen.
    Internal {
        /// What.
        problem: String,
    },
}
