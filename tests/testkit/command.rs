//! Running programs: what they print, how they end, and that they end.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use camctl_shared::clock::{Clock, SystemClock};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::wait;

/// One command that is about to be run.
#[must_use = "it runs with `run` or `start`"]
#[derive(Debug, Clone)]
pub struct Script {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: PathBuf,
    input: Vec<u8>,
    limit: Duration,
}

impl Script {
    /// `program` with an environment that holds nothing of the person who runs the tests but `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut environment = vec![("TZ".into(), "UTC".into()), ("RUST_BACKTRACE".into(), "1".into())];
        for name in ["PATH", "SYSTEMROOT", "TEMP", "TMP", "LLVM_PROFILE_FILE"] {
            environment.extend(std::env::var_os(name).map(|value| (name.into(), value)));
        }
        Self {
            program: program.as_ref().into(),
            arguments: Vec::new(),
            environment,
            folder: std::env::temp_dir(),
            input: Vec::new(),
            limit: wait::patience(Duration::from_mins(1)),
        }
    }

    /// Adds arguments.
    pub fn arguments<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments
            .extend(arguments.into_iter().map(|argument| argument.as_ref().into()));
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.retain(|(old, _)| old != name.as_ref());
        self.environment
            .push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Where it is run; the folder for temporary files if nobody says so.
    pub fn in_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = folder.as_ref().into();
        self
    }

    /// What it reads on its standard input, which ends then. Nothing, if nobody says so.
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().into();
        self
    }

    /// How long it may run before that is a failure; a minute, if nobody says so.
    pub fn at_most(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Puts another program before it, that starts it in turn (`faketime`, say).
    pub fn under<A: AsRef<OsStr>>(mut self, wrapper: &[A]) -> Self {
        if let [first, rest @ ..] = wrapper {
            let mut arguments: Vec<OsString> = rest.iter().map(|part| part.as_ref().into()).collect();
            arguments.push(std::mem::replace(&mut self.program, first.as_ref().into()));
            arguments.append(&mut self.arguments);
            self.arguments = arguments;
        }
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started, or runs longer than [`Script::at_most`].
    #[track_caller]
    #[must_use = "whether it succeeded is worth a look"]
    pub fn run(self) -> Run {
        let limit = self.limit;
        self.start().finish(limit)
    }

    /// As the standard library knows it, with all its streams closed: for who starts and measures it himself.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Starts it and leaves it running.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(self) -> Running {
        let shown = self.to_string();
        let file = || NamedTempFile::new().expect("a file for a program's output");
        let (out, err) = (file(), file());
        let child = self
            .command()
            .stdin(if self.input.is_empty() {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(out.reopen().expect("a file for output"))
            .stderr(err.reopen().expect("a file for errors"))
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        if let Some(mut pipe) = child.stdin.take() {
            // A program that does not read all of it has its own reasons.
            let _ = pipe.write_all(&self.input);
        }
        Running {
            shown,
            child,
            out,
            err,
        }
    }
}

/// As a person would type it, nearly.
impl std::fmt::Display for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let program = Path::new(&self.program).file_stem().unwrap_or(&self.program);
        write!(f, "{}", program.display())?;
        self.arguments
            .iter()
            .try_for_each(|argument| write!(f, " {}", argument.display()))
    }
}

/// A program that runs. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    shown: String,
    child: Child,
    out: NamedTempFile,
    err: NamedTempFile,
}

impl Running {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn out(&self) -> String {
        read(&self.out)
    }

