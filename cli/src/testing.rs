//! What the tests of this crate share: people's locks, a fixed time, an agent that follows a script.

#![cfg(unix)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camctl_shared::clock::{ManualClock, Timestamp};
use camctl_shared::ipc::message::{
    EndedInfo, FileReport, LockInfo, NoteInfo, Outcome, Presence, Reply, Request, WaiterInfo, Whose,
};
use jiff::tz::{TimeZone, offset};

use crate::app::{App, Link, Start, Talk};
use crate::errors::{About, Failure};
use crate::file_managers::{self, Menus};
use crate::gui::{Choice, Message, Windows};
use crate::login::{AtLogin, State, Way};
use crate::output::time::Times;
use crate::output::{Mode, Output};

/// 2026-11-20, 11:12 in UTC, 12:12 where the tests' people live.
pub fn now() -> Timestamp {
    "2026-11-20T11:12:00Z".parse().unwrap()
}

/// So many minutes before [`now`], in microseconds of Unix time.
pub fn minutes_ago(minutes: i64) -> i64 {
    now().as_microsecond() - minutes * 60_000_000
}

/// The time as the tests' people see it.
pub fn times() -> Times {
    Times::fixed(Box::new(ManualClock::new(now())), TimeZone::fixed(offset(1)))
}

/// Alice's lock: of CAM-03, for two hours, alive.
pub fn alice() -> LockInfo {
    LockInfo {
        user: "alice".into(),
        machine: Some("CAM-03".into()),
        session: Some("0192f0c1".into()),
        since_us: minutes_ago(120),
        message: "Working on revisions".into(),
        kind: "checkout".into(),
        token: Some(1842),
        expires_us: None,
        whose: Whose::Theirs,
        presence: Presence::Alive,
        parked_us: None,
        waiting: 0,
        place: None,
        asked: 0,
    }
}

/// My own lock, taken five minutes ago, without a message.
pub fn mine() -> LockInfo {
    LockInfo {
        user: "bob".into(),
        machine: Some("CNC-1".into()),
        session: Some("0192f0c2".into()),
        since_us: minutes_ago(5),
        message: String::new(),
        token: Some(1900),
        whose: Whose::Mine,
        ..alice()
    }
}

/// How a file stands that nobody waits for.
pub fn stands(lock: Option<LockInfo>, size: Option<u64>, exists: Option<bool>) -> Outcome {
    Outcome::Stands {
        lock,
        size,
        exists,
        line: Vec::new(),
        requests: Vec::new(),
        notify: false,
    }
}

/// Bob, who waits for the file.
pub fn bob_waits() -> WaiterInfo {
    WaiterInfo {
        user: "bob".into(),
        machine: Some("CNC-1".into()),
        since_us: minutes_ago(30),
        message: "Op 30".into(),
        whose: Whose::Mine,
        presence: Presence::Alive,
    }
}

/// Carol, who waits for the file.
pub fn carol_waits() -> WaiterInfo {
    WaiterInfo {
        user: "carol".into(),
        machine: Some("CNC-2".into()),
        since_us: minutes_ago(40),
        message: String::new(),
        whose: Whose::Theirs,
        ..bob_waits()
    }
}

/// Carol, or whoever one is, asked for the file.
pub fn note(answer: Option<&str>, whose: Whose) -> NoteInfo {
    NoteInfo {
        user: "carol".into(),
        machine: Some("CNC-2".into()),
        at_us: minutes_ago(10),
        message: "the customer waits".into(),
        answer: answer.map(str::to_owned),
        whose,
    }
}

/// The end of Alice's lock.
pub fn alices_end(how: &str, reason: Option<&str>) -> EndedInfo {
    EndedInfo {
        user: "alice".into(),
        machine: Some("CAM-03".into()),
        token: Some(1842),
        since_us: minutes_ago(120),
        how: how.into(),
        reason: reason.map(str::to_owned),
    }
}

/// What became of a file of `/mnt/cam`.
pub fn file(name: &str, outcome: Outcome) -> Reply {
    Reply::File(FileReport {
        asked: format!("/mnt/cam/{name}"),
        repository: Some("/mnt/cam".into()),
        file: Some(name.into()),
        outcome,
    })
}

/// What one conversation says, in order: replies, or the end of the connection.
pub type Script = Vec<Result<Reply, Failure>>;

struct Actor {
    script: VecDeque<Result<Reply, Failure>>,
    heard: Arc<Mutex<Vec<Request>>>,
}

impl Talk for Actor {
    fn send(&mut self, request: &Request) -> Result<(), Failure> {
        self.heard.lock().unwrap().push(request.clone());
        Ok(())
    }

    fn receive(&mut self, _limit: Option<Duration>) -> Result<Reply, Failure> {
        let hung_up = Failure::Unknown {
            about: About::default(),
            problem: "the agent hung up".into(),
        };
        self.script.pop_front().unwrap_or(Err(hung_up))
    }

    fn poll(&mut self, limit: Duration) -> Result<Option<Reply>, Failure> {
        self.receive(Some(limit)).map(Some)
    }

    fn wait_for_end(&mut self, _limit: Duration) -> Result<(), Failure> {
        Ok(())
    }
}

struct Scripts {
    scripts: VecDeque<Result<Script, Failure>>,
    heard: Arc<Mutex<Vec<Request>>>,
}

impl Link for Scripts {
    fn open(&mut self, _start: Start) -> Result<Box<dyn Talk>, Failure> {
        let script = self.scripts.pop_front().unwrap_or(Err(Failure::NoAgent))?;
        Ok(Box::new(Actor {
            script: script.into(),
            heard: Arc::clone(&self.heard),
        }))
    }

