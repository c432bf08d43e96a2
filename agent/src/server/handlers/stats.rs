//! Stats: the past in numbers.

use std::cmp::Reverse;

use camctl_shared::history::{Counts, Measure, Names, Period, Subject, Tally};
use camctl_shared::ipc::message::{EndedCount, Reply, SlotInfo, SpreadInfo, StatsReport, TallyInfo};
use camctl_shared::model::How;

use super::common::find;
use super::fail;
use super::history::look_back;
use crate::repository::history::{Question, Scope};
use crate::server::Agent;
use crate::server::conversation::{Gone, Replies};
use crate::wire;

/// So many files, people and standing locks are named; the rest is counted.
const NAMED: usize = 100;
/// So many slots go into one frame: each takes some ten bytes.
const SLOTS: usize = 4096;
/// The lengths between which held times are sorted, in minutes: a quarter of an hour, an hour, four, a day, a week.
const CLASSES: [u64; 5] = [15, 60, 240, 1440, 10_080];
/// What files, people and standing locks may take of a frame each, in bytes; and what one costs beside its texts.
const PART: usize = 256 << 10;
const EACH: usize = 160;
const MINUTE: u64 = 60_000_000;

/// Serves `Stats`.
pub async fn stats(
    agent: &Agent,
    replies: &mut Replies,
    folder: &str,
    since: Option<i64>,
) -> Result<(), Gone> {
    let (repository, path) = match find(agent, replies, folder).await? {
        Ok(found) => found,
        Err(problem) => return fail(replies, &problem).await,
    };
    let question = Numbers {
        since,
        repository: repository.board.folder.clone(),
        folder: path.clone(),
    };
    let scope = Scope { paths: vec![path] };
    let (report, slots) = match look_back(agent, replies, &repository, scope, question).await? {
        Ok(answer) => answer,
        Err(problem) => return fail(replies, &problem).await,
    };
    replies.add(&Reply::Stats(Box::new(report))).await?;
    for slots in slots.chunks(SLOTS) {
        replies.add(&Reply::Slots(slots.to_vec())).await?;
    }
    replies.send(&Reply::Done).await
}

struct Numbers {
    since: Option<i64>,
    repository: String,
    folder: String,
}

impl Question for Numbers {
    type Answer = (StatsReport, Vec<SlotInfo>);
    type Listener = Counts;

    fn listener(&self, _: &mut Names) -> Counts {
        Counts::new(Period { since: self.since })
    }

    fn answer(self, mut counts: Counts, names: &Names, begins: i64) -> Self::Answer {
        let ended = [
            Some(How::Released),
            Some(How::Broken),
            Some(How::Forced),
            Some(How::Expired),
            None,
        ];
        let ended = ended.map(|how| EndedCount {
            how: how.map(|how| how.as_str().to_owned()),
            count: counts.ended(how),
        });
        let classes = counts.classes(&CLASSES.map(|minutes| minutes * MINUTE));
        let limits = CLASSES.map(|minutes| Some(minutes * 60_000)).into_iter();
        let held = limits.chain([None]).zip(classes).collect();
        let (files, people) = (counts.files(), counts.people());
        let mut standing = std::mem::take(&mut counts.standing);
        standing.sort_by_key(|episode| episode.taken);
        let standing_in_all = standing.len() as u64;
        let standing = standing.iter().take(NAMED).map(|one| wire::episode(one, names));
        let slots = counts.slots();
        let report = StatsReport {
            repository: self.repository,
            folder: self.folder,
            begins_us: begins,
            ended: ended.into(),
            held,
            files_in_all: files.len() as u64,
            files: foremost(files, names),
            people_in_all: people.len() as u64,
            people: foremost(people, names),
            standing: fitting(standing, |one| one.file.len() + one.message.len()),
            standing_in_all,
            all: tally(String::new(), &counts.all()),
        };
        let slot = |slot: camctl_shared::history::Slot| SlotInfo {
            quarter: slot.quarter,
            taken: slot.taken,
            conflicts: slot.conflicts,
        };
        (report, slots.into_iter().map(slot).collect())
    }
}

/// Those with the most locks, and those with the most conflicts, in the order in which they come.
fn foremost(mut subjects: Vec<Subject>, names: &Names) -> Vec<TallyInfo> {
    if subjects.len() > NAMED {
        let conflicts = |subject: &Subject| subject.tally.conflicts;
        let mut all: Vec<u64> = subjects.iter().map(conflicts).collect();
        all.sort_unstable_by_key(|count| Reverse(*count));
        let least = all.get(NAMED - 1).copied().unwrap_or(0).max(1);
        let mut place = 0;
        subjects.retain(|subject| {
            place += 1;
            place <= NAMED || conflicts(subject) >= least
        });
        subjects.truncate(3 * NAMED);
    }
    let named = subjects.into_iter();
    let named = named.map(|subject| tally(names.text(subject.name).to_owned(), &subject.tally));
    fitting(named, |one| one.name.len())
}

/// As many as fit into their part of a frame.
fn fitting<T>(all: impl Iterator<Item = T>, size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut room = PART;
    all.map_while(|one| {
        room = room.checked_sub(EACH + size(&one))?;
        Some(one)
    })
    .collect()
}

fn tally(name: String, tally: &Tally) -> TallyInfo {
    TallyInfo {
        name,
        locks: tally.locks,
        held: spread(tally.held),
        waits: tally.waits,
        waited: spread(tally.waited),
        conflicts: tally.conflicts,
        had: tally.had,
    }
}

fn spread(measure: Measure) -> SpreadInfo {
    SpreadInfo {
        count: measure.count,
        median_ms: measure.median / 1000,
        ninety_ms: measure.ninety / 1000,
        longest_ms: measure.longest / 1000,
        total_ms: measure.total / 1000,
    }
}
