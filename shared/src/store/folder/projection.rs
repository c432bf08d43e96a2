//! `locks.json`: the table for people and old tools. A projection of the log; nothing is decided from it.
//!
//! It keeps the form of the seeds, a flat map from file to record, after one header of ours. The header's checksum
//! covers every byte after the header's line and before the padding: so a file that camctl did not write is known as
//! such, is set aside, and is written anew. A burst of commits shares one rewrite.
//!
//! On a local disk it is replaced by rename. On a network mount it is written in place, in one write, padded with
//! spaces so that it never shrinks and is never empty: there, a rename over a file that somebody has open fails, and
//! on SMB with Linux clients it deletes the file.

use std::fmt::Write as _;
use std::time::Duration;

use super::record::LockRecord;
use super::{FolderStore, Result, format, layout};
use crate::clock::Moment;
use crate::model::{ShareError, ShareErrorKind, StoreError, Table};
use crate::share::{Meta, Share};

/// The longest that is looked at; whatever is longer is not ours.
const LONGEST: u64 = 256 << 20;

/// A rewrite may take at most this share of the time, so that a large table does not starve the commits.
const ONE_PART_IN: u32 = 10;

/// The longest time that an expensive rewrite is followed by.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// What keeps changing and is not ours is set aside after so many times the usual patience.
const RESTLESS: u32 = 5;

/// When to write it, and what is known of it.
pub(super) struct State {
    /// The first commit of ours that is not in it yet.
    dirty_since: Option<Moment>,
    last_commit: Moment,
    /// Not before this, after an expensive rewrite.
    not_before: Moment,
    /// When to look at it next.
    check_at: Moment,
    /// As it was when it was last known to be good.
    good: Option<(Meta, u64)>,
    /// Something that is not ours stands there.
    suspect: Option<Suspect>,
    /// What was set aside last, by its checksum, and where: when ours cannot be written, it is not kept again and again.
    kept: Option<(String, String)>,
    /// It could not be written the last time.
    fails: bool,
    /// It was seen to lag behind the table, since when.
    lags_since: Option<Moment>,
}

/// What stands in the place of the file, and is not ours.
struct Suspect {
    sum: String,
    /// Since when it has been the same.
    same_since: Moment,
    /// Since when it has not been ours.
    since: Moment,
}

/// What stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Ours, as of this commit.
    Ours(u64),
    /// Missing, empty, or nothing but white space.
    Nothing,
    /// Not written by camctl, or torn, or edited.
    Foreign,
}

impl State {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            dirty_since: None,
            last_commit: now,
            not_before: now,
            check_at: now,
            good: None,
            suspect: None,
            kept: None,
            fails: false,
            lags_since: None,
        }
    }

    /// A commit of ours: whoever commits also projects.
    pub(super) fn committed(&mut self, now: Moment) {
        self.dirty_since.get_or_insert(now);
        self.last_commit = now;
    }

    /// The table moved: what was good may lag now.
    pub(super) fn table_changed(&mut self) {
        self.lags_since = None;
    }
}

/// How long to leave the file alone after a rewrite that took `cost`. What took longer than any table needs was the share,
/// or a process that stood still: no reason to show an old state for ten times as long.
fn rest_after(cost: Duration) -> Duration {
    cost.saturating_mul(ONE_PART_IN).min(LONGEST_REST)
}

/// The bytes of `locks.json` for `table`.
///
/// # Errors
/// When a record cannot be written as JSON, which no record that was read from JSON or made by the rules does.
pub(super) fn encode(table: &Table) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(64 + table.locks.len() * 256);
    let mut first = true;
    for (file, lock) in &table.locks {
        body.extend_from_slice(if first { b"  " } else { b",\n  " });
        first = false;
        serde_json::to_writer(&mut body, file.as_str())?;
        body.extend_from_slice(b": ");
        serde_json::to_writer(&mut body, &LockRecord::of(lock))?;
    }
    body.extend_from_slice(if first { b"}\n" } else { b"\n}\n" });
    let mut header = String::with_capacity(96);
    let comma = if first { "" } else { "," };
    let sum = format::checksum(&body);
    let format = format::FORMAT;
    let _ = writeln!(
        header,
        "{{\n  \"$camctl\": {{ \"format\": {format}, \"commit\": {}, \"checksum\": \"{sum}\" }}{comma}",
        table.n
    );
    let mut bytes = header.into_bytes();
    bytes.append(&mut body);
    Ok(bytes)
}

