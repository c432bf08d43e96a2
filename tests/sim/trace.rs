//! What happened, in a form that people can read: written only when a seed is run again to be shown.

use std::collections::VecDeque;
use std::time::Duration;

use camctl_shared::model::ShareErrorKind as Kind;

use crate::server::Request;

/// So many of the last lines are kept, unless `CAMCTL_SIM_LINES` says otherwise.
const LINES: usize = 150;

/// See the module.
pub struct Trace {
    /// Whether lines are kept; their fingerprint always is.
    on: bool,
    most: usize,
    lines: VecDeque<String>,
    fingerprint: u64,
    /// How many requests the server has got.
    pub requests: u64,
    /// How many of them came after their client had given up.
    pub late: u64,
    /// How many folders of the log were pruned.
    pub pruned: u64,
}

impl Trace {
    pub fn new(on: bool) -> Self {
        Self {
            on,
            most: std::env::var("CAMCTL_SIM_LINES")
                .ok()
                .and_then(|count| count.parse().ok())
                .unwrap_or(LINES),
            lines: VecDeque::new(),
            fingerprint: 0,
            requests: 0,
            late: 0,
            pruned: 0,
        }
    }

    /// Adds a line.
    pub fn note(&mut self, now: Duration, who: usize, line: impl FnOnce() -> String) {
        self.mix(u64::from(now.subsec_nanos()) ^ now.as_secs() ^ who as u64);
        if self.on {
            if self.lines.len() == self.most {
                self.lines.pop_front();
            }
            self.lines
                .push_back(format!("{:>12.6}  {who}  {}", now.as_secs_f64(), line()));
        }
    }

    /// Adds what the server did.
    pub fn did(&mut self, now: Duration, who: Option<usize>, request: &Request, done: Result<(), Kind>) {
        self.requests += 1;
        self.late += u64::from(who.is_none());
        self.pruned += u64::from(matches!(request, Request::Move(_, to) if to.contains("/trash/")));
        self.mix(u64::from(done.is_ok()));
        self.note(now, who.unwrap_or(99), || {
            let answer = done.map_or_else(|kind| format!(" -> {kind:?}"), |()| String::new());
            let late = if who.is_none() { " (late)" } else { "" };
            format!("{}{answer}{late}", shown(request))
        });
    }

    fn mix(&mut self, value: u64) {
        self.fingerprint = (self.fingerprint ^ value)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(17);
    }

    /// Two runs with the same one did the same.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The last lines.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

fn shown(request: &Request) -> String {
    let text = |content: &[u8]| {
        let text = String::from_utf8_lossy(content);
        text.chars().take(90).collect::<String>()
    };
    match request {
        Request::Create(path) => format!("create {path}"),
        Request::Fill(path, content) => format!("fill {path} ({} bytes)", content.len()),
        Request::Link(_, to) => format!("link {to}"),
        Request::Move(from, to) => format!("move {from} to {to}"),
        Request::Overwrite(path, content) => format!("overwrite {path}: {}", text(content).trim_end()),
        Request::Replace(path, _) => format!("replace {path}"),
        Request::MakeFolder(path) => format!("make folder {path}"),
        Request::Remove(path) => format!("remove {path}"),
        Request::RemoveFolder(path) => format!("remove folder {path}"),
        Request::SyncFolder(path) => format!("sync folder {path}"),
    }
}