    fn may_start(&self) -> bool {
        false
    }
}

/// A person who answers what windows ask.
struct Answers {
    answers: VecDeque<Choice>,
    shown: Rc<RefCell<Vec<Message>>>,
}

impl Windows for Answers {
    fn show(&mut self, message: &Message) -> Choice {
        self.shown.borrow_mut().push(message.clone());
        self.answers.pop_front().unwrap_or(Choice::Leave)
    }

    fn words(&mut self, question: &str) -> Option<String> {
        assert!(question.ends_with('.'), "{question}");
        Some("Op 30".to_owned())
    }
}

/// A session that starts the agent at login by systemd, and cannot do otherwise.
struct LoginBySystemd;

impl AtLogin for LoginBySystemd {
    fn state(&self) -> State {
        State {
            way: Some(Way {
                word: "systemd",
                text: "by systemd's user manager",
            }),
            place: Some("/home/bob/.config/systemd/user/camctl-agent.service".into()),
            problem: None,
        }
    }

    fn enable(&self) -> Result<State, Failure> {
        Ok(State {
            problem: Some("it is set up in two ways".into()),
            ..self.state()
        })
    }

    fn disable(&self) -> Result<bool, Failure> {
        Ok(true)
    }
}

/// File managers of which one has camctl in its menu.
struct OneMenu;

impl Menus for OneMenu {
    fn state(&self) -> file_managers::State {
        file_managers::State {
            places: vec!["/home/bob/.local/share/camctl.menu".into()],
            ..file_managers::State::default()
        }
    }

    fn put(&self, extensions: &[String]) -> Result<file_managers::State, Failure> {
        Ok(file_managers::State {
            notes: vec![format!("on {}", extensions.join(" and "))],
            problem: Some("it is another camctl's".into()),
            ..self.state()
        })
    }

    fn take_away(&self) -> Result<bool, Failure> {
        Ok(false)
    }
}

/// A stream that can be read back; with `room`, its reader goes away after so many bytes.
#[derive(Clone, Default)]
pub struct Stream {
    written: Rc<RefCell<Vec<u8>>>,
    room: Option<usize>,
}

impl Stream {
    /// A stream whose reader goes away after `room` bytes.
    pub fn with_room(room: usize) -> Self {
        Self {
            room: Some(room),
            ..Self::default()
        }
    }

    /// What was written.
    pub fn text(&self) -> String {
        String::from_utf8(self.written.borrow().clone()).unwrap()
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self
            .room
            .is_some_and(|room| self.written.borrow().len() + bytes.len() > room)
        {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.written.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How a command went.
pub struct Played {
    /// Its exit code.
    pub exit: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// What it asked of the agent.
    pub heard: Vec<Request>,
    /// What it showed in windows.
    pub windows: Vec<Message>,
}

impl Played {
    /// All that a person sees, for a snapshot.
    pub fn shown(&self) -> String {
        let mut text = format!("exit {}\n", self.exit);
        for (name, stream) in [("stdout", &self.out), ("stderr", &self.err)] {
            if !stream.is_empty() {
                let _ = write!(text, "--- {name}\n{stream}");
            }
        }
        text
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs a command line against agents that follow scripts, one for each conversation.
pub fn play(words: &[&str], scripts: Vec<Script>) -> Played {
    play_to(words, scripts.into_iter().map(Ok).collect(), &Stream::default())
}

/// As [`play`], writing to a stream of one's own; a conversation may also fail to begin.
pub fn play_to(words: &[&str], scripts: Vec<Result<Script, Failure>>, out: &Stream) -> Played {
    play_all(words, scripts, out, &[])
}

/// As [`play`], with a person who answers what windows ask; then they close whatever comes.
pub fn play_with_windows(words: &[&str], scripts: Vec<Script>, answers: &[Choice]) -> Played {
    let scripts = scripts.into_iter().map(Ok).collect();
    play_all(words, scripts, &Stream::default(), answers)
}

fn play_all(
    words: &[&str],
    scripts: Vec<Result<Script, Failure>>,
    out: &Stream,
    answers: &[Choice],
) -> Played {
    let line: Vec<OsString> = std::iter::once("camctl")
        .chain(words.iter().copied())
        .map(OsString::from)
        .collect();
    let parsed = match crate::args::parse(&line) {
        Ok(parsed) => parsed,
        Err(error) => panic!("{words:?}: {error}"),
    };
    let err = Stream::default();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let shown = Rc::new(RefCell::new(Vec::new()));
    let link = Scripts {
        scripts: scripts.into(),
        heard: Arc::clone(&heard),
    };
    let mode: Mode = crate::mode(parsed.global);
    let output = Output::to_streams(mode, Box::new(out.clone()), Box::new(err.clone()), times());
    let windows = parsed.global.gui.then(|| {
        let answers = Answers {
            answers: answers.iter().copied().collect(),
            shown: Rc::clone(&shown),
        };
        Box::new(answers) as Box<dyn Windows>
    });
    let mut app = App::new(
        output,
        Box::new(link),
        Box::new(LoginBySystemd),
        Box::new(OneMenu),
        windows,
    );
    let result = parsed.run(&mut app);
    let exit = crate::finish(app, parsed.verb.name, result);
    Played {
        exit: exit.code(),
        out: out.text(),
        err: err.text(),
        heard: std::mem::take(&mut *heard.lock().unwrap()),
        windows: shown.take(),
    }
}