/// Puts `bytes` in the place of the file for people, so that nobody ever reads half of it or nothing.
pub(super) fn put(share: &dyn Share, path: &str, mut bytes: Vec<u8>) -> Result<(), ShareError> {
    if share.is_local() {
        return share.replace(path, &bytes);
    }
    let before = share.stat(path).map_or(0, |meta| meta.size);
    let padded = bytes.len().max(usize::try_from(before.min(LONGEST)).unwrap_or(0));
    // The last byte stays a line end, as people's tools expect.
    bytes.pop();
    bytes.resize(padded - 1, b' ');
    bytes.push(b'\n');
    share.overwrite(path, &bytes)
}

/// Says what the bytes of a `locks.json` are.
pub(super) fn examine(bytes: &[u8]) -> Found {
    if bytes.trim_ascii().is_empty() {
        return Found::Nothing;
    }
    header_of(bytes).map_or(Found::Foreign, Found::Ours)
}

fn header_of(bytes: &[u8]) -> Option<u64> {
    let rest = bytes.strip_prefix(b"{\n  \"$camctl\": ")?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, body) = (rest[..end].trim_ascii_end(), &rest[end + 1..]);
    let header: serde_json::Value = serde_json::from_slice(line.strip_suffix(b",").unwrap_or(line)).ok()?;
    let body = [body.trim_ascii_end(), b"\n"].concat();
    (header.get("checksum")?.as_str()? == format::checksum(&body)).then_some(())?;
    header.get("commit")?.as_u64()
}

impl FolderStore {
    /// Writes or checks `locks.json` when it is time. Returns when to come again, if that cannot wait for the next poll.
    pub(super) fn tend_projection(&mut self, now: Moment) -> Option<Duration> {
        if let Some(due) = self.projection_due() {
            if now >= due {
                self.project(now);
            }
        } else if now >= self.projection.check_at {
            self.projection.check_at = now.after(self.timings.check_projection);
            // Of two agents that have seen something foreign, one sets it aside: the other looks when that is done.
            let doubt = self.projection.suspect.is_some();
            let held = doubt.then(|| self.mutex.attempt(self.share.as_ref())).flatten();
            if held.is_some() || !doubt || self.mutex.is_hopeless() {
                self.check_projection(now);
            }
            drop(held);
        }
        let state = &self.projection;
        let doubtful = state.suspect.is_some() || state.lags_since.is_some();
        if doubtful {
            self.projection.check_at = self.projection.check_at.min(now.after(self.timings.suspect));
        }
        let next = self
            .projection_due()
            .or_else(|| doubtful.then_some(self.projection.check_at))?;
        Some(next.since(now))
    }

    fn projection_due(&self) -> Option<Moment> {
        let state = &self.projection;
        let quiet = state.last_commit.after(self.timings.project_after);
        let latest = state.dirty_since?.after(self.timings.project_at_most);
        Some(quiet.min(latest).max(state.not_before))
    }

