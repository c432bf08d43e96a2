//! A year of 200,000 commits, looked back at: the first time, and after that.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::PathBuf;

use camctl_shared::clock::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};
use testkit::{Repository, Sandbox};
use xxhash_rust::xxh3::xxh3_64;

use crate::idle;
use crate::measure::{Run, now, time};

const COMMITS: u64 = 200_000;
const FOLDER: u64 = 1_000;
const FILES: u64 = 2_000;
const PEOPLE: u64 = 40;
const YEAR: i64 = 365 * 86_400 * 1_000_000;
const TURNS: usize = 5;

/// Sets `history first`, `history read` (all files of the log, bare), `history again`, `stats again`, in seconds, and
/// `history memory`: the most that the agent had meanwhile, in bytes.
pub fn measure(run: &mut Run) {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository().default_timings().init();
    Log::of(&repository).write();
    let alice = sandbox.machine("alice", "CAM-03");
    alice.start();
    let command = |words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        alice.camctl(words).in_folder(repository.folder()).command()
    };
    time(&mut command(&["list", "--locked"]));
    let before = now();
    read_bare(&repository);
    run.set("history read", now().since(before).as_secs_f64());
    run.set("history first", time(&mut command(&["history"])).as_secs_f64());
    let mut again: Vec<_> = (0..TURNS).map(|_| time(&mut command(&["history"]))).collect();
    run.set_time("history again", &mut again);
    let mut again: Vec<_> = (0..TURNS).map(|_| time(&mut command(&["stats"]))).collect();
    run.set_time("stats again", &mut again);
    run.set("history memory", idle::most_memory(&alice));
}

/// As `cat` reads them.
fn read_bare(repository: &Repository) {
    let mut bytes = 0;
    for n in 0..=COMMITS {
        bytes += fs::read(path(repository, n)).unwrap().len();
    }
    assert!(bytes > 0);
}

fn path(repository: &Repository, n: u64) -> PathBuf {
    repository.path(&format!(".camctl/log/{}/{n}.json", n / FOLDER))
}

/// Writes commits as the product does, without waiting for a disk.
struct Log<'a> {
    repository: &'a Repository,
    /// Commit 0, as `init` made it.
    first: Value,
    nonce: String,
    locks: BTreeMap<String, Value>,
    recent: VecDeque<(u64, String)>,
    chance: u64,
}

impl<'a> Log<'a> {
    fn of(repository: &'a Repository) -> Self {
        let first: Value = serde_json::from_slice(&fs::read(path(repository, 0)).unwrap()).unwrap();
        Self {
            nonce: first["nonce"].as_str().unwrap().to_owned(),
            repository,
            first,
            locks: BTreeMap::new(),
            recent: VecDeque::new(),
            chance: 7,
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.chance = self
            .chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below
    }

    fn write(mut self) {
        let end = SystemClock.wall().as_microsecond();
        for n in 1..=COMMITS {
            if n.is_multiple_of(FOLDER) {
                fs::create_dir(path(self.repository, n).parent().unwrap()).unwrap();
            }
            let share = i64::try_from(COMMITS - n).unwrap() * (YEAR / i64::try_from(COMMITS).unwrap());
            let at = Timestamp::from_microsecond(end - share).unwrap().to_string();
            let change = self.change(n, &at);
            self.commit(n, &at, &change);
        }
        // It is a hint, and tells of commit 0.
        fs::remove_file(self.repository.path(".camctl/head")).unwrap();
    }

    /// Somebody takes a file, waits for it, or gives it back.
    fn change(&mut self, n: u64, at: &str) -> Value {
        // Some files are wanted more than others.
        let file = self.draw(FILES).min(self.draw(FILES));
        let file = format!("machine-{}/{file:06}.mcam", file % 12);
        let person = self.draw(PEOPLE);
        let (by, wants) = (owner(person), self.draw(4) == 0);
        let mut change = json!({ "file": file, "by": by });
        let lock = self.locks.remove(&file);
        let lock = match lock {
            None => {
                change["verb"] = json!("checkout");
                Some(granted(n, at, &by, &[]))
            }
            Some(mut lock) if wants && lock["user"] != by["user"] && queue(&lock).is_empty() => {
                change["verb"] = json!("join");
                let mut waiter = by.clone();
                waiter["since"] = json!(at);
                waiter["message"] = json!("Op 30");
                waiter["request"] = json!(request(n));
                lock["queue"] = json!([waiter]);
                Some(lock)
            }
            Some(lock) => {
                change["verb"] = json!("checkin");
                let had =
                    json!({ "user": lock["user"], "machine": lock["machine"], "session": lock["session"] });
                change["ended"] = json!({
                    "owner": had, "token": lock["token"], "since": lock["timestamp"], "how": "released",
                });
                let queue = queue(&lock);
                let (next, rest) = queue
                    .split_first()
                    .map_or((None, &[][..]), |(next, rest)| (Some(next), rest));
                change["by"] = had;
                next.map(|next| {
                    let next = json!({ "user": next["user"], "machine": next["machine"], "session": next["session"] });
                    granted(n, at, &next, rest)
                })
            }
        };
        if let Some(lock) = lock {
            change["lock"] = lock.clone();
            self.locks.insert(file, lock);
        }
        change
    }

    fn commit(&mut self, n: u64, at: &str, change: &Value) {
        let nonce = format!("{n:032x}");
        self.recent.push_back((n, request(n)));
        if self.recent.len() > 2000 {
            self.recent.pop_front();
        }
        let mut commit = json!({
            "n": n, "previous": self.nonce, "nonce": nonce, "author": change["by"], "time": at,
            "requests": [request(n)], "changes": [change],
        });
        if n.is_multiple_of(FOLDER) {
            let mut table = self.first["table"].clone();
            table["locks"] = json!(self.locks);
            table["recent"] = json!(self.recent);
            commit["table"] = table;
        }
        let body = commit.to_string();
        let rest = format!("{}\n", &body[1..]);
        let whole = format!(
            "{{\"format\":1,\"checksum\":\"{:016x}\",{rest}",
            xxh3_64(rest.as_bytes())
        );
        fs::write(path(self.repository, n), whole).unwrap();
        self.nonce = nonce;
    }
}

fn owner(person: u64) -> Value {
    json!({ "user": format!("user{person:02}"), "machine": format!("CAM-{person}"), "session": format!("session-{person}") })
}

fn request(n: u64) -> String {
    format!("{n:032x}")
}

fn queue(lock: &Value) -> Vec<Value> {
    lock["queue"].as_array().cloned().unwrap_or_default()
}

fn granted(n: u64, at: &str, by: &Value, queue: &[Value]) -> Value {
    let mut lock = by.clone();
    for (key, value) in [
        ("timestamp", json!(at)),
        ("message", json!(format!("revision {}", n % 100))),
        ("kind", json!("checkout")),
        ("token", json!(n)),
        ("renewed", json!(n)),
        ("queue", json!(queue)),
    ] {
        lock[key] = value;
    }
    lock
}