    /// What it has printed on its standard error so far.
    pub fn err(&self) -> String {
        read(&self.err)
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// Never: one's own child can be waited for.
    pub fn has_ended(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("one's own child can be waited for")
            .is_some()
    }

    /// Waits until it has printed a line that `wanted` says yes to, and returns that line.
    ///
    /// # Panics
    /// When it does not within [`wait::LONG`].
    #[track_caller]
    pub fn line(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let what = format!("`{}` prints {what}", self.shown);
        wait::wait_for(wait::LONG, &what, || {
            // In this order: what a program that has ended printed is all there will be.
            let ended = self.has_ended();
            let out = self.out();
            // The last line may be half-written.
            let whole = if ended {
                &out
            } else {
                out.rfind('\n').map_or("", |end| &out[..end])
            };
            let found = whole.lines().find(|line| wanted(line)).map(str::to_owned);
            assert!(
                found.is_some() || !ended,
                "{what}, but it ended:\n{out}{}",
                self.err()
            );
            found
        })
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it does not within `limit`; it is killed then.
    #[track_caller]
    pub fn finish(mut self, limit: Duration) -> Run {
        let start = SystemClock.moment();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("one's own child can be waited for") {
                break status;
            }
            let ran = SystemClock.moment().since(start);
            assert!(
                ran < limit,
                "`{}` still runs after {ran:.1?}; it printed\n{}{}",
                self.shown,
                self.out(),
                self.err()
            );
            std::thread::sleep(Duration::from_millis(1));
        };
        Run {
            shown: self.shown.clone(),
            code: status.code(),
            out: self.out(),
            err: self.err(),
            took: SystemClock.moment().since(start),
        }
    }

    /// Ends it as a power cut would, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself: all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read(file: &NamedTempFile) -> String {
    let mut bytes = Vec::new();
    let mut fresh = File::open(file.path()).expect("one's own file is there");
    fresh.read_to_end(&mut bytes).expect("one's own file can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A program that has run.
#[derive(Debug, Clone)]
pub struct Run {
    shown: String,
    /// How it ended; `None` when a signal killed it.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it printed on its standard error.
    pub err: String,
    /// From the start to the end, to a millisecond.
    pub took: Duration,
}

impl Run {
    /// # Panics
    /// When it failed.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// # Panics
    /// When it ended with another code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "`{}` should have ended with {code}, but ended with {:?}; it printed\n{}{}",
            self.shown,
            self.code,
            self.out,
            self.err
        );
        self
    }

    /// Checks that what it printed (on either stream) has `part` in it; paths in `part` are written with `/`.
    ///
    /// # Panics
    /// When it has not.
    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        // Windows writes paths with its own separators, and JSON writes those twice.
        let plain = |text: &str| match text {
            text if cfg!(windows) => text.replace("\\\\", "/").replace('\\', "/"),
            text => text.to_owned(),
        };
        let said = plain(&self.out).contains(part) || plain(&self.err).contains(part);
        assert!(
            said,
            "`{}` should have said {part:?}, but said\n{}{}",
            self.shown, self.out, self.err
        );
        self
    }

    /// What it printed, as one JSON value.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| {
            panic!(
                "`{}` should have printed JSON ({error}), but printed\n{}{}",
                self.shown, self.out, self.err
            )
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(text: &str) -> Script {
        Script::new("sh").arguments(["-c", text])
    }

    #[test]
    fn output_exit_code_and_json_are_kept() {
        let run = shell("cat; echo '{\"a\": 1}'; echo no >&2; exit 3")
            .input("\n")
            .run()
            .exits(3)
            .says("no");
        assert_eq!((run.json()["a"].as_u64(), run.err.as_str()), (Some(1), "no\n"));
    }

    #[test]
    fn the_environment_of_the_person_is_left_out() {
        let run = shell("echo ${HOME-none} $NAME")
            .env("NAME", "one")
            .env("NAME", "two")
            .run()
            .succeeds();
        assert_eq!(run.out, "none two\n");
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let stuck = std::panic::catch_unwind(|| {
            shell("echo $$; exec sleep 1000")
                .at_most(Duration::from_millis(300))
                .run()
        });
        let text = *stuck.unwrap_err().downcast::<String>().unwrap();
        let pid = text
            .lines()
            .find_map(|line| line.parse::<u32>().ok())
            .unwrap_or_else(|| panic!("{text}"));
        assert!(text.contains("still runs"), "{text}");
        wait::wait_until(wait::LONG, "it is gone", || {
            !Path::new(&format!("/proc/{pid}")).exists()
        });
    }

    #[test]
    fn lines_are_waited_for() {
        let mut running = shell("echo one; echo two; exec sleep 1000").start();
        assert_eq!(running.line("two", |line| line.starts_with("tw")), "two");
        running.kill();
        assert!(running.has_ended());
    }

    #[test]
    fn a_wrapper_starts_the_program() {
        let run = shell("echo $0$1")
            .arguments(["a", "b"])
            .under(&["env", "-u", "PATH"])
            .run()
            .succeeds();
        assert_eq!(run.out, "ab\n");
    }
}