    /// Rewrites `locks.json` under the mutex; without it when it is hopeless.
    fn project(&mut self, now: Moment) {
        let waiting_since = self.projection.dirty_since.unwrap_or(now);
        let held = self.mutex.attempt(self.share.as_ref());
        let patient = now.since(waiting_since) < self.timings.mutex_wait;
        if held.is_none() && !self.mutex.is_hopeless() && patient {
            // Whoever has the mutex is about to commit, and will write a newer one.
            self.projection.not_before = now.after(self.timings.project_after);
            return;
        }
        // Newer commits belong into it too; when they cannot be read, the next round will have them.
        let followed = self.follow_head();
        let mut pause = self.timings.project_after;
        if followed.is_err() {
            // Perhaps nothing is mounted there just now, or another repository is: this table belongs into neither.
            pause = self.timings.check_projection;
        } else if self.is_foreign_since_it_was_good() {
            // Not overwritten unseen: looked at until it is whole, and set aside.
            self.check_projection(now);
            pause = self.timings.suspect;
        } else if let Err(error) = self.write_projection() {
            self.cannot_write(&error);
            pause = self.timings.check_projection;
        } else {
            self.projection.dirty_since = None;
        }
        drop(held);
        let cost = self.clock.moment().since(now);
        self.projection.not_before = now.after(pause.max(rest_after(cost)));
    }

