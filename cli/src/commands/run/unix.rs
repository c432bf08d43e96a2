//! Unix: the gate, signals, and how programs end.
#![expect(
    unsafe_code,
    reason = "std knows neither masks of signals nor handles by number"
)]

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::ptr;
use std::sync::mpsc::Sender;
use std::thread;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};

use super::Heard;
use crate::errors::Failure;

/// The word that makes this binary a gate. Never typed by people.
const GATE: &str = "\u{1}gate";
/// The last word that is said at the gate.
const GO: &[u8] = b"go\0";

/// Signals that are passed on. `SIGKILL` and `SIGSTOP` cannot be.
const SIGNALS: [i32; 8] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGTSTP,
    libc::SIGCONT,
];

/// See the module above.
#[derive(Debug)]
pub struct Program {
    child: Child,
    gate: Option<PipeWriter>,
}

impl Program {
    /// Starts the process that becomes the program. It does nothing yet, and ends when this one does.
    ///
    /// # Errors
    /// When the system gives no process.
    pub fn prepare(found: &Path, words: &[OsString]) -> Result<Self, Failure> {
        let none = |error: io::Error| cannot_run(found, &error);
        let (reader, writer) = io::pipe().map_err(none)?;
        fcntl_setfd(&reader, FdFlags::empty()).map_err(|error| none(error.into()))?;
        let child = Command::new(own_program().map_err(none)?)
            .arg(GATE)
            .arg(reader.as_raw_fd().to_string())
            .arg(found)
            .args(words)
            .spawn()
            .map_err(none)?;
        Ok(Self {
            child,
            gate: Some(writer),
        })
    }

    /// The process that the guard is held for.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it run, with these variables in its environment beside this process's own.
    ///
    /// # Errors
    /// When it is not there any more.
    pub fn start(&mut self, environment: &[(&str, OsString)]) -> Result<(), Failure> {
        // First, so that no signal ends this process and not the program.
        block_signals();
        let mut words = Vec::new();
        for (name, value) in environment {
            words.extend_from_slice(name.as_bytes());
            words.push(b'=');
            words.extend_from_slice(value.as_bytes());
            words.push(0);
        }
        words.extend_from_slice(GO);
        let said = self.gate.take().map_or(Ok(()), |mut gate| gate.write_all(&words));
        said.map_err(|error| Failure::Program {
            problem: format!("the program was ended before it could start: {error}"),
            missing: false,
        })
    }

    /// It is not to run after all.
    pub fn give_up(&mut self) {
        self.gate = None;
        // It ends by itself; whether it could be waited for does not matter.
        let _ = self.child.wait();
    }

    /// Tells `to` of signals, and of the program's end.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn watch(&mut self, to: &Sender<Heard>) -> io::Result<()> {
        let pid = self.process();
        let heard = to.clone();
        thread::Builder::new().name("program".into()).spawn(move || {
            let code = pid.map_or(1, wait_for);
            // Fails only when nobody listens any more.
            let _ = heard.send(Heard::Ended(code));
        })?;
        let heard = to.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            while let Some(signal) = next_signal()
                && heard.send(signal).is_ok()
            {}
        })?;
        Ok(())
    }

    /// Passes a signal on. From the terminal the program has it already; then only stopping is left to do.
    pub fn pass_on(&self, number: i32, terminal: bool) {
        if !terminal && let Some(signal) = Signal::from_named_raw(number) {
            self.signal(signal);
        }
        if number == libc::SIGTSTP {
            // Fails never: it is this process.
            let _ = kill_process(getpid(), Signal::STOP);
        }
    }

    /// Asks it to end.
    pub fn stop(&self) {
        self.signal(Signal::TERM);
        // One that stands still hears nothing.
        self.signal(Signal::CONT);
    }

    /// Ends it.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// It has ended.
    pub fn reap(&mut self) {
        let _ = self.child.wait();
    }

    /// Not reaped before [`Program::reap`], so the number is its own.
    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.process() {
            // It may have ended a moment ago.
            let _ = kill_process(pid, signal);
        }
    }

    fn process(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

/// The binary of this process, also after another was installed in its place.
fn own_program() -> io::Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && link.exists() {
        return Ok(link.to_owned());
    }
    env::current_exe()
}

