//! What must hold after every step, judged from the server's files and from what product code says of itself; nothing of
//! the product is asked whether it is right.
//!
//! The log is read as it is published, by `testkit::ledger`: one live lock per file, growing tokens, every request once.
//! Beside it stand here: what each table looked like ([`Law::saw`]), who may break a lock ([`Law::read`] and the end of
//! [`Law::take`]), what an owner may believe ([`Law::believes`]), and what may be said ([`crate::answers`]).

pub mod asked;
mod gaps;
mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use testkit::ledger::{Desk, Ledger, Standing};

use crate::requests::{Kind, Requests};
use crate::server::Server;

/// What one commit did to one file.
#[derive(Debug, Clone)]
pub struct Deed {
    pub by: Desk,
}

/// What one machine has seen of one session's heartbeat, without a gap.
struct Series {
    /// Since when it has been the same.
    since: Duration,
    last: Duration,
    sign: Option<u64>,
}

/// How people must be judged in this repository.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub stale_after: Duration,
    pub gap: Duration,
}

/// How long a parked lock is protected; the policy's default.
const PARK_LIMIT: Duration = Duration::from_hours(7 * 24);

/// See the module.
pub struct Law {
    /// The first promise that was broken.
    pub broken: Option<String>,
    pub requests: Requests,
    /// How often the server lost power.
    pub losses: u64,
    ledger: Ledger,
    commits: Vec<Arc<[u8]>>,
    tables: Vec<(BTreeMap<String, Standing>, String)>,
    deeds: BTreeMap<(String, u64), Deed>,
    /// The newest commit of each session.
    signs: BTreeMap<String, u64>,
    /// Since when.
    parked: BTreeMap<String, Duration>,
    acknowledged: BTreeSet<u64>,
    series: BTreeMap<(usize, String), Series>,
    times: Times,
    folder_size: u64,
    now: Duration,
    /// What is read was judged before.
    relearns: bool,
    /// Who waits for which file, first come first served, by desk and session.
    lines: BTreeMap<String, Vec<(Desk, String)>>,
    /// How often the line handed a file over.
    pub served: u64,
    /// Who asks for which file.
    asked: asked::Asked,
    /// What was answered to them.
    pub answers: Vec<asked::Answer>,
    /// How often somebody was told of a request or an answer.
    pub told: u64,
    /// Commits have vanished that living clients may have read.
    vanished: bool,
    /// Commits that were published over a gap.
    ahead: BTreeMap<u64, Arc<[u8]>>,
}

impl Law {
    pub fn new(times: Times, folder_size: u64) -> Self {
        Self {
            broken: None,
            requests: Requests::default(),
            losses: 0,
            ledger: Ledger::empty(),
            commits: Vec::new(),
            tables: Vec::new(),
            deeds: BTreeMap::new(),
            signs: BTreeMap::new(),
            parked: BTreeMap::new(),
            now: Duration::ZERO,
            relearns: false,
            lines: BTreeMap::new(),
            served: 0,
            asked: asked::Asked::default(),
            answers: Vec::new(),
            told: 0,
            vanished: false,
            ahead: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            series: BTreeMap::new(),
            times,
            folder_size,
        }
    }

    /// Notes that a promise was broken.
    pub fn breaks(&mut self, problem: impl Into<String>) {
        self.broken.get_or_insert_with(|| problem.into());
    }

