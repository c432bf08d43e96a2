//! Windows: a job object, and the console's keys.
#![expect(unsafe_code, reason = "jobs and consoles are spoken to by system calls")]

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::os::windows::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::ptr;
use std::sync::mpsc::Sender;
use std::thread;

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME,
};

use super::Heard;
use crate::errors::Failure;

/// What a program is ended with; as `taskkill /F` does.
const KILLED: u32 = 1;

/// See the module above.
#[derive(Debug)]
pub struct Program {
    found: PathBuf,
    arguments: Vec<OsString>,
    /// Ends everything in it when it is closed, and it is closed when this process ends in whatever way.
    job: OwnedHandle,
    child: Option<Child>,
}

impl Program {
    /// Makes everything ready; nothing is started yet.
    ///
    /// # Errors
    /// When the system gives no job.
    pub fn prepare(found: &Path, words: &[OsString]) -> Result<Self, Failure> {
        let job = job().map_err(|error| cannot_run(found, &error))?;
        Ok(Self {
            found: found.to_owned(),
            arguments: words.iter().skip(1).cloned().collect(),
            job,
            child: None,
        })
    }

    /// The process that the guard is held for: this one, which the program cannot outlive.
    #[expect(clippy::unused_self, reason = "elsewhere it is the program's")]
    pub fn pid(&self) -> u32 {
        std::process::id()
    }

    /// Starts it, with these variables in its environment beside this process's own.
    ///
    /// # Errors
    /// When the system does not.
    pub fn start(&mut self, environment: &[(&str, OsString)]) -> Result<(), Failure> {
        // SAFETY: a function that lives as long as the process.
        unsafe { SetConsoleCtrlHandler(Some(key), 1) };
        let mut command = Command::new(&self.found);
        // It does nothing before it is in the job.
        command.args(&self.arguments).creation_flags(CREATE_SUSPENDED);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let started = command.spawn().and_then(|mut child| {
            let begun = self.put_in_job(&child).and_then(|()| resume(child.id()));
            if let Err(error) = begun {
                // The first error is the one to tell.
                let _ = child.kill();
                return Err(error);
            }
            self.child = Some(child);
            Ok(())
        });
        started.map_err(|error| cannot_run(&self.found, &error))
    }

    fn put_in_job(&self, child: &Child) -> io::Result<()> {
        // SAFETY: both handles are open.
        let done = unsafe { AssignProcessToJobObject(self.job.as_raw_handle(), child.as_raw_handle()) };
        if done == 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }

    /// It is not to run after all.
    pub fn give_up(&mut self) {
        self.let_go();
    }

    /// Tells `to` of the program's end.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn watch(&mut self, to: &Sender<Heard>) -> io::Result<()> {
        let heard = to.clone();
        let child = self.child.take();
        thread::Builder::new().name("program".into()).spawn(move || {
            let ended = child.map(|mut child| child.wait());
            let code = ended.and_then(Result::ok).and_then(|status| status.code());
            // Fails only when nobody listens any more.
            let _ = heard.send(Heard::Ended(code.unwrap_or(1)));
        })?;
        Ok(())
    }

    /// A console tells the program itself.
    #[expect(clippy::unused_self, reason = "elsewhere signals are passed on")]
    pub fn pass_on(&self, _number: i32, _terminal: bool) {}

    /// Ends it: a program cannot be asked to in a way that all understand.
    pub fn stop(&self) {
        self.kill();
    }

    /// Ends it, and all that it has started.
    pub fn kill(&self) {
        // SAFETY: the handle is open. It may be empty.
        unsafe { TerminateJobObject(self.job.as_raw_handle(), KILLED) };
    }

    /// It has ended. What it has left running goes on.
    pub fn reap(&mut self) {
        self.let_go();
    }

    fn let_go(&self) {
        // Fails never with a job of one's own.
        let _ = limit(&self.job, 0);
    }
}

/// Lets all threads of a process go on; there is one, for it has not begun.
fn resume(pid: u32) -> io::Result<()> {
    // SAFETY: no pointers.
    let all = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if all == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: made above, and nobody else's.
    let all = unsafe { OwnedHandle::from_raw_handle(all) };
    let mut entry = THREADENTRY32 {
        dwSize: u32::try_from(size_of::<THREADENTRY32>()).unwrap_or_default(),
        ..THREADENTRY32::default()
    };
    // SAFETY: the handle is open, and the entry says how large it is; so below.
    let mut more = unsafe { Thread32First(all.as_raw_handle(), &raw mut entry) } != 0;
    while more {
        if entry.th32OwnerProcessID == pid {
            // SAFETY: no pointers.
            let thread = unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, entry.th32ThreadID) };
            if thread.is_null() {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: opened above, and nobody else's.
            let thread = unsafe { OwnedHandle::from_raw_handle(thread) };
            // SAFETY: the handle is open.
            if unsafe { ResumeThread(thread.as_raw_handle()) } == u32::MAX {
                return Err(io::Error::last_os_error());
            }
            return Ok(());
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(all.as_raw_handle(), &raw mut entry) } != 0;
    }
    Err(io::ErrorKind::NotFound.into())
}

/// A job for the program, and for all that it starts.
fn job() -> io::Result<OwnedHandle> {
    // SAFETY: no name, and nothing special about who may use it.
    let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
    if job.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: made above, and nobody else's.
    let job = unsafe { OwnedHandle::from_raw_handle(job) };
    limit(&job, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)?;
    Ok(job)
}

fn limit(job: &OwnedHandle, flags: u32) -> io::Result<()> {
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = flags;
    let size = u32::try_from(size_of_val(&limits)).unwrap_or_default();
    // SAFETY: the handle is open, and the limits are of the kind and size that is said.
    let done = unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size,
        )
    };
    if done == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// The program gets the console's keys too, and decides; this process goes on until it has ended. When the window is
/// closed, both have some seconds.
unsafe extern "system" fn key(event: u32) -> i32 {
    if event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT {
        // The process ends with this function.
        loop {
            thread::park();
        }
    }
    1
}

fn cannot_run(found: &Path, error: &io::Error) -> Failure {
    Failure::Program {
        problem: format!("cannot run {}: {error}", found.display()),
        missing: error.kind() == io::ErrorKind::NotFound,
    }
}

/// `.\app`, `C:app` and `C:\app` are paths, and `app` is looked for.
pub fn is_path(word: &OsStr) -> bool {
    word.to_string_lossy().contains(['/', '\\', ':'])
}

/// How a program may be called on the disk.
pub fn spellings(path: &Path) -> Vec<PathBuf> {
    let with = |extension: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(extension);
        PathBuf::from(name)
    };
    let mut all = vec![with(".exe"), with(".com"), with(".bat"), with(".cmd")];
    if path.extension().is_some() {
        all.insert(0, path.to_owned());
    }
    all
}

/// Whether it can be run shows when it is.
pub fn can_be_run(_path: &Path) -> bool {
    true
}