fn cannot_run(found: &Path, error: &io::Error) -> Failure {
    Failure::Program {
        problem: format!("cannot run {}: {error}", found.display()),
        missing: error.kind() == io::ErrorKind::NotFound,
    }
}

/// When this process was started as a gate: waits, and becomes the program; returns only when it does not. `None`: it is
/// no gate.
pub fn gate(words: &[OsString]) -> Option<Result<(), Failure>> {
    let [_, word, number, found, name, arguments @ ..] = words else {
        return None;
    };
    if word != GATE {
        return None;
    }
    let number: i32 = number.to_str()?.parse().ok()?;
    // SAFETY: whoever starts a gate gives it this handle, and nothing else here knows of it.
    let mut pipe = PipeReader::from(unsafe { OwnedFd::from_raw_fd(number) });
    let mut said = Vec::new();
    let heard = fcntl_setfd(&pipe, FdFlags::CLOEXEC)
        .map_err(io::Error::from)
        .and_then(|()| pipe.read_to_end(&mut said));
    let Some(environment) = said.strip_suffix(GO).filter(|_| heard.is_ok()) else {
        // Nobody wants the program any more.
        return Some(Ok(()));
    };
    let mut command = Command::new(found);
    command.arg0(name).args(arguments);
    for variable in environment.split(|byte| *byte == 0) {
        let mut parts = variable.splitn(2, |byte| *byte == b'=');
        if let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            command.env(OsStr::from_bytes(name), OsString::from_vec(value.to_vec()));
        }
    }
    let error = command.exec();
    Some(Err(cannot_run(Path::new(found), &error)))
}

/// `./app` is a path, and `app` is looked for.
pub fn is_path(word: &OsStr) -> bool {
    word.as_bytes().contains(&b'/')
}

/// How a program may be called on the disk.
pub fn spellings(path: &Path) -> Vec<PathBuf> {
    vec![path.to_owned()]
}

/// Whether this user may run it.
pub fn can_be_run(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

fn wait_for(pid: Pid) -> i32 {
    loop {
        // Left unreaped, so that no signal goes to another process of that number.
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(Some(status)) => {
                let signal = status.terminating_signal().map(|signal| 128 + signal);
                return signal.or(status.exit_status()).unwrap_or(1);
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return 1,
        }
    }
}

fn signals() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: makes an empty set of what is there for it, and adds to it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in SIGNALS {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// For this thread and those that it starts. What is ignored stays ignored.
fn block_signals() {
    let set = signals();
    // SAFETY: a set, and nothing to be written to.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) };
}

/// The next signal of those that are blocked.
#[cfg(target_os = "linux")]
fn next_signal() -> Option<Heard> {
    let set = signals();
    loop {
        let mut info = MaybeUninit::<libc::siginfo_t>::uninit();
        // SAFETY: a set, and room for what is said of the signal.
        let number = unsafe { libc::sigwaitinfo(&raw const set, info.as_mut_ptr()) };
        if number > 0 {
            // SAFETY: filled, for a signal has come.
            let code = unsafe { info.assume_init() }.si_code;
            // The kernel sends for the terminal, and to all of its programs; everything else was sent by somebody.
            // But a hang-up goes to the session's leader alone, and that may be this process.
            let terminal = code == SI_KERNEL && number != libc::SIGHUP;
            return Some(Heard::Signal { number, terminal });
        }
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return None;
        }
    }
}

#[cfg(target_os = "linux")]
const SI_KERNEL: i32 = 0x80;

/// The next signal of those that are blocked. Nothing is said of where it comes from: what the terminal sends, it sends
/// to the programs in front.
#[cfg(not(target_os = "linux"))]
fn next_signal() -> Option<Heard> {
    let set = signals();
    let mut number = 0;
    // SAFETY: a set, and room for a number.
    if unsafe { libc::sigwait(&raw const set, &raw mut number) } != 0 {
        return None;
    }
    let by_key = [libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP].contains(&number);
    let in_front =
        rustix::termios::tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp());
    Some(Heard::Signal {
        number,
        terminal: by_key && in_front,
    })
}