    pub fn check(&mut self, result: Result<(), String>) {
        if let Err(problem) = result {
            self.breaks(problem);
        }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The number of commits, the first included.
    pub fn len(&self) -> u64 {
        self.commits.len() as u64
    }

    pub fn table(&self, n: u64) -> Option<&BTreeMap<String, Standing>> {
        Some(&self.tables.get(usize::try_from(n).ok()?)?.0)
    }

    pub fn deed(&self, file: &str, n: u64) -> Option<&Deed> {
        self.deeds.get(&(file.to_owned(), n))
    }

    /// The person was told of commit `n`: from now on it must not get lost.
    pub fn acknowledge(&mut self, n: u64) {
        if self.ahead.contains_key(&n) {
            self.breaks(format!("commit {n} was acknowledged, and stands over a gap"));
        }
        self.acknowledged.insert(n);
    }

    /// A name was published on the server.
    pub fn published(&mut self, path: &str, server: &Server, now: Duration) {
        self.now = now;
        let Some(n) = commit_number(path) else { return };
        let next = self.len();
        match server.read(path).cloned() {
            None => self.breaks(format!("commit {n} is no file")),
            Some(bytes) if n == next => {
                self.take(bytes);
                self.catch_up();
            }
            Some(bytes) if n > next && self.vanished => self.published_over_a_gap(n, bytes),
            Some(_) => self.breaks(format!("commit {n} was written when {next} was to come")),
        }
    }

    fn take(&mut self, bytes: Arc<[u8]>) {
        let n = self.len();
        let Ok(commit) = serde_json::from_slice::<Value>(&bytes) else {
            return self.breaks(format!("commit {n} was published and does not parse"));
        };
        let ledger = &mut self.ledger;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| ledger.take(&commit))) {
            return self.breaks(crate::run::said(panic.as_ref()));
        }
        self.commits.push(bytes);
        let author = commit["author"]["session"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let revives = each(&commit["sessions"])
            .any(|change| change["verb"] == "revive" && change["session"] == author.as_str());
        for change in each(&commit["changes"]) {
            self.change(n, &author, revives, change);
        }
        for change in each(&commit["sessions"]) {
            let session = change["session"].as_str().unwrap_or_default().to_owned();
            if change["parked"].is_null() {
                self.parked.remove(&session);
            } else {
                self.parked.insert(session, self.now);
            }
        }
        self.signs.insert(author, n);
        self.checkpoint(n, &commit["table"]);
        let nonce = commit["nonce"].as_str().unwrap_or_default().to_owned();
        self.tables.push((self.ledger.table().clone(), nonce));
    }

    fn change(&mut self, n: u64, author: &str, revives: bool, change: &Value) {
        let file = change["file"].as_str().unwrap_or_default().to_owned();
        let verb = change["verb"].as_str().unwrap_or_default().to_owned();
        let by = Desk {
            user: change["by"]["user"].as_str().unwrap_or_default().to_owned(),
            machine: change["by"]["machine"].as_str().unwrap_or_default().to_owned(),
        };
        let ended = &change["ended"];
        let given_back = ended["reason"] == "nobody waited for it any more";
        let kind = match verb.as_str() {
            "checkout" | "steal" if !revives => Some(Kind::Take),
            "checkin" if !given_back => Some(Kind::Give),
            "break" => Some(Kind::Break),
            "request" => Some(Kind::Ask),
            "answer" => Some(Kind::Answer),
            _ => None,
        };
        if let Some(kind) = kind {
            let balanced = self.requests.committed(&(by.clone(), file.clone(), kind));
            self.check(balanced.map_err(|problem| format!("commit {n}: {problem}")));
        }
        if ended["how"] == "broken" && !self.relearns {
            let session = ended["owner"]["session"].as_str().unwrap_or_default().to_owned();
            let justified = self.is_justified(author, &session);
            self.check(
                justified
                    .map_err(|problem| format!("commit {n} breaks {session}'s lock on {file}, {problem}")),
            );
        }
        self.line(n, author, &file, change);
        self.asked(n, &file, &by, change);
        self.deeds.insert((file, n), Deed { by });
    }

    /// A lock may be broken only after unbroken watching: what its breaker has read says whether it was.
    fn is_justified(&self, author: &str, session: &str) -> Result<(), String> {
        if let Some(since) = self.parked.get(session) {
            let parked = self.now.saturating_sub(*since);
            let too_long = parked >= PARK_LIMIT.mul_f64(0.98);
            return if too_long {
                Ok(())
            } else {
                Err(format!("which has been parked for {parked:?}"))
            };
        }
        let machine = author
            .rsplit('-')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(usize::MAX);
        let Some(series) = self.series.get(&(machine, session.to_owned())) else {
            return Err("which its breaker has never watched".into());
        };
        let silent = series.last.saturating_sub(series.since);
        // Machines' clocks do not run alike.
        if silent + Duration::from_millis(10) >= self.times.stale_after.mul_f64(0.98) {
            Ok(())
        } else {
            Err(format!("after {silent:?} of silence"))
        }
    }

    fn checkpoint(&mut self, n: u64, table: &Value) {
        if table.is_null() {
            return;
        }
        let locks = table["locks"].as_object().into_iter().flatten();
        for session in locks.filter_map(|(_, lock)| lock["session"].as_str()) {
            if table["signs"][session].as_u64() != self.signs.get(session).copied() {
                let problem = format!(
                    "checkpoint {n} does not have the newest commit of {session}: {}",
                    table["signs"]
                );
                self.broken.get_or_insert(problem);
            }
        }
    }

