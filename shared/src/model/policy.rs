//! What a repository's `repo.toml` may say.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::Case;

/// The newest format of `repo.toml` that this version reads.
pub const FORMAT: u32 = 1;

/// What happens to checkouts when their agent stops cleanly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExit {
    /// They are kept, and shown as "away since …".
    #[default]
    Park,
    /// They are given back.
    Release,
}

/// Whether files that nobody holds are read-only on the share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protect {
    /// No.
    #[default]
    Off,
    /// Yes.
    ReadOnly,
}

/// What holds for one repository.
///
/// Invariants, checked by [`Policy::parse`]: `heartbeat` is at most a third of `stale_after`, and no interval is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Which files are listed; without the dot, compared in any case.
    pub extensions: Vec<String>,
    /// Where the table for people and old tools lies, relative to the repository.
    pub locks_file: String,
    /// Which names are the same file, where the file says so; the log's own rule, fixed at `init`, is what counts.
    pub case: Option<Case>,
    /// How often a session gives a sign of life.
    pub heartbeat: Duration,
    /// How long a session may be silent before its locks may be broken.
    pub stale_after: Duration,
    /// How often `head` is read while somebody waits or watches.
    pub poll_busy: Duration,
    /// How often otherwise.
    pub poll_calm: Duration,
    /// How often when nothing is held, watched or shown.
    pub poll_idle: Duration,
    /// How long a parked lock is protected from breaking.
    pub park_limit: Duration,
    /// What happens to checkouts when their agent stops cleanly.
    pub on_exit: OnExit,
    /// How long a lease lasts when nobody says so.
    pub lease: Duration,
    /// After how long an unused checkout is given back; `None`: never.
    pub idle_release: Option<Duration>,
    /// Whether files that nobody holds are read-only.
    pub protect: Protect,
    /// Who may end a live lock.
    pub administrators: Vec<String>,
    /// How long the log is kept.
    pub keep_history: Duration,
    /// How many earlier contents of a file `put` keeps.
    pub keep_versions: u32,
    /// What is odd but harmless: keys that this version does not know.
    pub warnings: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let days = |n: u64| Duration::from_hours(n * 24);
        Self {
            extensions: vec!["mcam".into(), "vnc".into()],
            locks_file: "locks.json".into(),
            case: None,
            heartbeat: Duration::from_secs(30),
            stale_after: Duration::from_mins(5),
            poll_busy: Duration::from_secs(1),
            poll_calm: Duration::from_secs(5),
            poll_idle: Duration::from_secs(30),
            park_limit: days(7),
            on_exit: OnExit::Park,
            lease: Duration::from_mins(30),
            idle_release: None,
            protect: Protect::Off,
            administrators: Vec::new(),
            keep_history: days(730),
            keep_versions: 5,
            warnings: Vec::new(),
        }
    }
}

/// Why a `repo.toml` cannot be used. Nothing is guessed: the agent stops its work on that repository.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct PolicyError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there, and what would be right.
    pub problem: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    format: Option<Spanned<u32>>,
    extensions: Option<Spanned<Vec<String>>>,
    locks_file: Option<Spanned<String>>,
    case: Option<Spanned<String>>,
    heartbeat: Option<Spanned<String>>,
    stale_after: Option<Spanned<String>>,
    poll_busy: Option<Spanned<String>>,
    poll_calm: Option<Spanned<String>>,
    poll_idle: Option<Spanned<String>>,
    park_limit: Option<Spanned<String>>,
    on_exit: Option<Spanned<String>>,
    lease: Option<Spanned<String>>,
    idle_release: Option<Spanned<String>>,
    protect: Option<Spanned<String>>,
    administrators: Option<Vec<String>>,
    keep_history: Option<Spanned<String>>,
    keep_versions: Option<u32>,
    #[serde(flatten)]
    unknown: std::collections::BTreeMap<String, toml::Value>,
}

