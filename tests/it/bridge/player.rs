//! A program at the other end of `camctl bridge`, and conversations that were written down.
//!
//! A conversation is a file of lines in `tests/data/bridge/`:
//!
//! ```text
//! # a remark
//! > {"id":1,"do":"status","paths":["{repo}/a.mcam"]}     is sent
//! < {"id":1,"status":[{"path":"*", …}]}                  is the next line that comes
//! ~ {"ask_again":["{repo}"]}                             comes next, or later
//! ! bob checkout a.mcam -m "revision C"                  somebody else does something, successfully
//! ! alice kill                                           … or something happens to an agent: kill, start, freeze, thaw
//! ```
//!
//! In what is expected `*` stands for any text, a value `"*"` for any value, and a key `"..."` for any other keys.

#![expect(
    clippy::panic,
    reason = "a line that does not come as it should is a test that fails"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{MAIN_SEPARATOR_STR, Path};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use camctl_shared::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use testkit::{LONG, Machine};

use crate::stage::Stage;

/// `camctl bridge`, and this end of it. Killed when dropped.
pub struct Bridge {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Vec<u8>>,
}

impl Bridge {
    /// Starts one for the person at `machine`; nothing is said yet.
    pub fn start(machine: &Machine) -> Self {
        let mut child = machine
            .camctl(["bridge"])
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, out) = (child.stdin.take(), child.stdout.take().unwrap());
        let (lines, from) = channel();
        std::thread::spawn(move || {
            let mut out = BufReader::new(out);
            loop {
                let mut line = Vec::new();
                match out.read_until(b'\n', &mut line) {
                    Ok(1..) if lines.send(line).is_ok() => {}
                    _ => return,
                }
            }
        });
        Self { child, to, from }
    }

    /// Starts one, and greets.
    pub fn greeted(machine: &Machine) -> Self {
        let mut bridge = Self::start(machine);
        bridge.send(&json!({"bridge": 1}));
        assert_eq!(bridge.next()["bridge"], json!(1));
        bridge
    }

    pub fn send(&mut self, line: &Value) {
        self.send_bytes(line.to_string().as_bytes());
    }

    pub fn send_bytes(&mut self, line: &[u8]) {
        let to = self.to.as_mut().unwrap();
        to.write_all(&[line, b"\n"].concat()).unwrap();
    }

    /// The next line.
    #[track_caller]
    pub fn next(&mut self) -> Value {
        let line = self.from.recv_timeout(LONG).unwrap();
        serde_json::from_slice(&line)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&line)))
    }

    /// The next line that `wanted` says yes to; those before it are passed over.
    #[track_caller]
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.next();
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Asks how a file stands, and how long the answer took.
    #[track_caller]
    pub fn status(&mut self, path: &str) -> (Value, Duration) {
        let asked = SystemClock.moment();
        self.send(&json!({"id": "how long", "do": "status", "paths": [path]}));
        let answer = self.until(|line| line["id"] == "how long");
        (answer["status"][0].clone(), SystemClock.moment().since(asked))
    }

    /// Ends the input, and says whether the bridge ended well, and what it still said.
    pub fn end(mut self) -> (bool, Vec<Value>) {
        drop(self.to.take());
        let rest = std::iter::from_fn(|| self.from.recv_timeout(LONG).ok())
            .map(|line| serde_json::from_slice(&line).unwrap())
            .collect();
        (self.child.wait().unwrap().success(), rest)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line with the paths in it, `{repo}/parts/c.vnc`, as this system's file managers write them, in JSON.
fn as_this_system_writes(line: &str, folder: &Path) -> String {
    let mut parts = line.split("{repo}");
    let mut written = parts.next().unwrap_or_default().to_owned();
    let separator = MAIN_SEPARATOR_STR.replace('\\', "\\\\");
    let folder = folder.display().to_string().replace('\\', "\\\\");
    for part in parts {
        let (path, rest) = part.split_at(part.find(['"', ':']).unwrap_or(part.len()));
        written += &folder;
        written += &path.replace('/', &separator);
        written += rest;
    }
    written
}

/// Plays what was written down, with alice at this end.
pub fn play(stage: &Stage, conversation: &str) {
    let mut bridge = Bridge::start(&stage.alice);
    for (number, line) in (1..).zip(conversation.lines()) {
        let line = as_this_system_writes(line.trim_end(), stage.repository.folder());
        let Some((kind, rest)) = line.split_once(' ') else {
            assert!(line.is_empty(), "line {number}: {line}");
            continue;
        };
        let expected = || -> Value {
            serde_json::from_str(rest).unwrap_or_else(|error| panic!("line {number}: {error}"))
        };
        match kind {
            "#" => {}
            ">" => bridge.send_bytes(rest.as_bytes()),
            "<" => {
                let came = bridge.next();
                assert!(fits(&expected(), &came), "line {number}: {rest}\ncame: {came}");
            }
            "~" => {
                let mut passed = Vec::new();
                loop {
                    let Ok(line) = bridge.from.recv_timeout(LONG) else {
                        panic!("line {number} never came: {rest}\ncame: {passed:#?}")
                    };
                    let came: Value = serde_json::from_slice(&line).unwrap();
                    if fits(&expected(), &came) {
                        break;
                    }
                    passed.push(came.to_string());
                }
            }
            "!" => act(stage, rest),
            _ => panic!("line {number}: {line}"),
        }
    }
    let (well, rest) = bridge.end();
    assert!(well && rest.is_empty(), "{rest:?}");
}

fn act(stage: &Stage, words: &str) {
    let mut words = words
        .split('"')
        .enumerate()
        .flat_map(|(place, part)| match place % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect::<Vec<_>>();
    let who = match words.remove(0).as_str() {
        "alice" => &stage.alice,
        "bob" => &stage.bob,
        other => panic!("who is {other}?"),
    };
    match words[0].as_str() {
        "kill" => who.kill(),
        "start" => {
            who.start();
        }
        #[cfg(unix)]
        "freeze" => who.agent(|agent| agent.freeze()),
        #[cfg(unix)]
        "thaw" => who.agent(|agent| agent.thaw()),
        _ => {
            who.camctl(&words)
                .in_folder(stage.repository.folder())
                .run()
                .succeeds();
        }
    }
}

/// Whether what came is what was expected.
fn fits(expected: &Value, came: &Value) -> bool {
    match (expected, came) {
        (Value::String(pattern), _) if pattern == "*" => true,
        (Value::String(pattern), Value::String(text)) => glob(pattern, text),
        (Value::Array(patterns), Value::Array(values)) => {
            patterns.len() == values.len() && patterns.iter().zip(values).all(|(p, v)| fits(p, v))
        }
        (Value::Object(patterns), Value::Object(values)) => {
            let others = patterns.contains_key("...");
            let mut named = patterns.iter().filter(|(key, _)| *key != "...");
            named.all(|(key, pattern)| values.get(key).is_some_and(|value| fits(pattern, value)))
                && (others || values.keys().all(|key| patterns.contains_key(key)))
        }
        (expected, came) => expected == came,
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| glob(tail, &rest[at..]))
        }),
    }
}

#[test]
fn patterns_fit_what_they_mean() {
    let cases = [
        (json!("a*c*"), json!("abc"), true),
        (json!("a*c"), json!("abcd"), false),
        (json!({"x": "*"}), json!({"x": null}), true),
        (json!({"x": "*"}), json!({"x": 1, "y": 2}), false),
        (json!({"x": "*", "...": 0}), json!({"x": 1, "y": 2}), true),
        (json!({"x": "*", "...": 0}), json!({"y": 2}), false),
        (json!([1, "*"]), json!([1]), false),
    ];
    for (pattern, value, does) in cases {
        assert_eq!(fits(&pattern, &value), does, "{pattern} {value}");
    }
}