    /// Says so, once, until it can be written again.
    fn cannot_write(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.projection.fails, true) {
            self.remarks.push(format!(
                "{error}; the locks stand, and it is tried again: only who reads that file sees an old state"
            ));
        }
    }

    /// Whether somebody else than camctl has written it since it was last looked at. What cannot be read is not.
    fn is_foreign_since_it_was_good(&self) -> bool {
        let path = &self.policy.locks_file;
        let Ok(meta) = self.share.stat(path) else {
            return false;
        };
        if self.projection.good.is_some_and(|(good, _)| good == meta) {
            return false;
        }
        self.look().is_ok_and(|(found, _)| found == Found::Foreign)
    }

    fn look(&self) -> Result<(Found, Vec<u8>), ShareError> {
        match self.share.read(&self.policy.locks_file, LONGEST) {
            Ok(bytes) => Ok((examine(&bytes), bytes)),
            Err(error) if error.kind == ShareErrorKind::NotFound => Ok((Found::Nothing, Vec::new())),
            Err(error) if error.kind == ShareErrorKind::TooLarge => Ok((Found::Foreign, Vec::new())),
            Err(error) => Err(error),
        }
    }

    fn write_projection(&mut self) -> Result<()> {
        let path = self.policy.locks_file.clone();
        let (n, bytes) = {
            let table = self.table.read();
            let bytes = encode(&table).map_err(|error| self.damaged(&path, error.to_string()))?;
            (table.n, bytes)
        };
        put(self.share.as_ref(), &path, bytes)?;
        self.projection.good = self.share.stat(&path).ok().map(|meta| (meta, n));
        self.projection.suspect = None;
        self.projection.lags_since = None;
        self.projection.fails = false;
        Ok(())
    }

    /// Looks whether `locks.json` still is what camctl wrote.
    fn check_projection(&mut self, now: Moment) {
        let path = self.policy.locks_file.clone();
        let meta = self.share.stat(&path).ok();
        let table_n = self.n();
        if let (Some(meta), Some((good, n))) = (meta, self.projection.good)
            && meta == good
            && n >= table_n
        {
            return;
        }
        let Ok(found) = self.look() else { return };
        match found {
            (Found::Ours(n), _) => {
                self.projection.suspect = None;
                self.projection.good = meta.map(|meta| (meta, n));
                self.projection_lags(now, n < table_n);
            }
            (Found::Nothing, bytes) => self.suspect(now, &path, &bytes, false),
            (Found::Foreign, bytes) => self.suspect(now, &path, &bytes, true),
        }
    }

    /// Whoever committed writes it within a moment; when nobody did, its author died, and we do.
    fn projection_lags(&mut self, now: Moment, lags: bool) {
        if !lags {
            self.projection.lags_since = None;
            return;
        }
        let since = *self.projection.lags_since.get_or_insert(now);
        if now.since(since) >= self.timings.suspect {
            self.projection.committed(now);
        }
    }

    /// Something else stands there. A rewrite in place by another machine looks the same for a moment, and so does
    /// another tool that is still writing: only what stays so is set aside.
    fn suspect(&mut self, now: Moment, path: &str, bytes: &[u8], keep: bool) {
        let (sum, patience) = (format::checksum(bytes), self.timings.suspect);
        let suspect = self.projection.suspect.get_or_insert_with(|| Suspect {
            sum: sum.clone(),
            same_since: now,
            since: now,
        });
        if suspect.sum != sum {
            (suspect.sum, suspect.same_since) = (sum, now);
        }
        let settled = now.since(suspect.same_since) >= patience;
        if settled || now.since(suspect.since) >= patience * RESTLESS {
            match self.restore(path, bytes, keep) {
                Ok(remark) => {
                    self.projection.dirty_since = None;
                    self.remarks.push(remark);
                }
                Err(error) => self.cannot_write(&error),
            }
        }
    }

    /// Keeps what stands there aside, if `keep`, and writes ours. Returns what a person should know.
    fn restore(&mut self, path: &str, bytes: &[u8], keep: bool) -> Result<String> {
        // Where there is no log, nothing is mounted, and an empty folder is to stay empty.
        self.log_folders()?;
        let table_n = self.n();
        let shown = self.share.show(path);
        if !keep {
            self.write_projection()?;
            return Ok(format!(
                "{shown} was missing or empty; it was written anew from the log (commit {table_n})"
            ));
        }
        let aside = self.keep_aside(path, bytes)?;
        self.write_projection()?;
        Ok(format!(
            "{shown} was not written by camctl; it is kept as {aside}, and was written anew from the log (commit {table_n})"
        ))
    }

    /// Returns where it is kept, for people.
    fn keep_aside(&mut self, path: &str, bytes: &[u8]) -> Result<String> {
        let sum = format::checksum(bytes);
        let stamp = self.clock.wall().strftime("%Y%m%dT%H%M%SZ");
        let mut aside = format!("{}/locks.json.bad-{stamp}", layout::OWN);
        if let Some((same, aside)) = &self.projection.kept
            && *same == sum
        {
            return Ok(aside.clone());
        }
        // Too long to have been read: moved instead of copied.
        let keep = |aside: &str| match bytes {
            [] => self.share.set_aside(path, aside),
            bytes => self.share.write_new(aside, bytes),
        };
        match keep(&aside) {
            Err(error) if error.kind == ShareErrorKind::Exists => {
                // Another table of the same second, or of another agent.
                let _ = write!(aside, "-{}", crate::random::uuid().simple());
                keep(&aside)?;
            }
            other => other?,
        }
        let shown = self.share.show(&aside);
        self.projection.kept = Some((sum, shown.clone()));
        Ok(shown)
    }

    /// For a person who asks: says what is wrong with it, and mends that at once if `mend`.
    pub(super) fn check_projection_at_once(&mut self, mend: bool) -> Result<Option<String>> {
        let path = self.policy.locks_file.clone();
        let (found, bytes) = self.look()?;
        let shown = self.share.show(&path);
        Ok(match (found, mend) {
            // One that lags is written by whoever committed, within a moment.
            (Found::Ours(_), false) => None,
            (Found::Ours(n), true) => {
                if n < self.n() {
                    self.write_projection()?;
                }
                None
            }
            (Found::Nothing, false) => Some(format!("{shown} is missing or empty")),
            (Found::Foreign, false) => Some(format!("{shown} was not written by camctl, or is damaged")),
            (Found::Nothing, true) => Some(self.restore(&path, &bytes, false)?),
            (Found::Foreign, true) => Some(self.restore(&path, &bytes, true)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_stood_still_for_a_minute_does_not_keep_the_file_old_for_ten() {
        assert_eq!(rest_after(Duration::from_secs(2)), Duration::from_secs(20));
        assert_eq!(rest_after(Duration::from_secs(70)), Duration::from_secs(60));
    }
}