impl Policy {
    /// Reads the text of a `repo.toml`. Keys that are missing have their defaults; unknown keys become warnings.
    ///
    /// # Errors
    /// With the line of the first value that is wrong.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let reader = Reader { text };
        let raw: Raw = toml::from_str(text).map_err(|error| PolicyError {
            line: reader.line(&error.span().unwrap_or(0..0)),
            problem: error.message().to_owned(),
        })?;
        let mut policy = Self::default();
        if let Some(format) = &raw.format
            && *format.get_ref() > FORMAT
        {
            let newer = format.get_ref();
            return Err(reader.wrong(
                format.span(),
                format!("format {newer} needs a newer camctl; this one reads {FORMAT}"),
            ));
        }
        if let Some(extensions) = raw.extensions {
            policy.extensions = reader.extensions(extensions)?;
        }
        if let Some(file) = raw.locks_file {
            policy.locks_file = reader.locks_file(file)?;
        }
        reader.word(
            raw.case,
            &mut policy.case,
            |word| Case::parse(word).map(Some),
            "\"sensitive\" or \"insensitive\"",
        )?;
        reader.word(
            raw.on_exit,
            &mut policy.on_exit,
            OnExit::parse,
            "\"park\" or \"release\"",
        )?;
        reader.word(
            raw.protect,
            &mut policy.protect,
            Protect::parse,
            "\"off\" or \"readonly\"",
        )?;
        reader.time(raw.heartbeat, &mut policy.heartbeat)?;
        let stale_span = raw.stale_after.as_ref().map(Spanned::span);
        reader.time(raw.stale_after, &mut policy.stale_after)?;
        reader.time(raw.poll_busy, &mut policy.poll_busy)?;
        reader.time(raw.poll_calm, &mut policy.poll_calm)?;
        reader.time(raw.poll_idle, &mut policy.poll_idle)?;
        reader.time(raw.park_limit, &mut policy.park_limit)?;
        reader.time(raw.lease, &mut policy.lease)?;
        if let Some(idle) = raw.idle_release
            && idle.get_ref() != "off"
        {
            let mut time = Duration::ZERO;
            reader.time(Some(idle), &mut time)?;
            policy.idle_release = Some(time);
        }
        let keep_span = raw.keep_history.as_ref().map(Spanned::span);
        reader.time(raw.keep_history, &mut policy.keep_history)?;
        policy.administrators = raw.administrators.unwrap_or_default();
        policy.keep_versions = raw.keep_versions.unwrap_or(policy.keep_versions);
        if policy.heartbeat.saturating_mul(3) > policy.stale_after {
            let problem =
                "stale_after must be at least three times heartbeat, or one lost heartbeat breaks a lock";
            return Err(reader.wrong(stale_span.unwrap_or(0..0), problem.into()));
        }
        if policy.keep_history < Duration::from_hours(30 * 24) {
            return Err(reader.wrong(
                keep_span.unwrap_or(0..0),
                "keep_history must be at least \"30d\"".into(),
            ));
        }
        policy.warnings = raw
            .unknown
            .keys()
            .map(|key| format!("unknown key {key:?} in repo.toml"))
            .collect();
        Ok(policy)
    }

    /// A break in the watching that starts the judging of staleness anew: twice the heartbeat (60 s by default).
    pub fn watch_gap(&self) -> Duration {
        self.heartbeat.saturating_mul(2)
    }

    /// When an owner whose heartbeats fail must stop trusting its locks: three quarters of `stale_after`.
    pub fn owner_gives_up(&self) -> Duration {
        self.stale_after / 4 * 3
    }

    /// Whether `user` may end a live lock.
    pub fn is_administrator(&self, user: &str) -> bool {
        self.administrators.iter().any(|name| name == user)
    }
}

impl OnExit {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "park" => Some(Self::Park),
            "release" => Some(Self::Release),
            _ => None,
        }
    }
}

impl Protect {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "readonly" => Some(Self::ReadOnly),
            _ => None,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        let end = span.start.min(self.text.len());
        self.text.as_bytes()[..end].split(|byte| *byte == b'\n').count()
    }

    fn wrong(&self, span: Range<usize>, problem: String) -> PolicyError {
        PolicyError {
            line: self.line(&span),
            problem,
        }
    }

    fn word<T>(
        &self,
        given: Option<Spanned<String>>,
        into: &mut T,
        parse: impl Fn(&str) -> Option<T>,
        allowed: &str,
    ) -> Result<(), PolicyError> {
        let Some(given) = given else { return Ok(()) };
        let word = given.get_ref();
        *into = parse(word).ok_or_else(|| {
            self.wrong(
                given.span(),
                format!("{word:?} is not allowed here; use {allowed}"),
            )
        })?;
        Ok(())
    }

    fn time(&self, given: Option<Spanned<String>>, into: &mut Duration) -> Result<(), PolicyError> {
        let Some(given) = given else { return Ok(()) };
        *into = parse_duration(given.get_ref()).map_err(|problem| self.wrong(given.span(), problem))?;
        Ok(())
    }

    fn extensions(&self, given: Spanned<Vec<String>>) -> Result<Vec<String>, PolicyError> {
        let span = given.span();
        let clean: Vec<String> = given
            .into_inner()
            .iter()
            .map(|extension| extension.trim_start_matches('.').to_owned())
            .collect();
        let fits = |extension: &String| !extension.is_empty() && !extension.contains(['/', '\\', '*']);
        if clean.is_empty() || !clean.iter().all(fits) {
            return Err(self.wrong(
                span,
                "extensions must be a list such as [\"mcam\", \"vnc\"]".into(),
            ));
        }
        Ok(clean)
    }

    fn locks_file(&self, given: Spanned<String>) -> Result<String, PolicyError> {
        let path = given.get_ref();
        let inside = path.strip_prefix("../").unwrap_or(path);
        match super::FileName::parse(inside, Case::Sensitive) {
            Ok(_) => Ok(given.into_inner()),
            Err(why) => Err(self.wrong(given.span(), format!("locks_file {path:?} cannot be used: {why}"))),
        }
    }
}

/// Reads a duration: a whole number and one of `ms`, `s`, `m`, `h`, `d`, `w`, `y`; longer than nothing.
///
/// # Errors
/// With a sentence that says what would be right.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let help = || {
        format!(
            "{text:?} is not a time; write a number and a unit, such as \"300ms\", \"30s\", \"5m\", \"2h\" or \"7d\""
        )
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| help())?;
    let milliseconds = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "y" => 365 * 86_400_000,
        _ => return Err(help()),
    };
    match number.checked_mul(milliseconds) {
        Some(0) => Err(format!("{text:?} is no time at all; it must be longer than zero")),
        // A thousand years: far from every overflow in sums of times.
        Some(total) if total <= 365_000 * 86_400_000 => Ok(Duration::from_millis(total)),
        _ => Err(format!("{text:?} is too long")),
    }
}

/// Writes a duration as [`parse_duration`] reads it, in the largest unit that divides it.
#[must_use]
pub fn show_duration(time: Duration) -> String {
    let milliseconds = time.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    match units
        .into_iter()
        .find(|(size, _)| milliseconds >= *size && milliseconds.is_multiple_of(*size))
    {
        Some((size, unit)) => format!("{}{unit}", milliseconds / size),
        None => format!("{milliseconds}ms"),
    }
}

#[cfg(test)]
mod tests;