    /// A machine has read a file.
    pub fn read(&mut self, now: Duration, machine: usize, path: &str, content: Option<&[u8]>) {
        let Some(session) = path
            .strip_prefix(".camctl/sessions/")
            .and_then(|name| name.strip_suffix(".json"))
        else {
            return;
        };
        let sign =
            content.and_then(|content| serde_json::from_slice::<Value>(content).ok()?["counter"].as_u64());
        let series = self
            .series
            .entry((machine, session.to_owned()))
            .or_insert(Series {
                since: now,
                last: now,
                sign,
            });
        let unbroken = now.saturating_sub(series.last) <= self.times.gap;
        if !unbroken || series.sign != sign {
            (series.since, series.sign) = (now, sign);
        }
        series.last = now;
    }

    /// A new run of a machine's agent has seen nothing yet.
    pub fn forget_series(&mut self, machine: usize) {
        self.series.retain(|(of, _), _| *of != machine);
    }

    /// A table as product code shows it: it must have been one, and never go back.
    pub fn saw(&mut self, who: &str, before: u64, n: u64, nonce: &str, table: &BTreeMap<String, Standing>) {
        if n < before {
            self.doubts(format!("{who} saw commit {before}, and then {n}"));
        }
        match usize::try_from(n).ok().and_then(|n| self.tables.get(n)) {
            Some((was, its_nonce)) if was == table && its_nonce == nonce => {}
            Some((was, _)) => {
                let problem = format!("{who} sees {table:?} at commit {n}, which was {was:?}");
                self.doubts(problem);
            }
            None => self.doubts(format!("{who} sees a commit {n} that is not in the log")),
        }
    }

    /// Somebody trusts their own lock: then nobody may have broken it for their silence.
    pub fn believes(&mut self, desk: &Desk, file: &str, token: u64) {
        if self.ledger.grant(file, token) != Some(desk) {
            self.doubts(format!(
                "{} believes to have {file} by a token {token} that never was theirs",
                desk.user
            ));
        } else if let Some(end) = self.ledger.end(file, token).filter(|end| end.how == "broken") {
            let problem = format!(
                "{} trusts their lock {token} on {file}, which {} broke in commit {}",
                desk.user, end.by.user, end.commit
            );
            self.breaks(problem);
        }
    }

    /// The server lost power: what was acknowledged is still there. The rest is learnt anew.
    /// `clients_live`: they may have read more than is left.
    pub fn power_lost(&mut self, server: &Server, clients_live: bool) {
        self.losses += 1;
        let path = |n: u64| format!(".camctl/log/{}/{n}.json", n / self.folder_size);
        let ahead: Vec<u64> = self.ahead.keys().copied().collect();
        let stand: BTreeSet<u64> = ahead
            .into_iter()
            .filter(|n| server.find(&path(*n)).is_some())
            .collect();
        self.forget_ahead(|n| stand.contains(&n));
        let oldest = server
            .list(".camctl/log")
            .and_then(|folders| folders.keys().filter_map(|name| name.parse::<u64>().ok()).min());
        let oldest = oldest.unwrap_or(0) * self.folder_size;
        let stands = |n: &u64| {
            *n < oldest
                || server.read(&self.path(*n)).map(|bytes| &**bytes)
                    == self
                        .commits
                        .get(usize::try_from(*n).unwrap_or(0))
                        .map(|bytes| &**bytes)
        };
        let lost: Vec<u64> = (0..self.len()).filter(|n| !stands(n)).collect();
        // What a checkpoint carries on is not lost.
        let carried = (0..self.len())
            .filter(|n| n.is_multiple_of(self.folder_size) && stands(n))
            .max()
            .unwrap_or(0);
        let Some(first) = lost.into_iter().find(|n| *n > carried) else {
            return;
        };
        if let Some(n) = self.acknowledged.range(first..).next() {
            return self.breaks(format!(
                "commit {n} was acknowledged, and {first} was lost with the server's power"
            ));
        }
        self.vanished |= clients_live;
        let left: Vec<_> = self
            .commits
            .drain(..)
            .take(usize::try_from(first).unwrap_or(0))
            .collect();
        self.ledger = Ledger::empty();
        self.tables.clear();
        self.deeds.clear();
        self.signs.clear();
        self.parked.clear();
        self.lines.clear();
        self.asked.clear();
        self.requests.forget_commits();
        self.relearns = true;
        for bytes in left {
            self.take(bytes);
        }
        self.relearns = false;
    }

    fn path(&self, n: u64) -> String {
        format!(".camctl/log/{}/{n}.json", n / self.folder_size)
    }
}

/// The number of the commit that a path of the log stands for.
fn commit_number(path: &str) -> Option<u64> {
    let (_, name) = path.strip_prefix(".camctl/log/")?.split_once('/')?;
    name.strip_suffix(".json")?.parse().ok()
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
